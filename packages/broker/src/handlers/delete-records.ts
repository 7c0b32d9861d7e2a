// DeleteRecords (api 21): moves the start of partitions up, so that older records are gone for readers at once and from
// disk when their segments are. Served: 0-2. Offset -1 means the high watermark. Answered when every replica that lives
// begins there (or the time is over), so that no later leader shows the records again.
import type { InputOf } from '@moldau/protocol';
import { errorCode, type WireError } from '@moldau/protocol/errors';
import type { DeleteRecordsRequest, DeleteRecordsResponse } from '@moldau/protocol/messages/delete-records';
import type { BrokerContext, Call } from '../context.ts';
import { isInternalTopic } from '../topic-names.ts';
import { may } from './access.ts';

type PartitionAnswer = InputOf<typeof DeleteRecordsResponse>['topics'][number]['partitions'][number];

export async function deleteRecords(
  broker: BrokerContext,
  call: Call,
  request: DeleteRecordsRequest,
): Promise<InputOf<typeof DeleteRecordsResponse>> {
  const mine = new Map(request.topics.map(({ name }) => [name, may(broker, call, 'DELETE', 'topic', name)]));
  const topics = request.topics.map(async ({ name, partitions }) => ({
    name,
    partitions: await Promise.all(
      partitions.map(async ({ partitionIndex, offset }): Promise<PartitionAnswer> => {
        const outcome = mine.get(name)
          ? await cut(broker, name, partitionIndex, offset, call.receivedAtMs + request.timeoutMs)
          : 'TOPIC_AUTHORIZATION_FAILED';
        return typeof outcome === 'number'
          ? { partitionIndex, lowWatermark: outcome, errorCode: 0 }
          : { partitionIndex, lowWatermark: -1, errorCode: errorCode(outcome) };
      }),
    ),
  }));
  return { topics: await Promise.all(topics) };
}

/** The new start offset, or why not. */
async function cut(
  broker: BrokerContext,
  topic: string,
  index: number,
  offset: number,
  dueAtMs: number,
): Promise<number | WireError> {
  if (isInternalTopic(topic)) return 'INVALID_TOPIC_EXCEPTION';
  const partition = broker.partitions.led(broker.image(), topic, index);
  if (typeof partition === 'string') return partition;
  const { cleanupPolicy } = partition.settings.log;
  if (cleanupPolicy.has('compact') && !cleanupPolicy.has('delete')) return 'POLICY_VIOLATION';
  if (offset < -1) return 'OFFSET_OUT_OF_RANGE';
  const outcome = await partition.log.deleteRecordsBefore(offset);
  if (typeof outcome !== 'number') return outcome.error;
  partition.startMoved();
  return await new Promise((resolve) => {
    const done = (failure?: 'notLeader') => {
      broker.deadlines.cancel(deadline);
      resolve(failure ? 'NOT_LEADER_OR_FOLLOWER' : partition.lowWatermark);
    };
    const deadline = broker.deadlines.at(dueAtMs, () => {
      partition.forgetStartWaiter(done);
      resolve('REQUEST_TIMED_OUT');
    });
    partition.whenStartsAt(outcome, done);
  });
}
