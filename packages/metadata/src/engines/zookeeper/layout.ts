// Where everything stands in ZooKeeper, below the chroot. Pure. The first group is Kafka's own, for people and old tools;
// the second is the metadata log, which alone decides (docs/decisions: layout in ZooKeeper).
//   /cluster/id                       {"version":"1","id":"..."}
//   /brokers/ids/<id>                 ephemeral; a broker that lives; its czxid is the broker's epoch
//   /brokers/topics/<topic>           who holds the partitions of a topic; written behind the log, for reading only
//   /controller                       ephemeral; who leads
//   /controller_epoch                 its number; its znode version guards every write of a controller
//   /moldau/log/<offset>              one batch of records
//   /moldau/snapshots/<offset>/<n>    the picture as of that offset in pieces; whole when the parent has data

export const CLUSTER_ID = '/cluster/id';
export const BROKER_IDS = '/brokers/ids';
export const BROKER_TOPICS = '/brokers/topics';
export const CONTROLLER = '/controller';
export const CONTROLLER_EPOCH = '/controller_epoch';
export const LOG = '/moldau/log';
export const SNAPSHOTS = '/moldau/snapshots';

/** Made when a cluster is formed, parents first. Under `zookeeper.set.acl` the second list is for brokers' eyes only. */
export const PUBLIC_FOLDERS = ['/cluster', '/brokers', BROKER_IDS, BROKER_TOPICS];
export const SECRET_FOLDERS = ['/moldau', LOG, SNAPSHOTS];

const DIGITS = 20;

function numbered(offset: number): string {
  return String(offset).padStart(DIGITS, '0');
}

export function logPath(offset: number): string {
  return `${LOG}/${numbered(offset)}`;
}

export function snapshotPath(offset: number): string {
  return `${SNAPSHOTS}/${numbered(offset)}`;
}

export function brokerPath(brokerId: number): string {
  return `${BROKER_IDS}/${brokerId}`;
}

export function topicPath(topic: string): string {
  return `${BROKER_TOPICS}/${topic}`;
}

/** The offset in the last part of a path of the log or of a snapshot; undefined when it is none of ours. */
export function offsetOf(path: string): number | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return /^\d{20}$/.test(name) ? Number(name) : undefined;
}

/** Offsets in ascending order; names that are none of ours are left alone. */
export function offsetsOf(names: readonly string[]): number[] {
  return names
    .map(offsetOf)
    .filter((offset) => offset !== undefined)
    .sort((a, b) => a - b);
}
