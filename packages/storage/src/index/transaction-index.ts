// The aborted transactions of a segment: `.txnindex`, made only when one aborts. Entries of 34 bytes {int16 version 0,
// int64 producerId, firstOffset, lastOffset, lastStableOffset}, in the order of their abort markers.

export const TRANSACTION_ENTRY_BYTES = 34;

export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
  /** Offset of the abort marker. */
  readonly lastOffset: number;
  /** Where the stable part of the log ended once this transaction had. */
  readonly lastStableOffset: number;
}

export function encodeAbortedTransaction(entry: AbortedTransaction): Buffer {
  const bytes = Buffer.alloc(TRANSACTION_ENTRY_BYTES);
  bytes.writeBigInt64BE(BigInt(entry.producerId), 2);
  bytes.writeBigInt64BE(BigInt(entry.firstOffset), 10);
  bytes.writeBigInt64BE(BigInt(entry.lastOffset), 18);
  bytes.writeBigInt64BE(BigInt(entry.lastStableOffset), 26);
  return bytes;
}

/** Throws at an entry of another version; an unfinished entry at the end is left out. */
export function decodeAbortedTransactions(bytes: Buffer): AbortedTransaction[] {
  const entries: AbortedTransaction[] = [];
  for (let at = 0; at + TRANSACTION_ENTRY_BYTES <= bytes.length; at += TRANSACTION_ENTRY_BYTES) {
    const version = bytes.readInt16BE(at);
    if (version !== 0) throw new Error(`entry of version ${version} at byte ${at}, only 0 is known`);
    entries.push({
      producerId: Number(bytes.readBigInt64BE(at + 2)),
      firstOffset: Number(bytes.readBigInt64BE(at + 10)),
      lastOffset: Number(bytes.readBigInt64BE(at + 18)),
      lastStableOffset: Number(bytes.readBigInt64BE(at + 26)),
    });
  }
  return entries;
}
