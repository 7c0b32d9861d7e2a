// Damage is measured and mended byte for byte with what another replica has (invariant 16).
import { expect, test } from 'vitest';
import type { PartitionLog } from '../partition-log.ts';
import type { StorageEvent } from '../storage-event.ts';
import { batch } from '../test/batches.ts';
import { FaultDisk } from '../test/fault-disk.ts';
import { type ModelBatch, readBatches } from '../test/model.ts';
import { logConfig, openStore, TOPIC_ID } from '../test/stores.ts';
import { fitInto, type LogGap } from './log-damage.ts';

const configOf = (indexIntervalBytes: number) =>
  logConfig({ segmentBytes: 600, indexIntervalBytes, maxMessageBytes: 600, retentionMs: -1 });
const config = configOf(100);
const NOW = Date.now();

/** Twelve batches of two records in three segments, an idempotent producer, two leader epochs. */
async function written(
  stop: 'clean' | 'killed',
  indexIntervalBytes = 100,
): Promise<{ disk: FaultDisk; batches: ModelBatch[] }> {
  const disk = new FaultDisk();
  const config = configOf(indexIntervalBytes);
  const { store } = await openStore('/d', { disk, config });
  const log = store.create({ topic: 't', topicId: TOPIC_ID, partition: 0, config });
  for (let i = 0; i < 12; i++) {
    const producer = { producerId: 5, producerEpoch: 0, baseSequence: 2 * i };
    const bytes = batch({ values: [`value ${i}`, 'x'], timestamp: NOW + i, ...producer });
    log.append(bytes, { leaderEpoch: i < 7 ? 0 : 3, origin: 'client', now: NOW });
  }
  await log.flush();
  log.advanceHighWatermark(log.endOffset);
  const batches = await readBatches(log, 0);
  if (stop === 'clean') {
    await store.close();
    return { disk, batches };
  }
  await store.checkpoint();
  return { disk: disk.afterProcessKill(), batches };
}

async function reopen(
  disk: FaultDisk,
  indexIntervalBytes = 100,
): Promise<{ log: PartitionLog; events: StorageEvent[]; close(): Promise<void> }> {
  const { store, events } = await openStore('/d', { disk, config: configOf(indexIntervalBytes) });
  return { log: store.get('t', 0)!, events, close: () => store.close() };
}

/** As a consumer from the beginning, over what is refused. */
async function readThrough(log: PartitionLog): Promise<number> {
  let refused = 0;
  for (let offset = log.startOffset; offset < Math.min(log.endOffset, 24); offset++) {
    const answer = await log.read({ offset, bytesMax: 1, end: log.endOffset, wholeFirstBatch: true });
    if (answer.kind === 'refused') refused++;
  }
  return refused;
}

/** What a peer answers to a fetch from `offset`: from the batch that holds it on, `bytesMax` or one batch. */
function peer(batches: readonly ModelBatch[], offset: number, bytesMax: number): Buffer {
  const from = batches.filter(({ lastOffset }) => lastOffset >= offset);
  const taken: Buffer[] = [];
  for (const { bytes } of from) {
    if (taken.length > 0 && taken.reduce((sum, one) => sum + one.length, 0) + bytes.length > bytesMax) break;
    taken.push(bytes);
  }
  return Buffer.concat(taken);
}

async function mend(log: PartitionLog, batches: readonly ModelBatch[], bytesMax: number): Promise<void> {
  for (const gap of await log.damage.findGaps()) {
    for (let rest: LogGap | undefined = gap; rest; ) {
      const filling = await log.damage.fill(rest, peer(batches, rest.offset, bytesMax));
      expect(filling).toMatchObject({ kind: 'filled' });
      if (filling.kind !== 'filled') return;
      rest = filling.rest;
    }
  }
}

function segmentFiles(disk: FaultDisk): string[] {
  return disk
    .files()
    .filter((file) => /^\/d\/t-0\/\d+\.log$/.test(file))
    .sort();
}

