// The quorum of controllers (KIP-595, KIP-853), of clusters that have one: who leads, who votes, who follows, how far.
import { errorOfCode, KafkaError, throwOnCode } from '../errors.ts';
import type { AdminCalls } from './admin-calls.ts';
import type { CallOptions, QuorumDescription, QuorumReplica } from './admin-model.ts';

const TOPIC = '__cluster_metadata';

/** Throws UNSUPPORTED_VERSION where the cluster has no such quorum. */
export function describeMetadataQuorum(calls: AdminCalls, options: CallOptions = {}): Promise<QuorumDescription> {
  return calls.run('Describing the metadata quorum', options, async () => {
    const answer = await calls.cluster.send('any', 'DescribeQuorum', {
      topics: [{ topicName: TOPIC, partitions: [{ partitionIndex: 0 }] }],
    });
    throwOnCode(answer.errorCode, { message: answer.errorMessage ?? null });
    const partition = answer.topics[0]?.partitions[0];
    if (!partition) throw new KafkaError('UNKNOWN_SERVER_ERROR', { message: 'The broker did not answer for it.' });
    const error = errorOfCode(partition.errorCode, { message: partition.errorMessage ?? null });
    if (error) throw error;
    const replica = (state: (typeof partition.currentVoters)[number]): QuorumReplica => ({
      id: state.replicaId,
      logEndOffset: state.logEndOffset,
      lastFetchTimestamp: state.lastFetchTimestamp,
      lastCaughtUpTimestamp: state.lastCaughtUpTimestamp,
    });
    return {
      leaderId: partition.leaderId,
      leaderEpoch: partition.leaderEpoch,
      highWatermark: partition.highWatermark,
      voters: partition.currentVoters.map(replica),
      observers: partition.observers.map(replica),
    };
  });
}
