// Buffers for reads from disk, lent to an answer and used again when it has been sent. A fresh megabyte for every fetch
// would make V8 collect the whole heap every few dozen fetches: memory outside the heap counts towards that.
//
// Always: a buffer is lent to one reader at a time; one that never comes back costs its memory to the collector and
// nothing else.

/** Sizes go up in powers of two from here ... */
const BYTES_MIN = 8 * 1024;
/** ... to here; larger reads (one batch larger than any limit) get a buffer of their own. */
const BYTES_MAX = 2 * 1024 * 1024;

export class ReadBuffers {
  readonly #idleBytesMax: number;
  #idleBytes = 0;
  /** Idle buffers by size class, the last used on top: its pages are the warm ones. */
  readonly #idle: Buffer[][] = [];

  /** Keeps at most so much that nobody uses. */
  constructor(idleBytesMax: number) {
    this.#idleBytesMax = idleBytesMax;
  }

  /** Bytes kept ready. */
  get idleBytes(): number {
    return this.#idleBytes;
  }

  /** A buffer of at least `bytes`, with whatever was in it before. */
  take(bytes: number): Buffer {
    if (bytes > BYTES_MAX) return Buffer.allocUnsafeSlow(bytes);
    const sizeClass = sizeClassOf(bytes);
    const buffer = this.#idle[sizeClass]?.pop();
    if (!buffer) return Buffer.allocUnsafeSlow(BYTES_MIN << sizeClass);
    this.#idleBytes -= buffer.length;
    return buffer;
  }

  /** Takes a buffer back. Nobody may look at it any more. */
  give(buffer: Buffer): void {
    if (buffer.length > BYTES_MAX || this.#idleBytes + buffer.length > this.#idleBytesMax) return;
    const sizeClass = sizeClassOf(buffer.length);
    this.#idleBytes += buffer.length;
    this.#idle[sizeClass] ??= [];
    this.#idle[sizeClass]!.push(buffer);
  }
}

function sizeClassOf(bytes: number): number {
  let sizeClass = 0;
  while (BYTES_MIN << sizeClass < bytes) sizeClass++;
  return sizeClass;
}
