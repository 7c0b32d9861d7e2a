// Invariants 15, 16 and 19 byte by byte on a small log: torn at every byte, one bit flipped in every byte, every subset of
// derived files missing.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PartitionLog } from './partition-log.ts';
import type { StorageEvent } from './storage-event.ts';
import { batch } from './test/batches.ts';
import { FaultDisk } from './test/fault-disk.ts';
import { type ModelBatch, readBatches } from './test/model.ts';
import { logConfig, openStore, TOPIC_ID } from './test/stores.ts';

const config = logConfig({ segmentBytes: 600, indexIntervalBytes: 100, maxMessageBytes: 600, retentionMs: -1 });
const NOW = Date.now();

interface Written {
  readonly disk: FaultDisk;
  readonly batches: ModelBatch[];
  readonly producers: ReturnType<PartitionLog['producers']>;
}

/** Two segments and a half, an idempotent producer, two leader epochs. */
async function written(stop: 'clean' | 'killed'): Promise<Written> {
  const disk = new FaultDisk();
  const { store } = await openStore('/d', { disk, config });
  const log = store.create({ topic: 't', topicId: TOPIC_ID, partition: 0, config });
  for (let i = 0; i < 12; i++) {
    const bytes = batch({
      values: [`value ${i}`, 'x'],
      timestamp: NOW + i,
      producerId: 5,
      producerEpoch: 0,
      baseSequence: 2 * i,
    });
    const answer = log.append(bytes, { leaderEpoch: i < 7 ? 0 : 3, origin: 'client', now: NOW });
    expect(answer).toMatchObject({ kind: 'appended', baseOffset: 2 * i });
  }
  await log.flush();
  log.advanceHighWatermark(log.endOffset);
  const batches = await readBatches(log, 0);
  const producers = log.producers();
  if (stop === 'clean') {
    await store.close();
    return { disk, batches, producers };
  }
  await store.checkpoint();
  return { disk: disk.afterProcessKill(), batches, producers };
}

async function reopen(disk: FaultDisk): Promise<{ log: PartitionLog; events: StorageEvent[]; close(): Promise<void> }> {
  const { store, events } = await openStore('/d', { disk, config });
  return { log: store.get('t', 0)!, events, close: () => store.close() };
}

/** Everything that can be read, and where it says it is damaged. */
async function readWhatCanBe(log: PartitionLog): Promise<{ found: Map<number, string>; damaged: number[] }> {
  const found = new Map<number, string>();
  const damaged: number[] = [];
  for (let offset = log.startOffset; offset < Math.min(log.endOffset, 40); offset++) {
    const answer = await log.read({ offset, bytesMax: 1, end: log.endOffset, wholeFirstBatch: true });
    if (answer.kind === 'refused') {
      expect(answer.error).toBe('CORRUPT_MESSAGE');
      damaged.push(offset);
    } else if (answer.sizeBytes > 0) {
      found.set(answer.firstBatchOffset, Buffer.concat(answer.chunks as Buffer[]).toString('hex'));
    }
  }
  return { found, damaged };
}

/** The segment files, oldest first. */
function segmentFiles(disk: FaultDisk): string[] {
  return disk
    .files()
    .filter((file) => file.endsWith('.log'))
    .sort();
}

function lastSegment(disk: FaultDisk): string {
  return segmentFiles(disk).at(-1)!;
}

test('an unfinished write, cut off at every byte: recovery keeps every whole batch before it', async () => {
  const { disk, batches } = await written('killed');
  // Nothing is known to be synced: every checkpoint is gone.
  for (const file of disk.files()) if (file.endsWith('-checkpoint')) disk.removeSync(file);
  const LAST = lastSegment(disk);
  const base = Number(LAST.slice(-24, -4));
  const whole = Buffer.from(disk.peek(LAST));
  expect(whole.length).toBeGreaterThan(100);
  for (let size = whole.length - 1; size >= 0; size--) {
    const torn = disk.clone();
    torn.poke(LAST, Buffer.from(whole.subarray(0, size)));
    const { log, events } = await reopen(torn);
    const kept = batches.filter((one) => one.lastOffset < log.endOffset);
    expect((await readBatches(log, 0)).map((one) => one.bytes.toString('hex'))).toEqual(
      kept.map((one) => one.bytes.toString('hex')),
    );
    const keptHere = kept.filter((one) => one.baseOffset >= base);
    const keptBytes = keptHere.reduce((sum, one) => sum + one.bytes.length, 0);
    expect(keptBytes).toBeLessThanOrEqual(size);
    // The next batch did not fit whole into what was left.
    expect(keptBytes + batches.find((one) => one.baseOffset === log.endOffset)!.bytes.length).toBeGreaterThan(size);
    expect(torn.peek(LAST).length).toBe(keptBytes);
    expect(events.some((event) => event.kind === 'logDamaged' || event.kind === 'quarantined')).toBe(false);
  }
});

test('zeros after the end, as a file system or a preallocating Kafka leaves them, are cut', async () => {
  const { disk, batches } = await written('killed');
  const LAST = lastSegment(disk);
  disk.poke(LAST, Buffer.concat([disk.peek(LAST), Buffer.alloc(5_000)]));
  const { log, events } = await reopen(disk);
  expect(log.endOffset).toBe(24);
  expect(await readBatches(log, 0)).toHaveLength(batches.length);
  expect(events).toContainEqual(expect.objectContaining({ kind: 'logRecovered', cutBytes: 5_000 }));
});

