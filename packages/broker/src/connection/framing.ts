// Pure: a stream of chunks to request frames. A frame is an int32 size and that many bytes; the size is judged before any
// memory is taken, and memory grows only with bytes that really arrived (CVE-2022-34917).
// Always: frames leave in order, each byte of the stream belongs to exactly one frame or size. A frame that lies in one
// chunk is a view of it (no copy); the chunk is the receiver's own, so nobody writes into it again.

/** What `next` found. */
export type FramingStep = 'frame' | 'incomplete' | 'held' | 'violation';

export interface FramingLimits {
  /** Largest size accepted (`socket.request.max.bytes`). */
  readonly frameBytesMax: number;
  /** Asked once per frame, when its size is known: true takes the bytes into account, false holds the stream until asked again. */
  admit(frameBytes: number): boolean;
}

/** Many tiny parts cost more than the bytes in them: past this count they are merged while they stay small. */
const partsMax = 256;
const partBytesSmall = 1024;
const NOTHING = Buffer.alloc(0);

export class Framing {
  readonly #limits: FramingLimits;
  /** Input not looked at yet, from `#position`. */
  #chunk: Buffer = NOTHING;
  #position = 0;
  /** Bytes of a size that was cut by a chunk's end. */
  readonly #sizeBytes = Buffer.alloc(4);
  #sizeReceived = 0;
  /** Size of the frame that has begun, -1 between frames. */
  #frameBytes = -1;
  #admitted = false;
  #parts: Buffer[] = [];
  #partsBytes = 0;
  #frame: Buffer = NOTHING;
  #violation = '';

  constructor(limits: FramingLimits) {
    this.#limits = limits;
  }

  /** Takes the next chunk; everything before must have been worked off (`next` answered 'incomplete'). */
  push(chunk: Buffer): void {
    this.#chunk =
      this.#position < this.#chunk.length ? Buffer.concat([this.#chunk.subarray(this.#position), chunk]) : chunk;
    this.#position = 0;
  }

  /** Looks for a frame: 'frame' (take it with `frame`), 'incomplete' (more bytes needed), 'held' (not admitted), 'violation'. */
  next(): FramingStep {
    if (this.#violation !== '') return 'violation';
    if (this.#frameBytes < 0) {
      const size = this.#readSize();
      if (size === undefined) return 'incomplete';
      if (size < 0 || size > this.#limits.frameBytesMax) {
        this.#violation = `request size ${size} is outside 0 to ${this.#limits.frameBytesMax}`;
        return 'violation';
      }
      this.#frameBytes = size;
      this.#admitted = false;
    }
    if (!this.#admitted) {
      if (!this.#limits.admit(this.#frameBytes)) return 'held';
      this.#admitted = true;
    }
    const missing = this.#frameBytes - this.#partsBytes;
    const available = this.#chunk.length - this.#position;
    if (available < missing) {
      if (available > 0) this.#keepPart(this.#chunk.subarray(this.#position));
      this.#dropChunk();
      return 'incomplete';
    }
    const end = this.#position + missing;
    const tail = this.#chunk.subarray(this.#position, end);
    if (this.#partsBytes === 0) {
      this.#frame = tail;
    } else {
      this.#frame = joined(this.#parts, tail, this.#frameBytes);
      this.#parts = [];
      this.#partsBytes = 0;
    }
    this.#frameBytes = -1;
    if (end === this.#chunk.length) this.#dropChunk();
    else this.#position = end;
    return 'frame';
  }

  /** The frame that `next` found, without its size. */
  takeFrame(): Buffer {
    const frame = this.#frame;
    this.#frame = NOTHING;
    return frame;
  }

  /** Why the stream is no stream of frames. */
  get violation(): string {
    return this.#violation;
  }

  /** A frame or its size has begun and is not complete. */
  get midFrame(): boolean {
    return this.#frameBytes >= 0 || this.#sizeReceived > 0;
  }

  /** Bytes of the frame that has begun: arrived, and in all (-1 while its size is unknown). */
  get progress(): { readonly receivedBytes: number; readonly frameBytes: number } {
    return { receivedBytes: this.#partsBytes, frameBytes: this.#frameBytes };
  }

  /** Bytes taken into account by `admit` for a frame that has not left yet; to be given back when the connection ends. */
  get admittedBytes(): number {
    return this.#frameBytes >= 0 && this.#admitted ? this.#frameBytes : 0;
  }

  /** Input is waiting that `next` has not looked at. */
  get hasInput(): boolean {
    return this.#position < this.#chunk.length;
  }

  #readSize(): number | undefined {
    const chunk = this.#chunk;
    if (this.#sizeReceived === 0 && chunk.length - this.#position >= 4) {
      const size = chunk.readInt32BE(this.#position);
      this.#position += 4;
      return size;
    }
    while (this.#position < chunk.length && this.#sizeReceived < 4) {
      this.#sizeBytes[this.#sizeReceived++] = chunk[this.#position++]!;
    }
    if (this.#position === chunk.length) this.#dropChunk();
    if (this.#sizeReceived < 4) return undefined;
    this.#sizeReceived = 0;
    return this.#sizeBytes.readInt32BE(0);
  }

  #keepPart(part: Buffer): void {
    this.#parts.push(part);
    this.#partsBytes += part.length;
    if (this.#parts.length >= partsMax && this.#partsBytes < this.#parts.length * partBytesSmall) {
      this.#parts = [Buffer.concat(this.#parts, this.#partsBytes)];
    }
  }

  #dropChunk(): void {
    this.#chunk = NOTHING;
    this.#position = 0;
  }
}

/** One frame of its parts, in memory of its own: never a slice of Node's shared pool, which a kept view would pin. */
function joined(parts: readonly Buffer[], tail: Buffer, frameBytes: number): Buffer {
  const frame = Buffer.allocUnsafeSlow(frameBytes);
  let at = 0;
  for (const part of parts) {
    part.copy(frame, at);
    at += part.length;
  }
  tail.copy(frame, at);
  return frame;
}
