// A disk in memory that fails like real ones: what was not synced may be lost in a power cut (pages one by one, the size
// apart from the data, names apart from files), space runs out in the middle of a write, a failed sync forgets what was
// dirty. Made to be cut: `afterPowerCut` and `afterProcessKill` answer what the next start finds.
import { type Disk, DiskError, type DiskFile, type DiskLock, type OpenMode } from '@moldau/kernel';

export const PAGE_BYTES = 512;

class FileNode {
  bytes: Buffer = Buffer.alloc(0);
  /** What is on stable storage. */
  durable: Buffer = Buffer.alloc(0);
  readonly dirty = new Set<number>();
  modifiedMs = 0;
}

class DirectoryNode {
  readonly entries = new Map<string, FileNode | DirectoryNode>();
  durable = new Map<string, FileNode | DirectoryNode>();
  /** Changes of names since the last sync, each one whole. */
  pending: ((names: Map<string, FileNode | DirectoryNode>) => void)[] = [];

  change(run: (names: Map<string, FileNode | DirectoryNode>) => void): void {
    run(this.entries);
    this.pending.push(run);
  }
}

export type DiskOperation = 'open' | 'read' | 'write' | 'truncate' | 'sync' | 'list' | 'rename' | 'remove' | 'mkdir';

export class FaultDisk implements Disk {
  readonly #root: DirectoryNode;
  #dead = false;
  /** Bytes that all files together may have. */
  capacityBytes = Number.POSITIVE_INFINITY;
  /** Answers the code to fail an operation with. Asked before it has any effect. */
  fault: (operation: DiskOperation, path: string) => string | undefined = () => undefined;
  /** Operations so far, by kind. */
  readonly counts = new Map<DiskOperation, number>();
  openFiles = 0;
  openFilesMax = 1_000;
  readonly #locks = new Set<string>();
  nowMs: () => number = () => Date.now();

  constructor(root: DirectoryNode = new DirectoryNode()) {
    this.#root = root;
  }

