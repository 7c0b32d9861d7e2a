// Entries of fixed size back to back in one growing buffer: what both index files are, in memory and on disk.

export class EntryBuffer {
  readonly #entrySize: number;
  #bytes: Buffer;
  #count: number;

  /** Takes over `bytes` (whole entries). */
  constructor(entrySize: number, bytes: Buffer) {
    this.#entrySize = entrySize;
    this.#bytes = bytes;
    this.#count = Math.floor(bytes.length / entrySize);
  }

  get count(): number {
    return this.#count;
  }

  get sizeBytes(): number {
    return this.#count * this.#entrySize;
  }

  /** Memory held. */
  get capacityBytes(): number {
    return this.#bytes.length;
  }

  /** The buffer itself; valid up to `sizeBytes`. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Room for one more entry at its end; answers the position to write it at. */
  grow(): number {
    const position = this.#count * this.#entrySize;
    if (position + this.#entrySize > this.#bytes.length) {
      // A log that is hardly written to should not hold kilobytes for its index.
      const grown = Buffer.alloc(Math.max(this.#entrySize * 8, this.#bytes.length * 2));
      this.#bytes.copy(grown, 0, 0, position);
      this.#bytes = grown;
    }
    this.#count++;
    return position;
  }

  truncate(count: number): void {
    if (count < this.#count) this.#count = count;
  }

  /** A copy of the entries from number `from` on, for the file. */
  slice(from = 0): Buffer {
    return Buffer.from(this.#bytes.subarray(from * this.#entrySize, this.sizeBytes));
  }
}
