// DescribeLogDirs (api 35): what each log directory of this broker holds, and how full its volume is. Served: 1-5.
//   v3 top-level error   v4 volume sizes (KIP-827)   v5 cordoned directories (KIP-1066)
import type { InputOf } from '@moldau/protocol';
import { errorCode } from '@moldau/protocol/errors';
import type { DescribeLogDirsRequest, DescribeLogDirsResponse } from '@moldau/protocol/messages/describe-log-dirs';
import type { PartitionLog } from '@moldau/storage';
import type { BrokerContext, Call } from '../context.ts';

type Response = InputOf<typeof DescribeLogDirsResponse>;
type TopicAnswer = Response['results'][number]['topics'][number];

export async function describeLogDirs(
  broker: BrokerContext,
  _call: Call,
  request: DescribeLogDirsRequest,
): Promise<Response> {
  const asked = request.topics && new Map(request.topics.map(({ topic, partitions }) => [topic, new Set(partitions)]));
  const cordoned = new Set(broker.config.cordonedLogDirs);
  const results = broker.logs.directories().map(({ path, totalBytes, usableBytes, error, logs }) => ({
    errorCode: error === undefined ? 0 : errorCode('KAFKA_STORAGE_ERROR'),
    logDir: path,
    topics: error === undefined ? topicsOf(logs, asked) : [],
    totalBytes,
    usableBytes,
    isCordoned: cordoned.has(path) || cordoned.has('*'),
  }));
  return { errorCode: 0, results };
}

function topicsOf(
  logs: readonly PartitionLog[],
  asked: ReadonlyMap<string, ReadonlySet<number>> | null,
): TopicAnswer[] {
  const topics = new Map<string, { name: string; partitions: TopicAnswer['partitions'][number][] }>();
  for (const log of logs) {
    if (asked && !asked.get(log.topic)?.has(log.partition)) continue;
    let topic = topics.get(log.topic);
    if (!topic) {
      topic = { name: log.topic, partitions: [] };
      topics.set(log.topic, topic);
    }
    topic.partitions.push({
      partitionIndex: log.partition,
      partitionSize: log.sizeBytes,
      offsetLag: Math.max(0, log.highWatermark - log.endOffset),
      isFutureKey: false,
    });
  }
  return [...topics.values()];
}
