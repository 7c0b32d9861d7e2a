// A file system of its own, in an image on a loop device: it can be full, and its power can be cut. The cut is the kernel's
// own shutdown of a file system without a flush of its log: what was not synced, files and names and bytes, is gone when it
// is mounted again. Needs root.
import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand, tryCommand } from './run-command.ts';

export type FileSystem = 'ext4' | 'xfs';

const FILLER = 'filler';
const MEBIBYTE = 1024 * 1024;

/** May this process mount images? */
export function canMountImages(folder: string): boolean {
  if (process.getuid?.() !== 0) return false;
  try {
    new DiskImage(folder, 'try', 'ext4', 16).close();
    return true;
  } catch {
    return false;
  }
}

export class DiskImage {
  /** Where it is mounted. */
  readonly path: string;
  readonly #image: string;

  constructor(folder: string, name: string, kind: FileSystem, mebibytes: number) {
    this.path = join(folder, name);
    this.#image = join(folder, `${name}.img`);
    mkdirSync(this.path, { recursive: true });
    const file = openSync(this.#image, 'w');
    ftruncateSync(file, mebibytes * MEBIBYTE);
    closeSync(file);
    if (kind === 'ext4') runCommand('mkfs.ext4', '-q', '-m', '0', this.#image);
    else runCommand('mkfs.xfs', '-q', this.#image);
    this.#mount();
  }

  #mount(): void {
    runCommand('mount', '-o', 'loop', this.#image, this.path);
  }

  /** From now on every call fails, and what was not synced is lost. Whoever uses it has to be killed, then `powerUp`. */
  cutPower(): void {
    runCommand('xfs_io', '-x', '-c', 'shutdown', this.path);
  }

  /** Mounts it again. Nobody may use it. */
  powerUp(): void {
    runCommand('umount', this.path);
    this.#mount();
  }

  /** Takes all the room there is. */
  fill(): void {
    const file = openSync(join(this.path, FILLER), 'w');
    try {
      const { bavail, bsize } = statfsSync(this.path);
      const chunk = Buffer.alloc(MEBIBYTE);
      // Past what is free: the loop ends at the error that it wants.
      for (let left = bavail * bsize + 2 * MEBIBYTE; left > 0; left -= chunk.length) writeSync(file, chunk);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }

  /** Gives the room back. */
  drain(): void {
    rmSync(join(this.path, FILLER), { force: true });
  }

  close(): void {
    if (!tryCommand('umount', this.path)) tryCommand('umount', '-l', this.path);
    rmSync(this.#image, { force: true });
    rmSync(this.path, { recursive: true, force: true });
  }
}
