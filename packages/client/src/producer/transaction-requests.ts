// The requests of a transactional producer to and from the wire: what the manager asks, for any version; what comes back,
// as the manager takes it. One request each, not retried: the manager does that.
import { errorName } from '@moldau/protocol';
import type { Cluster } from '../cluster/cluster.ts';
import { findCoordinator } from '../group/find-coordinator.ts';
import { byTopic } from '../topic-partition.ts';
import type { ProducerIdentity } from './producer-batch.ts';
import type { CoordinatorFeatures, TransactionAnswer, TransactionRequest } from './transaction-steps.ts';

/** From 4 on the request is for brokers. */
const ADD_PARTITIONS_NEWEST = 3;
/** From 5 on (KIP-890) these belong to transaction.version 2; 6 of TxnOffsetCommit would name topics by id. */
const NEWEST = { v2: { end: 5, commitOffsets: 5 }, v1: { end: 4, commitOffsets: 4 } };
/** The first that can raise the epoch of the id at hand (KIP-360). */
const RAISES_EPOCH = 3;

export interface TransactionSettings {
  readonly transactionalId: string;
  readonly transactionTimeoutMs: number;
}

/** Connects, if need be, and tells what the broker can do. */
export async function featuresOf(cluster: Cluster, nodeId: number): Promise<CoordinatorFeatures> {
  const { versions } = await cluster.connection(nodeId, 'coordinator');
  return {
    transactionVersion: versions.finalizedLevel('transaction.version'),
    raisesEpoch: (versions.find('InitProducerId') ?? 0) >= RAISES_EPOCH,
  };
}

export async function ask(
  cluster: Cluster,
  settings: TransactionSettings,
  request: TransactionRequest,
): Promise<TransactionAnswer> {
  const { transactionalId } = settings;
  const newest = request.v2 ? NEWEST.v2 : NEWEST.v1;
  if (request.kind === 'findCoordinator') {
    // A broker without transactions may still know what a coordinator is, and have none for ever.
    if (request.of === 'transaction') (await cluster.anyConnection()).versions.pick('EndTxn');
    const node = await findCoordinator(cluster, request.key, request.of);
    return { error: 'NONE', nodeId: node.id };
  }
  const to = request.to as number;
  const lane = 'coordinator';
  const producer = request.identity as ProducerIdentity;
  switch (request.kind) {
    case 'initProducerId': {
      const { raise } = request;
      const answer = await cluster.send(
        to,
        'InitProducerId',
        {
          transactionalId,
          transactionTimeoutMs: settings.transactionTimeoutMs,
          ...(raise ? { producerId: raise.producerId, producerEpoch: raise.epoch } : {}),
        },
        { lane },
      );
      return { error: errorName(answer.errorCode), producerId: answer.producerId, epoch: answer.producerEpoch };
    }
    case 'addPartitions': {
      const answer = await cluster.send(
        to,
        'AddPartitionsToTxn',
        {
          v3AndBelowTransactionalId: transactionalId,
          v3AndBelowProducerId: producer.producerId,
          v3AndBelowProducerEpoch: producer.epoch,
          v3AndBelowTopics: [...byTopic(request.partitions)].map(([name, entries]) => ({
            name,
            partitions: entries.map(({ partition }) => partition),
          })),
        },
        { lane, newest: ADD_PARTITIONS_NEWEST },
      );
      const partitions = answer.resultsByTopicV3AndBelow.flatMap(({ name, resultsByPartition }) =>
        resultsByPartition.map(({ partitionIndex, partitionErrorCode }) => ({
          topic: name,
          partition: partitionIndex,
          error: errorName(partitionErrorCode),
        })),
      );
      return { error: 'NONE', partitions };
    }
    case 'addOffsets': {
      const { groupId } = request.offsets.group;
      const body = { transactionalId, ...idOf(producer), groupId };
      const answer = await cluster.send(to, 'AddOffsetsToTxn', body, { lane });
      return { error: errorName(answer.errorCode) };
    }
    case 'commitOffsets': {
      const { group, entries } = request.offsets;
      const answer = await cluster.send(
        to,
        'TxnOffsetCommit',
        (version) => ({
          transactionalId,
          groupId: group.groupId,
          ...idOf(producer),
          ...(version >= 3
            ? {
                generationIdOrMemberEpoch: group.generationId ?? -1,
                memberId: group.memberId ?? '',
                groupInstanceId: group.groupInstanceId ?? null,
              }
            : {}),
          topics: [...byTopic(entries)].map(([name, partitions]) => ({
            name,
            partitions: partitions.map(({ partition, offset, leaderEpoch, metadata }) => ({
              partitionIndex: partition,
              committedOffset: offset,
              committedLeaderEpoch: leaderEpoch ?? -1,
              committedMetadata: metadata ?? '',
            })),
          })),
        }),
        { lane, newest: newest.commitOffsets },
      );
      const partitions = answer.topics.flatMap(({ name, partitions: outcomes }) =>
        outcomes.map(({ partitionIndex, errorCode }) => ({
          topic: name,
          partition: partitionIndex,
          error: errorName(errorCode),
        })),
      );
      return { error: 'NONE', partitions };
    }
    default: {
      const body = { transactionalId, ...idOf(producer), committed: request.committed };
      const answer = await cluster.send(to, 'EndTxn', body, { lane, newest: newest.end });
      const { errorCode, producerId, producerEpoch } = answer;
      return { error: errorName(errorCode), producerId, epoch: producerEpoch };
    }
  }
}

function idOf({ producerId, epoch }: ProducerIdentity): { producerId: number; producerEpoch: number } {
  return { producerId, producerEpoch: epoch };
}
