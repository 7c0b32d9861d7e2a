// A disk in memory that loses what was not synced. Every file has bytes that are durable and bytes that are only written;
// every directory entry likewise. A power cut keeps the durable ones and, page by page, some of the rest.
import { type Disk, type DiskEntry, DiskError, type DiskFile, type DiskLock, type OpenMode } from '@moldau/kernel';

const PAGE_BYTES = 4096;

interface Node {
  bytes: Buffer;
  durable: Buffer;
}

/** What fails next: the `after`-th call (0: the next one) of an operation throws this code. */
export interface Fault {
  readonly operation: 'write' | 'datasync' | 'truncate' | 'syncDirectory' | 'rename' | 'open';
  readonly code: string;
  after: number;
  /** Bytes of a failing write that reach the file all the same. */
  readonly partialBytes?: number;
}

export class FaultyDisk implements Disk {
  readonly #entries = new Map<string, Node>();
  readonly #durableEntries = new Map<string, Node>();
  readonly #locks = new Set<string>();
  readonly faults: Fault[] = [];
  /** Every directory that was made, and whether its name was synced in the directory above. */
  readonly directories = new Map<string, 'made' | 'durable'>();

  #fail(operation: Fault['operation'], path: string): Fault | undefined {
    for (const fault of this.faults) {
      if (fault.operation !== operation) continue;
      if (fault.after-- > 0) continue;
      this.faults.splice(this.faults.indexOf(fault), 1);
      if (operation === 'write') return fault;
      throw new DiskError(fault.code, path, `${operation} ${path}: ${fault.code}`);
    }
    return undefined;
  }

  /** Names and bytes as a process sees them. */
  files(): Map<string, Buffer> {
    return new Map([...this.#entries].map(([path, node]) => [path, Buffer.from(node.bytes)]));
  }

  /** Puts a file there as if it had always been: what a test damages. */
  plant(path: string, bytes: Buffer): void {
    const node = { bytes: Buffer.from(bytes), durable: Buffer.from(bytes) };
    this.#entries.set(path, node);
    this.#durableEntries.set(path, node);
  }

  /** A second disk with the same durable content. */
  copy(): FaultyDisk {
    const disk = new FaultyDisk();
    for (const [path, node] of this.#entries) disk.plant(path, node.bytes);
    return disk;
  }

  /**
   * The power fails: answers the disk as the next start finds it; this one stays with the process that is gone.
   * Unsynced pages are kept when `keeps` says so, else they read as they were, or as zeros where the file was shorter.
   * Entries that no directory sync covered are gone, or kept, as `keeps` says.
   */
  powerCut(keeps: () => boolean): FaultyDisk {
    const survivors = new Map<string, Node>();
    for (const [path, node] of this.#entries) {
      if (this.#durableEntries.get(path) === node || keeps()) survivors.set(path, node);
    }
    for (const [path, node] of this.#durableEntries)
      if (!survivors.has(path) && !this.#entries.has(path)) survivors.set(path, node);
    const disk = new FaultyDisk();
    for (const [path, node] of survivors) {
      const sizeKept = keeps();
      const length = sizeKept ? node.bytes.length : Math.min(node.durable.length, node.bytes.length);
      const after = Buffer.alloc(length);
      node.durable.copy(after, 0, 0, length);
      for (let at = 0; at < length; at += PAGE_BYTES) {
        if (keeps()) node.bytes.copy(after, at, at, Math.min(at + PAGE_BYTES, length));
      }
      disk.plant(path, after);
    }
    return disk;
  }

  #node(path: string): Node {
    const node = this.#entries.get(path);
    if (!node) throw new DiskError('ENOENT', path, `no such file: ${path}`);
    return node;
  }

  openSync(path: string, mode: OpenMode): DiskFile {
    this.#fail('open', path);
    if (mode === 'createNew' && this.#entries.has(path)) throw new DiskError('EEXIST', path, `exists: ${path}`);
    if ((mode === 'create' || mode === 'createNew') && !this.#entries.has(path)) {
      this.#entries.set(path, { bytes: Buffer.alloc(0), durable: Buffer.alloc(0) });
    }
    const node = this.#node(path);
    const fail = (operation: Fault['operation']) => this.#fail(operation, path);
    const writeSync = (chunks: readonly Uint8Array[], position: number): void => {
      const fault = fail('write');
      let content = Buffer.concat(chunks);
      if (fault) content = content.subarray(0, fault.partialBytes ?? 0);
      const end = position + content.length;
      if (end > node.bytes.length) node.bytes = Buffer.concat([node.bytes, Buffer.alloc(end - node.bytes.length)]);
      else node.bytes = Buffer.from(node.bytes);
      content.copy(node.bytes, position);
      if (fault) throw new DiskError(fault.code, path, `write ${path}: ${fault.code}`);
    };
    const truncateSync = (length: number): void => {
      fail('truncate');
      const bytes = Buffer.alloc(length);
      node.bytes.copy(bytes, 0, 0, Math.min(length, node.bytes.length));
      node.bytes = bytes;
    };
    const datasyncSync = (): void => {
      fail('datasync');
      node.durable = Buffer.from(node.bytes);
    };
    const readSync = (target: Uint8Array, position: number): number =>
      node.bytes.copy(target, 0, position, Math.min(node.bytes.length, position + target.length));
    return {
      path,
      sizeSync: () => node.bytes.length,
      readSync,
      read: async (target, position) => readSync(target, position),
      writeSync,
      write: async (chunks, position) => writeSync(chunks, position),
      truncateSync,
      truncate: async (length) => truncateSync(length),
      datasyncSync,
      datasync: async () => datasyncSync(),
      close: async () => {},
      closeSync: () => {},
    };
  }

  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    return this.openSync(path, mode);
  }

  exists(path: string): boolean {
    return this.#entries.has(path) || this.directories.has(path);
  }

  listSync(path: string): DiskEntry[] {
    const prefix = `${path}/`;
    const names = [...this.#entries.keys()]
      .filter((one) => one.startsWith(prefix))
      .map((one) => one.slice(prefix.length));
    if (names.length === 0) throw new DiskError('ENOENT', path, `no such directory: ${path}`);
    return names.filter((name) => !name.includes('/')).map((name) => ({ name, kind: 'file' }));
  }

  async list(path: string): Promise<DiskEntry[]> {
    return this.listSync(path);
  }

  readFileSync(path: string): Buffer {
    return Buffer.from(this.#node(path).bytes);
  }

  statSync(path: string): { sizeBytes: number; modifiedMs: number } {
    return { sizeBytes: this.#node(path).bytes.length, modifiedMs: 0 };
  }

  makeDirectorySync(path: string): void {
    for (let at = path.indexOf('/', 1); ; at = path.indexOf('/', at + 1)) {
      const one = at === -1 ? path : path.slice(0, at);
      if (!this.directories.has(one)) this.directories.set(one, 'made');
      if (at === -1) return;
    }
  }

  async makeDirectory(path: string): Promise<void> {
    this.makeDirectorySync(path);
  }

  renameSync(from: string, to: string): void {
    this.#fail('rename', from);
    const node = this.#node(from);
    this.#entries.delete(from);
    this.#entries.set(to, node);
  }

  async rename(from: string, to: string): Promise<void> {
    this.renameSync(from, to);
  }

  removeSync(path: string): void {
    this.#entries.delete(path);
  }

  async remove(path: string): Promise<void> {
    this.removeSync(path);
  }

  async removeTree(path: string): Promise<void> {
    for (const name of [...this.#entries.keys()]) if (name.startsWith(`${path}/`)) this.#entries.delete(name);
  }

  syncDirectorySync(path: string): void {
    this.#fail('syncDirectory', path);
    for (const made of this.directories.keys()) {
      if ((made.slice(0, made.lastIndexOf('/')) || '/') === path) this.directories.set(made, 'durable');
    }
    const within = (one: string) => one.startsWith(`${path}/`);
    for (const name of [...this.#durableEntries.keys()]) {
      if (within(name) && !this.#entries.has(name)) this.#durableEntries.delete(name);
    }
    for (const [name, node] of this.#entries) if (within(name)) this.#durableEntries.set(name, node);
  }

  async syncDirectory(path: string): Promise<void> {
    this.syncDirectorySync(path);
  }

  async lock(directory: string, name: string): Promise<DiskLock> {
    const path = `${directory}/${name}`;
    if (this.#locks.has(path)) throw new DiskError('LOCKED', path, `${path} is held`);
    this.#locks.add(path);
    return {
      release: async () => {
        this.#locks.delete(path);
      },
    };
  }

  listNamesSync(path: string): string[] {
    return this.listSync(path).map((entry) => entry.name);
  }

  readTextSync(path: string): string {
    return this.readFileSync(path).toString();
  }

  writeFileSync(path: string, content: string | Uint8Array): void {
    this.#entries.set(path, { bytes: Buffer.from(content), durable: Buffer.alloc(0) });
  }

  volumeSync(): { totalBytes: number; usableBytes: number } {
    return { totalBytes: 1e12, usableBytes: 1e12 };
  }

  openFilesLimit(): number {
    return 1024;
  }
}
