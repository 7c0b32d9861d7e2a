// Files as a port. Asynchronous calls run on the thread pool; the *Sync ones block the event loop and are for small, hot
// work (a page-cache read or append of some kilobytes) and for loading before anything is served.

/** What a disk refuses with. `code` is the system's (ENOENT, EEXIST, ENOSPC, EIO, EMFILE, ...) or LOCKED. */
export class DiskError extends Error {
  readonly code: string;
  readonly path: string;
  constructor(code: string, path: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DiskError';
    this.code = code;
    this.path = path;
  }
}

/** An open file. All writes are positional; two writes to overlapping ranges must never be in flight together. */
export interface DiskFile {
  readonly path: string;
  sizeSync(): number;
  /** Reads up to `target.length` bytes; answers how many (fewer only at the end of the file). */
  read(target: Uint8Array, position: number): Promise<number>;
  readSync(target: Uint8Array, position: number): number;
  /** Writes all chunks back to back from `position`, or throws; a short write is continued, and ENOSPC surfaces as thrown. */
  write(chunks: readonly Uint8Array[], position: number): Promise<void>;
  writeSync(chunks: readonly Uint8Array[], position: number): void;
  truncate(length: number): Promise<void>;
  truncateSync(length: number): void;
  /** Data and the size needed to read it are on stable storage when this answers (fdatasync). */
  datasync(): Promise<void>;
  datasyncSync(): void;
  close(): Promise<void>;
  closeSync(): void;
}

export interface DiskEntry {
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'other';
}

/** An exclusive claim on a directory, held until released or the process ends. */
export interface DiskLock {
  release(): Promise<void>;
}

export interface Disk {
  /** 'read': must exist. 'write': read and write, must exist. 'create': read and write, made if missing, kept if there. 'createNew': must not exist. */
  open(path: string, mode: OpenMode): Promise<DiskFile>;
  openSync(path: string, mode: OpenMode): DiskFile;
  exists(path: string): boolean;
  /** Entries in no particular order; ENOENT when the directory is missing. */
  list(path: string): Promise<DiskEntry[]>;
  listSync(path: string): DiskEntry[];
  /** Names only: cheaper than `listSync` where ten thousand directories are listed. */
  listNamesSync(path: string): string[];
  /** Whole content; ENOENT when missing. */
  readFileSync(path: string): Buffer;
  /** Whole content as UTF-8; cheaper than `readFileSync` for small files. ENOENT when missing. */
  readTextSync(path: string): string;
  /** Makes a file or overwrites one, in one call and without syncing. A crash may leave it empty: for what can be derived again. */
  writeFileSync(path: string, content: string | Uint8Array): void;
  /** Size in bytes and modification time in milliseconds of a file; ENOENT when missing. */
  statSync(path: string): { sizeBytes: number; modifiedMs: number };
  /** Makes the directory and its missing parents. */
  makeDirectory(path: string): Promise<void>;
  makeDirectorySync(path: string): void;
  rename(from: string, to: string): Promise<void>;
  renameSync(from: string, to: string): void;
  /** Removes a file; a missing one is fine. */
  remove(path: string): Promise<void>;
  removeSync(path: string): void;
  /** Removes a directory with all it holds; a missing one is fine. */
  removeTree(path: string): Promise<void>;
  /** Makes renames, creations and removals inside the directory durable (fsync of the directory). */
  syncDirectory(path: string): Promise<void>;
  syncDirectorySync(path: string): void;
  /** Claims a directory by its lock file `name`. Throws DiskError LOCKED naming the holder when somebody else has it. */
  lock(directory: string, name: string): Promise<DiskLock>;
  /** Bytes in all and free (to this user) on the volume that holds `path`. */
  volumeSync(path: string): { totalBytes: number; usableBytes: number };
  /** How many files this process may have open, sockets included. */
  openFilesLimit(): number;
}

export type OpenMode = 'read' | 'write' | 'create' | 'createNew';

/**
 * Replaces a small file so that after a crash it is the old one or the new one, never empty or mixed: temporary file,
 * its content synced, rename, directory synced (in this order: XFS shows a zero-length file otherwise, KAFKA-16541).
 * Two replacements of one file must not overlap.
 */
export async function replaceFile(disk: Disk, directory: string, name: string, content: Uint8Array): Promise<void> {
  const temporary = `${directory}/${name}.tmp`;
  await disk.remove(temporary);
  const file = await disk.open(temporary, 'createNew');
  try {
    await file.write([content], 0);
    await file.datasync();
  } finally {
    await file.close();
  }
  await disk.rename(temporary, `${directory}/${name}`);
  await disk.syncDirectory(directory);
}
