// Invariants 15 and 20: after any crash the log is a prefix of what was appended, made of whole batches, and holds
// everything that was acknowledged; checkpoints are old or new.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PartitionLog } from './partition-log.ts';
import { batch } from './test/batches.ts';
import { FaultDisk } from './test/fault-disk.ts';
import { type ModelBatch, readBatches } from './test/model.ts';
import { logConfig, openStore, TOPIC_ID } from './test/stores.ts';

/** A small deterministic source, so that a failing run can be repeated from its seed. */
function drawFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** 'either': now this, now that, so that a power cut finds what a killed process left unsynced. */
type Cuts = 'power' | 'kill' | 'either';

/** `moves`: the log also moves between two directories, as often as not when the crash comes. */
async function crashAndCompare(seed: number, durability: 'fsync' | 'os', cuts: Cuts, moves = false): Promise<void> {
  const draw = drawFrom(seed);
  const config = logConfig({ durability, segmentBytes: 2_000, indexIntervalBytes: 200, maxMessageBytes: 1_900 });
  let disk = new FaultDisk();
  /** What was appended, as far as the last crash left it. */
  let appended: ModelBatch[] = [];
  let acknowledgedEnd = 0;
  let sequence = 0;
  for (let life = 0; life < 4; life++) {
    const directories = moves ? ['/data', '/other'] : ['/data'];
    const { store, events } = await openStore('/data', { disk, config, directories });
    const log: PartitionLog =
      store.get('t', 0) ?? store.create({ topic: 't', topicId: TOPIC_ID, partition: 0, config });
    log.configure(config);

    const found = await readBatches(log, 0, 700);
    const prefix = appended.slice(0, found.length);
    expect(
      found.map((b) => b.bytes.toString('hex')),
      `seed ${seed} life ${life}`,
    ).toEqual(prefix.map((b) => b.bytes.toString('hex')));
    expect(log.endOffset).toBe(found.length === 0 ? 0 : found[found.length - 1]!.lastOffset + 1);
    if (durability === 'fsync' || cuts === 'kill') expect(log.endOffset).toBeGreaterThanOrEqual(acknowledgedEnd);
    for (const event of events) {
      if (event.kind === 'rebuilt') expect(event.file, `seed ${seed}: ${event.reason}`).toMatch(/\.(index|snapshot)$/);
      expect(event.kind).not.toBe('logDamaged');
    }
    expect(log.producers().map((p) => p.lastSequence)).toEqual(found.length === 0 ? [] : [expect.any(Number)]);
    appended = found;
    acknowledgedEnd = Math.min(acknowledgedEnd, log.endOffset);
    sequence = (log.producers()[0]?.lastSequence ?? -1) + 1;

    if (moves) store.startHousekeeping();
    const steps = 2 + Math.floor(draw() * 40);
    for (let step = 0; step < steps; step++) {
      const values = Array.from({ length: 1 + Math.floor(draw() * 5) }, () => 'v'.repeat(Math.floor(draw() * 200)));
      const bytes = batch({ values, timestamp: Date.now(), producerId: 7, producerEpoch: 0, baseSequence: sequence });
      const answer = log.append(bytes, { leaderEpoch: life, origin: 'client', now: Date.now() });
      if (answer.kind !== 'appended') throw new Error(`${answer.error}: ${answer.detail}`);
      sequence += values.length;
      appended.push({ baseOffset: answer.baseOffset, lastOffset: answer.lastOffset, bytes: Buffer.from(bytes) });
      log.whenPersisted(answer.lastOffset + 1, (error) => {
        if (!error) acknowledgedEnd = Math.max(acknowledgedEnd, answer.lastOffset + 1);
      });
      while (draw() < (moves ? 0.8 : 0.4)) await turn();
      if (draw() < 0.1) void store.checkpoint().catch(() => {});
      if (moves && draw() < 0.15) store.move('t', 0, directories[Math.floor(draw() * 2)]!);
    }
    const pause = Math.floor(draw() * (moves ? 60 : 8));
    for (let i = 0; i < pause; i++) await turn();
    const cut = cuts === 'either' ? (draw() < 0.5 ? 'power' : 'kill') : cuts;
    disk = cut === 'power' ? disk.afterPowerCut(draw) : disk.afterProcessKill();
  }
}

test.each([
  ['fsync', 'power'],
  ['os', 'power'],
  ['fsync', 'kill'],
  ['os', 'kill'],
  ['fsync', 'either'],
] as const)('%s durability, %s: a prefix of whole batches with everything acknowledged', async (durability, cuts) => {
  await fc.assert(
    fc.asyncProperty(fc.nat(2 ** 31), (seed) => crashAndCompare(seed, durability, cuts)),
    { numRuns: 60 },
  );
});

test.each([
  ['fsync', 'power'],
  ['fsync', 'either'],
  ['os', 'kill'],
] as const)('the same while it moves between directories: %s durability, %s', async (durability, cuts) => {
  await fc.assert(
    fc.asyncProperty(fc.nat(2 ** 31), (seed) => crashAndCompare(seed, durability, cuts, true)),
    { numRuns: 60 },
  );
});
