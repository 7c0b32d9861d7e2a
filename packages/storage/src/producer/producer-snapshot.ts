// `.snapshot` files: the producers that a log remembers at an offset. int16 version 1, uint32 CRC-32C of the rest, int32
// count, entries of 46 bytes. Only the last batch of each producer fits in it, as in Kafka: after a restart a duplicate is
// recognised one batch back, and the batches replayed after the snapshot fill up the rest.
import { crc32c } from '@moldau/protocol/crc32c';
import { newEntry, type ProducerEntry } from './producer-state.ts';

const VERSION = 1;
const ENTRIES_FROM = 6;
const ENTRY_BYTES = 46;

export function encodeProducerSnapshot(producers: Iterable<ProducerEntry>, count: number): Buffer {
  const bytes = Buffer.alloc(ENTRIES_FROM + 4 + count * ENTRY_BYTES);
  bytes.writeInt16BE(VERSION, 0);
  bytes.writeInt32BE(count, ENTRIES_FROM);
  let at = ENTRIES_FROM + 4;
  for (const producer of producers) {
    const last = producer.batches[producer.batches.length - 1];
    bytes.writeBigInt64BE(BigInt(producer.producerId), at);
    bytes.writeInt16BE(producer.epoch, at + 8);
    bytes.writeInt32BE(last?.lastSequence ?? -1, at + 10);
    bytes.writeBigInt64BE(BigInt(last?.lastOffset ?? -1), at + 14);
    bytes.writeInt32BE(last?.offsetDelta ?? 0, at + 22);
    bytes.writeBigInt64BE(BigInt(producer.lastTimestamp), at + 26);
    bytes.writeInt32BE(producer.coordinatorEpoch, at + 34);
    bytes.writeBigInt64BE(BigInt(producer.transactionFirstOffset), at + 38);
    at += ENTRY_BYTES;
  }
  bytes.writeUInt32BE(crc32c(bytes, ENTRIES_FROM), 2);
  return bytes;
}

/** Throws when the bytes are not a whole and undamaged snapshot. */
export function decodeProducerSnapshot(bytes: Buffer): ProducerEntry[] {
  if (bytes.length < ENTRIES_FROM + 4) throw new Error(`${bytes.length} bytes are too few for a producer snapshot`);
  const version = bytes.readInt16BE(0);
  if (version !== VERSION) throw new Error(`version ${version}, only ${VERSION} is known`);
  const stored = bytes.readUInt32BE(2);
  const computed = crc32c(bytes, ENTRIES_FROM);
  if (stored !== computed) throw new Error(`CRC ${computed}, stored ${stored}`);
  const count = bytes.readInt32BE(ENTRIES_FROM);
  if (count < 0 || ENTRIES_FROM + 4 + count * ENTRY_BYTES !== bytes.length) {
    throw new Error(`${count} entries do not fill ${bytes.length} bytes`);
  }
  const producers: ProducerEntry[] = [];
  for (let at = ENTRIES_FROM + 4; at < bytes.length; at += ENTRY_BYTES) {
    const lastTimestamp = Number(bytes.readBigInt64BE(at + 26));
    const producer = newEntry(Number(bytes.readBigInt64BE(at)), lastTimestamp);
    producer.epoch = bytes.readInt16BE(at + 8);
    producer.lastTimestamp = lastTimestamp;
    producer.coordinatorEpoch = bytes.readInt32BE(at + 34);
    producer.transactionFirstOffset = Number(bytes.readBigInt64BE(at + 38));
    const lastOffset = Number(bytes.readBigInt64BE(at + 14));
    if (lastOffset >= 0) {
      producer.batches.push({
        lastSequence: bytes.readInt32BE(at + 10),
        lastOffset,
        offsetDelta: bytes.readInt32BE(at + 22),
        timestamp: lastTimestamp,
      });
    }
    producers.push(producer);
  }
  return producers;
}
