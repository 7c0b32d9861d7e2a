// Bytes being written, with marks on the places where a lie is interesting: lengths, counts, tags, nulls, numbers.

export type MarkKind = 'length' | 'count' | 'tagCount' | 'tag' | 'null' | 'number' | 'text' | 'blob';

export interface Mark {
  readonly kind: MarkKind;
  readonly position: number;
  readonly bytes: number;
}

export interface MarkedBytes {
  readonly bytes: Buffer;
  readonly marks: readonly Mark[];
}

export class MarkedWriter {
  #buffer = Buffer.alloc(512);
  #length = 0;
  readonly #marks: Mark[] = [];

  get length(): number {
    return this.#length;
  }

  int(kind: MarkKind, value: number, bytes: 1 | 2 | 4): void {
    this.#mark(kind, bytes);
    // Two's complement: negative numbers take the same road.
    for (let i = bytes - 1; i >= 0; i--) this.#byte(value >> (8 * i));
  }

  int64(value: bigint): void {
    this.#mark('number', 8);
    this.#room(8);
    this.#length = this.#buffer.writeBigInt64BE(BigInt.asIntN(64, value), this.#length);
  }

  uvarint(kind: MarkKind, value: number): void {
    const position = this.#length;
    let rest = value >>> 0;
    while (rest > 127) {
      this.#byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.#byte(rest);
    this.#marks.push({ kind, position, bytes: this.#length - position });
  }

  put(kind: MarkKind, bytes: Uint8Array): void {
    this.#mark(kind, bytes.length);
    this.#room(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Appends what another writer wrote, marks and all. */
  append(other: MarkedWriter): void {
    const { bytes, marks } = other.finish();
    for (const mark of marks) this.#marks.push({ ...mark, position: mark.position + this.#length });
    this.#room(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  finish(): MarkedBytes {
    return { bytes: this.#buffer.subarray(0, this.#length), marks: this.#marks };
  }

  #mark(kind: MarkKind, bytes: number): void {
    this.#marks.push({ kind, position: this.#length, bytes });
  }

  #byte(value: number): void {
    this.#room(1);
    this.#buffer[this.#length++] = value;
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.alloc(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
