// Brings a machine to where its log stands: every batch from the start of the log, in order, into `apply`. What compaction
// removed is not missed; what it kept twice (an old value, then the newer) comes in order and the newer wins.
import type { ProtocolError } from '@moldau/protocol/errors';
import { isControl, isTransactional, lastOffsetOf, producerIdOf } from '@moldau/protocol/records/batch-header';
import { batches, readRecords } from '@moldau/protocol/records/batch-reader';
import type { RecordCodec, ReplicatedMachine } from './machine.ts';
import type { ShardLog } from './shard-log.ts';

export interface Replayed {
  readonly recordCount: number;
  /** Records of kinds that the codec does not know; left alone. */
  readonly unknownCount: number;
  readonly endOffset: number;
}

/** Most bytes one batch of a coordinator's log may unpack to. Ours are far below; a taken-over log may be compressed. */
const UNPACKED_BYTES_MAX = 128 * 1024 * 1024;

/** Types of control records (KIP-98). */
const ABORT = 0;
const COMMIT = 1;

/**
 * Replays `log` up to its present end. Undefined when `wanted` turned false on the way: then what was applied is to be
 * thrown away. Throws what reading throws, and ProtocolError for a record that cannot be understood.
 */
export async function replay<LogRecord>(
  log: ShardLog,
  machine: Pick<ReplicatedMachine<never, LogRecord, never, never>, 'apply' | 'transactionEnded'>,
  codec: RecordCodec<LogRecord>,
  bufferBytes: number,
  wanted: () => boolean,
): Promise<Replayed | undefined> {
  const endOffset = log.endOffset;
  let recordCount = 0;
  let unknownCount = 0;
  let offset = log.startOffset;
  while (offset < endOffset) {
    const chunk = await log.read(offset, bufferBytes);
    // The world may have changed while we waited: the shard closed, the partition moved (hazards G1, R8).
    if (!wanted()) return undefined;
    let read = false;
    for (const position of batches(chunk)) {
      const lastOffset = lastOffsetOf(chunk, position);
      if (lastOffset < offset) continue;
      offset = lastOffset + 1;
      read = true;
      const producerId = producerIdOf(chunk, position);
      const records = readRecords(chunk, position, { decompressedBytesMax: UNPACKED_BYTES_MAX });
      if (isControl(chunk, position)) {
        for (const { key, offset: at } of records) {
          const type = key !== null && key.length >= 4 ? key.readInt16BE(2) : undefined;
          if (type === COMMIT || type === ABORT) {
            machine.transactionEnded(producerId, type === COMMIT, { offset: at, producerId });
          }
        }
        continue;
      }
      const writer = isTransactional(chunk, position) ? producerId : -1;
      for (const { key, value, offset: at } of records) {
        recordCount++;
        const record = key === null ? undefined : decode(codec, key, value, at);
        if (record === undefined) unknownCount++;
        else machine.apply(record, { offset: at, producerId: writer });
      }
    }
    // Nothing before the end: compaction removed the last batches, and only the end offset remembers them.
    if (!read) break;
  }
  return { recordCount, unknownCount, endOffset };
}

function decode<LogRecord>(codec: RecordCodec<LogRecord>, key: Buffer, value: Buffer | null, offset: number) {
  try {
    return codec.decode(key, value);
  } catch (error) {
    throw new Error(`the record at offset ${offset} cannot be read: ${(error as ProtocolError).message}`, {
      cause: error,
    });
  }
}
