import type { Codec } from '@moldau/protocol/compression/codec';
import {
  codecIdOf,
  computeCrc,
  crcOf,
  reseal,
  setBaseOffset,
  setMaxTimestamp,
} from '@moldau/protocol/records/batch-header';
import { readRecords } from '@moldau/protocol/records/batch-reader';
import { writeBatch } from '@moldau/protocol/records/batch-writer';
import { DEFAULT_LOG_CONFIG, type LogConfig } from '@moldau/storage';
import { expect, test } from 'vitest';
import type { TopicSettings } from '../config/topic-settings.ts';
import { type Intake, takeIn } from './intake.ts';

const now = 1_700_000_000_000;
const hour = 3_600_000;

interface Given {
  log?: Partial<LogConfig>;
  compressionType?: TopicSettings['compressionType'];
  zstdAllowed?: boolean;
  origin?: Intake['origin'];
}

function intake(given: Given = {}): Intake {
  const settings = {
    log: { ...DEFAULT_LOG_CONFIG, ...given.log },
    minInsyncReplicas: 1,
    compressionType: given.compressionType ?? 'producer',
    compressionLevels: { gzip: -1, lz4: 9, zstd: 3 },
  } as TopicSettings;
  return { settings, origin: given.origin ?? 'client', now, zstdAllowed: given.zstdAllowed ?? true };
}

function batch(o: { keys?: (string | null)[]; timestamp?: number; codec?: Codec; value?: string } = {}): Buffer {
  return writeBatch({
    codec: o.codec ?? 'none',
    records: (o.keys ?? ['k']).map((key) => ({
      key: key === null ? null : Buffer.from(key),
      value: Buffer.from(o.value ?? 'v'),
      timestamp: o.timestamp ?? now,
      headers: [],
    })),
  });
}

function changed(records: Buffer, change: (records: Buffer) => void): Buffer {
  change(records);
  return records;
}

const compacted: Given = { log: { cleanupPolicy: new Set(['compact'] as const) } };

test.each<[string, Buffer, Given, string]>([
  ['nothing', Buffer.alloc(0), {}, 'INVALID_RECORD'],
  ['two batches', Buffer.concat([batch(), batch()]), {}, 'INVALID_RECORD'],
  ['a batch cut off', batch().subarray(0, 68), {}, 'INVALID_RECORD'],
  ['a flipped bit', changed(batch(), (b) => b.writeUInt8(b[65]! ^ 1, 65)), {}, 'CORRUPT_MESSAGE'],
  ['an old format', changed(batch(), (b) => b.writeInt8(1, 16)), {}, 'INVALID_RECORD'],
  ['a base offset of its own', changed(batch(), (b) => setBaseOffset(b, 0, 7)), {}, 'INVALID_RECORD'],
  [
    'more than max.message.bytes',
    batch({ value: 'x'.repeat(500) }),
    { log: { maxMessageBytes: 400 } },
    'MESSAGE_TOO_LARGE',
  ],
  [
    'too large and corrupt at once',
    changed(batch({ value: 'x'.repeat(500) }), (b) => b.writeUInt8(b[65]! ^ 1, 65)),
    { log: { maxMessageBytes: 400 } },
    'MESSAGE_TOO_LARGE',
  ],
  ['zstd before Produce v7', batch({ codec: 'zstd' }), { zstdAllowed: false }, 'UNSUPPORTED_COMPRESSION_TYPE'],
  ['a record without key on a compacted topic', batch({ keys: ['a', null] }), compacted, 'INVALID_RECORD'],
  ['the same, compressed', batch({ keys: ['a', null], codec: 'gzip' }), compacted, 'INVALID_RECORD'],
  ['a time too far ahead', batch({ timestamp: now + 2 * hour }), {}, 'INVALID_TIMESTAMP'],
  ['a time too far ahead, compressed', batch({ timestamp: now + 2 * hour, codec: 'lz4' }), {}, 'INVALID_TIMESTAMP'],
  [
    'a time too long ago',
    batch({ timestamp: now - 2 * hour }),
    { log: { timestampBeforeMaxMs: hour } },
    'INVALID_TIMESTAMP',
  ],
  [
    'malformed records under a good checksum',
    changed(batch(), (b) => {
      b.writeUInt8(0x7f, 61);
      reseal(b);
    }),
    {},
    'INVALID_RECORD',
  ],
])('%s is refused', (_name, records, given, error) => {
  const taken = takeIn(records, intake(given));
  expect(Buffer.isBuffer(taken) ? 'taken' : taken.error).toBe(error);
});

test.each<[string, Buffer, Given]>([
  [
    'a time far ahead where the broker stamps its own',
    batch({ timestamp: now + 2 * hour }),
    { log: { timestampType: 'LogAppendTime' } },
  ],
  ['a record without time', batch({ timestamp: -1 }), { log: { timestampBeforeMaxMs: hour } }],
  ['a time just inside', batch({ timestamp: now + hour }), {}],
  ['a keyless record where nothing is compacted', batch({ keys: [null] }), {}],
  ['a compressed batch, unopened', batch({ codec: 'snappy' }), {}],
])('%s is taken as it is', (_name, records, given) => {
  expect(takeIn(records, intake(given))).toBe(records);
});

test('the records to blame are named', () => {
  const taken = takeIn(batch({ keys: ['a', null, 'b', null] }), intake(compacted));
  expect(Buffer.isBuffer(taken) ? [] : taken.recordErrors?.map(({ batchIndex }) => batchIndex)).toEqual([1, 3]);
});

test('a header that lies about its greatest time costs its producer nothing when no record is out of range', () => {
  const records = changed(batch(), (b) => {
    setMaxTimestamp(b, 0, now + 5 * hour);
    reseal(b);
  });
  expect(takeIn(records, intake())).toBe(records);
});

test.each<[Codec, TopicSettings['compressionType'], number]>([
  ['none', 'gzip', 1],
  ['none', 'snappy', 2],
  ['gzip', 'lz4', 3],
  ['lz4', 'zstd', 4],
  ['zstd', 'uncompressed', 0],
])('a batch of codec %s becomes one of compression.type=%s, its records unchanged', (codec, compressionType, id) => {
  const taken = takeIn(batch({ keys: ['a', 'b', null], codec }), intake({ compressionType }));
  if (!Buffer.isBuffer(taken)) throw new Error(taken.detail);
  expect(codecIdOf(taken)).toBe(id);
  expect(crcOf(taken)).toBe(computeCrc(taken));
  const records = readRecords(taken, 0, { decompressedBytesMax: 1_000 });
  expect([...records].map(({ key, offset }) => `${offset}:${key}`)).toEqual(['0:a', '1:b', '2:null']);
});

test('a batch that unpacking would make larger than max.message.bytes is refused', () => {
  const records = batch({ value: 'x'.repeat(2_000), codec: 'gzip' });
  const taken = takeIn(records, intake({ compressionType: 'uncompressed', log: { maxMessageBytes: 1_000 } }));
  expect(Buffer.isBuffer(taken) ? 'taken' : taken.error).toBe('MESSAGE_TOO_LARGE');
});
