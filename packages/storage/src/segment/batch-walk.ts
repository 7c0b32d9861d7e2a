// Walks the batches of a segment file from a position on: recovery, index rebuilding, producer replay. Trusts nothing it
// reads: a length is used only after it was bounded, and with `checksums` no batch is handed on unchecked (S6).
import type { DiskFile } from '@moldau/kernel';
import { baseOffsetOf, batchSizeOf } from '@moldau/protocol/records/batch-header';
import { BATCH_PREFIX_BYTES, isIntact, lastOffsetAt, prefixFault } from './batch-facts.ts';

const CHUNK_BYTES = 1 << 20;
/** A batch is never larger than a request may be; a length beyond this is damage, not data. */
const BATCH_BYTES_MAX = 1 << 30;

export interface WalkOptions {
  readonly from: number;
  /** Size of the file as far as it counts. */
  readonly to: number;
  /** Least base offset of the first batch; every later one must start past the end of the one before. */
  readonly offsetMin: number;
  /** No batch may start past this. */
  readonly offsetMax: number;
  readonly checksums: boolean;
  /** How much to read at a time. Default 1 MiB. */
  readonly chunkBytes?: number;
  /** The batch lies in `buffer` at `at`, whole; `position` is its place in the file. False stops the walk there. */
  visit(buffer: Buffer, at: number, position: number): boolean;
}

export interface WalkEnd {
  /** Where the first batch begins that was not visited: the end of what is good. */
  readonly position: number;
  /** One past the last offset visited; `offsetMin` when none was. */
  readonly nextOffset: number;
  /** 'end': all was good. 'torn': the last batch is not whole. 'invalid': these bytes are no batch. 'stopped': by `visit`. */
  readonly reason: 'end' | 'torn' | 'invalid' | 'stopped';
  readonly detail: string;
}

/** The walk, told apart from how bytes are fetched: `wants` says which stretch to read next, `took` handles it. */
class Walk {
  readonly #options: WalkOptions;
  #position: number;
  #offsetMin: number;
  /** Grows for a batch that is larger. */
  buffer: Buffer;

  constructor(options: WalkOptions) {
    this.#options = options;
    this.#position = options.from;
    this.#offsetMin = options.offsetMin;
    this.buffer = Buffer.allocUnsafeSlow(
      Math.max(BATCH_PREFIX_BYTES, Math.min(options.chunkBytes ?? CHUNK_BYTES, options.to - options.from)),
    );
  }

  get position(): number {
    return this.#position;
  }

  get wantedBytes(): number {
    return Math.min(this.buffer.length, this.#options.to - this.#position);
  }

  /** Handles `filled` bytes read at `position`. Answers the end, or undefined when more must be read. */
  took(filled: number): WalkEnd | undefined {
    const { to, offsetMax, checksums, visit } = this.#options;
    const start = this.#position;
    let at = 0;
    for (;;) {
      this.#position = start + at;
      const left = to - this.#position;
      if (left === 0) return this.#end('end', '');
      if (left < BATCH_PREFIX_BYTES) return this.#end('torn', `${left} bytes are too few for a batch`);
      if (filled - at < BATCH_PREFIX_BYTES) {
        return at === 0 ? this.#end('torn', `the file ends after ${filled} of ${left} bytes`) : undefined;
      }
      const fault = prefixFault(this.buffer, at, { offsetMin: this.#offsetMin, offsetMax });
      if (fault !== undefined) return this.#end('invalid', fault);
      const size = batchSizeOf(this.buffer, at);
      if (size > left || size > BATCH_BYTES_MAX)
        return this.#end('torn', `a batch of ${size} bytes, ${left} are there`);
      // With the first bytes of the batch after it, which must not start before this one ends.
      const needed = Math.min(size + BATCH_PREFIX_BYTES, left);
      if (needed > filled - at) {
        if (at === 0 && filled === this.wantedBytes && needed > this.buffer.length) {
          this.buffer = Buffer.allocUnsafeSlow(needed);
        } else if (at === 0) {
          return this.#end('torn', `the file ends after ${filled} of ${needed} bytes`);
        }
        return undefined;
      }
      const lastOffset = lastOffsetAt(this.buffer, at);
      if (checksums && !isIntact(this.buffer, at)) return this.#end('invalid', 'checksum');
      if (!(lastOffset >= this.#offsetMin)) return this.#end('invalid', `last offset ${lastOffset}`);
      if (left - size >= BATCH_PREFIX_BYTES && overlapsNext(this.buffer, at + size, lastOffset, this.#offsetMin)) {
        return this.#end('invalid', `last offset ${lastOffset}, but the next batch starts before`);
      }
      if (!visit(this.buffer, at, this.#position)) return this.#end('stopped', '');
      this.#offsetMin = lastOffset + 1;
      at += size;
    }
  }

  #end(reason: WalkEnd['reason'], detail: string): WalkEnd {
    return { position: this.#position, nextOffset: this.#offsetMin, reason, detail };
  }
}

/**
 * Whether the bytes at `next` look like a batch that starts at or before `lastOffset`. The base offset of a batch lies
 * outside its checksum; that it fits between its neighbours is all there is to check it by.
 */
export function overlapsNext(buffer: Buffer, next: number, lastOffset: number, offsetMin: number): boolean {
  if (baseOffsetOf(buffer, next) > lastOffset) return false;
  return prefixFault(buffer, next, { offsetMin, offsetMax: Number.MAX_SAFE_INTEGER }) === undefined;
}

export async function walkBatches(file: DiskFile, options: WalkOptions): Promise<WalkEnd> {
  const walk = new Walk(options);
  for (;;) {
    const wanted = walk.wantedBytes;
    const filled = wanted === 0 ? 0 : await file.read(walk.buffer.subarray(0, wanted), walk.position);
    const end = walk.took(filled);
    if (end) return end;
  }
}

/** Blocks: for small files, and while nothing is served. */
export function walkBatchesSync(file: DiskFile, options: WalkOptions): WalkEnd {
  const walk = new Walk(options);
  for (;;) {
    const wanted = walk.wantedBytes;
    const filled = wanted === 0 ? 0 : file.readSync(walk.buffer.subarray(0, wanted), walk.position);
    const end = walk.took(filled);
    if (end) return end;
  }
}
