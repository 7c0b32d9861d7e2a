// The znodes that everything else stands below, and who may do what with them.
import { ZooKeeperClient, type ZooKeeperOptions } from './client/client.ts';
import { isZooKeeperError } from './client/errors.ts';
import { type Acl, CREATOR_ALL_WORLD_READ, OPEN_ACL } from './client/messages.ts';
import { PUBLIC_FOLDERS, SECRET_FOLDERS } from './layout.ts';

export interface Acls {
  /** Of what Kafka shows there too. */
  readonly open: readonly Acl[];
  /** Of the metadata log, which holds secrets. */
  readonly secret: readonly Acl[];
}

export function aclsFor(setAcl: boolean): Acls {
  if (!setAcl) return { open: OPEN_ACL, secret: OPEN_ACL };
  return { open: CREATOR_ALL_WORLD_READ, secret: CREATOR_ALL_WORLD_READ.slice(0, 1) };
}

/** Makes what is missing of the chroot and the folders in it. */
export async function makeFolders(
  client: ZooKeeperClient,
  options: ZooKeeperOptions,
  acls: Acls,
  timeoutMs: number,
): Promise<void> {
  await makeChroot(options, acls.open, timeoutMs);
  for (const path of PUBLIC_FOLDERS) await ensure(client, path, acls.open);
  for (const path of SECRET_FOLDERS) await ensure(client, path, acls.secret);
}

/** The folders above the root of the session, which it cannot name itself. */
async function makeChroot(zooKeeper: ZooKeeperOptions, acl: readonly Acl[], timeoutMs: number): Promise<void> {
  const { chroot } = zooKeeper.connect;
  if (chroot === '') return;
  const { onState, onOver, session, ...rest } = zooKeeper;
  const above = new ZooKeeperClient({ ...rest, connect: { ...zooKeeper.connect, chroot: '' } });
  try {
    await above.connected(timeoutMs);
    for (let at = chroot.indexOf('/', 1); ; at = chroot.indexOf('/', at + 1)) {
      await ensure(above, at < 0 ? chroot : chroot.slice(0, at), acl);
      if (at < 0) return;
    }
  } finally {
    await above.close();
  }
}

/** Makes a znode without data unless it is there. */
async function ensure(client: ZooKeeperClient, path: string, acl: readonly Acl[]): Promise<void> {
  await client.create(path, Buffer.alloc(0), { acl }).catch((error: unknown) => {
    if (!isZooKeeperError(error, 'NODE_EXISTS')) throw error;
  });
}
