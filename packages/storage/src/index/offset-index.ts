// Where in a segment an offset is, roughly: `.index`, entries of 8 bytes {int32 offset - base, int32 position}. The offset
// is the last one of a batch, the position is where that batch starts; one entry for every index.interval.bytes.
// Always: both columns increase. Derived from the log: what does not hold up is made again.
import { EntryBuffer } from './entry-buffer.ts';

export const OFFSET_ENTRY_BYTES = 8;
/** Offsets in an index are relative and fit 31 bits; a segment is closed before one would not (KAFKA-12889). */
export const RELATIVE_OFFSET_MAX = 0x7fffffff;

export class OffsetIndex {
  readonly baseOffset: number;
  readonly #entries: EntryBuffer;

  constructor(baseOffset: number, bytes: Buffer = Buffer.alloc(0)) {
    this.baseOffset = baseOffset;
    this.#entries = new EntryBuffer(OFFSET_ENTRY_BYTES, bytes);
  }

  /**
   * The index in the bytes of a file. Zeros at the end are the room that Kafka sets aside and a crash leaves there.
   * Undefined when the entries are not what an index can be.
   */
  static read(baseOffset: number, bytes: Buffer, segmentBytes: number): OffsetIndex | undefined {
    const count = Math.floor(bytes.length / OFFSET_ENTRY_BYTES);
    let beforeOffset = -1;
    let beforePosition = -1;
    let valid = 0;
    for (; valid < count; valid++) {
      const at = valid * OFFSET_ENTRY_BYTES;
      const offset = bytes.readInt32BE(at);
      const position = bytes.readInt32BE(at + 4);
      if (offset === 0 && position === 0 && valid > 0) break;
      if (offset <= beforeOffset || position <= beforePosition || position >= segmentBytes) {
        if (offset === 0 && position === 0) break;
        return undefined;
      }
      beforeOffset = offset;
      beforePosition = position;
    }
    if (!isZero(bytes, valid * OFFSET_ENTRY_BYTES)) return undefined;
    return new OffsetIndex(baseOffset, bytes.subarray(0, valid * OFFSET_ENTRY_BYTES));
  }

  get count(): number {
    return this.#entries.count;
  }

  get capacityBytes(): number {
    return this.#entries.capacityBytes;
  }

  append(lastOffset: number, position: number): void {
    const at = this.#entries.grow();
    this.#entries.bytes.writeInt32BE(lastOffset - this.baseOffset, at);
    this.#entries.bytes.writeInt32BE(position, at + 4);
  }

  offsetAt(slot: number): number {
    return this.baseOffset + this.#entries.bytes.readInt32BE(slot * OFFSET_ENTRY_BYTES);
  }

  positionAt(slot: number): number {
    return this.#entries.bytes.readInt32BE(slot * OFFSET_ENTRY_BYTES + 4);
  }

  /** The last entry whose offset is at or below `offset`; -1 when there is none (start at the segment's start). */
  floor(offset: number): number {
    const bytes = this.#entries.bytes;
    const relative = offset - this.baseOffset;
    let low = 0;
    let high = this.#entries.count - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      if (bytes.readInt32BE(middle * OFFSET_ENTRY_BYTES) <= relative) low = middle + 1;
      else high = middle - 1;
    }
    return high;
  }

  /** Drops entries at and past `offset`. */
  truncateTo(offset: number): void {
    this.#entries.truncate(this.floor(offset - 1) + 1);
  }

  /** The entries from number `from` on, as the file has them. */
  toBytes(from = 0): Buffer {
    return this.#entries.slice(from);
  }
}

export function isZero(bytes: Buffer, from: number): boolean {
  for (let i = from; i < bytes.length; i++) if (bytes[i] !== 0) return false;
  return true;
}
