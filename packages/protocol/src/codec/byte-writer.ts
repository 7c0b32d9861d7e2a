// Where encoders write: one growing buffer, and between its parts the large byte strings of others, referenced, not copied.
// Generated encoders keep `buffer` and `position` in locals and come back here only to grow and to append byte strings.
//
// Growth: a full buffer below SEAL_BYTES is copied into one of twice the size; from SEAL_BYTES on it is sealed as it is
// and a fresh one of SEAL_BYTES follows. Each new buffer holds at least what was asked for.

/** Byte strings from this size on are referenced: below it, copying costs less than one more piece to send. */
export const REFERENCE_BYTES = 4096;
const SEAL_BYTES = 64 * 1024;
const FIRST_BYTES = 256;

export class ByteWriter {
  /** The buffer being filled. */
  buffer: Buffer;
  /** The next free byte of `buffer`. */
  position = 0;
  /** First byte of `buffer` that is not in a sealed piece. */
  #start = 0;
  readonly #pieces: Buffer[] = [];
  #pieceBytes = 0;

  constructor(firstBytes = FIRST_BYTES) {
    this.buffer = Buffer.allocUnsafe(firstBytes);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#pieceBytes + this.position - this.#start;
  }

  /** Makes room for `bytes` more in one run. */
  reserve(bytes: number): void {
    const full = this.buffer;
    if (this.position + bytes <= full.length) return;
    if (full.length >= SEAL_BYTES) this.#seal();
    const held = this.position - this.#start;
    const size = full.length >= SEAL_BYTES ? SEAL_BYTES : full.length * 2;
    this.buffer = Buffer.allocUnsafe(Math.max(size, held + bytes));
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
    return this.#pieces;
  }

  #seal(): void {
    if (this.position === this.#start) return;
    this.#pieces.push(this.buffer.subarray(this.#start, this.position));
    this.#pieceBytes += this.position - this.#start;
    this.#start = this.position;
  }
}
