// A disk of a virtual machine: files with page cache, directories whose entries are durable only once the directory is
// synced, and faults. It outlives the runs of programs; each run works on it through a `port` of its own.
// In the flow: asynchronous calls take effect some time between their call and their answer (at the answer, or, when the
// run ends before it, perhaps). What the power cut leaves is decided page by page and directory by directory.
import { DiskError } from '@moldau/kernel';
import type { Prng } from '../world/prng.ts';
import { Inode, type PowerCut } from './inode.ts';

export type DiskOperation =
  | 'open'
  | 'read'
  | 'write'
  | 'truncate'
  | 'sync'
  | 'syncDirectory'
  | 'list'
  | 'rename'
  | 'remove'
  | 'mkdir';

type Names = Map<string, Inode | Directory>;

export class Directory {
  entries: Names = new Map();
  durable: Names = new Map();
  /** Changes of names since the last sync, each one whole or not at all. */
  #pending: { readonly number: number; readonly run: (names: Names) => void }[] = [];
  #changes = 0;

  change(run: (names: Names) => void): void {
    run(this.entries);
    this.#pending.push({ number: ++this.#changes, run });
  }

  /** Makes durable, when the sync answers, what had changed when it was asked for. Syncs may overtake each other. */
  planSync(): () => void {
    const covered = this.#changes;
    return () => {
      while (this.#pending.length > 0 && this.#pending[0]!.number <= covered) this.#pending.shift()!.run(this.durable);
    };
  }

  powerCut(draws: Prng, how: PowerCut): void {
    const names = new Map(this.durable);
    // A journal keeps a prefix of the changes.
    let kept = 0;
    while (kept < this.#pending.length && draws.chance(how.keptShare)) this.#pending[kept++]!.run(names);
    this.entries = names;
    this.durable = new Map(names);
    this.#pending = [];
    for (const child of names.values()) child.powerCut(draws, how);
  }
}

/** What goes wrong, and for how long. Set by the fault schedule. */
export interface DiskFaults {
  /** Syncs and writes fail with EIO while true. */
  failing: boolean;
  /** Bytes that all files together may have. */
  capacityBytes: number;
  /** No answer before this time of the world. */
  stalledUntil: number;
  /** Median of the time that a write, a sync takes. */
  writeMs: number;
  syncMs: number;
}

export class SimDisk {
  readonly root = new Directory();
  readonly faults: DiskFaults = {
    failing: false,
    capacityBytes: Number.POSITIVE_INFINITY,
    stalledUntil: 0,
    writeMs: 0.03,
    syncMs: 0.4,
  };
  usedBytes = 0;

  powerCut(draws: Prng, how: PowerCut): void {
    this.root.powerCut(draws, how);
    this.usedBytes = 0;
    for (const [, file] of this.files()) this.usedBytes += file.size;
  }

  *files(directory: Directory = this.root, path = ''): IterableIterator<readonly [path: string, file: Inode]> {
    for (const [name, child] of directory.entries) {
      if (child instanceof Inode) yield [`${path}/${name}`, child];
      else yield* this.files(child, `${path}/${name}`);
    }
  }

  node(path: string): Inode | Directory | undefined {
    let node: Inode | Directory | undefined = this.root;
    for (const name of path.split('/')) {
      if (name === '' || name === '.') continue;
      if (!(node instanceof Directory)) return undefined;
      node = node.entries.get(name);
    }
    return node;
  }

  parent(path: string): { readonly parent: Directory; readonly name: string } {
    const at = path.lastIndexOf('/');
    const parent = this.node(path.slice(0, at));
    if (!(parent instanceof Directory)) throw new DiskError('ENOENT', path, `ENOENT: no directory for ${path}`);
    return { parent, name: path.slice(at + 1) };
  }

  file(path: string): Inode {
    const node = this.node(path);
    if (!(node instanceof Inode)) throw new DiskError('ENOENT', path, `ENOENT: no file ${path}`);
    return node;
  }

  directory(path: string): Directory {
    const node = this.node(path);
    if (!(node instanceof Directory)) throw new DiskError('ENOENT', path, `ENOENT: no directory ${path}`);
    return node;
  }
}
