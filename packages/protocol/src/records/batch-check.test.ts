import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { WireError } from '../errors.ts';
import { type BatchLimits, checkBatch, checkRecords } from './batch-check.ts';
import * as header from './batch-header.ts';
import { readRecords } from './batch-reader.ts';
import { type BatchInput, type RecordInput, writeBatch } from './batch-writer.ts';

const client: BatchLimits = { batchBytesMax: 1_048_588, origin: 'client' };
const unpack = { decompressedBytesMax: 1 << 20 };
const records: RecordInput[] = [
  { key: Buffer.from('k'), value: Buffer.from('v'), timestamp: 1000, headers: [{ key: 'h', value: Buffer.from('x') }] },
  { key: null, value: Buffer.from('w'), timestamp: 1005 },
];
const good = (more: Partial<BatchInput> = {}) => writeBatch({ records, ...more });

/** A good batch with one thing changed, and its checksum right again. */
function changed(change: (batch: Buffer) => void, more: Partial<BatchInput> = {}): Buffer {
  const batch = good(more);
  change(batch);
  header.reseal(batch);
  return batch;
}

const check = (batch: Buffer, limits: Partial<BatchLimits> = {}) =>
  checkBatch(batch, 0, batch.length, { ...client, ...limits })?.error;

const producer = { producerId: 9, producerEpoch: 1, baseSequence: 0 };
const refused: Record<string, [WireError, () => Buffer, Partial<BatchLimits>?]> = {
  'no bytes': ['INVALID_RECORD', () => Buffer.alloc(0)],
  'sixteen bytes': ['INVALID_RECORD', () => good().subarray(0, 16)],
  'a batch cut off': ['INVALID_RECORD', () => good().subarray(0, 80)],
  'a size below the header': [
    'CORRUPT_MESSAGE',
    () => {
      const batch = good();
      batch.writeInt32BE(30, 8);
      return batch;
    },
  ],
  'a negative size': [
    'CORRUPT_MESSAGE',
    () => {
      const batch = good();
      batch.writeInt32BE(-1, 8);
      return batch;
    },
  ],
  'magic 0': ['INVALID_RECORD', () => changed((batch) => batch.writeInt8(0, 16))],
  'magic 1': ['INVALID_RECORD', () => changed((batch) => batch.writeInt8(1, 16))],
  'magic 3': ['CORRUPT_MESSAGE', () => changed((batch) => batch.writeInt8(3, 16))],
  'magic -1': ['CORRUPT_MESSAGE', () => changed((batch) => batch.writeInt8(-1, 16))],
  'too large': ['MESSAGE_TOO_LARGE', () => good(), { batchBytesMax: 70 }],
  'a wrong checksum': [
    'CORRUPT_MESSAGE',
    () => {
      const batch = good();
      batch[65] = batch[65]! ^ 1;
      return batch;
    },
  ],
  'two batches': ['INVALID_RECORD', () => Buffer.concat([good(), good()])],
  'bytes after the batch': ['INVALID_RECORD', () => Buffer.concat([good(), Buffer.alloc(3)])],
  'a base offset': ['INVALID_RECORD', () => good({ baseOffset: 5 })],
  'codec 5': ['UNSUPPORTED_COMPRESSION_TYPE', () => changed((batch) => header.setAttributes(batch, 0, 5))],
  'zstd below Produce v7': ['UNSUPPORTED_COMPRESSION_TYPE', () => good({ codec: 'zstd' }), { zstdAllowed: false }],
  'a negative last offset delta': ['INVALID_RECORD', () => changed((batch) => batch.writeInt32BE(-1, 23))],
  'a count that does not fit': ['INVALID_RECORD', () => changed((batch) => batch.writeInt32BE(7, 57))],
  'no records': ['INVALID_RECORD', () => writeBatch({ records: [] })],
  'a control batch': ['INVALID_RECORD', () => good({ control: true, ...producer })],
  'a delete horizon': ['INVALID_RECORD', () => good({ deleteHorizon: true })],
  LogAppendTime: ['INVALID_TIMESTAMP', () => good({ timestampType: 'LogAppendTime' })],
  'a timestamp below -1': ['INVALID_TIMESTAMP', () => changed((batch) => header.setMaxTimestamp(batch, 0, -2))],
  'a timestamp beyond 2^53': ['INVALID_TIMESTAMP', () => changed((batch) => batch.writeInt32BE(0x7fffffff, 27))],
  'a producer without sequence': ['INVALID_RECORD', () => good({ ...producer, baseSequence: -1 })],
  'a producer without epoch': ['INVALID_RECORD', () => good({ ...producer, producerEpoch: -1 })],
  'a transaction without producer': ['INVALID_RECORD', () => good({ transactional: true })],
};

