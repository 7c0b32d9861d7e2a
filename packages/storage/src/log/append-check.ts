// What is asked of a batch before a log takes it: the batch itself, its records, its times, its producer. Reads only, but
// for one correction: a header whose latest time is not that of its records gets the right one, because the time index
// and retention believe it.

import { type BatchRefusal, checkBatch, checkRecords } from '@moldau/protocol/records/batch-check';
import {
  attributesOf,
  baseSequenceOf,
  baseTimestampOf,
  CODEC_MASK,
  isControl,
  isTransactional,
  lastSequenceOf,
  maxTimestampOf,
  producerEpochOf,
  producerIdOf,
  reseal,
  setMaxTimestamp,
} from '@moldau/protocol/records/batch-header';
import type { LogRefusal } from '../log-answers.ts';
import type { LogConfig } from '../log-config.ts';
import { producerFactsOf } from '../producer/producer-facts.ts';
import type { ProducerBatch, ProducerState } from '../producer/producer-state.ts';

export interface AppendOptions {
  /** Written into the batches; for 'replication' the batches carry it already. */
  readonly leaderEpoch: number;
  readonly origin: 'client' | 'coordinator' | 'replication';
  /** Wall-clock ms. */
  readonly now: number;
  /** False for Produce below v7. Default true. */
  readonly zstdAllowed?: boolean;
  /**
   * The caller did what `checkAppend` does: one whole batch with a good checksum and counts, its size, records and times
   * within the log's limits. Default false.
   */
  readonly checked?: boolean;
}

/** Compacted topics want a key in every record, so their batches are unpacked; not beyond this. */
const DECOMPRESSED_BYTES_MAX = 64 << 20;

/** For appends of clients and coordinators. Undefined: the batch may be appended. */
export function checkAppend(records: Buffer, options: AppendOptions, config: LogConfig): LogRefusal | undefined {
  const origin = options.origin === 'client' ? 'client' : 'coordinator';
  const refusal = checkBatch(records, 0, records.length, {
    batchBytesMax: config.maxMessageBytes,
    origin,
    zstdAllowed: options.zstdAllowed ?? true,
  });
  if (refusal) return refuse(refusal);
  if (records.length > config.segmentBytes) {
    return {
      kind: 'refused',
      error: 'RECORD_LIST_TOO_LARGE',
      detail: `batch of ${records.length} bytes, a segment holds ${config.segmentBytes}`,
    };
  }
  if (origin === 'coordinator' && isControl(records, 0)) return undefined;

  const createTime = config.timestampType === 'CreateTime';
  const timestampMin = createTime ? options.now - config.timestampBeforeMaxMs : Number.NEGATIVE_INFINITY;
  const timestampMax = createTime ? options.now + config.timestampAfterMaxMs : Number.POSITIVE_INFINITY;
  const keyRequired = config.cleanupPolicy.has('compact');
  const compressed = (attributesOf(records, 0) & CODEC_MASK) !== 0;
  if (!compressed || keyRequired) {
    const checked = checkRecords(records, 0, {
      decompressedBytesMax: DECOMPRESSED_BYTES_MAX,
      keyRequired,
      timestampMin,
      timestampMax,
    });
    if (!checked.ok) return refuse(checked.refusal);
    if (checked.facts.maxTimestamp !== maxTimestampOf(records, 0)) {
      setMaxTimestamp(records, 0, checked.facts.maxTimestamp);
      reseal(records, 0);
    }
    return undefined;
  }
  // Compressed records stay closed (D7): their header speaks for them.
  const latest = maxTimestampOf(records, 0);
  const first = baseTimestampOf(records, 0);
  if ((latest !== -1 && latest > timestampMax) || (first !== -1 && first < timestampMin)) {
    return {
      kind: 'refused',
      error: 'INVALID_TIMESTAMP',
      detail: `times ${first} to ${latest} are out of the range ${timestampMin} to ${timestampMax}`,
    };
  }
  return undefined;
}

/** An earlier append of this very batch, a refusal, or undefined: it may follow. For batches of a producer. */
export function checkProducer(
  records: Buffer,
  producers: ProducerState,
  origin: 'client' | 'coordinator',
): ProducerBatch | LogRefusal | undefined {
  const producerId = producerIdOf(records, 0);
  const epoch = producerEpochOf(records, 0);
  if (isControl(records, 0)) {
    const end = producerFactsOf(records, 0)?.endTransaction;
    return end ? producers.checkMarker(producerId, epoch, end.coordinatorEpoch) : undefined;
  }
  const baseSequence = baseSequenceOf(records, 0);
  if (origin === 'client') {
    const duplicate = producers.duplicateOf(producerId, epoch, baseSequence, lastSequenceOf(records, 0));
    if (duplicate) return duplicate;
  }
  return producers.check(producerId, epoch, baseSequence, isTransactional(records, 0), origin);
}

function refuse(refusal: BatchRefusal): LogRefusal {
  return { kind: 'refused', ...refusal };
}
