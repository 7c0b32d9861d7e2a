// ListOffsets (api 2): the offset of a partition at a timestamp or a special point. Served: 1-11.
//   v2 isolation level   v4 leader epoch   v7 -3 max timestamp   v8 -4 earliest local   v9 -5 latest tiered
//   v11 -6 earliest pending upload
//   v5 OFFSET_NOT_AVAILABLE while a new leader does not know the end yet (LEADER_NOT_AVAILABLE before)
// Never answers an offset at or past what the asker may read: the high watermark, or the last stable offset.
import type { InputOf } from '@moldau/protocol';
import { errorCode, type WireError } from '@moldau/protocol/errors';
import type { ListOffsetsRequest, ListOffsetsResponse } from '@moldau/protocol/messages/list-offsets';
import type { TimestampOffset } from '@moldau/storage';
import type { BrokerContext, Call } from '../context.ts';
import type { Partition } from '../partition/partition.ts';
import { may } from './access.ts';

type PartitionWish = ListOffsetsRequest['topics'][number]['partitions'][number];
type PartitionAnswer = InputOf<typeof ListOffsetsResponse>['topics'][number]['partitions'][number];

const LATEST = -1;
const EARLIEST = -2;
const MAX_TIMESTAMP = -3;
const EARLIEST_LOCAL = -4;
const LATEST_TIERED = -5;
const EARLIEST_PENDING_UPLOAD = -6;

/** First version that may ask for each special point. */
const specialSince = new Map([
  [LATEST, 1],
  [EARLIEST, 1],
  [MAX_TIMESTAMP, 7],
  [EARLIEST_LOCAL, 8],
  [LATEST_TIERED, 9],
  [EARLIEST_PENDING_UPLOAD, 11],
]);
const READ_COMMITTED = 1;
const LEADER_EPOCH_SINCE = 4;
const NOT_AVAILABLE_SINCE = 5;

export async function listOffsets(
  broker: BrokerContext,
  call: Call,
  request: ListOffsetsRequest,
): Promise<InputOf<typeof ListOffsetsResponse>> {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { name, partitions } of request.topics) {
    for (const { partitionIndex } of partitions) {
      const key = `${name}-${partitionIndex}`;
      if (seen.has(key)) twice.add(key);
      seen.add(key);
    }
  }
  const topics = request.topics.map(async ({ name, partitions }) => {
    if (!may(broker, call, 'DESCRIBE', 'topic', name)) {
      return { name, partitions: partitions.map((wish) => refused(wish, 'TOPIC_AUTHORIZATION_FAILED')) };
    }
    const answers = partitions.map(async (wish): Promise<PartitionAnswer> => {
      if (twice.has(`${name}-${wish.partitionIndex}`)) return refused(wish, 'INVALID_REQUEST');
      return offsetAt(broker, call, name, wish, request.isolationLevel);
    });
    return { name, partitions: await Promise.all(answers) };
  });
  return { topics: await Promise.all(topics) };
}

async function offsetAt(
  broker: BrokerContext,
  call: Call,
  topic: string,
  wish: PartitionWish,
  isolationLevel: number,
): Promise<PartitionAnswer> {
  const { timestamp } = wish;
  if (timestamp < 0) {
    const since = specialSince.get(timestamp);
    if (since === undefined || call.apiVersion < since) return refused(wish, 'UNSUPPORTED_VERSION');
  }
  const partition = broker.partitions.led(broker.image(), topic, wish.partitionIndex);
  if (typeof partition === 'string') return refused(wish, partition);
  const epochError = partition.judgeEpoch(wish.currentLeaderEpoch);
  if (epochError) return refused(wish, epochError);
  const found = await find(partition, timestamp, isolationLevel);
  if (found === 'not known yet') {
    return refused(wish, call.apiVersion >= NOT_AVAILABLE_SINCE ? 'OFFSET_NOT_AVAILABLE' : 'LEADER_NOT_AVAILABLE');
  }
  return {
    partitionIndex: wish.partitionIndex,
    errorCode: 0,
    timestamp: found?.timestamp ?? -1,
    offset: found?.offset ?? -1,
    ...(call.apiVersion >= LEADER_EPOCH_SINCE && { leaderEpoch: found?.leaderEpoch ?? -1 }),
  };
}

async function find(
  partition: Partition,
  timestamp: number,
  isolationLevel: number,
): Promise<TimestampOffset | 'not known yet' | undefined> {
  const { log } = partition;
  const readable = () =>
    isolationLevel === READ_COMMITTED ? Math.min(log.highWatermark, log.lastStableOffset) : log.highWatermark;
  switch (timestamp) {
    case LATEST:
      // Right after an election the leader before may have told a later end than we know of (invariant 12).
      if (!partition.endKnown) return 'not known yet';
      return { timestamp: -1, offset: readable(), leaderEpoch: partition.leaderEpoch };
    case EARLIEST:
    case EARLIEST_LOCAL:
      return { timestamp: -1, offset: log.startOffset, leaderEpoch: log.epochAt(log.startOffset) };
    case LATEST_TIERED:
    case EARLIEST_PENDING_UPLOAD:
      return undefined;
    default: {
      const found = await (timestamp === MAX_TIMESTAMP ? log.maxTimestamp() : log.offsetForTimestamp(timestamp));
      if (found && found.offset < readable()) return found;
      return partition.endKnown ? undefined : 'not known yet';
    }
  }
}

function refused(wish: PartitionWish, error: WireError): PartitionAnswer {
  return { partitionIndex: wish.partitionIndex, errorCode: errorCode(error), timestamp: -1, offset: -1 };
}
