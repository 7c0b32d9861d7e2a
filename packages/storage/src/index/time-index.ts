// From which offset on a time can be: `.timeindex`, entries of 12 bytes {int64 timestamp, int32 offset - base}, meaning:
// no record up to and including this offset (the last of its batch) is later than this timestamp.
// Always: timestamps increase, offsets never decrease. Derived from the log.
import { EntryBuffer } from './entry-buffer.ts';
import { isZero } from './offset-index.ts';

export const TIME_ENTRY_BYTES = 12;

export class TimeIndex {
  readonly baseOffset: number;
  readonly #entries: EntryBuffer;

  constructor(baseOffset: number, bytes: Buffer = Buffer.alloc(0)) {
    this.baseOffset = baseOffset;
    this.#entries = new EntryBuffer(TIME_ENTRY_BYTES, bytes);
  }

  /** As `OffsetIndex.read`. */
  static read(baseOffset: number, bytes: Buffer): TimeIndex | undefined {
    const count = Math.floor(bytes.length / TIME_ENTRY_BYTES);
    let beforeTimestamp = Number.NEGATIVE_INFINITY;
    let beforeOffset = -1;
    let valid = 0;
    for (; valid < count; valid++) {
      const at = valid * TIME_ENTRY_BYTES;
      const timestamp = timestampAt(bytes, at);
      const offset = bytes.readInt32BE(at + 8);
      if (timestamp === 0 && offset === 0) break;
      if (timestamp <= beforeTimestamp || offset < beforeOffset) return undefined;
      beforeTimestamp = timestamp;
      beforeOffset = offset;
    }
    if (!isZero(bytes, valid * TIME_ENTRY_BYTES)) return undefined;
    return new TimeIndex(baseOffset, bytes.subarray(0, valid * TIME_ENTRY_BYTES));
  }

  get count(): number {
    return this.#entries.count;
  }

  get capacityBytes(): number {
    return this.#entries.capacityBytes;
  }

  /** -1 when there is no entry. */
  get lastTimestamp(): number {
    return this.count === 0 ? -1 : this.timestampAt(this.count - 1);
  }

  /** Adds an entry when the timestamp is later than the last one's. */
  append(timestamp: number, offset: number): void {
    if (timestamp <= this.lastTimestamp) return;
    const at = this.#entries.grow();
    const high = Math.floor(timestamp / 0x100000000);
    this.#entries.bytes.writeInt32BE(high, at);
    this.#entries.bytes.writeUInt32BE(timestamp - high * 0x100000000, at + 4);
    this.#entries.bytes.writeInt32BE(offset - this.baseOffset, at + 8);
  }

  timestampAt(slot: number): number {
    return timestampAt(this.#entries.bytes, slot * TIME_ENTRY_BYTES);
  }

  offsetAt(slot: number): number {
    return this.baseOffset + this.#entries.bytes.readInt32BE(slot * TIME_ENTRY_BYTES + 8);
  }

  /** The last entry whose timestamp is below `timestamp`: what is sought comes after its offset. -1: anywhere. */
  below(timestamp: number): number {
    let low = 0;
    let high = this.count - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      if (this.timestampAt(middle) < timestamp) low = middle + 1;
      else high = middle - 1;
    }
    return high;
  }

  /** Drops entries at and past `offset`. */
  truncateTo(offset: number): void {
    let keep = this.count;
    while (keep > 0 && this.offsetAt(keep - 1) >= offset) keep--;
    this.#entries.truncate(keep);
  }

  toBytes(from = 0): Buffer {
    return this.#entries.slice(from);
  }
}

function timestampAt(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 0x100000000 + bytes.readUInt32BE(at + 4);
}
