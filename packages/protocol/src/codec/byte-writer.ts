// Where encoders write: a buffer, and between its parts the large byte strings of others, referenced, not copied.
// Generated encoders keep `buffer` and `position` in locals and come back here only for room and for large byte strings.
//
// Writers take turns on one slab, so that a small frame costs no allocation: a writer takes the slab away when it is made
// and gives back what is left when it finishes; one that never finishes keeps it, and the next takes a new one. What goes
// past the end of a slab goes on in another: the part written so far is sealed as a piece, or copied when it is small.

/** Byte strings from this size on are referenced: below it, copying costs less than one more piece to send. */
export const REFERENCE_BYTES = 4096;
const SLAB_BYTES = 64 * 1024;
/** Less than this is copied to the next slab. */
const SMALL_BYTES = 1024;

let slab: Buffer | undefined;
let slabPosition = 0;

export class ByteWriter {
  /** The buffer being filled. */
  buffer: Buffer;
  /** The next free byte of `buffer`. */
  position: number;
  /** First byte of `buffer` that is not in a sealed piece. */
  #start: number;
  readonly #pieces: Buffer[] = [];
  #pieceBytes = 0;
  readonly #shared: boolean;

  /** `ownBytes`: start with a buffer of one's own, for what is kept long and must not keep a whole slab with it. */
  constructor(ownBytes?: number) {
    this.#shared = ownBytes === undefined;
    if (ownBytes !== undefined) {
      this.buffer = Buffer.allocUnsafe(ownBytes);
      this.position = 0;
    } else {
      this.buffer = slab ?? Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.position = slab === undefined ? 0 : slabPosition;
      slab = undefined;
    }
    this.#start = this.position;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#pieceBytes + this.position - this.#start;
  }

  /** Makes room for `bytes` more in one run. */
  reserve(bytes: number): void {
    const full = this.buffer;
    if (this.position + bytes <= full.length) return;
    if (this.position - this.#start >= SMALL_BYTES) this.#seal();
    const held = this.position - this.#start;
    this.buffer = Buffer.allocUnsafeSlow(Math.max(this.#shared ? SLAB_BYTES : full.length * 2, held + bytes));
    full.copy(this.buffer, 0, this.#start, this.position);
    this.#start = 0;
    this.position = held;
  }

  /** Appends bytes that must not change until they are sent; from REFERENCE_BYTES on without a copy. */
  append(bytes: Uint8Array): void {
    const { length } = bytes;
    if (length < REFERENCE_BYTES) {
      this.reserve(length);
      this.buffer.set(bytes, this.position);
      this.position += length;
      return;
    }
    this.#seal();
    this.#pieces.push(Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, length));
    this.#pieceBytes += length;
  }

  /** Everything written, in order. Nothing may be written afterwards. */
  finish(): Buffer[] {
    this.#seal();
    if (this.#shared && this.buffer.length - this.position >= SMALL_BYTES) {
      slab = this.buffer;
      slabPosition = this.position;
    }
    return this.#pieces;
  }

  #seal(): void {
    if (this.position === this.#start) return;
    this.#pieces.push(this.buffer.subarray(this.#start, this.position));
    this.#pieceBytes += this.position - this.#start;
    this.#start = this.position;
  }
}