for (const [name, [error, batch, limits]] of Object.entries(refused)) {
  test(`${name}: ${error}`, () => {
    const bytes = batch();
    const refusal = checkBatch(bytes, 0, bytes.length, { ...client, ...limits });
    expect(refusal?.error).toBe(error);
    expect(refusal?.detail).toMatch(/\S/);
  });
}

test('good batches pass, whatever their codec, producer or place', () => {
  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
    expect(check(good({ codec, ...producer, transactional: true }))).toBeUndefined();
    expect(checkRecords(good({ codec }), 0, unpack)).toEqual({ ok: true, facts: { maxTimestamp: 1005 } });
  }
  const shifted = Buffer.concat([Buffer.alloc(13), good()]);
  expect(checkBatch(shifted, 13, shifted.length, client)).toBeUndefined();
});

test('a coordinator may write control batches, replication takes any sound batch among others', () => {
  expect(check(good({ control: true, ...producer }), { origin: 'coordinator' })).toBeUndefined();
  const two = Buffer.concat([good({ baseOffset: 5 }), good({ baseOffset: 7 })]);
  expect(check(two, { origin: 'replication' })).toBeUndefined();
});

test('compacted topics need keys, and the answer says which record lacks one', () => {
  const outcome = checkRecords(good(), 0, { ...unpack, keyRequired: true });
  expect(outcome).toMatchObject({ ok: false, refusal: { error: 'INVALID_RECORD', recordErrors: [{ batchIndex: 1 }] } });
});

test('times out of bounds are named, and outweigh other faults of records as in Kafka', () => {
  const outcome = checkRecords(good(), 0, { ...unpack, keyRequired: true, timestampMax: 999 });
  expect(outcome).toMatchObject({
    ok: false,
    refusal: { error: 'INVALID_TIMESTAMP', recordErrors: [{ batchIndex: 0 }, { batchIndex: 1 }] },
  });
  const none = writeBatch({ records: [{ key: null, value: null, timestamp: -1 }] });
  expect(checkRecords(none, 0, { ...unpack, timestampMin: 5 }).ok).toBe(true);
});

test('offset deltas must be 0, 1, 2, ...', () => {
  const gap = writeBatch({ records: [records[0]!, { ...records[1]!, offsetDelta: 2 }], lastOffsetDelta: 1 });
  expect(check(gap)).toBeUndefined();
  expect(checkRecords(gap, 0, unpack)).toMatchObject({ ok: false, refusal: { error: 'INVALID_RECORD' } });
});

test('a bomb inside a batch is refused by its size', () => {
  const bomb = writeBatch({ records: [{ key: null, value: Buffer.alloc(10 << 20), timestamp: 0 }], codec: 'zstd' });
  expect(check(bomb)).toBeUndefined();
  expect(checkRecords(bomb, 0, unpack)).toMatchObject({ ok: false, refusal: { error: 'INVALID_RECORD' } });
});

test('what checkRecords passes can be read; nothing but a refusal comes of anything else', () => {
  const batch = good();
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(batch.length - 62), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      (changes) => {
        const damaged = Buffer.from(batch);
        for (const [at, byte] of changes) damaged[61 + at] = byte;
        if (checkRecords(damaged, 0, unpack).ok) expect(readRecords(damaged, 0, unpack).length).toBe(2);
      },
    ),
    { numRuns: 3000 },
  );
});
