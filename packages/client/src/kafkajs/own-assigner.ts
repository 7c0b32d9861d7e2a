// An application's own partition assigner, written for KafkaJS, as an assignor of the native client.
import type { AssignedMember, Assignor, Shares } from '../consumer/assignors/assignor.ts';
import { AssignerProtocol } from './assigner-protocol.ts';
import type { Logger } from './logging.ts';
import type { OwnPartitionAssigner } from './model.ts';

/** Version of the subscriptions that are shown to the assigner. */
const SHOWN_VERSION = 1;

export function ownAssigner(create: OwnPartitionAssigner, o: { groupId: string; logger: Logger }): Assignor {
  /** Of the topics of the group, as of the rebalance at hand. */
  let counts: ReadonlyMap<string, number> = new Map();
  const cluster = {
    findTopicPartitionMetadata: (topic: string) =>
      Array.from({ length: counts.get(topic) ?? 0 }, (_, partitionId) => ({ partitionErrorCode: 0, partitionId })),
  };
  const assigner = create({ ...o, cluster });
  return {
    name: assigner.name,
    userData: (_owned, _generation, topics) => {
      const { metadata } = assigner.protocol({ topics: [...topics] });
      return AssignerProtocol.MemberMetadata.decode(metadata)?.userData ?? null;
    },
    async assign(members, partitionCounts) {
      counts = partitionCounts;
      const shares = await assigner.assign({ members: members.map(shown), topics: [...partitionCounts.keys()] });
      return new Map(
        shares.map(({ memberId, memberAssignment }) => [memberId, partitionsOf(memberAssignment)]),
      ) as Shares;
    },
  };
}

function shown({ memberId, topics, userData }: AssignedMember): { memberId: string; memberMetadata: Buffer } {
  const subscription = { version: SHOWN_VERSION, topics: [...topics], ...(userData ? { userData } : {}) };
  return { memberId, memberMetadata: AssignerProtocol.MemberMetadata.encode(subscription) };
}

function partitionsOf(memberAssignment: Buffer): { topic: string; partition: number }[] {
  const decoded = AssignerProtocol.MemberAssignment.decode(memberAssignment);
  return Object.entries(decoded?.assignment ?? {}).flatMap(([topic, partitions]) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}
