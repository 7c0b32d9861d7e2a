// The files of a metadata store. `%020d.log`: the batches from that offset on. `%020d.snapshot`: everything up to and
// including that offset. Pure.

export interface StoreFile {
  readonly kind: 'log' | 'snapshot';
  /** First offset of a log, last offset of a snapshot. */
  readonly offset: number;
  readonly name: string;
}

export function logName(firstOffset: number): string {
  return `${String(firstOffset).padStart(20, '0')}.log`;
}

export function snapshotName(lastOffset: number): string {
  return `${String(lastOffset).padStart(20, '0')}.snapshot`;
}

/** Undefined for a name that is none of ours. */
export function parseName(name: string): StoreFile | undefined {
  const found = /^(\d{20})\.(log|snapshot)$/.exec(name);
  return found ? { kind: found[2] as StoreFile['kind'], offset: Number(found[1]), name } : undefined;
}

/**
 * Files that nothing needs once there is a snapshot up to `newest`: the snapshot before it and the logs after that one
 * stay, so that damage to the newest snapshot loses nothing.
 */
export function obsolete(files: readonly StoreFile[], newest: number): StoreFile[] {
  const snapshots = files
    .filter((file) => file.kind === 'snapshot' && file.offset < newest)
    .sort((a, b) => b.offset - a.offset);
  const kept = snapshots[0]?.offset ?? -1;
  const logs = files.filter((file) => file.kind === 'log').sort((a, b) => a.offset - b.offset);
  // A log ends where the next begins; the last one is being written.
  const spent = logs.filter((_, index) => {
    const next = logs[index + 1];
    return next !== undefined && next.offset - 1 <= kept;
  });
  return [...snapshots.slice(1), ...spent];
}
