// What nearly every test of a handler does first: make a topic, produce to it, fetch from it.
import { ZERO_UUID } from '@moldau/protocol';
import { type BatchWish, batchOf, recordsIn } from './batches.ts';
import type { RawClient } from './raw-client.ts';

/** Creates a topic and answers its id. Throws the error when it is refused. */
export async function createTopic(
  client: RawClient,
  name: string,
  o: { readonly partitions?: number; readonly configs?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const { topics } = await client.call('CreateTopics', 7, {
    topics: [
      {
        name,
        numPartitions: o.partitions ?? 1,
        replicationFactor: 1,
        assignments: [],
        configs: Object.entries(o.configs ?? {}).map(([key, value]) => ({ name: key, value })),
      },
    ],
    timeoutMs: 5_000,
    validateOnly: false,
  });
  const [topic] = topics;
  if (topic?.errorCode !== 0) throw new Error(`topic ${name}: error ${topic?.errorCode} ${topic?.errorMessage}`);
  return topic.topicId;
}

export interface ProduceWish extends BatchWish {
  readonly topic: string;
  readonly partition?: number;
  readonly acks?: number;
  readonly version?: number;
  /** Instead of a batch of `values`. */
  readonly records?: Buffer | null;
}

/** Produces one batch and answers its partition's response. */
export async function produceTo(client: RawClient, values: readonly string[], wish: ProduceWish) {
  const { topic, partition = 0, acks = -1, version = 9 } = wish;
  const records = wish.records === undefined ? batchOf(values, wish) : wish.records;
  const response = await client.call('Produce', version, {
    transactionalId: null,
    acks,
    timeoutMs: 10_000,
    topicData: [{ name: topic, topicId: ZERO_UUID, partitionData: [{ index: partition, records }] }],
  });
  const answer = response.responses[0]?.partitionResponses[0];
  if (!answer) throw new Error('the answer names no partition');
  return answer;
}

export interface FetchWish {
  readonly topic: string;
  readonly partition?: number;
  readonly offset?: number;
  readonly maxWaitMs?: number;
  readonly minBytes?: number;
  readonly maxBytes?: number;
  readonly partitionMaxBytes?: number;
  readonly isolationLevel?: number;
  readonly currentLeaderEpoch?: number;
  readonly version?: number;
}

/** The body of a Fetch of one partition, without a session. */
export function fetchBody(wish: FetchWish) {
  return {
    replicaId: -1,
    maxWaitMs: wish.maxWaitMs ?? 0,
    minBytes: wish.minBytes ?? 1,
    maxBytes: wish.maxBytes ?? 10_000_000,
    isolationLevel: wish.isolationLevel ?? 0,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [
      {
        topic: wish.topic,
        topicId: ZERO_UUID,
        partitions: [
          {
            partition: wish.partition ?? 0,
            currentLeaderEpoch: wish.currentLeaderEpoch ?? -1,
            fetchOffset: wish.offset ?? 0,
            lastFetchedEpoch: -1,
            logStartOffset: -1,
            partitionMaxBytes: wish.partitionMaxBytes ?? 1_000_000,
          },
        ],
      },
    ],
    forgottenTopicsData: [],
    rackId: '',
  };
}

/** Fetches from one partition and answers its part of the response, with the records in words. */
export async function fetchFrom(client: RawClient, wish: FetchWish) {
  const response = await client.call('Fetch', wish.version ?? 12, fetchBody(wish));
  const answer = response.responses[0]?.partitions[0];
  if (!answer) throw new Error(`the answer names no partition (error ${response.errorCode})`);
  return { ...answer, values: recordsIn(answer.records) };
}
