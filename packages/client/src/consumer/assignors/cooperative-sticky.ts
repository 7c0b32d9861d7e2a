// Cooperative sticky (KIP-429): shares out as sticky does, but a partition that changes hands is given to nobody in the
// generation in which its owner learns that it goes; the owner gives it up and joins again, and then the taker gets it.
// So everything that stays is read on without a pause. What members own comes in their subscriptions; the generation they
// own it in as well (version 2 and later) or, from older Java members, in user data: one int32.
import { PartitionMap, type TopicPartition } from '../../topic-partition.ts';
import type { AssignedMember, PureAssignor } from './assignor.ts';
import { type Claim, shareSticky } from './sticky.ts';

export const cooperativeStickyAssignor: PureAssignor = {
  name: 'cooperative-sticky',
  isCooperative: true,

  userData: (_owned, generation) => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(generation);
    return bytes;
  },

  assign(members, partitionCounts) {
    const assigned = shareSticky(members, partitionCounts, claimOf);
    const owners = currentOwners(members);
    for (const [memberId, partitions] of assigned) {
      const free = partitions.filter(({ topic, partition }) => {
        const owner = owners.get(topic, partition);
        return owner === undefined || owner.has(memberId);
      });
      assigned.set(memberId, free);
    }
    return assigned;
  },
};

function claimOf({ owned = [], generation = -1, userData }: AssignedMember): Claim {
  const told = generation < 0 && userData !== null && userData.length >= 4 ? userData.readInt32BE(0) : generation;
  return { owned, generation: told };
}

/** Who holds each partition now, rightly or not: nobody else may have it before they gave it up. */
function currentOwners(members: readonly AssignedMember[]): PartitionMap<Set<string>> {
  const owners = new PartitionMap<Set<string>>();
  for (const { memberId, owned = [] } of members) {
    for (const { topic, partition } of owned as readonly TopicPartition[]) {
      const known = owners.get(topic, partition);
      if (known) known.add(memberId);
      else owners.set(topic, partition, new Set([memberId]));
    }
  }
  return owners;
}
