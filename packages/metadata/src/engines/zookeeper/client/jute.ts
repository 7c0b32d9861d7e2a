// Jute, ZooKeeper's serialization: big-endian numbers, length-prefixed bytes and strings (length -1 is null), counted
// vectors. Pure. Longs are numbers and refused beyond 2^53; session ids, whose high bits are a server's id, are 16 hex digits.
// Always: a length or count is checked against the bytes that are there before memory is taken for it.

/** The peer sent something that is not ZooKeeper's protocol. */
export class JuteError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'JuteError';
  }
}

export class JuteWriter {
  #buffer = Buffer.allocUnsafe(256);
  #length = 0;

  /** Where `count` bytes may be written. Ask before naming `#buffer`: it may be another one afterwards. */
  #room(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#length, this.#buffer.length * 2));
      this.#buffer.copy(larger, 0, 0, at);
      this.#buffer = larger;
    }
    return at;
  }

  int(value: number): this {
    const at = this.#room(4);
    this.#buffer.writeInt32BE(value, at);
    return this;
  }

  long(value: number): this {
    const at = this.#room(8);
    this.#buffer.writeInt32BE(Math.floor(value / 2 ** 32), at);
    this.#buffer.writeUInt32BE(value >>> 0, at + 4);
    return this;
  }

  /** 8 bytes, written as 16 hex digits. */
  id(hex: string): this {
    const at = this.#room(8);
    this.#buffer.write(hex, at, 8, 'hex');
    return this;
  }

  bool(value: boolean): this {
    const at = this.#room(1);
    this.#buffer[at] = value ? 1 : 0;
    return this;
  }

  bytes(value: Uint8Array | null): this {
    if (value === null) return this.int(-1);
    this.int(value.length);
    const at = this.#room(value.length);
    this.#buffer.set(value, at);
    return this;
  }

  string(value: string): this {
    const length = Buffer.byteLength(value);
    this.int(length);
    const at = this.#room(length);
    this.#buffer.write(value, at, length);
    return this;
  }

  vector<T>(values: readonly T[], each: (value: T) => void): this {
    this.int(values.length);
    for (const value of values) each(value);
    return this;
  }

  /** What was written; the writer must not be used any more. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }
}

export class JuteReader {
  readonly #buffer: Buffer;
  #position = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  get remaining(): number {
    return this.#buffer.length - this.#position;
  }

  #take(count: number): number {
    if (count > this.remaining) throw new JuteError(`${count} bytes expected, ${this.remaining} are there`);
    const at = this.#position;
    this.#position += count;
    return at;
  }

  int(): number {
    return this.#buffer.readInt32BE(this.#take(4));
  }

  long(): number {
    const at = this.#take(8);
    const value = this.#buffer.readInt32BE(at) * 2 ** 32 + this.#buffer.readUInt32BE(at + 4);
    if (!Number.isSafeInteger(value)) throw new JuteError(`a number beyond 2^53: ${value}`);
    return value;
  }

  /** 8 bytes as 16 hex digits. */
  id(): string {
    const at = this.#take(8);
    return this.#buffer.toString('hex', at, at + 8);
  }

  bool(): boolean {
    return this.#buffer[this.#take(1)] !== 0;
  }

  /** A copy: what is kept must not hold the frame it came in. */
  bytes(): Buffer | null {
    const length = this.int();
    if (length === -1) return null;
    if (length < 0) throw new JuteError(`${length} bytes`);
    const at = this.#take(length);
    return Buffer.from(this.#buffer.subarray(at, at + length));
  }

  string(): string {
    const length = this.int();
    if (length === -1) return '';
    if (length < 0) throw new JuteError(`a string of ${length} bytes`);
    const at = this.#take(length);
    return this.#buffer.toString('utf8', at, at + length);
  }

  /** `bytesMin`: the fewest an element can have. */
  vector<T>(bytesMin: number, each: () => T): T[] {
    const count = this.int();
    if (count === -1) return [];
    if (count < 0 || count * bytesMin > this.remaining) throw new JuteError(`a vector of ${count} elements`);
    return Array.from({ length: count }, each);
  }
}
