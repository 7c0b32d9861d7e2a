// The descriptors that logs may hold. A log of ten thousand needs none while nobody reads or writes it; the ones used last
// stay open within a budget (S15). When the system runs out all the same, half are given back and the open is tried again.
import type { Disk, DiskFile } from '@moldau/kernel';
import { DiskError } from '@moldau/kernel';

/** Something with a file of its own that may be closed behind its back while it is not in use. */
export interface FileOwner {
  /** Set and cleared by OpenFiles only. */
  openFile: OpenFile | undefined;
  readonly filePath: string;
  /** 'create' while it is written to. */
  readonly fileMode: 'read' | 'write';
}

export interface OpenFile {
  readonly file: DiskFile;
  readonly owner: FileOwner;
  readonly mode: 'read' | 'write';
  /** Asynchronous operations under way: not closed before they are done. */
  uses: number;
  closed: boolean;
  older: OpenFile | undefined;
  newer: OpenFile | undefined;
}

export class OpenFiles {
  readonly #disk: Disk;
  #filesMax: number;
  #count = 0;
  #oldest: OpenFile | undefined;
  #newest: OpenFile | undefined;

  /** At the bound the file used longest ago is closed. */
  constructor(disk: Disk, filesMax: number) {
    this.#disk = disk;
    this.#filesMax = Math.max(4, filesMax);
  }

  get count(): number {
    return this.#count;
  }

  /** The owner's file, opened when it is not; for use before this turn ends. Throws DiskError. */
  use(owner: FileOwner): OpenFile {
    const open = owner.openFile;
    if (open && (open.mode === 'write' || owner.fileMode === 'read')) {
      if (open !== this.#newest) {
        this.#unlink(open);
        this.#link(open);
      }
      return open;
    }
    if (open) this.close(owner);
    return this.#open(owner);
  }

  /** As `use`, held open until `release`. */
  hold(owner: FileOwner): OpenFile {
    const open = this.use(owner);
    open.uses++;
    return open;
  }

  release(open: OpenFile): void {
    open.uses--;
    if (open.closed && open.uses === 0) closeQuietly(open.file);
  }

  /** Closes the owner's file, once nobody uses it any more. */
  close(owner: FileOwner): void {
    const open = owner.openFile;
    if (!open) return;
    owner.openFile = undefined;
    open.closed = true;
    this.#unlink(open);
    this.#count--;
    if (open.uses === 0) closeQuietly(open.file);
  }

  closeAll(): void {
    while (this.#oldest) this.close(this.#oldest.owner);
  }

  #open(owner: FileOwner): OpenFile {
    while (this.#count >= this.#filesMax && this.#closeOldest());
    let file: DiskFile;
    try {
      file = this.#disk.openSync(owner.filePath, owner.fileMode);
    } catch (error) {
      if (!(error instanceof DiskError) || (error.code !== 'EMFILE' && error.code !== 'ENFILE')) throw error;
      // Others (sockets) took what we counted on: live with less from now on.
      this.#filesMax = Math.max(4, this.#count >>> 1);
      while (this.#count > this.#filesMax && this.#closeOldest());
      file = this.#disk.openSync(owner.filePath, owner.fileMode);
    }
    const open: OpenFile = {
      file,
      owner,
      mode: owner.fileMode,
      uses: 0,
      closed: false,
      older: undefined,
      newer: undefined,
    };
    owner.openFile = open;
    this.#count++;
    this.#link(open);
    return open;
  }

  /** False when every open file is in use. */
  #closeOldest(): boolean {
    for (let open = this.#oldest; open; open = open.newer) {
      if (open.uses > 0) continue;
      this.close(open.owner);
      return true;
    }
    return false;
  }

  #link(open: OpenFile): void {
    open.older = this.#newest;
    open.newer = undefined;
    if (this.#newest) this.#newest.newer = open;
    this.#newest = open;
    this.#oldest ??= open;
  }

  #unlink(open: OpenFile): void {
    if (open.older) open.older.newer = open.newer;
    else if (this.#oldest === open) this.#oldest = open.newer;
    if (open.newer) open.newer.older = open.older;
    else if (this.#newest === open) this.#newest = open.older;
    open.older = undefined;
    open.newer = undefined;
  }
}

/** What a close reports cannot be acted on: what had to be on disk was synced. */
function closeQuietly(file: DiskFile): void {
  try {
    file.closeSync();
  } catch {
    // Nothing depends on it.
  }
}
