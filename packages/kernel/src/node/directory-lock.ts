// The exclusive claim on a log directory. Node has no flock or fcntl of its own, but its SQLite takes POSIX record locks,
// and those are what Java's FileLock takes: an exclusive transaction on the empty file `.lock` keeps out a second Moldau
// and an Apache Kafka alike, in both directions, is dropped by the kernel the moment the process ends however it ends,
// and holds across containers that share the volume. No stale lock, so no guessing whether a pid is still the same process.
// The file stays empty. Nothing else in this process may open it: closing any descriptor of a file drops its POSIX locks.
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { DiskError, type DiskLock } from '../disk.ts';

/** Errors of SQLite that mean "somebody else has it": SQLITE_BUSY. */
const BUSY = 5;

/** Claims `directory` by its file `name`; `name`.holder says who has it, for people. Throws DiskError LOCKED otherwise. */
export async function lockDirectory(directory: string, name: string): Promise<DiskLock> {
  // Loaded here, because only a process that owns a directory needs it.
  const { DatabaseSync } = createRequire(import.meta.url)('node:sqlite') as typeof import('node:sqlite');
  const path = `${directory}/${name}`;
  const holder = `${path}.holder`;
  let database: InstanceType<typeof DatabaseSync> | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    // No journal file, and the lock is kept from here to close.
    database.exec('PRAGMA journal_mode=MEMORY; PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE');
    writeFileSync(holder, `${process.pid}\n`);
  } catch (error) {
    try {
      database?.close();
    } catch {
      // It never opened.
    }
    if ((error as { errcode?: number }).errcode === BUSY) {
      throw new DiskError('LOCKED', path, `${directory} is in use by ${holderOf(path, holder)}, which holds ${path}.`);
    }
    throw new DiskError(
      (error as NodeJS.ErrnoException).code ?? 'EIO',
      path,
      `cannot lock ${path}: ${(error as Error).message}`,
      { cause: error },
    );
  }
  const held = database;
  return {
    release: async () => {
      rmSync(holder, { force: true });
      held.close();
    },
  };
}

/** Who holds the lock, as well as it can be told: the kernel's list of locks first, the holder's own note otherwise. */
function holderOf(path: string, holder: string): string {
  try {
    const { ino } = statSync(path);
    for (const line of readFileSync('/proc/locks', 'utf8').split('\n')) {
      // "1: POSIX  ADVISORY  WRITE 4711 fe:00:9978351 0 EOF"
      const [, , , , pid, place] = line.split(/\s+/);
      if (place?.endsWith(`:${ino}`) && Number(pid) > 0) return `process ${pid}`;
    }
  } catch {
    // Not Linux.
  }
  try {
    return `process ${readFileSync(holder, 'utf8').trim()}`;
  } catch {
    return 'another process';
  }
}
