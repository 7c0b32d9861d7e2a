// The Disk port of one run of a program on the disk of its machine.
// Asynchronous calls are answered later, each after a draw, so that two of them may overtake each other as on a thread
// pool. A run that ends leaves calls that were under way done or not done. A call that blocks while the disk is stalled
// stalls the whole machine, as it does in Node.
import { type Disk, type DiskEntry, DiskError, type DiskFile, type DiskLock, type OpenMode } from '@moldau/kernel';
import type { Boot } from '../world/machine.ts';
import type { Prng } from '../world/prng.ts';
import { Inode } from './inode.ts';
import { Directory, type DiskOperation, type SimDisk } from './sim-disk.ts';

/** Open files of one run; more is EMFILE. */
const OPEN_FILES_MAX = 4_096;
const VOLUME_BYTES = 2 ** 40;

export class DiskPort implements Disk {
  readonly #disk: SimDisk;
  readonly #boot: Boot;
  readonly #draws: Prng;
  readonly #locks = new Set<string>();
  /** Calls that were made and not answered: what to do with each when the run ends. */
  readonly #underWay = new Set<() => void>();
  readonly #sharedBy: number;
  #openFiles = 0;

  /** `sharedBy`: brokers in the process, each of which is told of its share of the descriptors. */
  constructor(disk: SimDisk, boot: Boot, draws: Prng, sharedBy = 1) {
    this.#sharedBy = sharedBy;
    this.#disk = disk;
    this.#boot = boot;
    this.#draws = draws;
  }

  /** The run is over: what was under way happened, or did not. */
  abandon(): void {
    for (const effect of this.#underWay) {
      if (!this.#draws.chance(0.5)) continue;
      try {
        effect();
      } catch {
        // It failed, and nobody is there to hear of it.
      }
    }
    this.#underWay.clear();
  }

  #enter(operation: DiskOperation, path: string): void {
    const { faults } = this.#disk;
    const writes = operation === 'write' || operation === 'sync' || operation === 'syncDirectory';
    if (faults.failing && writes) throw new DiskError('EIO', path, `EIO: i/o error, ${operation} '${path}'`);
  }

