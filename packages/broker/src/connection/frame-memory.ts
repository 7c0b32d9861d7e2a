// Memory for frames that arrive in several pieces, shared by all connections. A frame whose bytes have been copied on (a
// Produce, into the log's tail) gives its memory back; any other keeps it, and the collector has it in the end.

/** Buffers kept to be used again, and the largest of them. */
const sparesMax = 4;
const spareBytesMax = 2 * 1024 * 1024;
const spareBytesMin = 64 * 1024;

export class FrameMemory {
  readonly #spares: Buffer[] = [];

  /** Room for at least `bytes`, its content arbitrary. Never a slice of Node's shared pool, which a kept view would pin. */
  take(bytes: number): Buffer {
    for (let i = this.#spares.length - 1; i >= 0; i--) {
      const spare = this.#spares[i]!;
      if (spare.length < bytes) continue;
      this.#spares.splice(i, 1);
      return spare;
    }
    return Buffer.allocUnsafeSlow(bytes);
  }

  /** Takes memory back that nobody has a view of any more. */
  giveBack(memory: Buffer): void {
    if (memory.length < spareBytesMin || memory.length > spareBytesMax) return;
    if (this.#spares.length === sparesMax) {
      // The larger ones serve more frames.
      const smallest = this.#spares.reduce(
        (least, spare, i) => (spare.length < this.#spares[least]!.length ? i : least),
        0,
      );
      if (this.#spares[smallest]!.length >= memory.length) return;
      this.#spares.splice(smallest, 1);
    }
    this.#spares.push(memory);
  }
}
