// Cuts the stream of a connection into frames: int32 size, then that many bytes. Pure.
// Always: a frame is handed on once it is whole, in memory of its own, since chunks are only lent; a size that is negative or beyond the bound ends the stream, before
// memory is taken for it.

/** A size that no broker sends: the peer is something else, or the stream is out of step. */
export class ImpossibleFrame extends Error {
  /** The four bytes that stand where the size should be. */
  readonly sizeBytes: Buffer;
  constructor(sizeBytes: Buffer) {
    super(`a frame of ${sizeBytes.readInt32BE(0)} bytes`);
    this.sizeBytes = sizeBytes;
  }
}

export class FrameSplitter {
  readonly #frameBytesMax: number;
  readonly #onFrame: (frame: Buffer) => void;
  /** Bytes of an unfinished size (up to 3), or undefined. */
  #sizeStart: Buffer | undefined;
  /** The frame that is being filled. */
  #frame: Buffer | undefined;
  #filled = 0;

  /** `onFrame` gets frames without their size. */
  constructor(frameBytesMax: number, onFrame: (frame: Buffer) => void) {
    this.#frameBytesMax = frameBytesMax;
    this.#onFrame = onFrame;
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
        this.#onFrame(Buffer.from(chunk.subarray(position, position + size)));
        position += size;
      } else {
        this.#frame = Buffer.allocUnsafeSlow(size);
        this.#filled = 0;
      }
    }
  }
}