for (const stop of ['clean', 'killed'] as const) {
  test(`one flipped bit in any byte of the log is mended to what it was (${stop})`, async () => {
    const { disk, batches } = await written(stop);
    const files = segmentFiles(disk);
    const before = new Map(files.map((file) => [file, Buffer.from(disk.peek(file))]));
    let mended = 0;
    for (const [file, good] of before) {
      for (let at = 0; at < good.length; at += 3) {
        const flipped = disk.clone();
        const bytes = Buffer.from(good);
        bytes[at]! ^= 1 << (at % 8);
        flipped.poke(file, bytes);
        const { log, events, close } = await reopen(flipped);
        await readThrough(log);
        const where = `byte ${at} of ${file}`;
        if (!events.some(({ kind }) => kind === 'logDamaged')) {
          // The leader epoch of a batch lies outside its checksum, and so does the offset of the very last one.
          await close();
          continue;
        }
        mended++;
        expect(log.damage.isThere, where).toBe(true);
        await mend(log, batches, at % 2 === 0 ? 1 : 10_000);
        expect(await log.damage.findGaps(), where).toEqual([]);
        expect(log.damage.isThere, where).toBe(false);
        expect(await readThrough(log), where).toBe(0);
        expect(
          (await readBatches(log, 0)).map((one) => one.bytes.toString('hex')),
          where,
        ).toEqual(batches.map((one) => one.bytes.toString('hex')));
        expect(flipped.peek(file).equals(good), where).toBe(true);
        expect(log.epochs.entries, where).toEqual([
          { epoch: 0, startOffset: 0 },
          { epoch: 3, startOffset: 14 },
        ]);
        expect(log.producers()[0]?.lastSequence, where).toBe(23);
        // The damaged bytes are there for whoever wants to look at the disk.
        expect(events, where).toContainEqual(expect.objectContaining({ kind: 'quarantined' }));
        await close();
      }
    }
    expect(mended).toBeGreaterThan(300);
  });
}

test('a stretch of garbage over several batches and the end of a segment is mended, and found whole after a restart', async () => {
  const { disk, batches } = await written('killed');
  const [first] = segmentFiles(disk);
  const good = Buffer.from(disk.peek(first!));
  const bytes = Buffer.from(good);
  bytes.fill(0xab, 150);
  disk.poke(first!, bytes);
  const opened = await reopen(disk);
  expect(await readThrough(opened.log)).toBeGreaterThan(2);
  await mend(opened.log, batches, 10_000);
  expect(await opened.log.damage.findGaps()).toEqual([]);
  expect(disk.peek(first!).equals(good)).toBe(true);
  await opened.close();
  const again = await reopen(disk);
  expect(await readThrough(again.log)).toBe(0);
  expect(again.events.some(({ kind }) => kind === 'logDamaged')).toBe(false);
  expect(await again.log.offsetForTimestamp(NOW + 3)).toMatchObject({ offset: 5 });
});

test('a power cut in the middle of mending leaves a gap that can be mended', async () => {
  const { disk, batches } = await written('clean');
  const [first] = segmentFiles(disk);
  const good = Buffer.from(disk.peek(first!));
  const bytes = Buffer.from(good);
  bytes.fill(0xab, 150, 400);
  disk.poke(first!, bytes);
  for (let cut = 0; cut < 20; cut++) {
    const copy = disk.clone();
    const { log } = await reopen(copy);
    await readThrough(log);
    const [gap] = await log.damage.findGaps();
    // Cut off at one of the operations of the filling.
    let left = cut;
    copy.fault = () => (left-- === 0 ? 'EIO' : undefined);
    await log.damage.fill(gap!, peer(batches, gap!.offset, 300)).catch(() => {});
    let draw = cut;
    const after = copy.afterPowerCut(() => {
      draw = (draw * 7 + 3) % 11;
      return draw % 2 === 0 ? 0.1 : 0.9;
    });
    const next = await reopen(after);
    await readThrough(next.log);
    await mend(next.log, batches, 10_000);
    expect(after.peek(first!).equals(good), `cut ${cut}`).toBe(true);
    await next.close();
  }
});

