// What lies in the directory of a log when it is opened: leftovers go, an interrupted swap of compaction is finished, the
// segments are listed. The names tell the state; each state has one legal way on (KAFKA-12520).
import type { Disk } from '@moldau/kernel';
import { parseSegmentFile, type SegmentFileKind, segmentFileName } from '../file-names.ts';
import { walkBatchesSync } from '../segment/batch-walk.ts';

export interface SegmentFiles {
  /** Base offsets of `.log` files, rising. */
  readonly baseOffsets: number[];
  /** Offsets of `.snapshot` files, rising. */
  readonly snapshots: number[];
  readonly names: ReadonlySet<string>;
}

export function settleSegmentFiles(disk: Disk, directory: string): SegmentFiles {
  const names = disk.listNamesSync(directory);
  const plain = new Map<SegmentFileKind, number[]>();
  let marked = false;
  for (const name of names) {
    const file = parseSegmentFile(name);
    if (file?.mark !== undefined || name.endsWith('.tmp')) marked = true;
    else if (file) {
      const offsets = plain.get(file.kind);
      if (offsets) offsets.push(file.baseOffset);
      else plain.set(file.kind, [file.baseOffset]);
    }
  }
  if (marked) {
    settleMarked(disk, directory, names);
    return settleSegmentFiles(disk, directory);
  }
  const baseOffsets = (plain.get('log') ?? []).sort((a, b) => a - b);
  const known = new Set(baseOffsets);
  for (const kind of ['index', 'timeindex', 'txnindex'] as const) {
    for (const orphan of plain.get(kind) ?? []) {
      if (!known.has(orphan)) disk.removeSync(`${directory}/${segmentFileName(orphan, kind)}`);
    }
  }
  return {
    baseOffsets,
    snapshots: (plain.get('snapshot') ?? []).sort((a, b) => a - b),
    names: new Set(names),
  };
}

/** Removes what was on its way out or never finished, then puts finished swaps in place. */
function settleMarked(disk: Disk, directory: string, names: readonly string[]): void {
  const files = names.map((name) => ({ name, file: parseSegmentFile(name) }));
  const cleanedFrom = Math.min(
    ...files.map(({ file }) => (file?.mark === 'cleaned' ? file.baseOffset : Number.POSITIVE_INFINITY)),
  );
  const swaps: number[] = [];
  for (const { name, file } of files) {
    // A swap at or above output still in the making belongs to the same unfinished split (KAFKA-6264).
    const unfinished = file?.mark === 'swap' && file.baseOffset >= cleanedFrom;
    if (name.endsWith('.tmp') || file?.mark === 'deleted' || file?.mark === 'cleaned' || unfinished) {
      disk.removeSync(`${directory}/${name}`);
    } else if (file?.mark === 'swap' && file.kind === 'log') {
      swaps.push(file.baseOffset);
    }
  }
  if (swaps.length > 0) finishSwaps(disk, directory, swaps);
}

/**
 * The swapped-in segments replace every segment whose offsets they cover: from the first one's base offset to the end of
 * the last one, which may have been merged from several.
 */
function finishSwaps(disk: Disk, directory: string, swaps: readonly number[]): void {
  const first = Math.min(...swaps);
  const end = endOffsetOf(disk, `${directory}/${segmentFileName(Math.max(...swaps), 'log')}.swap`, Math.max(...swaps));
  for (const name of disk.listNamesSync(directory)) {
    const file = parseSegmentFile(name);
    if (!file || file.mark !== undefined || file.kind === 'snapshot') continue;
    if (file.baseOffset >= first && file.baseOffset < end) disk.removeSync(`${directory}/${name}`);
  }
  for (const name of disk.listNamesSync(directory)) {
    const file = parseSegmentFile(name);
    if (file?.mark === 'swap') {
      disk.renameSync(`${directory}/${name}`, `${directory}/${segmentFileName(file.baseOffset, file.kind)}`);
    }
  }
}

function endOffsetOf(disk: Disk, path: string, baseOffset: number): number {
  const file = disk.openSync(path, 'read');
  try {
    const end = walkBatchesSync(file, {
      from: 0,
      to: file.sizeSync(),
      offsetMin: baseOffset,
      offsetMax: Number.MAX_SAFE_INTEGER,
      checksums: false,
      visit: () => true,
    });
    return Math.max(end.nextOffset, baseOffset + 1);
  } finally {
    file.closeSync();
  }
}
