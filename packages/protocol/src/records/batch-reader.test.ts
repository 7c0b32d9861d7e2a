import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CODECS, type Codec } from '../compression/codec.ts';
import { ProtocolError } from '../errors.ts';
import * as header from './batch-header.ts';
import { batches, readRecords } from './batch-reader.ts';
import { type RecordInput, writeBatch } from './batch-writer.ts';

const java = JSON.parse(readFileSync(new URL('./fixtures/java-batches.json', import.meta.url), 'utf8')) as {
  small: Record<Codec, string>;
  big: Record<Exclude<Codec, 'none'>, string>;
  marker: string;
};
const limits = { decompressedBytesMax: 1 << 20, verifyCrc: true };
const lines = Array.from({ length: 60 }, (_, i) => `line ${i} of the file, `).join('');
const written: RecordInput[] = [
  { timestamp: 1_700_000_000_000, key: Buffer.from('k1'), value: Buffer.from('hello') },
  { timestamp: 1_700_000_000_123, key: null, value: Buffer.from('no key') },
  { timestamp: 1_700_000_000_050, key: Buffer.from('tomb'), value: null },
  {
    timestamp: 1_700_000_001_000,
    key: Buffer.from('h'),
    value: Buffer.from(lines),
    headers: [
      { key: 'trace', value: Buffer.from('é') },
      { key: 'none', value: null },
      { key: 'trace', value: Buffer.alloc(0) },
    ],
  },
];
const producer = { producerId: 4242, producerEpoch: 7, baseSequence: 99 };

for (const codec of CODECS) {
  test(`${codec}: reads what Apache Kafka's Java client wrote`, () => {
    const batch = Buffer.from(java.small[codec], 'base64');
    expect([...batches(batch)]).toEqual([0]);
    const records = readRecords(batch, 0, limits);
    expect(records.map(({ offset, ...record }) => ({ ...record, offset }))).toEqual(
      written.map((record, offset) => ({ headers: [], ...record, offset })),
    );
    expect(header.producerIdOf(batch)).toBe(4242);
    expect(header.producerEpochOf(batch)).toBe(7);
    expect(header.baseSequenceOf(batch)).toBe(99);
    expect(header.lastSequenceOf(batch)).toBe(102);
    expect(header.maxTimestampOf(batch)).toBe(1_700_000_001_000);
    expect(header.codecIdOf(batch)).toBe(CODECS.indexOf(codec));
  });
}

test('uncompressed: writes byte for byte what Java writes', () => {
  const batch = writeBatch({ records: written, ...producer });
  expect(batch.toString('base64')).toBe(java.small.none);
});

for (const codec of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
  test(`${codec}: reads a Java batch of several compression blocks`, () => {
    let rows = '';
    for (let i = 0; i < 10_000; i++) rows += `row ${(i * 31) % 1000};`;
    const [record] = readRecords(Buffer.from(java.big[codec], 'base64'), 0, limits);
    expect(record?.value?.toString()).toBe(rows);
  });
}

test('the end-transaction marker is Java’s, byte for byte', () => {
  const marker = writeBatch({
    records: [
      {
        timestamp: 1_700_000_000_000,
        key: Buffer.from([0, 0, 0, 1]),
        value: Buffer.from([0, 0, 0, 0, 0, 3]),
      },
    ],
    producerId: 4242,
    producerEpoch: 7,
    transactional: true,
    control: true,
  });
  expect(marker.length).toBe(78);
  expect(marker.toString('base64')).toBe(java.marker);
  expect(header.isControl(marker) && header.isTransactional(marker)).toBe(true);
});

const bytes = fc.oneof(
  fc.constant(null),
  fc.uint8Array({ maxLength: 80 }).map((array) => Buffer.from(array)),
);
const recordInput = fc.record({
  key: bytes,
  value: bytes,
  timestamp: fc.nat(2 ** 41),
  headers: fc.array(fc.record({ key: fc.string({ unit: 'binary', maxLength: 8 }), value: bytes }), { maxLength: 3 }),
});