test('batches of another history, damaged ones, and ones that do not fit are refused, and nothing is written', async () => {
  const { disk, batches } = await written('clean');
  const [first] = segmentFiles(disk);
  const bytes = Buffer.from(disk.peek(first!));
  bytes[200]! ^= 4;
  disk.poke(first!, bytes);
  const { log, close } = await reopen(disk);
  await readThrough(log);
  const [gap] = await log.damage.findGaps();
  const right = batches.find(({ baseOffset }) => baseOffset === gap!.offset)!.bytes;
  const damaged = Buffer.from(right);
  damaged[right.length - 1]! ^= 1;
  const longer = batch({ values: ['longer than what was here', 'x'] });
  right.copy(longer, 0, 0, 8);
  for (const wrong of [damaged, longer, batches[0]!.bytes]) {
    expect(await log.damage.fill(gap!, wrong)).toMatchObject({ kind: 'misfit' });
  }
  expect(disk.peek(first!).equals(bytes)).toBe(true);
  expect(await log.damage.fill(gap!, right)).toMatchObject({ kind: 'filled', rest: undefined });
  await close();
});

test('where nothing of the segment follows, any number of bytes fits', () => {
  const one = batch({ values: ['a'] });
  const gap = { segment: 0, position: 100, positionEnd: 110, offset: 0, endOffset: 1 };
  expect(fitInto({ ...gap, last: true }, one)).toMatchObject({ kind: 'fits', bytes: one.length, closed: true });
  expect(fitInto({ ...gap, last: false }, one)).toMatchObject({ kind: 'misfit' });
});

test('a log that recovery cut below what had been known to be safe says so', async () => {
  const disk = new FaultDisk();
  const { store } = await openStore('/d', { disk, config, highWatermarkCheckpointIntervalMs: 1 });
  const log = store.create({ topic: 't', topicId: TOPIC_ID, partition: 0, config });
  const add = async (value: string) => {
    log.append(batch({ values: [value] }), { leaderEpoch: 0, origin: 'client', now: NOW });
    await log.flush();
  };
  await add('a');
  await add('b');
  log.advanceHighWatermark(2);
  // The watermark is on the disk, the recovery point is older.
  while (!disk.files().some((file) => file === '/d/replication-offset-checkpoint')) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await add('not promised');
  const killed = disk.afterProcessKill();
  const [file] = segmentFiles(killed);
  const good = Buffer.from(killed.peek(file!));
  const shortAfter = async (at: number) => {
    const copy = killed.clone();
    const bytes = Buffer.from(good);
    bytes[at]! ^= 1;
    copy.poke(file!, bytes);
    const opened = await reopen(copy);
    await opened.close();
    return [opened.log.endOffset, opened.log.recoveredShort];
  };
  expect(await shortAfter(good.length - 1)).toEqual([2, false]);
  expect(await shortAfter(good.length / 2)).toEqual([1, true]);
  const whole = await reopen(killed);
  expect([whole.log.endOffset, whole.log.recoveredShort]).toEqual([3, false]);
  await whole.close();
});

test('a log that is deleted or cut meanwhile is left alone', async () => {
  const { disk, batches } = await written('clean');
  const [first] = segmentFiles(disk);
  const bytes = Buffer.from(disk.peek(first!));
  bytes[200]! ^= 4;
  disk.poke(first!, bytes);
  const { log, close } = await reopen(disk);
  await readThrough(log);
  const [gap] = await log.damage.findGaps();
  const right = peer(batches, gap!.offset, 1);
  const cutting = log.truncateTo(2);
  expect(await log.damage.fill(gap!, right)).toMatchObject({ kind: 'gone' });
  await cutting;
  expect(log.endOffset).toBe(2);
  await close();
});

