// DescribeLogDirs (api 35): what each log directory of this broker holds, and how full its volume is. Served: 1-5.
// A replica that moves to another directory is in both: where it is, and as a future one where it will be, with the records
// that the copy lacks (told by whole segments).
//   v3 top-level error   v4 volume sizes (KIP-827)   v5 cordoned directories (KIP-1066)
import type { InputOf } from '@moldau/protocol';
import { errorCode } from '@moldau/protocol/errors';
import type { DescribeLogDirsRequest, DescribeLogDirsResponse } from '@moldau/protocol/messages/describe-log-dirs';
import type { FutureLog, PartitionLog } from '@moldau/storage';
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
  const results = broker.logs.directories().map(({ path, totalBytes, usableBytes, error, logs, futures }) => ({
    errorCode: error === undefined ? 0 : errorCode('KAFKA_STORAGE_ERROR'),
    logDir: path,
    topics: error === undefined ? topicsOf(logs, futures, asked) : [],
    totalBytes,
    usableBytes,
    isCordoned: cordoned.has(path) || cordoned.has('*'),
  }));
  return { errorCode: 0, results };
}

function topicsOf(
  logs: readonly PartitionLog[],
  futures: readonly FutureLog[],
  asked: ReadonlyMap<string, ReadonlySet<number>> | null,
): TopicAnswer[] {
  const topics = new Map<string, { name: string; partitions: TopicAnswer['partitions'][number][] }>();
  const add = (
    { topic: name, partition: partitionIndex, sizeBytes: partitionSize }: PartitionLog | FutureLog,
    about: { readonly offsetLag: number; readonly isFutureKey: boolean },
  ) => {
    if (asked && !asked.get(name)?.has(partitionIndex)) return;
    let topic = topics.get(name);
    if (!topic) {
      topic = { name, partitions: [] };
      topics.set(name, topic);
    }
    topic.partitions.push({ partitionIndex, partitionSize, ...about });
  };
  for (const log of logs) {
    add(log, { offsetLag: Math.max(0, log.highWatermark - log.endOffset), isFutureKey: false });
  }
  for (const future of futures) add(future, { offsetLag: future.offsetLag, isFutureKey: true });
  return [...topics.values()];
}
