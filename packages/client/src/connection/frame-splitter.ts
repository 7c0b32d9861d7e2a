// Cuts the stream of a connection into frames: int32 size, then that many bytes. Pure.
// Always: a frame is handed on once it is whole; a size that is negative or beyond the bound ends the stream, before memory is
// taken for it. Chunks are only lent, so a frame gets memory of its own, except where whoever takes it is content with what
// is good until `onFrame` returns: large answers taken at once cost no memory then, which would set the collector going.

/** A size that no broker sends: the peer is something else, or the stream is out of step. */
export class ImpossibleFrame extends Error {
  /** The four bytes that stand where the size should be. */
  readonly sizeBytes: Buffer;
  constructor(sizeBytes: Buffer) {
    super(`a frame of ${sizeBytes.readInt32BE(0)} bytes`);
    this.sizeBytes = sizeBytes;
  }
}

/** Memory for lent frames in pieces is kept up to this. */
const LENT_BYTES_MAX = 4 * 1024 * 1024;
const LENT_BYTES_MIN = 64 * 1024;

export class FrameSplitter {
  readonly #frameBytesMax: number;
  readonly #onFrame: (frame: Buffer) => void;
  readonly #lends: () => boolean;
  /** What lent frames in pieces are put together in, one after the other. */
  #lent: Buffer | undefined;
  /** Bytes of an unfinished size (up to 3), or undefined. */
  #sizeStart: Buffer | undefined;
  /** The frame that is being filled. */
  #frame: Buffer | undefined;
  #filled = 0;

  /** `onFrame` gets frames without their size. `lends`, asked when a frame begins: it need not outlive `onFrame`. */
  constructor(frameBytesMax: number, onFrame: (frame: Buffer) => void, lends: () => boolean = () => false) {
    this.#frameBytesMax = frameBytesMax;
    this.#onFrame = onFrame;
    this.#lends = lends;
  }

  /** Takes the next bytes. Throws ImpossibleFrame; the splitter is of no use after that. */
  push(data: Buffer): void {
    let chunk = data;
    if (this.#sizeStart) {
      chunk = Buffer.concat([this.#sizeStart, chunk]);
      this.#sizeStart = undefined;
    }
    let position = 0;
    while (position < chunk.length) {
      if (this.#frame) {
        const count = Math.min(this.#frame.length - this.#filled, chunk.length - position);
        chunk.copy(this.#frame, this.#filled, position, position + count);
        this.#filled += count;
        position += count;
        if (this.#filled < this.#frame.length) return;
        const whole = this.#frame;
        this.#frame = undefined;
        this.#onFrame(whole);
        continue;
      }
      if (chunk.length - position < 4) {
        this.#sizeStart = Buffer.from(chunk.subarray(position));
        return;
      }
      const size = chunk.readInt32BE(position);
      if (size < 0 || size > this.#frameBytesMax)
        throw new ImpossibleFrame(Buffer.from(chunk.subarray(position, position + 4)));
      position += 4;
      if (chunk.length - position >= size) {
        const view = chunk.subarray(position, position + size);
        this.#onFrame(this.#lends() ? view : Buffer.from(view));
        position += size;
      } else {
        this.#frame = this.#lends() ? this.#lentMemory(size) : Buffer.allocUnsafeSlow(size);
        this.#filled = 0;
      }
    }
  }

  #lentMemory(bytes: number): Buffer {
    if (bytes > LENT_BYTES_MAX) return Buffer.allocUnsafeSlow(bytes);
    if (!this.#lent || this.#lent.length < bytes) {
      let room = LENT_BYTES_MIN;
      while (room < bytes) room *= 2;
      this.#lent = Buffer.allocUnsafeSlow(room);
    }
    return this.#lent.subarray(0, bytes);
  }
}
