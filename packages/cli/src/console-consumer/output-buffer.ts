// Gathers what formatters write, so that a hundred thousand lines are a few dozen writes and not as many system calls.

const FLUSH_BYTES = 256 * 1024;

export class OutputBuffer {
  readonly #emit: (bytes: Uint8Array) => void;
  #buffer = Buffer.allocUnsafe(64 * 1024);
  #used = 0;

  /** `emit` gets bytes that are its own. */
  constructor(emit: (bytes: Uint8Array) => void) {
    this.#emit = emit;
  }

  /** Text is UTF-8. Bound, so that it can be handed out. */
  readonly write = (piece: string | Uint8Array): void => {
    // A character of a string is at most three bytes.
    const room = typeof piece === 'string' ? piece.length * 3 : piece.length;
    if (this.#used + room > this.#buffer.length) this.#makeRoom(room);
    if (typeof piece === 'string') this.#used += this.#buffer.write(piece, this.#used);
    else {
      this.#buffer.set(piece, this.#used);
      this.#used += piece.length;
    }
    if (this.#used >= FLUSH_BYTES) this.flush();
  };

  flush(): void {
    if (this.#used === 0) return;
    // A copy: a stream may hold on to what it was given until the reader takes it.
    this.#emit(Buffer.from(this.#buffer.subarray(0, this.#used)));
    this.#used = 0;
  }

  #makeRoom(room: number): void {
    const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#used + room));
    this.#buffer.copy(grown, 0, 0, this.#used);
    this.#buffer = grown;
  }
}
