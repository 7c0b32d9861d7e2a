// Loads every log of a directory. Ten thousand logs are opened in slices of some milliseconds, so that the process stays
// alive meanwhile; logs that need recovery are walked a few at a time.
import { DiskError } from '@moldau/kernel';
import { LOG_DIRECTORY_FILES, parsePartitionDirectory } from '../file-names.ts';
import { loadLog } from '../log/load-log.ts';
import type { LogConfig } from '../log-config.ts';
import { PartitionLog } from '../partition-log.ts';
import type { LogDirectory, SharedContext } from './log-directory.ts';
import { LogPlace } from './log-place.ts';
import type { MovedFacts } from './settle-moves.ts';

const SLICE_MS = 20;

export interface LoadedDirectory {
  readonly logs: PartitionLog[];
  /** Directories of deleted partitions, to be removed. */
  readonly deleted: string[];
  /** Under which the logs were closed in order; -1 when they were not, or nobody said (KIP-966). */
  readonly brokerEpoch: number;
}

export async function loadDirectory(
  directory: LogDirectory,
  shared: SharedContext,
  o: {
    readonly defaults: LogConfig;
    readonly recoveriesAtATime: number;
    /** Of logs that came from another directory, which the checkpoints here may not know yet. */
    readonly moved?: ReadonlyMap<string, MovedFacts> | undefined;
  },
): Promise<LoadedDirectory> {
  const { disk, clock, timers, events } = shared;
  const startedAt = clock.monotonic();
  const marker = `${directory.path}/${LOG_DIRECTORY_FILES.cleanShutdown}`;
  const clean = disk.exists(marker);
  const brokerEpoch = clean ? brokerEpochOf(disk.readTextSync(marker)) : -1;
  if (clean) {
    // First of all: from here on the directory is not in order until the next clean stop says so.
    disk.removeSync(marker);
    disk.syncDirectorySync(directory.path);
  }
  // A process that was killed may have made logs whose names no sync covered.
  else await disk.syncDirectory(directory.path);
  const recoveryPoints = directory.readCheckpoint(LOG_DIRECTORY_FILES.recoveryPoint);
  const highWatermarks = directory.readCheckpoint(LOG_DIRECTORY_FILES.highWatermark);
  const logStarts = directory.readCheckpoint(LOG_DIRECTORY_FILES.logStart);

  const found: { path: string; topic: string; partition: number }[] = [];
  const deleted: string[] = [];
  for (const entry of disk.listSync(directory.path)) {
    if (entry.kind !== 'directory') continue;
    const path = `${directory.path}/${entry.name}`;
    const parsed = parsePartitionDirectory(entry.name);
    if (parsed.kind === 'log') found.push({ path, topic: parsed.topic, partition: parsed.partition });
    else if (parsed.kind === 'deleted') deleted.push(path);
    else if (parsed.kind === 'stray') events({ kind: 'ignored', path, reason: 'it was set aside earlier' });
    else if (parsed.kind === 'future') {
      events({
        kind: 'ignored',
        path,
        reason: 'a copy of a log that is not there, made by a move between log directories',
      });
    }
  }

  const logs: PartitionLog[] = [];
  let next = 0;
  let sliceEndsAt = clock.monotonic() + SLICE_MS;
  const loadSome = async (): Promise<void> => {
    while (next < found.length) {
      const { path, topic, partition } = found[next++]!;
      const name = `${topic}-${partition}`;
      const moved = o.moved?.get(name);
      const place = new LogPlace(directory);
      const parts = await loadLog({
        context: place,
        path,
        topic,
        partition,
        config: o.defaults,
        clean,
        recoveryPoint: recoveryPoints.get(name) ?? moved?.recoveryPoint ?? 0,
        highWatermark: highWatermarks.get(name) ?? moved?.highWatermark ?? 0,
        logStart: logStarts.get(name) ?? moved?.logStart ?? 0,
      });
      const log = new PartitionLog(place, parts);
      await settleUnsynced(log);
      directory.logs.set(name, log);
      logs.push(log);
      if (clock.monotonic() > sliceEndsAt) {
        await new Promise<void>((resolve) => timers.afterTurn(resolve));
        sliceEndsAt = clock.monotonic() + SLICE_MS;
      }
    }
  };
  const workers = clean ? 1 : o.recoveriesAtATime;
  try {
    await Promise.all(Array.from({ length: workers }, loadSome));
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    // One disk error while loading: the whole directory is not to be trusted (S13: nothing is made anew elsewhere).
    directory.fail(error);
    return { logs: [], deleted: [], brokerEpoch: -1 };
  }
  if (recoveryPoints.size === 0 || !clean) for (const log of logs) directory.changed(log);
  events({
    kind: 'directoryLoaded',
    directory: directory.path,
    logs: logs.length,
    clean,
    tookMs: clock.monotonic() - startedAt,
  });
  return { logs, deleted, brokerEpoch };
}

/** Kafka's CleanShutdownFileHandler: JSON; markers of before have no epoch, or nothing in them. */
function brokerEpochOf(marker: string): number {
  try {
    const { brokerEpoch } = JSON.parse(marker) as { brokerEpoch?: unknown };
    return Number.isSafeInteger(brokerEpoch) ? (brokerEpoch as number) : -1;
  } catch {
    return -1;
  }
}

/** What recovery found past the recovery point may be in the page cache only: it counts as persisted once it is synced. */
async function settleUnsynced(log: PartitionLog): Promise<void> {
  if (log.recoveryPoint >= log.endOffset) return;
  const { segments } = log;
  for (let i = Math.max(0, segments.floor(log.recoveryPoint)); i < segments.count; i++) {
    const segment = segments.at(i)!;
    if (segment.sizeBytes === 0) continue;
    segment.syncedBytes = 0;
    log.writer.adoptUnsynced(segment);
  }
  if (log.durability === 'fsync') await log.flush();
}
