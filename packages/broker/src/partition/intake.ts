// Pure: what a client's batch must be to enter a partition, and the one change it may need first (compression.type). In
// the flow: partition.place, before the log. The order of checks is Kafka's (ProduceRequest.validateRecords, then
// UnifiedLog.analyzeAndValidateRecords, then LogValidator), so that a batch wrong in two ways gets Kafka's error.
import { type Codec, codecId, codecOfId, compress } from '@moldau/protocol/compression/codec';
import type { WireError } from '@moldau/protocol/errors';
import { checkBatch, checkRecords } from '@moldau/protocol/records/batch-check';
import {
  attributesOf,
  BATCH_OVERHEAD,
  CODEC_MASK,
  codecIdOf,
  LOG_OVERHEAD,
  maxTimestampOf,
  reseal,
  setAttributes,
} from '@moldau/protocol/records/batch-header';
import { unpackRecords } from '@moldau/protocol/records/record-cursor';
import type { TopicSettings } from '../config/topic-settings.ts';

/** Why a batch does not enter. `recordErrors` names records where single ones are to blame (Produce v8+). */
export interface IntakeRefusal {
  readonly kind: 'refused';
  readonly error: WireError;
  readonly detail: string;
  readonly recordErrors?: readonly { readonly batchIndex: number; readonly message: string }[];
}

export interface Intake {
  readonly settings: TopicSettings;
  readonly origin: 'client' | 'coordinator';
  /** Wall-clock milliseconds. */
  readonly now: number;
  /** False below Produce v7. */
  readonly zstdAllowed: boolean;
}

/** Most bytes one batch may unpack to where the broker must look inside. */
export const unpackedBytesMax = 128 * 1024 * 1024;

/** The batch as it goes into the log (its own bytes, or compressed anew), or why not. */
export function takeIn(records: Buffer, intake: Intake): Buffer | IntakeRefusal {
  const { settings, origin, now } = intake;
  const { log } = settings;
  const refusal = checkBatch(records, 0, records.length, {
    batchBytesMax: log.maxMessageBytes,
    origin,
    zstdAllowed: intake.zstdAllowed,
  });
  if (refusal) return { kind: 'refused', ...refusal };
  if (origin !== 'client') return records;

  const codec = codecIdOf(records);
  const keyRequired = log.cleanupPolicy.has('compact');
  const ownTime = log.timestampType === 'CreateTime';
  const timestampMax = ownTime ? now + log.timestampAfterMaxMs : Number.POSITIVE_INFINITY;
  const timestampMin = ownTime ? now - log.timestampBeforeMaxMs : Number.NEGATIVE_INFINITY;
  // A compressed batch is opened only where its inside decides; an uncompressed one is walked always: a malformed record
  // in the log would stop every consumer after it.
  const wanted = settings.compressionType;
  const target: Codec | undefined = wanted === 'producer' ? undefined : wanted === 'uncompressed' ? 'none' : wanted;
  const repack = target !== undefined && codecOfId(codec) !== target;
  if (
    repack ||
    codec === 0 ||
    keyRequired ||
    maxTimestampOf(records) > timestampMax ||
    (ownTime && boundsThePast(log))
  ) {
    const checked = checkRecords(records, 0, {
      decompressedBytesMax: unpackedBytesMax,
      keyRequired,
      timestampMin,
      timestampMax,
    });
    if (!checked.ok) return { kind: 'refused', ...checked.refusal };
  }
  if (!repack) return records;
  const packed = recompressed(records, target, levelOf(target, settings));
  if (packed.length > log.maxMessageBytes) {
    return {
      kind: 'refused',
      error: 'MESSAGE_TOO_LARGE',
      detail: `record batch of ${packed.length} bytes after compression.type=${wanted}, at most ${log.maxMessageBytes} are allowed`,
    };
  }
  return packed;
}

function boundsThePast(log: TopicSettings['log']): boolean {
  return log.timestampBeforeMaxMs < Number.MAX_SAFE_INTEGER;
}

function levelOf(codec: Codec, { compressionLevels }: TopicSettings): number | undefined {
  if (codec === 'gzip') return compressionLevels.gzip < 0 ? undefined : compressionLevels.gzip;
  return codec === 'zstd' ? compressionLevels.zstd : undefined;
}

/** The same batch under another codec, resealed. */
function recompressed(records: Buffer, target: Codec, level: number | undefined): Buffer {
  const body = compress(target, unpackRecords(records, 0, { decompressedBytesMax: unpackedBytesMax }), level);
  const batch = Buffer.allocUnsafeSlow(BATCH_OVERHEAD + body.length);
  records.copy(batch, 0, 0, BATCH_OVERHEAD);
  body.copy(batch, BATCH_OVERHEAD);
  batch.writeInt32BE(batch.length - LOG_OVERHEAD, 8);
  setAttributes(batch, 0, (attributesOf(batch) & ~CODEC_MASK) | codecId(target));
  reseal(batch);
  return batch;
}
