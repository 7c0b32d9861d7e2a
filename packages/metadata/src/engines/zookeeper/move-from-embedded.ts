// Moves the metadata of a cluster from the embedded store of a stopped broker into an empty ZooKeeper, so that its data
// directory becomes the first broker of a larger cluster. The id of the cluster is written last: without it nobody takes
// what is there for a cluster.
// Always: the embedded store is only read until everything is in ZooKeeper, then its files are renamed, not deleted.
import { type Disk, replaceFile } from '@moldau/kernel';
import { EngineError } from '../../engine.ts';
import { loadStore } from '../embedded/store.ts';
import { encodeBatch, encodeSnapshot } from './batch-codec.ts';
import { ZooKeeperClient, type ZooKeeperOptions } from './client/client.ts';
import { isZooKeeperError } from './client/errors.ts';
import { aclsFor, makeFolders } from './folders.ts';
import { CLUSTER_ID, CONTROLLER_EPOCH, LOG, logPath, SNAPSHOTS, snapshotPath } from './layout.ts';
import { encodeClusterId } from './znode-json.ts';

/** Tells, in the old directory, where its metadata went. */
export const MOVED_FILE = 'moved-to-zookeeper.json';
const MOVED_SUFFIX = '.moved';

export interface MoveOptions {
  readonly zooKeeper: Omit<ZooKeeperOptions, 'onState' | 'onOver'>;
  /** As in `zookeeper.connect`, for messages. */
  readonly connect: string;
  readonly setAcl: boolean;
  readonly disk: Disk;
  /** Of the embedded store. */
  readonly directory: string;
  readonly timeoutMs: number;
}

export interface Moved {
  readonly clusterId: string;
  readonly offset: number;
  readonly topics: number;
  readonly partitions: number;
}

/**
 * Throws EngineError FOREIGN when there is nothing to move, or ZooKeeper holds a cluster already; DiskError LOCKED when the
 * broker runs; ZooKeeperError when no server answers.
 */
export async function moveToZooKeeper(options: MoveOptions): Promise<Moved> {
  const { disk, directory, connect } = options;
  if (!disk.exists(directory))
    throw new EngineError('FOREIGN', `${directory} does not exist: there is no metadata to move.`);
  // A running broker holds it.
  const lock = await disk.lock(directory, '.lock');
  try {
    const { image, files } = await loadStore(disk, directory);
    const { clusterId } = image;
    if (clusterId === undefined) {
      const moved = disk.exists(`${directory}/${MOVED_FILE}`);
      const why = moved ? `it was moved already (${MOVED_FILE} says where to)` : 'no cluster was ever formed there';
      throw new EngineError('FOREIGN', `${directory} holds no metadata to move: ${why}.`);
    }
    const client = new ZooKeeperClient(options.zooKeeper);
    const { open, secret } = aclsFor(options.setAcl);
    try {
      await client.connected(options.timeoutMs);
      const occupied = (await client.exists(CLUSTER_ID)) ?? (await childrenOf(client, LOG));
      if (occupied) {
        throw new EngineError(
          'FOREIGN',
          `ZooKeeper (${connect}) holds a cluster already, or part of one. Choose an empty chroot.`,
        );
      }
      await makeFolders(client, options.zooKeeper, { open, secret }, options.timeoutMs);
      await raiseZxid(client, Math.max(0, ...image.brokers().map((broker) => broker.brokerEpoch)));
      const { seal, pieces } = encodeSnapshot(image);
      const path = snapshotPath(image.offset);
      await client.create(path, Buffer.from(JSON.stringify(seal)), { acl: secret });
      for (const [index, piece] of pieces.entries()) await client.create(`${path}/${index}`, piece, { acl: secret });
      const behind = { offset: image.offset + 1, epoch: image.epoch, records: [] };
      await client.multi([
        { kind: 'create', path: logPath(behind.offset), data: encodeBatch(behind), acl: secret },
        { kind: 'create', path: CONTROLLER_EPOCH, data: Buffer.from(String(image.epoch)), acl: open },
        { kind: 'create', path: CLUSTER_ID, data: encodeClusterId(clusterId), acl: open },
      ]);
    } finally {
      await client.close();
    }
    for (const { name } of files) await disk.rename(`${directory}/${name}`, `${directory}/${name}${MOVED_SUFFIX}`);
    const note = { connect, clusterId, offset: image.offset };
    await replaceFile(disk, directory, MOVED_FILE, Buffer.from(`${JSON.stringify(note, undefined, 2)}\n`));
    return { clusterId, offset: image.offset, topics: image.topicCount, partitions: image.partitionCount };
  } finally {
    await lock.release();
  }
}

async function childrenOf(client: ZooKeeperClient, path: string): Promise<boolean> {
  try {
    return (await client.getChildren(path)).names.length > 0;
  } catch (error) {
    if (isZooKeeperError(error, 'NO_NODE')) return false;
    throw error;
  }
}

/**
 * Broker epochs are zxids here and were counted differently in the embedded store: ZooKeeper's count has to be past them,
 * or the registrations to come would look older than those before. An ensemble of several servers is far past always.
 */
async function raiseZxid(client: ZooKeeperClient, past: number): Promise<void> {
  const AT_ONCE = 500;
  for (;;) {
    const { mzxid } = await client.setData(SNAPSHOTS, Buffer.alloc(0));
    if (mzxid > past) return;
    const missing = Math.min(AT_ONCE, past - mzxid);
    await Promise.all(Array.from({ length: missing }, () => client.setData(SNAPSHOTS, Buffer.alloc(0))));
  }
}
