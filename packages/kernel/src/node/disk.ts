// Files by node:fs. Thin on purpose: the callback forms (cheaper than FileHandle), short writes continued, errors turned
// into DiskError with the system's code and the path they are about.

import type { Dirent } from 'node:fs';
import {
  close,
  closeSync,
  constants,
  existsSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncate,
  ftruncateSync,
  mkdirSync,
  open,
  openSync,
  promises,
  read,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  statfsSync,
  statSync,
  unlinkSync,
  write,
  writeFileSync,
  writeSync,
  writev,
  writevSync,
} from 'node:fs';
import { type Disk, type DiskEntry, DiskError, type DiskFile, type OpenMode } from '../disk.ts';
import { lockDirectory } from './directory-lock.ts';

const flags: Readonly<Record<OpenMode, string | number>> = {
  read: 'r',
  write: 'r+',
  // O_RDWR | O_CREAT: there is no letter for "read, write, make if missing, never cut".
  create: constants.O_RDWR | constants.O_CREAT,
  createNew: 'wx+',
};
function diskError(operation: string, path: string, cause: unknown): DiskError {
  if (cause instanceof DiskError) return cause;
  const code = (cause as NodeJS.ErrnoException).code ?? 'EIO';
  return new DiskError(code, path, `${operation} ${path}: ${(cause as Error).message}`, { cause });
}

/** Runs a synchronous call, its error named. */
function named<T>(operation: string, path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw diskError(operation, path, error);
  }
}

async function namedAsync<T>(operation: string, path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw diskError(operation, path, error);
  }
}

/** The chunks that are left after the first `bytes` of them are done. */
function after(chunks: readonly Uint8Array[], bytes: number): Uint8Array[] {
  const left: Uint8Array[] = [];
  let skip = bytes;
  for (const chunk of chunks) {
    if (skip >= chunk.length) skip -= chunk.length;
    else {
      left.push(skip > 0 ? chunk.subarray(skip) : chunk);
      skip = 0;
    }
  }
  return left;
}

/**
 * Most bytes of one synchronous call: Linux makes the page cache of a longer write out of larger pages, and on a virtual
 * machine whose free large pages went back to the host those can cost several times the copy (measured: 0.2-0.4 against
 * 0.4-2.4 s of CPU per GB). Calls on the thread pool stay whole: a trip there costs more than this saves.
 */
const PIECE_BYTES = 64 * 1024;

/** How much of `leftBytes` to write at `position` in one call: up to the next multiple of the piece. */
function pieceAt(position: number, leftBytes: number): number {
  return Math.min(leftBytes, PIECE_BYTES - (position % PIECE_BYTES));
}

/** The first `bytes` of the chunks. */
function upTo(chunks: readonly Uint8Array[], bytes: number): Uint8Array[] {
  const first: Uint8Array[] = [];
  let left = bytes;
  for (let i = 0; left > 0; i++) {
    const chunk = chunks[i]!;
    first.push(chunk.length <= left ? chunk : chunk.subarray(0, left));
    left -= chunk.length;
  }
  return first;
}

function lengthOf(chunks: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const chunk of chunks) bytes += chunk.length;
  return bytes;
}

class NodeFile implements DiskFile {
  readonly path: string;
  readonly #fd: number;

  constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  sizeSync(): number {
    return named('stat', this.path, () => fstatSync(this.#fd).size);
  }

  read(target: Uint8Array, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      let done = 0;
      const step = () => {
        read(this.#fd, target, done, target.length - done, position + done, (error, bytes) => {
          if (error) return reject(diskError('read', this.path, error));
          done += bytes;
          if (bytes === 0 || done === target.length) resolve(done);
          else step();
        });
      };
      step();
    });
  }

  readSync(target: Uint8Array, position: number): number {
    let done = 0;
    try {
      while (done < target.length) {
        const bytes = readSync(this.#fd, target, done, target.length - done, position + done);
        if (bytes === 0) break;
        done += bytes;
      }
    } catch (error) {
      throw diskError('read', this.path, error);
    }
    return done;
  }

  write(chunks: readonly Uint8Array[], position: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let left = chunks;
      let leftBytes = lengthOf(chunks);
      let at = position;
      const step = () => {
        if (leftBytes === 0) return resolve();
        const done = (error: Error | null, bytes: number) => {
          if (error) return reject(diskError('write', this.path, error));
          if (bytes === 0) return reject(new DiskError('EIO', this.path, `write ${this.path}: no byte was taken`));
          leftBytes -= bytes;
          at += bytes;
          if (leftBytes > 0) left = after(left, bytes);
          step();
        };
        if (left.length === 1) write(this.#fd, left[0]!, 0, leftBytes, at, done);
        else writev(this.#fd, left as Uint8Array[], at, done);
      };
      step();
    });
  }

  writeSync(chunks: readonly Uint8Array[], position: number): void {
    let left = chunks;
    let leftBytes = lengthOf(chunks);
    let at = position;
    try {
      while (leftBytes > 0) {
        const pieceBytes = pieceAt(at, leftBytes);
        const bytes =
          left[0]!.length >= pieceBytes
            ? writeSync(this.#fd, left[0]!, 0, pieceBytes, at)
            : writevSync(this.#fd, upTo(left, pieceBytes), at);
        if (bytes === 0) throw new DiskError('EIO', this.path, `write ${this.path}: no byte was taken`);
        leftBytes -= bytes;
        at += bytes;
        if (leftBytes > 0) left = after(left, bytes);
      }
    } catch (error) {
      throw diskError('write', this.path, error);
    }
  }

  truncate(length: number): Promise<void> {
    return new Promise((resolve, reject) => {
      ftruncate(this.#fd, length, (error) => (error ? reject(diskError('truncate', this.path, error)) : resolve()));
    });
  }

  truncateSync(length: number): void {
    named('truncate', this.path, () => ftruncateSync(this.#fd, length));
  }

  datasync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fdatasync(this.#fd, (error) => (error ? reject(diskError('fdatasync', this.path, error)) : resolve()));
    });
  }

  datasyncSync(): void {
    named('fdatasync', this.path, () => fdatasyncSync(this.#fd));
  }

  close(): Promise<void> {
    return new Promise((resolve, reject) => {
      close(this.#fd, (error) => (error ? reject(diskError('close', this.path, error)) : resolve()));
    });
  }

  closeSync(): void {
    named('close', this.path, () => closeSync(this.#fd));
  }
}

function entryOf(entry: Dirent): DiskEntry {
  return { name: entry.name, kind: entry.isFile() ? 'file' : entry.isDirectory() ? 'directory' : 'other' };
}

/** A missing file is what the caller wanted. */
function fineIfMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}

/** The soft limit of open files where the system tells it; POSIX systems all allow at least 256. */
function openFilesLimit(): number {
  try {
    const line = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    if (line === 'unlimited') return 1 << 20;
    if (line !== undefined) return Number(line);
  } catch {
    // Not Linux.
  }
  return 1_024;
}

/** The file system by node:fs. */
export const nodeDisk: Disk = {
  open: (path, mode) =>
    new Promise((resolve, reject) => {
      open(path, flags[mode], (error, fd) =>
        error ? reject(diskError('open', path, error)) : resolve(new NodeFile(path, fd)),
      );
    }),
  openSync: (path, mode) => named('open', path, () => new NodeFile(path, openSync(path, flags[mode]))),
  exists: (path) => existsSync(path),
  list: (path) =>
    namedAsync('list', path, async () => (await promises.readdir(path, { withFileTypes: true })).map(entryOf)),
  listSync: (path) => named('list', path, () => readdirSync(path, { withFileTypes: true }).map(entryOf)),
  listNamesSync: (path) => named('list', path, () => readdirSync(path)),
  readFileSync: (path) => named('read', path, () => readFileSync(path)),
  readTextSync: (path) => named('read', path, () => readFileSync(path, 'utf8')),
  writeFileSync: (path, content) => named('write', path, () => writeFileSync(path, content)),
  statSync: (path) =>
    named('stat', path, () => {
      const { size, mtimeMs } = statSync(path);
      return { sizeBytes: size, modifiedMs: mtimeMs };
    }),
  makeDirectory: (path) =>
    namedAsync('mkdir', path, async () => {
      await promises.mkdir(path, { recursive: true });
    }),
  makeDirectorySync: (path) =>
    named('mkdir', path, () => {
      mkdirSync(path, { recursive: true });
    }),
  rename: (from, to) => namedAsync('rename', from, () => promises.rename(from, to)),
  renameSync: (from, to) => named('rename', from, () => renameSync(from, to)),
  remove: (path) => namedAsync('remove', path, () => promises.unlink(path).catch(fineIfMissing)),
  removeSync: (path) =>
    named('remove', path, () => {
      try {
        unlinkSync(path);
      } catch (error) {
        fineIfMissing(error);
      }
    }),
  removeTree: (path) => namedAsync('remove', path, () => promises.rm(path, { recursive: true, force: true })),
  syncDirectory: (path) =>
    new Promise((resolve, reject) => {
      // A directory cannot be opened on Windows; NTFS journals names by itself.
      if (process.platform === 'win32') return resolve();
      open(path, 'r', (error, fd) => {
        if (error) return reject(diskError('open', path, error));
        fsync(fd, (syncError) => {
          close(fd, () => (syncError ? reject(diskError('fsync', path, syncError)) : resolve()));
        });
      });
    }),
  syncDirectorySync: (path) =>
    named('fsync', path, () => {
      if (process.platform === 'win32') return;
      const fd = openSync(path, 'r');
      try {
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
    }),
  lock: (directory, name) => lockDirectory(directory, name),
  volumeSync: (path) =>
    named('statfs', path, () => {
      const { bsize, blocks, bavail } = statfsSync(path);
      return { totalBytes: bsize * blocks, usableBytes: bsize * bavail };
    }),
  openFilesLimit,
};
