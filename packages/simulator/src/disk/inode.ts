// A file as a disk and its page cache have it: what a process sees, what is on stable storage, and which pages differ. A
// sync makes durable what was dirty when it began; a page written again meanwhile stays dirty.
// Always: `durable` is what a power cut leaves at the least, `bytes` what it leaves at the most.
import type { Prng } from '../world/prng.ts';

export const PAGE_BYTES = 4096;
/** What a drive writes whole. */
const SECTOR_BYTES = 512;

/** What one sync will have made durable. */
export interface SyncPlan {
  readonly number: number;
  readonly size: number;
  readonly pages: readonly { readonly page: number; readonly version: number; readonly content: Buffer }[];
}

export class Inode {
  #bytes = Buffer.alloc(0);
  #size = 0;
  #durable = Buffer.alloc(0);
  #durableSize = 0;
  /** Page → how often it was written since it was clean. */
  readonly #dirty = new Map<number, number>();
  #sizeDirty = false;
  #plans = 0;
  #lastApplied = 0;
  modifiedMs = 0;

  get size(): number {
    return this.#size;
  }

  get content(): Buffer {
    return this.#bytes.subarray(0, this.#size);
  }

  get clean(): boolean {
    return this.#dirty.size === 0 && !this.#sizeDirty;
  }

  read(target: Uint8Array, position: number): number {
    return position >= this.#size
      ? 0
      : this.#bytes.copy(target, 0, position, Math.min(this.#size, position + target.length));
  }

  write(chunks: readonly Uint8Array[], position: number, lengthMax = Number.POSITIVE_INFINITY): void {
    let at = position;
    let left = lengthMax;
    for (const chunk of chunks) {
      const taken = Math.min(left, chunk.length);
      this.#reach(at + taken);
      this.#bytes.set(taken === chunk.length ? chunk : chunk.subarray(0, taken), at);
      at += taken;
      left -= taken;
    }
    if (at === position) return;
    if (at > this.#size) {
      this.#size = at;
      this.#sizeDirty = true;
    }
    this.#touch(position, at);
  }

  truncate(length: number): void {
    if (length === this.#size) return;
    this.#reach(length);
    this.#bytes.fill(0, Math.min(length, this.#size), Math.max(length, this.#size));
    // The page that the cut goes through is written anew with zeros behind the cut.
    this.#touch(Math.min(length, this.#size), Math.max(length, this.#size));
    this.#size = length;
    this.#sizeDirty = true;
  }

  planSync(): SyncPlan {
    const pages = Array.from(this.#dirty, ([page, version]) => {
      const content = Buffer.alloc(PAGE_BYTES);
      this.#bytes.copy(content, 0, page * PAGE_BYTES, Math.min(this.#bytes.length, (page + 1) * PAGE_BYTES));
      return { page, version, content };
    });
    return { number: ++this.#plans, size: this.#size, pages };
  }

  applySync(plan: SyncPlan): void {
    // One that began later has answered already: it covered all that this one did, and newer.
    if (plan.number < this.#lastApplied) return;
    this.#lastApplied = plan.number;
    this.#settle(plan.size);
    for (const { page, version, content } of plan.pages) {
      const room = Math.min(PAGE_BYTES, this.#durable.length - page * PAGE_BYTES);
      if (room > 0) content.copy(this.#durable, page * PAGE_BYTES, 0, room);
      if (this.#dirty.get(page) === version) this.#dirty.delete(page);
    }
    this.#sizeDirty = this.#size !== this.#durableSize;
  }

  /** A sync failed: the system drops what was dirty, and what is read afterwards is what was on the disk before (S2). */
  forgetDirty(): void {
    this.#bytes = Buffer.from(this.#durable);
    this.#size = this.#durableSize;
    this.#dirty.clear();
    this.#sizeDirty = false;
  }

  /** What is there after the power came back: each dirty page kept, lost or torn, and the size by a draw of its own. */
  powerCut(draws: Prng, tearing: PowerCut): void {
    if (!this.clean) {
      const size = draws.chance(tearing.keptShare)
        ? this.#size
        : this.#size > this.#durableSize && draws.chance(0.3)
          ? draws.between(this.#durableSize, this.#size)
          : this.#durableSize;
      this.#settle(size);
      for (const page of [...this.#dirty.keys()].sort((a, b) => a - b)) {
        if (draws.chance(tearing.keptShare)) this.#keepPage(page, 0, PAGE_BYTES);
        else if (draws.chance(tearing.tornShare)) {
          for (let sector = 0; sector < PAGE_BYTES; sector += SECTOR_BYTES) {
            if (draws.chance(0.5)) this.#keepPage(page, sector, sector + SECTOR_BYTES);
          }
        }
      }
    }
    this.forgetDirty();
  }

  /** Flips one bit, on the disk and in the cache alike. */
  rot(position: number, bit: number): void {
    for (const bytes of [this.#bytes, this.#durable]) {
      if (position < bytes.length) bytes[position] = bytes[position]! ^ (1 << bit);
    }
  }

  #keepPage(page: number, from: number, to: number): void {
    const start = page * PAGE_BYTES + from;
    const end = Math.min(page * PAGE_BYTES + to, this.#durable.length, this.#bytes.length);
    if (start < end) this.#bytes.copy(this.#durable, start, start, end);
  }

  #settle(size: number): void {
    if (size === this.#durableSize) return;
    const durable = Buffer.alloc(size);
    this.#durable.copy(durable, 0, 0, Math.min(size, this.#durableSize));
    this.#durable = durable;
    this.#durableSize = size;
  }

  #touch(from: number, to: number): void {
    for (let page = Math.floor(from / PAGE_BYTES); page * PAGE_BYTES < to; page++) {
      this.#dirty.set(page, (this.#dirty.get(page) ?? 0) + 1);
    }
  }

  #reach(length: number): void {
    if (length <= this.#bytes.length) return;
    const grown = Buffer.alloc(
      Math.max(length, Math.min(this.#bytes.length * 2, this.#bytes.length + 1024 * 1024), 512),
    );
    this.#bytes.copy(grown);
    this.#bytes = grown;
  }
}

/** How a power cut treats what was not synced. */
export interface PowerCut {
  /** Share of dirty pages and of changed names that reach the disk all the same. */
  readonly keptShare: number;
  /** Share of the lost pages of which some sectors reach it. */
  readonly tornShare: number;
}
