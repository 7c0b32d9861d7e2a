// Pure: a stream of chunks to request frames. A frame is an int32 size and that many bytes; the size is judged before any
// memory is taken, and memory grows only with bytes that really arrived (CVE-2022-34917).
// Always: frames leave in order, each byte of the stream belongs to exactly one frame or size. A frame that lies in one
// chunk is a view of it (no copy); chunks are lent, so such a frame is good only until the chunk's call has ended
// (`lent`). What must wait longer is copied by `settle`.
import type { FrameMemory } from './frame-memory.ts';

/** What `next` found. */
export type FramingStep = 'frame' | 'incomplete' | 'held' | 'violation';

export interface FramingLimits {
  /** Largest size accepted (`socket.request.max.bytes`). */
  readonly frameBytesMax: number;
  /** Asked once per frame, when its size is known: true takes the bytes into account, false holds the stream until asked again. */
  admit(frameBytes: number): boolean;
}

/** A frame in pieces gets memory for this much at least, and for twice what arrived while it grows. */
const assemblyBytesMin = 256 * 1024;
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
  /** The beginning of a frame whose rest is still to come: `#assembledBytes` of it. */
  #assembly: Buffer = NOTHING;
  #assembledBytes = 0;
  #frame: Buffer = NOTHING;
  #frameMemory: Buffer | undefined;
  readonly #memory: FrameMemory;
  #violation = '';

  constructor(limits: FramingLimits, memory: FrameMemory) {
    this.#limits = limits;
    this.#memory = memory;
  }

  /** Takes the next chunk, lent until `settle`. */
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
    const missing = this.#frameBytes - this.#assembledBytes;
    const available = this.#chunk.length - this.#position;
    if (available < missing) {
      if (available > 0) this.#assemble(available);
      this.#dropChunk();
      return 'incomplete';
    }
    const end = this.#position + missing;
    if (this.#assembledBytes === 0) {
      this.#frame = this.#chunk.subarray(this.#position, end);
      this.#frameMemory = undefined;
    } else {
      this.#assemble(missing); // moves the position to `end`
      this.#frame = this.#assembly.subarray(0, this.#frameBytes);
      this.#frameMemory = this.#assembly;
      this.#assembly = NOTHING;
      this.#assembledBytes = 0;
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

  /** The memory that the frame found last has to itself; undefined when it lies in the lent chunk. */
  get frameMemory(): Buffer | undefined {
    return this.#frameMemory;
  }

  /** The chunk's memory goes back: copies what has not been looked at. */
  settle(): void {
    if (this.#position >= this.#chunk.length) return;
    const rest = this.#chunk.subarray(this.#position);
    this.#chunk = Buffer.allocUnsafeSlow(rest.length);
    rest.copy(this.#chunk);
    this.#position = 0;
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
    return { receivedBytes: this.#assembledBytes, frameBytes: this.#frameBytes };
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

  /** Moves `bytes` of the chunk to the frame under way. Memory grows with what arrived, not with what the size promises. */
  #assemble(bytes: number): void {
    const needed = this.#assembledBytes + bytes;
    if (needed > this.#assembly.length) {
      const grown = this.#memory.take(Math.min(this.#frameBytes, Math.max(assemblyBytesMin, 2 * needed)));
      this.#assembly.copy(grown, 0, 0, this.#assembledBytes);
      this.#memory.giveBack(this.#assembly);
      this.#assembly = grown;
    }
    this.#chunk.copy(this.#assembly, this.#assembledBytes, this.#position, this.#position + bytes);
    this.#assembledBytes = needed;
    this.#position += bytes;
  }

  #dropChunk(): void {
    this.#chunk = NOTHING;
    this.#position = 0;
  }
}
