// What moves between log directories left behind, settled before the logs are loaded. The names tell the state:
//
//   `t-0.<hex>-future`, and `t-0` elsewhere   a copy: taken away, and the move begun anew. Also where file `t-0.<hex>-moved`
//                                             says that it is whole: the log may have gone on where it was
//   the same, with that file, and no `t-0`    the renames were broken off between the two: the copy takes the log's place
//   the same, without it                      left alone: the log it was made of may be in a directory that is offline (23)
//   `t-0` and file `t-0.<hex>-moved`          it has taken it; should the log be in another directory too, a power cut took
//                                             the rename there back, and that one is the old one
//
// The file holds which log it is, and what the checkpoints of the old directory said of it, for the time until the new one's
// say it. Nothing is written to the new place before both renames are durable: whatever a crash leaves, one of the two is
// whole.
import type { Disk, Random } from '@moldau/kernel';
import { markedDirectoryName, parseMovedFile, parsePartitionDirectory, partitionDirectoryName } from '../file-names.ts';
import type { StorageEvents } from '../storage-event.ts';

/** What a log's old directory knew of it. */
export interface MovedFacts {
  readonly highWatermark: number;
  readonly recoveryPoint: number;
  readonly logStart: number;
}

/** The content of a `-moved` file. */
export interface Moved extends MovedFacts {
  readonly topic: string;
  readonly partition: number;
}

export interface SettledMoves {
  /** To be begun anew. */
  readonly unfinished: readonly { readonly topic: string; readonly partition: number; readonly directory: string }[];
  /** By directory and log name. */
  readonly facts: ReadonlyMap<string, ReadonlyMap<string, MovedFacts>>;
  /** Files that are of no use once the checkpoints are written. */
  readonly movedFiles: readonly string[];
}

export function formatMoved(moved: Moved): Buffer {
  return Buffer.from(`${JSON.stringify({ version: 1, ...moved })}\n`);
}

/** Undefined for one that was not written whole: it says nothing. */
function parseMoved(text: string): Moved | undefined {
  try {
    const { topic, partition, highWatermark, recoveryPoint, logStart } = JSON.parse(text) as Record<string, unknown>;
    const numbers = [partition, highWatermark, recoveryPoint, logStart];
    if (typeof topic !== 'string' || topic === '') return undefined;
    if (!numbers.every((one) => Number.isSafeInteger(one) && (one as number) >= 0)) return undefined;
    return { topic, partition, highWatermark, recoveryPoint, logStart } as Moved;
  } catch {
    return undefined;
  }
}

interface Found {
  readonly directory: string;
  readonly path: string;
  readonly topic: string;
  readonly partition: number;
}

interface Copy {
  readonly directory: string;
  readonly path: string;
  readonly name: string;
  readonly hex: string;
}

/** `allThere`: no directory is offline. Throws DiskError. */
export function settleMoves(
  o: { readonly disk: Disk; readonly random: Random; readonly events: StorageEvents },
  directories: readonly string[],
  allThere: boolean,
): SettledMoves {
  const { disk, events } = o;
  const current = new Map<string, Found[]>();
  const copies = new Map<string, Copy>();
  const moved: Copy[] = [];
  for (const directory of directories) {
    for (const { name, kind } of disk.listSync(directory)) {
      const path = `${directory}/${name}`;
      if (kind === 'file') {
        const hex = parseMovedFile(name);
        if (hex !== undefined) moved.push({ directory, path, name, hex });
        continue;
      }
      const parsed = parsePartitionDirectory(name);
      if (parsed.kind === 'log') {
        const { topic, partition } = parsed;
        const key = partitionDirectoryName(topic, partition);
        current.set(key, [...(current.get(key) ?? []), { directory, path, topic, partition }]);
      } else if (parsed.kind === 'future') {
        copies.set(`${directory}/${parsed.hex}`, { directory, path, name, hex: parsed.hex });
      }
    }
  }
  if (moved.length === 0 && copies.size === 0) return { unfinished: [], facts: new Map(), movedFiles: [] };
  const rename = (from: string, directory: string, to: string) => {
    disk.renameSync(from, `${directory}/${to}`);
    disk.syncDirectorySync(directory);
  };
  const facts = new Map<string, Map<string, MovedFacts>>();
  const movedFiles: string[] = [];
  for (const { directory, path, hex } of moved) {
    const said = parseMoved(disk.readTextSync(path));
    const copy = copies.get(`${directory}/${hex}`);
    const name = said && partitionDirectoryName(said.topic, said.partition);
    const known = (name !== undefined && current.get(name)) || [];
    const others = known.filter((one) => one.directory !== directory);
    // What it is a copy of may be in a directory that is offline, and go on there.
    if (copy && known.length === 0 && !allThere) continue;
    movedFiles.push(path);
    if (!said || name === undefined || (copy && known.length > 0) || (!copy && known.length === others.length))
      continue;
    if (copy) rename(copy.path, directory, name);
    copies.delete(`${directory}/${hex}`);
    for (const old of others) {
      rename(old.path, old.directory, markedDirectoryName(old.topic, old.partition, 'delete', o.random.bytes(16)));
    }
    current.set(name, [{ directory, path: `${directory}/${name}`, topic: said.topic, partition: said.partition }]);
    facts.set(directory, (facts.get(directory) ?? new Map<string, MovedFacts>()).set(name, said));
    events({ kind: 'logMoved', log: name, directory, from: others[0]?.directory ?? '', bytes: 0, tookMs: 0 });
  }
  const unfinished: { topic: string; partition: number; directory: string }[] = [];
  for (const { directory, path, name, hex } of copies.values()) {
    const original = originalOf(current, name, hex);
    if (!original || original.directory === directory) continue;
    const { topic, partition } = original;
    unfinished.push({ topic, partition, directory });
    // A copy of what is there whole. Renamed first: a tree goes in many steps.
    rename(path, directory, markedDirectoryName(topic, partition, 'delete', o.random.bytes(16)));
  }
  return { unfinished, facts, movedFiles };
}

/** The log that a copy of this name is made of. */
function originalOf(current: ReadonlyMap<string, readonly Found[]>, name: string, hex: string): Found | undefined {
  const known = current.get(name.slice(0, name.length - `.${hex}-future`.length))?.[0];
  if (known) return known;
  const unique = Buffer.from(hex, 'hex');
  for (const [found] of current.values()) {
    if (found && markedDirectoryName(found.topic, found.partition, 'future', unique) === name) return found;
  }
  return undefined;
}
