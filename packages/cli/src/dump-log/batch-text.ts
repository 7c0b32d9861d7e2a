// One line for a batch, one for a record: the text that Kafka's DumpLogSegments prints.
import { codecOfId } from '@moldau/protocol/compression/codec';
import {
  addToSequence,
  attributesOf,
  BATCH_OVERHEAD,
  baseOffsetOf,
  baseSequenceOf,
  baseTimestampOf,
  batchSizeOf,
  codecIdOf,
  computeCrc,
  crcOf,
  DELETE_HORIZON_BIT,
  isControl,
  isLogAppendTime,
  isTransactional,
  lastOffsetOf,
  lastSequenceOf,
  leaderEpochOf,
  magicOf,
  maxTimestampOf,
  producerEpochOf,
  producerIdOf,
  recordCountOf,
} from '@moldau/protocol/records/batch-header';
import type { RecordView } from '@moldau/protocol/records/batch-reader';
import type { FileBatch } from './segment-file.ts';

/** The header of a batch, with a line break. */
export function batchLine({ buffer, at, position }: FileBatch): string {
  const size = batchSizeOf(buffer, at);
  const horizon = attributesOf(buffer, at) & DELETE_HORIZON_BIT;
  const valid = size >= BATCH_OVERHEAD && crcOf(buffer, at) === computeCrc(buffer, at);
  return (
    `baseOffset: ${baseOffsetOf(buffer, at)} lastOffset: ${lastOffsetOf(buffer, at)} count: ${recordCountOf(buffer, at)}` +
    ` baseSequence: ${baseSequenceOf(buffer, at)} lastSequence: ${lastSequenceOf(buffer, at)}` +
    ` producerId: ${producerIdOf(buffer, at)} producerEpoch: ${producerEpochOf(buffer, at)}` +
    ` partitionLeaderEpoch: ${leaderEpochOf(buffer, at)}` +
    ` isTransactional: ${isTransactional(buffer, at)} isControl: ${isControl(buffer, at)}` +
    ` deleteHorizonMs: ${horizon ? `OptionalLong[${baseTimestampOf(buffer, at)}]` : 'OptionalLong.empty'}` +
    ` position: ${position} ${timestampType(buffer, at)}: ${maxTimestampOf(buffer, at)} size: ${size}` +
    ` magic: ${magicOf(buffer, at)} compresscodec: ${codecOfId(codecIdOf(buffer, at)) ?? codecIdOf(buffer, at)}` +
    ` crc: ${crcOf(buffer, at)} isvalid: ${valid}\n`
  );
}

/** What is known about a record beside its content, without a line break. */
export function recordMetadata({ buffer, at }: FileBatch, record: RecordView): string {
  const base = baseSequenceOf(buffer, at);
  const sequence = base < 0 ? -1 : addToSequence(base, record.offset - baseOffsetOf(buffer, at));
  return (
    `| offset: ${record.offset} ${timestampType(buffer, at)}: ${record.timestamp}` +
    ` keySize: ${record.key?.length ?? -1} valueSize: ${record.value?.length ?? -1}` +
    ` sequence: ${sequence} headerKeys: [${record.headers.map(({ key }) => key).join(',')}]`
  );
}

function timestampType(buffer: Buffer, at: number): string {
  return isLogAppendTime(buffer, at) ? 'LogAppendTime' : 'CreateTime';
}
