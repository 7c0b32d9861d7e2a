// AlterReplicaLogDirs (api 34, KIP-113): in which log directory of this broker a replica shall lie. Served: 1-2.
// As in Kafka: a path that is none of log.dirs LOG_DIR_NOT_FOUND, one that has failed KAFKA_STORAGE_ERROR; for a replica that
// is not here yet the path is remembered, and REPLICA_NOT_AVAILABLE tells the caller to ask again.
// A replica that is elsewhere does not come into a cordoned directory: INVALID_REPLICA_ASSIGNMENT (KIP-1066).
// A replica that is here begins to move (`storage/log-move`) and NONE is answered at once: DescribeLogDirs tells how far it is.
// Ordered to where it is, a move that is under way ends.
import type { InputOf } from '@moldau/protocol';
import { errorCode, type WireError } from '@moldau/protocol/errors';
import type {
  AlterReplicaLogDirsRequest,
  AlterReplicaLogDirsResponse,
} from '@moldau/protocol/messages/alter-replica-log-dirs';
import { BrokerDiskError } from '@moldau/storage';
import type { BrokerContext, Call } from '../context.ts';

export function alterReplicaLogDirs(
  broker: BrokerContext,
  _call: Call,
  { dirs }: AlterReplicaLogDirsRequest,
): InputOf<typeof AlterReplicaLogDirsResponse> {
  const directories = new Map(broker.logs.directories().map(({ path, error }) => [path, error] as const));
  const cordoned = new Set(broker.config.cordonedLogDirs);
  const move = (path: string, topic: string, index: number): WireError => {
    try {
      broker.logs.move(topic, index, path);
      return 'NONE';
    } catch (error) {
      if (error instanceof BrokerDiskError) return 'KAFKA_STORAGE_ERROR';
      throw error;
    }
  };
  const place = (path: string, topic: string, index: number): WireError => {
    if (!directories.has(path)) return 'LOG_DIR_NOT_FOUND';
    if (directories.get(path) !== undefined) return 'KAFKA_STORAGE_ERROR';
    // Lies in a directory that has failed.
    if (broker.partitions.led(broker.image(), topic, index) === 'KAFKA_STORAGE_ERROR') return 'KAFKA_STORAGE_ERROR';
    const partition = broker.partitions.get(topic, index);
    if (partition?.log.directory !== path && (cordoned.has(path) || cordoned.has('*'))) {
      return 'INVALID_REPLICA_ASSIGNMENT';
    }
    if (partition) return move(path, topic, index);
    broker.logs.preferDirectory(topic, index, path);
    return broker.image().partition(topic, index) ? 'REPLICA_NOT_AVAILABLE' : 'UNKNOWN_TOPIC_OR_PARTITION';
  };
  // A topic that is named under several directories is answered once.
  const answers = new Map<string, { partitionIndex: number; errorCode: number }[]>();
  for (const { path, topics } of dirs) {
    for (const { name, partitions } of topics) {
      const told = answers.get(name) ?? [];
      answers.set(name, told);
      for (const index of partitions)
        told.push({ partitionIndex: index, errorCode: errorCode(place(path, name, index)) });
    }
  }
  return { results: [...answers].map(([topicName, partitions]) => ({ topicName, partitions })) };
}
