// What moves between log directories left behind, settled before the logs are loaded. The names tell the state:
//
//   `t-0.<hex>-future`                  a copy that is not whole: taken away where the log it was made of is there, and the
//                                       move begun anew; left alone where it is not (its directory may be offline, 23)
//   the same, and file `t-0.<hex>-moved`  the copy is whole, and nothing was written since: it takes the log's place
//   `t-0` and file `t-0.<hex>-moved`    it has taken it; should the log be in another directory too, a power cut took the
//                                       rename there back: that one is the old one
//
// The file holds what the checkpoints of the old directory said of the log, for the time until the new one's say it.
import type { Disk, Random } from '@moldau/kernel';
import { markedDirectoryName, parseMovedFile, parsePartitionDirectory, partitionDirectoryName } from '../file-names.ts';
import type { StorageEvents } from '../storage-event.ts';

/** What a log's old directory knew of it. */
export interface MovedFacts {
  readonly highWatermark: number;
  readonly recoveryPoint: number;
  readonly logStart: number;
}

export interface SettledMoves {
  /** To be begun anew. */
  readonly unfinished: readonly { readonly topic: string; readonly partition: number; readonly directory: string }[];
  /** By directory and log name. */
  readonly facts: ReadonlyMap<string, ReadonlyMap<string, MovedFacts>>;
  /** Files that are of no use once the checkpoints are written. */
  readonly movedFiles: readonly string[];
}

export function formatMoved(facts: MovedFacts): Buffer {
  return Buffer.from(`${JSON.stringify({ version: 1, ...facts })}\n`);
}

function parseMoved(text: string): MovedFacts | undefined {
  try {
    const { highWatermark, recoveryPoint, logStart } = JSON.parse(text) as Record<string, unknown>;
    const all = [highWatermark, recoveryPoint, logStart];
    if (!all.every((one) => Number.isSafeInteger(one) && (one as number) >= 0)) return undefined;
    return { highWatermark, recoveryPoint, logStart } as MovedFacts;
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

/** `allThere`: no directory is offline. Throws DiskError. */
export function settleMoves(
  o: { readonly disk: Disk; readonly random: Random; readonly events: StorageEvents },
  directories: readonly string[],
  allThere: boolean,
): SettledMoves {
  const { disk, events } = o;
  const current = new Map<string, Found[]>();
  const futures = new Map<string, Found>();
  const moved: (Found & { readonly hex: string })[] = [];
  for (const directory of directories) {
    for (const { name, kind } of disk.listSync(directory)) {
      const path = `${directory}/${name}`;
      if (kind === 'file') {
        const file = parseMovedFile(name);
        if (file) moved.push({ directory, path, ...file });
        continue;
      }
      const parsed = parsePartitionDirectory(name);
      if (parsed.kind === 'log') {
        const { topic, partition } = parsed;
        const key = partitionDirectoryName(topic, partition);
        current.set(key, [...(current.get(key) ?? []), { directory, path, topic, partition }]);
      } else if (parsed.kind === 'future' && parsed.topic !== undefined) {
        const { topic, partition, hex } = parsed;
        futures.set(`${directory}/${hex}`, { directory, path, topic, partition });
      }
    }
  }
  const facts = new Map<string, Map<string, MovedFacts>>();
  const movedFiles: string[] = [];
  const wentAway = new Set<string>();
  for (const { directory, path, topic, partition, hex } of moved) {
    const name = partitionDirectoryName(topic, partition);
    const future = futures.get(`${directory}/${hex}`);
    const others = (current.get(name) ?? []).filter((one) => one.directory !== directory);
    const isThere = (current.get(name) ?? []).some((one) => one.directory === directory);
    // What it is a copy of may be in a directory that is offline, and go on there.
    if (future && others.length === 0 && !allThere) continue;
    movedFiles.push(path);
    if (!future && !isThere) continue;
    if (future && !isThere) {
      disk.renameSync(future.path, `${directory}/${name}`);
      disk.syncDirectorySync(directory);
    }
    futures.delete(`${directory}/${hex}`);
    for (const old of others) {
      const mark = markedDirectoryName(topic, partition, 'delete', o.random.bytes(16));
      disk.renameSync(old.path, `${old.directory}/${mark}`);
      disk.syncDirectorySync(old.directory);
      wentAway.add(old.path);
    }
    const known = parseMoved(disk.readTextSync(path));
    if (known) facts.set(directory, (facts.get(directory) ?? new Map<string, MovedFacts>()).set(name, known));
    events({ kind: 'logMoved', log: name, directory, from: others[0]?.directory ?? '', bytes: 0, tookMs: 0 });
  }
  const unfinished: { topic: string; partition: number; directory: string }[] = [];
  for (const { directory, path, topic, partition } of futures.values()) {
    const name = partitionDirectoryName(topic, partition);
    const original = (current.get(name) ?? []).find((one) => one.directory !== directory && !wentAway.has(one.path));
    if (!original) continue;
    unfinished.push({ topic, partition, directory });
    // A copy of what is there whole. Renamed first: a tree goes in many steps.
    disk.renameSync(path, `${directory}/${markedDirectoryName(topic, partition, 'delete', o.random.bytes(16))}`);
  }
  return { unfinished, facts, movedFiles };
}
