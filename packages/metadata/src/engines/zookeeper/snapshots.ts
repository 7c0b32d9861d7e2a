// Snapshots of the picture in ZooKeeper, written by the controller when the log has grown: pieces first, the seal last, so
// that one without seal is none. Two are kept, and the log behind the older one; what is older goes.
// Always: every write checks the controller's epoch, so that a deposed controller removes nothing.
import type { ClusterImage } from '../../image.ts';
import { decodeSeal, encodeSnapshot } from './batch-codec.ts';
import type { ZooKeeperClient } from './client/client.ts';
import { isZooKeeperError } from './client/errors.ts';
import type { Acl, Operation } from './client/messages.ts';
import { CONTROLLER_EPOCH, LOG, logPath, offsetsOf, SNAPSHOTS, snapshotPath } from './layout.ts';

/** Whole snapshots that stay. */
const KEPT = 2;
/** Removals in one multi. */
const REMOVALS_PER_MULTI = 200;

export interface SnapshotWrite {
  readonly client: ZooKeeperClient;
  readonly epochVersion: number;
  readonly acl: readonly Acl[];
}

/** Answers how many bytes it took. Throws ZooKeeperError; what is half done is removed by the next one. */
export async function writeSnapshot(image: ClusterImage, write: SnapshotWrite): Promise<number> {
  const { client, acl } = write;
  const path = snapshotPath(image.offset);
  const { seal, pieces } = encodeSnapshot(image);
  await removeSnapshot(path, write);
  await guarded(write, [{ kind: 'create', path, data: Buffer.alloc(0), acl }]);
  for (const [index, data] of pieces.entries()) {
    await guarded(write, [{ kind: 'create', path: `${path}/${index}`, data, acl }]);
  }
  await guarded(write, [{ kind: 'setData', path, data: Buffer.from(JSON.stringify(seal)), version: 0 }]);
  await removeOld(client, write);
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

async function removeOld(client: ZooKeeperClient, write: SnapshotWrite): Promise<void> {
  const whole: number[] = [];
  for (const offset of offsetsOf((await client.getChildren(SNAPSHOTS)).names).reverse()) {
    const parent = await client.findData(snapshotPath(offset));
    if (whole.length < KEPT && parent && decodeSeal(parent.data)) whole.push(offset);
    else await removeSnapshot(snapshotPath(offset), write);
  }
  const oldest = whole[KEPT - 1];
  if (oldest === undefined) return;
  const offsets = offsetsOf((await client.getChildren(LOG)).names).filter((offset) => offset <= oldest);
  for (let at = 0; at < offsets.length; at += REMOVALS_PER_MULTI) {
    const some = offsets.slice(at, at + REMOVALS_PER_MULTI);
    await guarded(
      write,
      some.map((offset): Operation => ({ kind: 'delete', path: logPath(offset), version: -1 })),
    );
  }
}

/** The seal goes first: a snapshot whose pieces are going must not be taken for one. */
async function removeSnapshot(path: string, write: SnapshotWrite): Promise<void> {
  const { client } = write;
  const there = await client.findData(path);
  if (!there) return;
  if (there.data.length > 0) await guarded(write, [{ kind: 'setData', path, data: Buffer.alloc(0), version: -1 }]);
  const { names } = await client.getChildren(path);
  const removals = [...names.map((name) => `${path}/${name}`), path];
  await guarded(
    write,
    removals.map((one): Operation => ({ kind: 'delete', path: one, version: -1 })),
  );
}

/** Under the controller's epoch. A removal whose answer was lost is done when there is nothing left to remove. */
async function guarded({ client, epochVersion }: SnapshotWrite, operations: readonly Operation[]): Promise<void> {
  const check: Operation = { kind: 'check', path: CONTROLLER_EPOCH, version: epochVersion };
  try {
    await client.multi([check, ...operations]);
  } catch (error) {
    const gone = isZooKeeperError(error, 'NO_NODE') && operations.every((one) => one.kind === 'delete');
    if (!gone) throw error;
  }
}