for (const stop of ['clean', 'killed'] as const) {
  for (const indexIntervalBytes of [1, 100, 10_000]) {
    // A follower is told to cut where its log parts from the leader's; what lies before that was promised, damage or not (D5).
    test(`a cut behind damage keeps all that lies before it (${stop}, an index entry every ${indexIntervalBytes} bytes)`, async () => {
      const { disk, batches } = await written(stop, indexIntervalBytes);
      const file = segmentFiles(disk).at(-1)!;
      const first = Number(/(\d+)\.log$/.exec(file)![1]);
      const good = disk.peek(file);
      const sizes = batches.filter(({ baseOffset }) => baseOffset >= first).map(({ bytes }) => bytes.length);
      expect(sizes.length).toBeGreaterThan(3);
      for (let at = 0; at < sizes[0]! + sizes[1]!; at += 3) {
        const flipped = disk.clone();
        const bytes = Buffer.from(good);
        bytes[at]! ^= 1 << (at % 8);
        flipped.poke(file, bytes);
        const { log, close } = await reopen(flipped, indexIntervalBytes);
        const where = `byte ${at} of ${file}`;
        // Not everything has been read, and nothing need have noticed.
        await log.truncateTo(22);
        expect(log.endOffset, where).toBe(22);
        const producer = log.producerState.get(5);
        expect(producer?.batches.at(-1)?.lastOffset, where).toBe(21);
        const answer = await log.read({ offset: 20, bytesMax: 1, end: 22, wholeFirstBatch: true });
        expect(answer, where).toMatchObject({ kind: 'slice', firstBatchOffset: 20 });
        await close();
      }
    });

    test(`the index that recovery makes around damage holds up when it is read back (${stop}, an entry every ${indexIntervalBytes} bytes)`, async () => {
      const { disk, batches } = await written(stop, indexIntervalBytes);
      const [file] = segmentFiles(disk);
      const bytes = Buffer.from(disk.peek(file!));
      // In the base offset of the second batch, which holds offsets 2 and 3.
      bytes[batches[0]!.bytes.length + 5]! ^= 1;
      disk.poke(file!, bytes);
      // Without the epochs' checkpoint the whole log is walked.
      disk.poke('/d/t-0/leader-epoch-checkpoint', Buffer.alloc(0));
      const { log, events, close } = await reopen(disk, indexIntervalBytes);
      expect(events.some(({ kind }) => kind === 'logDamaged')).toBe(true);
      events.length = 0;
      for (let offset = 4; offset < 24; offset++) {
        const answer = await log.read({ offset, bytesMax: 1, end: log.endOffset, wholeFirstBatch: true });
        expect(answer, `offset ${offset}`).toMatchObject({ kind: 'slice' });
      }
      expect(events.filter(({ kind }) => kind === 'rebuilt')).toEqual([]);
      // And so does one that is made again because its file is lost.
      await close();
      for (const index of disk.files().filter((one) => /\.(index|timeindex)$/.test(one))) disk.removeSync(index);
      const again = await reopen(disk, indexIntervalBytes);
      for (let offset = 4; offset < 24; offset++) {
        const answer = await again.log.read({ offset, bytesMax: 1, end: again.log.endOffset, wholeFirstBatch: true });
        expect(answer, `offset ${offset} again`).toMatchObject({ kind: 'slice' });
      }
      await again.close();
    });
  }
}

// Each recovery that finds the damage again goes on in a new segment; where the last one's is still empty it is that one.
// Two segments with one file would lose its records as soon as retention takes the first of them.
test('recovering past the same damage again and again makes one new segment', async () => {
  let { disk, batches } = await written('killed');
  const [file] = segmentFiles(disk);
  const bytes = Buffer.from(disk.peek(file!));
  bytes[batches[0]!.bytes.length + 70]! ^= 1;
  disk.poke(file!, bytes);
  for (let run = 0; run < 3; run++) {
    disk.poke('/d/t-0/leader-epoch-checkpoint', Buffer.alloc(0));
    const { log, events } = await reopen(disk);
    expect(events.some(({ kind }) => kind === 'logDamaged')).toBe(true);
    const bases = log.segments.all.map(({ baseOffset }) => baseOffset);
    expect(new Set(bases).size, `run ${run}: ${bases.join(' ')}`).toBe(bases.length);
    expect(log.endOffset).toBe(24);
    expect(log.segments.active).toMatchObject({ baseOffset: 24, sealed: false });
    disk = disk.afterProcessKill();
  }
});