test('any records survive any codec', () => {
  fc.assert(
    fc.property(
      fc.array(recordInput, { minLength: 1, maxLength: 30 }),
      fc.constantFrom(...CODECS),
      (records, codec) => {
        const batch = writeBatch({ records, codec, baseOffset: 1000, leaderEpoch: 5 });
        const read = readRecords(batch, 0, limits);
        expect(read).toEqual(records.map((record, i) => ({ ...record, offset: 1000 + i })));
        expect(header.lastOffsetOf(batch)).toBe(999 + records.length);
        expect(header.leaderEpochOf(batch)).toBe(5);
        expect(header.maxTimestampOf(batch)).toBe(Math.max(...records.map((record) => record.timestamp)));
      },
    ),
  );
});

test('offsets with gaps, an emptied batch and a delete horizon, as compaction leaves them', () => {
  const kept = writeBatch({
    records: [
      { key: Buffer.from('a'), value: null, timestamp: 50, offsetDelta: 3 },
      { key: Buffer.from('b'), value: null, timestamp: 60, offsetDelta: 7 },
    ],
    baseOffset: 100,
    lastOffsetDelta: 9,
    baseTimestamp: 1000,
    deleteHorizon: true,
  });
  expect(readRecords(kept, 0, limits).map(({ offset, timestamp }) => [offset, timestamp])).toEqual([
    [103, 50],
    [107, 60],
  ]);
  expect(header.lastOffsetOf(kept)).toBe(109);
  expect(header.baseTimestampOf(kept)).toBe(1000);

  const empty = writeBatch({ records: [], baseOffset: 5, lastOffsetDelta: 4, ...producer });
  expect(readRecords(empty, 0, limits)).toEqual([]);
  expect(empty.length).toBe(header.BATCH_OVERHEAD);
  expect(header.lastOffsetOf(empty)).toBe(9);
  expect(header.baseTimestampOf(empty)).toBe(-1);
});

test('the broker’s changes in place: offset and epoch leave the checksum alone, append time renews it', () => {
  const batch = writeBatch({ records: written });
  header.setBaseOffset(batch, 0, 2 ** 40 + 7);
  header.setLeaderEpoch(batch, 0, 12);
  expect(header.computeCrc(batch)).toBe(header.crcOf(batch));
  expect(readRecords(batch, 0, limits)[3]?.offset).toBe(2 ** 40 + 10);
  header.stampLogAppendTime(batch, 0, 1_800_000_000_000);
  expect(readRecords(batch, 0, limits).every(({ timestamp }) => timestamp === 1_800_000_000_000)).toBe(true);
});

test('a cut-off batch at the end of a fetch is left alone, a damaged one is told', () => {
  const batch = writeBatch({ records: written });
  const stretch = Buffer.concat([batch, batch, batch.subarray(0, batch.length - 1)]);
  expect([...batches(stretch)]).toEqual([0, batch.length]);
  batch[70] = batch[70]! ^ 1;
  expect(() => readRecords(batch, 0, limits)).toThrow('corrupt');
  const old = Buffer.from(batch);
  old[16] = 1;
  expect(() => [...batches(old)]).toThrow('format 1');
});

test('whatever the bytes of the records are, reading them stays inside the batch or throws ProtocolError', () => {
  const batch = writeBatch({ records: written });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(batch.length - 62), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      (changes) => {
        const damaged = Buffer.from(batch);
        for (const [at, byte] of changes) damaged[61 + at] = byte;
        try {
          for (const record of readRecords(damaged, 0, { decompressedBytesMax: 1 << 20 })) {
            for (const view of [record.key, record.value]) if (view) expect(view.length).toBeLessThan(batch.length);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      },
    ),
    { numRuns: 2000 },
  );
});