test('after a kill, one flipped bit in any byte of the log is never served, and nothing else is lost', async () => {
  const { disk, batches } = await written('killed');
  const expected = new Map(batches.map((one) => [one.baseOffset, one.bytes.toString('hex')]));
  for (const file of [segmentFiles(disk)[0]!, lastSegment(disk)]) {
    const good = Buffer.from(disk.peek(file));
    for (let at = 0; at < good.length; at++) {
      const flipped = disk.clone();
      const bytes = Buffer.from(good);
      bytes[at]! ^= 1 << (at % 8);
      flipped.poke(file, bytes);
      const { log, events } = await reopen(flipped);
      const { found, damaged } = await readWhatCanBe(log);
      const where = `byte ${at} of ${file}`;
      // Base offset and leader epoch lie outside the checksum (Kafka's format). Offsets are checked against their
      // neighbours; an epoch cannot be, nor the offset of the very last batch.
      const unchecked = batches.some((one) => {
        const position = positionOf(disk, file, one, batches);
        if (position < 0 || at < position || at >= position + 16) return false;
        return at >= position + 12 || (one === batches.at(-1) && at < position + 8);
      });
      expect(log.endOffset, where).toBeGreaterThanOrEqual(unchecked ? 0 : 24);
      for (const [offset, hex] of found) {
        if (!unchecked) expect(hex, `${where}, offset ${offset}`).toBe(expected.get(offset));
      }
      if (!unchecked) {
        expect(damaged.length, where).toBeGreaterThan(0);
        expect(damaged.length, where).toBeLessThanOrEqual(8);
        expect(events.filter((event) => event.kind === 'logDamaged').length, where).toBeGreaterThan(0);
        // What lies behind the damage is known, or a follower would be told to cut where an older epoch ended, and a
        // producer's repeats would be taken.
        expect(log.latestEpoch, where).toBe(3);
        expect(log.producers()[0]?.lastSequence, where).toBeGreaterThanOrEqual(21);
      }
      // The file is as it was: nothing was cut because it looks wrong.
      expect(flipped.peek(file).equals(bytes), where).toBe(true);
    }
  }
});

/** Where a batch lies in a segment file; -1 when it is in another. */
function positionOf(disk: FaultDisk, file: string, one: ModelBatch, batches: readonly ModelBatch[]): number {
  const bases = segmentFiles(disk).map((path) => Number(path.slice(-24, -4)));
  const base = Number(file.slice(-24, -4));
  const next = bases.find((segment) => segment > base) ?? Number.POSITIVE_INFINITY;
  if (one.baseOffset < base || one.baseOffset >= next) return -1;
  return batches
    .filter((before) => before.baseOffset >= base && before.baseOffset < one.baseOffset)
    .reduce((sum, before) => sum + before.bytes.length, 0);
}

test('every subset of derived files may be missing or empty: only the start takes longer', async () => {
  for (const stop of ['clean', 'killed'] as const) {
    const { disk, batches, producers } = await written(stop);
    const derived = disk
      .files()
      .filter((file) => /\.(index|timeindex|snapshot)$|-checkpoint$|\.kafka_cleanshutdown$/.test(file));
    await fc.assert(
      fc.asyncProperty(
        fc.subarray(derived),
        fc.constantFrom('missing' as const, 'empty' as const, 'garbage' as const),
        async (chosen, how) => {
          const damaged = disk.clone();
          for (const file of chosen) {
            if (how === 'missing') damaged.removeSync(file);
            else damaged.poke(file, how === 'empty' ? Buffer.alloc(0) : Buffer.from('this is not what it should be'));
          }
          const { log, events, close } = await reopen(damaged);
          expect(log.endOffset).toBe(24);
          expect((await readBatches(log, 0)).map((one) => one.bytes.toString('hex'))).toEqual(
            batches.map((one) => one.bytes.toString('hex')),
          );
          expect(log.producers()).toEqual(producers);
          expect(log.epochs.entries).toEqual([
            { epoch: 0, startOffset: 0 },
            { epoch: 3, startOffset: 14 },
          ]);
          expect(await log.offsetForTimestamp(NOW + 5)).toMatchObject({ offset: expect.any(Number) });
          expect(events.some((event) => event.kind === 'logDamaged')).toBe(false);
          await close();
        },
      ),
      { numRuns: 150 },
    );
  }
});

test('a lying index is found out and made again', async () => {
  const { disk, batches } = await written('clean');
  for (const kind of ['index', 'timeindex']) {
    const file = `/d/t-0/00000000000000000000.${kind}`;
    const good = Buffer.from(disk.peek(file));
    expect(good.length).toBeGreaterThan(0);
    for (let bit = 0; bit < good.length * 8; bit++) {
      const flipped = disk.clone();
      const bytes = Buffer.from(good);
      bytes[bit >> 3]! ^= 1 << (bit % 8);
      flipped.poke(file, bytes);
      const { log } = await reopen(flipped);
      const { found, damaged } = await readWhatCanBe(log);
      expect(damaged, `bit ${bit} of ${kind}`).toEqual([]);
      expect([...found.values()], `bit ${bit} of ${kind}`).toEqual(batches.map((one) => one.bytes.toString('hex')));
      for (let i = 0; i < 8; i++) {
        const answer = await log.offsetForTimestamp(NOW + i);
        expect(answer?.offset, `bit ${bit} of ${kind}, time ${i}`).toBe(i === 0 ? 0 : 2 * i - 1);
      }
    }
  }
});
