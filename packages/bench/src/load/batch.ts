// One record batch (magic 2), encoded once and sent again and again. The values are random capital letters, as those of
// Kafka's ProducerPerformance are, so that nobody wins by compressing them.
import { crc32c } from '@node-rs/crc32';

export interface EncodedBatch {
  readonly bytes: Buffer;
  readonly records: number;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value * 2; // zigzag of a non-negative number
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return bytes;
}

const NULL_KEY = 1; // zigzag of -1

/** `records` values of `recordBytes` each, without keys and headers, all with the timestamp `now`. */
export function encodeBatch(o: { records: number; recordBytes: number; now: number }): EncodedBatch {
  const value = Buffer.allocUnsafe(o.recordBytes);
  for (let i = 0; i < value.length; i++) value[i] = 65 + Math.floor(Math.random() * 26);
  const parts: Buffer[] = [];
  for (let i = 0; i < o.records; i++) {
    const head = [0, 0, ...varint(i), NULL_KEY, ...varint(o.recordBytes)];
    parts.push(Buffer.from([...varint(head.length + o.recordBytes + 1), ...head]), value, Buffer.of(0));
  }
  const body = Buffer.concat(parts);
  const header = Buffer.alloc(61);
  header.writeInt32BE(61 - 12 + body.length, 8);
  header.writeInt32BE(-1, 12); // partition leader epoch
  header[16] = 2;
  header.writeInt32BE(o.records - 1, 23);
  header.writeBigInt64BE(BigInt(o.now), 27);
  header.writeBigInt64BE(BigInt(o.now), 35);
  header.writeBigInt64BE(-1n, 43); // producer id
  header.writeInt16BE(-1, 51);
  header.writeInt32BE(-1, 53);
  header.writeInt32BE(o.records, 57);
  const bytes = Buffer.concat([header, body]);
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17);
  return { bytes, records: o.records };
}

/** How many records of `recordBytes` a producer with `batch.size` = `batchBytes` puts into one batch: at least one. */
export function recordsPerBatch(recordBytes: number, batchBytes: number): number {
  const perRecord = recordBytes + 7 + (recordBytes > 63 ? 1 : 0) * 2;
  return Math.max(1, Math.floor((batchBytes - 61) / perRecord));
}
