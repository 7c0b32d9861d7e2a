// Compares the metadata store with the logs on disk before anything is served (C11, invariants 9 and 23). A store that
// came back empty or older than the data is refused, never obeyed: obeyed, it would give offsets and epochs a second time,
// and take the data for nobody's. Pure.
import type { ClusterImage } from '@moldau/metadata';

/** What is known of a log on disk. */
export interface LogOnDisk {
  readonly topic: string;
  readonly partition: number;
  readonly directory: string;
  readonly topicId: string;
  readonly latestEpoch: number | undefined;
}

/** The metadata store does not fit the logs; the message says how, and what to do. */
export class StoreMismatch extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StoreMismatch';
  }
}

export interface StoreFacts {
  readonly image: ClusterImage;
  /** Where the store is, for messages. */
  readonly storeDirectory: string;
  /** From meta.properties of the log directories. */
  readonly clusterId: string;
  readonly logs: Iterable<LogOnDisk>;
}

/** Throws StoreMismatch when the store must not be used with these logs. */
export function checkStore({ image, storeDirectory, clusterId, logs }: StoreFacts): void {
  const found = [...logs];
  if (image.clusterId === undefined) {
    if (found.length === 0) return;
    const topics = new Set(found.map((log) => log.topic)).size;
    throw new StoreMismatch(
      `The log directories hold ${found.length} partitions of ${topics} topics (${nameOf(found[0]!)}, for example), but the metadata of the cluster in ${storeDirectory} is missing. Bring it back from where it was, or from a backup. To begin a new cluster, start with log directories that are empty.`,
    );
  }
  if (image.clusterId !== clusterId) {
    throw new StoreMismatch(
      `The metadata in ${storeDirectory} is of cluster ${image.clusterId}, but meta.properties in the log directories names cluster ${clusterId}. They do not belong together; bring back the ones that do.`,
    );
  }
  for (const log of found) {
    const topic = image.topicById(log.topicId);
    const known = topic?.partitions[log.partition];
    if (known && log.latestEpoch !== undefined && log.latestEpoch > known.leaderEpoch) {
      throw new StoreMismatch(
        `${nameOf(log)} was written under leader epoch ${log.latestEpoch}, but the metadata of the cluster in ${storeDirectory} knows ${known.leaderEpoch} only: it is older than the data. Bring back the newest copy of that directory.`,
      );
    }
  }
}

function nameOf(log: LogOnDisk): string {
  return `${log.directory}/${log.topic}-${log.partition}`;
}
