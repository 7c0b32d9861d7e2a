// What this broker has seen of the store in ZooKeeper, in a small file beside its logs: a store that comes back empty,
// older or as another one is told by it (C11), and the session of a process that died is taken over by it (C4).
// Always: it says less than what was seen, never more; losing it costs the check, nothing else.
import type { Disk } from '@moldau/kernel';
import { replaceFile } from '@moldau/kernel';

export const MEMORY_FILE = 'zookeeper-store.json';

export interface StoreMemory {
  readonly clusterId: string;
  /** Of the newest batch seen. */
  readonly offset: number;
  readonly epoch: number;
  /** Of the znode that holds it; -1 when it is not known. */
  readonly czxid: number;
  /** Of the last session: with its password nobody but us can have it. */
  readonly session: { readonly id: string; readonly password: string } | undefined;
}

/** Undefined when there is none, or none that can be read. */
export function readMemory(disk: Disk, directory: string): StoreMemory | undefined {
  try {
    const value = JSON.parse(disk.readTextSync(`${directory}/${MEMORY_FILE}`)) as Partial<StoreMemory>;
    if (typeof value.clusterId !== 'string' || typeof value.offset !== 'number') return undefined;
    const { clusterId, offset, epoch = 0, czxid = -1, session } = value;
    return { clusterId, offset, epoch, czxid, session };
  } catch {
    return undefined;
  }
}

export async function writeMemory(disk: Disk, directory: string, memory: StoreMemory): Promise<void> {
  await disk.makeDirectory(directory);
  await replaceFile(disk, directory, MEMORY_FILE, Buffer.from(`${JSON.stringify(memory)}\n`));
}