  /** For calls that block. */
  #enterSync(operation: DiskOperation, path: string): void {
    const { machine } = this.#boot;
    const waitMs = this.#disk.faults.stalledUntil - machine.world.now;
    if (waitMs > 0) machine.stall(waitMs);
    this.#enter(operation, path);
  }

  #later<T>(operation: DiskOperation, path: string, run: () => T): Promise<T> {
    const { world } = this.#boot.machine;
    const { faults } = this.#disk;
    const median = operation === 'sync' || operation === 'syncDirectory' ? faults.syncMs : faults.writeMs;
    const delayMs = Math.max(0.01, this.#draws.skewed(median)) + Math.max(0, faults.stalledUntil - world.now);
    return new Promise<T>((resolve, reject) => {
      const effect = () => {
        this.#enter(operation, path);
        return run();
      };
      this.#underWay.add(effect);
      world.schedule(delayMs, this.#boot, `disk ${operation}`, () => {
        this.#underWay.delete(effect);
        try {
          resolve(effect());
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  open(path: string, mode: OpenMode): Promise<DiskFile> {
    return this.#later('open', path, () => this.#open(path, mode));
  }

  openSync(path: string, mode: OpenMode): DiskFile {
    this.#enterSync('open', path);
    return this.#open(path, mode);
  }

  #open(path: string, mode: OpenMode): DiskFile {
    if (this.#openFiles >= OPEN_FILES_MAX) throw new DiskError('EMFILE', path, `EMFILE: open '${path}'`);
    let node = this.#disk.node(path);
    if (mode === 'createNew' && node) throw new DiskError('EEXIST', path, `EEXIST: open '${path}'`);
    if (!node && (mode === 'create' || mode === 'createNew')) {
      const { parent, name } = this.#disk.parent(path);
      const made = new Inode();
      made.modifiedMs = this.#boot.machine.wall();
      parent.change((names) => names.set(name, made));
      node = made;
    }
    if (!(node instanceof Inode)) throw new DiskError('ENOENT', path, `ENOENT: open '${path}'`);
    this.#openFiles++;
    return this.#handle(node, path, mode !== 'read');
  }

  #handle(inode: Inode, path: string, writable: boolean): DiskFile {
    const { world } = this.#boot.machine;
    let closed = false;
    const check = (operation: DiskOperation) => {
      const bad = closed
        ? 'closed'
        : !writable && operation !== 'read' && operation !== 'sync'
          ? 'read only'
          : undefined;
      if (bad) throw new DiskError('EBADF', path, `EBADF: ${operation} '${path}' (${bad})`);
    };
    const read = (target: Uint8Array, position: number): number => {
      check('read');
      return inode.read(target, position);
    };
    const write = (chunks: readonly Uint8Array[], position: number): void => {
      check('write');
      let length = 0;
      for (const chunk of chunks) length += chunk.length;
      const growth = Math.max(0, position + length - inode.size);
      const room = Math.max(0, this.#disk.faults.capacityBytes - this.#disk.usedBytes);
      const kept = growth > room ? Math.max(0, length - (growth - room)) : length;
      const before = inode.size;
      inode.write(chunks, position, kept);
      inode.modifiedMs = this.#boot.machine.wall();
      this.#disk.usedBytes += inode.size - before;
      world.note(length);
      if (kept < length) throw new DiskError('ENOSPC', path, `ENOSPC: no space left on device, write '${path}'`);
    };
    const truncate = (length: number): void => {
      check('truncate');
      this.#disk.usedBytes += length - inode.size;
      inode.truncate(length);
    };
    const close = (): void => {
      if (closed) return;
      closed = true;
      this.#openFiles--;
    };
    const failedSync = (error: unknown): never => {
      this.#disk.usedBytes -= inode.size;
      inode.forgetDirty();
      this.#disk.usedBytes += inode.size;
      throw error;
    };
    return {
      path,
      sizeSync: () => inode.size,
      read: (target, position) => this.#later('read', path, () => read(target, position)),
      readSync: (target, position) => {
        this.#enterSync('read', path);
        return read(target, position);
      },
      write: (chunks, position) => this.#later('write', path, () => write(chunks, position)),
      writeSync: (chunks, position) => {
        this.#enterSync('write', path);
        write(chunks, position);
      },
      truncate: (length) => this.#later('truncate', path, () => truncate(length)),
      truncateSync: (length) => {
        this.#enterSync('truncate', path);
        truncate(length);
      },
      datasync: async () => {
        check('sync');
        const plan = inode.planSync();
        await this.#later('sync', path, () => inode.applySync(plan)).catch(failedSync);
      },
      datasyncSync: () => {
        check('sync');
        try {
          this.#enterSync('sync', path);
        } catch (error) {
          failedSync(error);
        }
        inode.applySync(inode.planSync());
      },
      close: () => this.#later('open', path, close),
      closeSync: close,
    };
  }

  exists(path: string): boolean {
    return this.#disk.node(path) !== undefined;
  }

  list(path: string): Promise<DiskEntry[]> {
    return this.#later('list', path, () => this.#list(path));
  }

  listSync(path: string): DiskEntry[] {
    this.#enterSync('list', path);
    return this.#list(path);
  }

  #list(path: string): DiskEntry[] {
    const { entries } = this.#disk.directory(path);
    const listed = Array.from(entries, ([name, node]) => ({
      name,
      kind: node instanceof Inode ? ('file' as const) : ('directory' as const),
    }));
    return this.#draws.shuffle(listed);
  }

  listNamesSync(path: string): string[] {
    return this.listSync(path).map((entry) => entry.name);
  }

  readFileSync(path: string): Buffer {
    this.#enterSync('read', path);
    return Buffer.from(this.#disk.file(path).content);
  }

  readTextSync(path: string): string {
    return this.readFileSync(path).toString('utf8');
  }

  writeFileSync(path: string, content: string | Uint8Array): void {
    const file = this.openSync(path, 'create');
    try {
      file.truncateSync(0);
      file.writeSync([typeof content === 'string' ? Buffer.from(content) : content], 0);
    } finally {
      file.closeSync();
    }
  }

  statSync(path: string): { sizeBytes: number; modifiedMs: number } {
    const { size, modifiedMs } = this.#disk.file(path);
    return { sizeBytes: size, modifiedMs };
  }

  makeDirectory(path: string): Promise<void> {
    return this.#later('mkdir', path, () => this.#makeDirectory(path));
  }

  makeDirectorySync(path: string): void {
    this.#enterSync('mkdir', path);
    this.#makeDirectory(path);
  }

  #makeDirectory(path: string): void {
    let node = this.#disk.root;
    for (const name of path.split('/')) {
      if (name === '') continue;
      let child = node.entries.get(name);
      if (!child) {
        const made = new Directory();
        node.change((names) => names.set(name, made));
        child = made;
      }
      if (!(child instanceof Directory)) throw new DiskError('ENOTDIR', path, `ENOTDIR: mkdir '${path}'`);
      node = child;
    }
  }

  rename(from: string, to: string): Promise<void> {
    return this.#later('rename', from, () => this.#rename(from, to));
  }

  renameSync(from: string, to: string): void {
    this.#enterSync('rename', from);
    this.#rename(from, to);
  }

  #rename(from: string, to: string): void {
    const node = this.#disk.node(from);
    if (!node) throw new DiskError('ENOENT', from, `ENOENT: rename '${from}'`);
    const source = this.#disk.parent(from);
    const target = this.#disk.parent(to);
    this.#disk.usedBytes -= bytesOf(target.parent.entries.get(target.name));
    if (source.parent === target.parent) {
      source.parent.change((names) => {
        const moved = names.get(source.name);
        names.delete(source.name);
        if (moved) names.set(target.name, moved);
      });
    } else {
      target.parent.change((names) => names.set(target.name, node));
      source.parent.change((names) => names.delete(source.name));
    }
  }

  remove(path: string): Promise<void> {
    return this.#later('remove', path, () => this.#remove(path));
  }

  removeSync(path: string): void {
    this.#enterSync('remove', path);
    this.#remove(path);
  }

  removeTree(path: string): Promise<void> {
    return this.#later('remove', path, () => this.#remove(path));
  }

  #remove(path: string): void {
    const node = this.#disk.node(path);
    if (!node) return;
    const { parent, name } = this.#disk.parent(path);
    this.#disk.usedBytes -= bytesOf(node);
    parent.change((names) => names.delete(name));
  }

  async syncDirectory(path: string): Promise<void> {
    const apply = this.#disk.directory(path).planSync();
    await this.#later('syncDirectory', path, apply);
  }

  syncDirectorySync(path: string): void {
    this.#enterSync('syncDirectory', path);
    this.#disk.directory(path).planSync()();
  }

  async lock(directory: string, name: string): Promise<DiskLock> {
    const path = `${directory}/${name}`;
    if (this.#locks.has(path)) throw new DiskError('LOCKED', path, `${directory} is in use by this process`);
    this.#locks.add(path);
    return {
      release: async () => {
        this.#locks.delete(path);
      },
    };
  }

  volumeSync(): { totalBytes: number; usableBytes: number } {
    const totalBytes = Math.min(this.#disk.faults.capacityBytes, VOLUME_BYTES);
    return { totalBytes, usableBytes: Math.max(0, totalBytes - this.#disk.usedBytes) };
  }

  openFilesLimit(): number {
    return Math.floor(OPEN_FILES_MAX / this.#sharedBy);
  }
}

function bytesOf(node: Inode | Directory | undefined): number {
  if (node === undefined) return 0;
  if (node instanceof Inode) return node.size;
  let sum = 0;
  for (const child of node.entries.values()) sum += bytesOf(child);
  return sum;
}