  /** The process is gone, the machine is not: everything written is there. */
  afterProcessKill(): FaultDisk {
    this.#dead = true;
    return new FaultDisk(this.#root);
  }

  /** The power is gone: synced bytes and names are there; of the others, what `draw` (0 to 1) leaves. */
  afterPowerCut(draw: () => number): FaultDisk {
    this.#dead = true;
    return new FaultDisk(survive(this.#root, draw) as DirectoryNode);
  }

  /** A file's bytes, to look at or damage from outside. */
  peek(path: string): Buffer {
    return this.#file(path).bytes;
  }

  poke(path: string, bytes: Buffer): void {
    const file = this.#file(path);
    file.bytes = bytes;
    file.durable = Buffer.from(bytes);
  }

  /** A copy of everything, to try one damage after another on. */
  clone(): FaultDisk {
    return new FaultDisk(survive(this.#root, () => 0) as DirectoryNode);
  }

  /** All files, with their paths. */
  files(): string[] {
    const paths: string[] = [];
    const visit = (node: DirectoryNode, path: string) => {
      for (const [name, child] of node.entries) {
        if (child instanceof FileNode) paths.push(`${path}/${name}`);
        else visit(child, `${path}/${name}`);
      }
    };
    visit(this.#root, '');
    return paths;
  }

  get usedBytes(): number {
    return this.files().reduce((sum, path) => sum + this.#file(path).bytes.length, 0);
  }

  #enter(operation: DiskOperation, path: string): void {
    if (this.#dead) throw new DiskError('EDEAD', path, `${operation} ${path}: the machine is off`);
    this.counts.set(operation, (this.counts.get(operation) ?? 0) + 1);
    const code = this.fault(operation, path);
    if (code !== undefined) throw new DiskError(code, path, `${operation} ${path}: ${code}, by order of the test`);
  }

  /** Asynchronous calls come back a turn later; from a machine that is off, never. */
  async #later<T>(run: () => T): Promise<T> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (this.#dead) return await new Promise<T>(() => {});
    return run();
  }

  #node(path: string): FileNode | DirectoryNode | undefined {
    let node: FileNode | DirectoryNode | undefined = this.#root;
    for (const name of path.split('/')) {
      if (name === '') continue;
      if (!(node instanceof DirectoryNode)) return undefined;
      node = node.entries.get(name);
    }
    return node;
  }

  #parent(path: string): { parent: DirectoryNode; name: string } {
    const at = path.lastIndexOf('/');
    const parent = this.#node(path.slice(0, at));
    if (!(parent instanceof DirectoryNode)) throw new DiskError('ENOENT', path, `no directory for ${path}`);
    return { parent, name: path.slice(at + 1) };
  }

  #file(path: string): FileNode {
    const node = this.#node(path);
    if (!(node instanceof FileNode)) throw new DiskError('ENOENT', path, `ENOENT: no file ${path}`);
    return node;
  }

  open(path: string, mode: OpenMode): Promise<DiskFile> {
    return this.#later(() => this.openSync(path, mode));
  }

  openSync(path: string, mode: OpenMode): DiskFile {
    this.#enter('open', path);
    if (this.openFiles >= this.openFilesMax) throw new DiskError('EMFILE', path, `open ${path}: EMFILE`);
    let node = this.#node(path);
    if (mode === 'createNew' && node) throw new DiskError('EEXIST', path, `open ${path}: EEXIST`);
    if (!node && (mode === 'create' || mode === 'createNew')) {
      const { parent, name } = this.#parent(path);
      const made = new FileNode();
      made.modifiedMs = this.nowMs();
      parent.change((names) => names.set(name, made));
      node = made;
    }
    if (!(node instanceof FileNode)) throw new DiskError('ENOENT', path, `open ${path}: ENOENT`);
    this.openFiles++;
    return this.#handle(node, path, mode !== 'read');
  }

  #handle(node: FileNode, path: string, writable: boolean): DiskFile {
    let closed = false;
    const enter = (operation: DiskOperation) => {
      if (closed) throw new DiskError('EBADF', path, `${operation} ${path}: closed`);
      if ((operation === 'write' || operation === 'truncate') && !writable) {
        throw new DiskError('EBADF', path, `${operation} ${path}: opened for reading`);
      }
      this.#enter(operation, path);
    };
    const readSync = (target: Uint8Array, position: number): number => {
      enter('read');
      return node.bytes.copy(target, 0, position, Math.min(node.bytes.length, position + target.length));
    };
    const writeSync = (chunks: readonly Uint8Array[], position: number): void => {
      enter('write');
      const bytes = Buffer.concat(chunks);
      const growth = Math.max(0, position + bytes.length - node.bytes.length);
      const room = this.capacityBytes === Number.POSITIVE_INFINITY ? growth : this.capacityBytes - this.usedBytes;
      const kept = growth > room ? bytes.subarray(0, Math.max(0, bytes.length - (growth - room))) : bytes;
      put(node, kept, position);
      node.modifiedMs = this.nowMs();
      if (kept.length < bytes.length) throw new DiskError('ENOSPC', path, `write ${path}: ENOSPC`);
    };
    const truncateSync = (length: number): void => {
      enter('truncate');
      const before = node.bytes.length;
      node.bytes =
        length <= before
          ? Buffer.from(node.bytes.subarray(0, length))
          : Buffer.concat([node.bytes, Buffer.alloc(length - before)]);
      for (let page = Math.floor(Math.min(length, before) / PAGE_BYTES); page * PAGE_BYTES < before; page++) {
        node.dirty.add(page);
      }
    };
    const datasyncSync = (): void => {
      if (closed) throw new DiskError('EBADF', path, `sync ${path}: closed`);
      try {
        this.#enter('sync', path);
      } catch (error) {
        // As Linux does: the pages count as clean afterwards, and a second sync would succeed (S2).
        node.dirty.clear();
        throw error;
      }
      settle(node);
    };
    const closeSync = (): void => {
      if (closed) return;
      closed = true;
      this.openFiles--;
    };
    return {
      path,
      sizeSync: () => node.bytes.length,
      read: (target, position) => this.#later(() => readSync(target, position)),
      readSync,
      write: (chunks, position) => this.#later(() => writeSync(chunks, position)),
      writeSync,
      truncate: (length) => this.#later(() => truncateSync(length)),
      truncateSync,
      datasync: () => this.#later(datasyncSync),
      datasyncSync,
      close: () => this.#later(closeSync),
      closeSync,
    };
  }

  exists(path: string): boolean {
    return this.#node(path) !== undefined;
  }

  list(path: string): Promise<ReturnType<Disk['listSync']>> {
    return this.#later(() => this.listSync(path));
  }

  listSync(path: string): ReturnType<Disk['listSync']> {
    this.#enter('list', path);
    const node = this.#node(path);
    if (!(node instanceof DirectoryNode)) throw new DiskError('ENOENT', path, `list ${path}: ENOENT`);
    return Array.from(node.entries, ([name, child]) => ({
      name,
      kind: child instanceof FileNode ? ('file' as const) : ('directory' as const),
    }));
  }

  listNamesSync(path: string): string[] {
    return this.listSync(path).map((entry) => entry.name);
  }

  readFileSync(path: string): Buffer {
    this.#enter('read', path);
    return Buffer.from(this.#file(path).bytes);
  }

  readTextSync(path: string): string {
    return this.readFileSync(path).toString('utf8');
  }

  writeFileSync(path: string, content: string | Uint8Array): void {
    const file = this.openSync(path, 'create');
    try {
      file.truncateSync(0);
      file.writeSync([Buffer.from(content as Uint8Array)], 0);
    } finally {
      file.closeSync();
    }
  }

  statSync(path: string): { sizeBytes: number; modifiedMs: number } {
    const file = this.#file(path);
    return { sizeBytes: file.bytes.length, modifiedMs: file.modifiedMs };
  }

  makeDirectory(path: string): Promise<void> {
    return this.#later(() => this.makeDirectorySync(path));
  }

  makeDirectorySync(path: string): void {
    this.#enter('mkdir', path);
    let node = this.#root;
    for (const name of path.split('/')) {
      if (name === '') continue;
      let child = node.entries.get(name);
      if (!child) {
        const made = new DirectoryNode();
        node.change((names) => names.set(name, made));
        child = made;
      }
      if (!(child instanceof DirectoryNode)) throw new DiskError('ENOTDIR', path, `mkdir ${path}: ENOTDIR`);
      node = child;
    }
  }

  rename(from: string, to: string): Promise<void> {
    return this.#later(() => this.renameSync(from, to));
  }

  renameSync(from: string, to: string): void {
    this.#enter('rename', from);
    const node = this.#node(from);
    if (!node) throw new DiskError('ENOENT', from, `rename ${from}: ENOENT`);
    const source = this.#parent(from);
    const target = this.#parent(to);
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
    return this.#later(() => this.removeSync(path));
  }

  removeSync(path: string): void {
    this.#enter('remove', path);
    if (!this.exists(path)) return;
    const { parent, name } = this.#parent(path);
    parent.change((names) => names.delete(name));
  }

  removeTree(path: string): Promise<void> {
    return this.#later(() => this.removeSync(path));
  }

  syncDirectory(path: string): Promise<void> {
    return this.#later(() => this.syncDirectorySync(path));
  }

  syncDirectorySync(path: string): void {
    this.#enter('sync', path);
    const node = this.#node(path);
    if (!(node instanceof DirectoryNode)) throw new DiskError('ENOENT', path, `sync ${path}: ENOENT`);
    node.durable = new Map(node.entries);
    node.pending = [];
  }

  async lock(directory: string, name: string): Promise<DiskLock> {
    const path = `${directory}/${name}`;
    if (this.#locks.has(path)) throw new DiskError('LOCKED', path, `${directory} is in use by process 1`);
    this.#locks.add(path);
    return {
      release: async () => {
        this.#locks.delete(path);
      },
    };
  }

  volumeSync(): { totalBytes: number; usableBytes: number } {
    const totalBytes = Math.min(this.capacityBytes, 2 ** 40);
    return { totalBytes, usableBytes: Math.max(0, totalBytes - this.usedBytes) };
  }

  openFilesLimit(): number {
    return this.openFilesMax;
  }
}

function put(node: FileNode, bytes: Buffer, position: number): void {
  if (bytes.length === 0) return;
  const end = position + bytes.length;
  if (end > node.bytes.length) node.bytes = Buffer.concat([node.bytes, Buffer.alloc(end - node.bytes.length)]);
  bytes.copy(node.bytes, position);
  for (let page = Math.floor(position / PAGE_BYTES); page * PAGE_BYTES < end; page++) node.dirty.add(page);
}

function settle(node: FileNode): void {
  // Pages that a failed sync forgot stay as they were.
  const size = node.bytes.length;
  const durable = Buffer.alloc(size);
  node.durable.copy(durable, 0, 0, Math.min(size, node.durable.length));
  for (const page of node.dirty) copyPage(node.bytes, durable, page);
  node.durable = durable;
  node.dirty.clear();
}

function copyPage(from: Buffer, to: Buffer, page: number): void {
  const start = page * PAGE_BYTES;
  const end = Math.min(start + PAGE_BYTES, from.length, to.length);
  if (start < end) from.copy(to, start, start, end);
}

/** What is left of a node: for files every dirty page by a draw of its own, for directories a prefix of their changes. */
function survive(node: FileNode | DirectoryNode, draw: () => number): FileNode | DirectoryNode {
  if (node instanceof FileNode) {
    const left = new FileNode();
    left.modifiedMs = node.modifiedMs;
    const sizes = [node.durable.length, node.bytes.length];
    // Size and data go to disk apart: a grown file may hold zeros where its data has not come.
    const grows = node.bytes.length > node.durable.length;
    const size =
      node.dirty.size === 0
        ? node.durable.length
        : grows
          ? sizes[0]! + Math.ceil((sizes[1]! - sizes[0]!) * (1 - draw()))
          : draw() < 0.5
            ? sizes[1]!
            : sizes[0]!;
    left.bytes = Buffer.alloc(size);
    node.durable.copy(left.bytes, 0, 0, Math.min(size, node.durable.length));
    for (const page of node.dirty) if (draw() < 0.5) copyPage(node.bytes, left.bytes, page);
    left.durable = Buffer.from(left.bytes);
    return left;
  }
  const names = new Map(node.durable);
  // From none of them to all, each as likely.
  const kept = Math.floor((node.pending.length + 1) * (1 - draw()));
  for (const change of node.pending.slice(0, kept)) change(names);
  const left = new DirectoryNode();
  for (const [name, child] of names) left.entries.set(name, survive(child, draw));
  left.durable = new Map(left.entries);
  return left;
}
