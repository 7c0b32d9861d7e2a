// Random appends, rolls, truncations, deletions of records and restarts, against the simplest model; reads from every
// offset, those inside batches too; lookups by time against a linear scan.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LogConfig } from './log-config.ts';
import type { PartitionLog } from './partition-log.ts';
import type { LogStore } from './store/log-store.ts';
import { batch } from './test/batches.ts';
import { FaultDisk } from './test/fault-disk.ts';
import { readBatches } from './test/model.ts';
import { logConfig, openStore, TOPIC_ID } from './test/stores.ts';

interface ModelRecord {
  readonly offset: number;
  readonly timestamp: number;
}

interface ModelBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly epoch: number;
  readonly hex: string;
  readonly records: readonly ModelRecord[];
}

type Step =
  | { kind: 'append'; sizes: number[]; timestamp: number; codec: 'none' | 'gzip' }
  | { kind: 'persist' | 'restart' | 'kill' | 'newEpoch' | 'retain' | 'checkpoint' }
  | { kind: 'truncate' | 'deleteRecords'; share: number };

const steps = fc.array(
  fc.oneof(
    {
      weight: 10,
      arbitrary: fc.record({
        kind: fc.constant('append' as const),
        sizes: fc.array(fc.nat(120), { minLength: 1, maxLength: 4 }),
        timestamp: fc.integer({ min: 1_000, max: 2_000 }),
        codec: fc.constantFrom('none' as const, 'gzip' as const),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('persist' as const) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constantFrom(
          'restart' as const,
          'kill' as const,
          'newEpoch' as const,
          'retain' as const,
          'checkpoint' as const,
        ),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constantFrom('truncate' as const, 'deleteRecords' as const),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    },
  ),
  { minLength: 1, maxLength: 30 },
);

const persisted = (log: PartitionLog) =>
  new Promise<void>((resolve, reject) => {
    log.whenPersisted(log.endOffset, (error) => (error ? reject(error) : resolve()));
  });

async function follow(plan: readonly Step[], config: LogConfig, tailBytesMax: number): Promise<void> {
  let disk = new FaultDisk();
  let store: LogStore = (await openStore('/d', { disk, config, tailBytesMax, openFilesMax: 4 })).store;
  let log = store.create({ topic: 't', topicId: TOPIC_ID, partition: 0, config });
  let model: ModelBatch[] = [];
  let startOffset = 0;
  let epoch = 0;
  const reopen = async () => {
    const opened = await openStore('/d', { disk, config, tailBytesMax, openFilesMax: 4 });
    store = opened.store;
    log = store.get('t', 0)!;
    expect(opened.events.filter((event) => event.kind === 'logDamaged' || event.kind === 'quarantined')).toEqual([]);
  };
  for (const step of plan) {
    switch (step.kind) {
      case 'append': {
        const values = step.sizes.map((size) => 'x'.repeat(size));
        const bytes = batch({ values, timestamp: step.timestamp, codec: step.codec });
        const answer = log.append(bytes, { leaderEpoch: epoch, origin: 'client', now: 2_000 });
        if (answer.kind !== 'appended') throw new Error(answer.detail);
        const { baseOffset, lastOffset } = answer;
        const records = values.map((_, i) => ({ offset: baseOffset + i, timestamp: step.timestamp + i }));
        model.push({ baseOffset, lastOffset, epoch, hex: bytes.toString('hex'), records });
        break;
      }
      case 'persist':
        await persisted(log);
        break;
      case 'checkpoint':
        await persisted(log);
        await store.checkpoint();
        break;
      case 'newEpoch':
        epoch++;
        log.assignLeaderEpoch(epoch);
        break;
      case 'restart':
        await persisted(log);
        log.advanceHighWatermark(log.endOffset);
        await store.close();
        await reopen();
        break;
      case 'kill':
        await persisted(log);
        disk = disk.afterProcessKill();
        await reopen();
        break;
      case 'truncate': {
        const target = Math.floor(startOffset + (log.endOffset - startOffset) * step.share);
        if (target <= startOffset) break;
        await log.truncateTo(target);
        model = model.filter((one) => one.lastOffset < target);
        break;
      }
      case 'deleteRecords': {
        await persisted(log);
        log.advanceHighWatermark(log.endOffset);
        const target = Math.floor(startOffset + (log.highWatermark - startOffset) * step.share);
        expect(await log.deleteRecordsBefore(target)).toBe(Math.max(target, startOffset));
        startOffset = Math.max(target, startOffset);
        break;
      }
      case 'retain':
        await persisted(log);
        log.advanceHighWatermark(log.endOffset);
        await store.retain();
        expect(log.startOffset).toBe(startOffset);
        break;
    }
    const endOffset = model.length === 0 ? log.startOffset : Math.max(model.at(-1)!.lastOffset + 1, startOffset);
    if (model.length > 0) expect(log.endOffset).toBe(endOffset);
    expect(log.startOffset).toBe(startOffset);
  }

  const visible = model.filter((one) => one.lastOffset >= startOffset);
  for (const bytesMax of [1, 300, 1 << 20]) {
    const found = await readBatches(log, startOffset, bytesMax);
    expect(found.map((one) => one.bytes.toString('hex'))).toEqual(visible.map((one) => one.hex));
  }
  for (const one of visible) {
    for (let offset = Math.max(one.baseOffset, startOffset); offset <= one.lastOffset; offset++) {
      const answer = await log.read({ offset, bytesMax: 1, end: log.endOffset, wholeFirstBatch: true });
      expect(answer).toMatchObject({ kind: 'slice', firstBatchOffset: one.baseOffset, sizeBytes: one.hex.length / 2 });
    }
    expect(log.epochAt(one.lastOffset)).toBe(one.epoch);
  }
  expect(log.read({ offset: log.endOffset + 1, bytesMax: 1, end: 10 ** 9, wholeFirstBatch: true })).toMatchObject({
    error: 'OFFSET_OUT_OF_RANGE',
  });

  await persisted(log);
  const records = visible.flatMap((one) => one.records.map((record) => ({ ...record, epoch: one.epoch })));
  const remaining = records.filter((record) => record.offset >= startOffset);
  for (const timestamp of new Set([
    0,
    999,
    2_010,
    ...remaining.slice(0, 12).flatMap((r) => [r.timestamp, r.timestamp + 1]),
  ])) {
    const expected = remaining.find((record) => record.timestamp >= timestamp);
    const found = await log.offsetForTimestamp(timestamp);
    expect(found, `time ${timestamp}`).toEqual(
      expected && { offset: expected.offset, timestamp: expected.timestamp, leaderEpoch: expected.epoch },
    );
  }
  if (startOffset === 0) {
    const latest = Math.max(...remaining.map((record) => record.timestamp));
    const expected = remaining.find((record) => record.timestamp === latest);
    expect(await log.maxTimestamp()).toEqual(
      expected && { offset: expected.offset, timestamp: latest, leaderEpoch: expected.epoch },
    );
  }
  for (let asked = 0; asked <= epoch; asked++) {
    const { endOffset } = log.epochEndOffset(asked);
    const next = model.find((one) => one.epoch > asked);
    if (model.some((one) => one.epoch === asked) && next)
      expect(endOffset).toBeLessThanOrEqual(Math.max(next.baseOffset, startOffset));
  }
  await store.close();
}

const small = { segmentBytes: 900, indexIntervalBytes: 150, maxMessageBytes: 900, retentionMs: -1 };

test.each([
  ['all in memory', 1 << 20],
  ['all from disk', 0],
  ['a little in memory', 1_500],
] as const)('a log is what was appended to it: %s', async (_, tailBytesMax) => {
  await fc.assert(
    fc.asyncProperty(steps, fc.constantFrom('fsync' as const, 'os' as const), (plan, durability) =>
      follow(plan, logConfig({ ...small, durability }), tailBytesMax),
    ),
    { numRuns: 60 },
  );
});
