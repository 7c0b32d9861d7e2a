// The numbering against a model of what a broker does with numbered batches (one partition): whatever gets lost on the
// way, in either direction, every acknowledged record is in the log once and in order.
import { addToSequence } from '@moldau/protocol/records/batch-header';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Accumulator, type PartitionLine } from './accumulator.ts';
import type { ProducerBatch } from './producer-batch.ts';
import { Sequences } from './sequences.ts';

class ModelBroker {
  readonly log: string[] = [];
  #epoch = -1;
  #next = 0;
  /** The last five batches, which it knows again. */
  #recent: { epoch: number; sequence: number; count: number }[] = [];
  isForgetful = false;

  produce(epoch: number, sequence: number, values: readonly string[]): 'NONE' | 'OUT_OF_ORDER_SEQUENCE_NUMBER' {
    const count = values.length;
    if (this.#recent.some((known) => known.epoch === epoch && known.sequence === sequence && known.count === count)) {
      return 'NONE';
    }
    const fits = epoch > this.#epoch ? sequence === 0 : epoch === this.#epoch && sequence === this.#next;
    if (!fits) return 'OUT_OF_ORDER_SEQUENCE_NUMBER';
    this.#epoch = epoch;
    this.#next = addToSequence(sequence, count);
    this.#recent = [...this.#recent, { epoch, sequence, count }].slice(-5);
    this.log.push(...values);
    return 'NONE';
  }
}

type Fate = 'ok' | 'requestLost' | 'answerLost' | 'giveUp';

function run(batchSizes: readonly number[], fates: readonly Fate[], inFlightMax: number) {
  const accumulator = new Accumulator({
    batchSize: 1,
    lingerMs: 0,
    deliveryTimeoutMs: 1e9,
    compressed: false,
    maxRequestSize: 1e6,
  });
  const sequences = new Sequences();
  sequences.identified({ producerId: 7, epoch: 0 });
  const broker = new ModelBroker();
  const values = new Map<ProducerBatch, string[]>();
  const acked: string[] = [];
  const failed: string[] = [];
  const sent: string[] = [];
  for (const [index, size] of batchSizes.entries()) {
    const mine = Array.from({ length: size }, (_, i) => `${index}.${i}`);
    for (const [i, value] of mine.entries()) {
      const record = { timestamp: 0, key: null, value: Buffer.from(value), headers: undefined, delivery: undefined };
      if (i === 0) accumulator.appendNew('t', 0, record, 0, 0);
      else [...accumulator.lines()][0]!.open!.tryAppend(0, null, record.value, undefined, 1e9, undefined);
    }
    const line = [...accumulator.lines()][0]!;
    values.set(line.waiting[line.waiting.length - 1]!, mine);
    sent.push(...mine);
  }
  const line = [...accumulator.lines()][0] as PartitionLine;
  /** On the wire: what the broker will answer, in order; undefined when nothing comes back. */
  const wire: { batch: ProducerBatch; answer: 'NONE' | 'OUT_OF_ORDER_SEQUENCE_NUMBER' | undefined; fate: Fate }[] = [];
  let step = 0;
  for (let turns = 0; line.waiting.length + line.onWire.length > 0; turns++) {
    if (turns > 10_000) throw new Error('it does not come to an end');
    while (wire.length < inFlightMax && line.waiting.length > 0 && sequences.prepare(line)) {
      const batch = accumulator.send(line);
      const fate = fates[step++] ?? 'ok';
      const { epoch } = batch.identity!;
      const answer =
        fate === 'requestLost' ? undefined : broker.produce(epoch, batch.sequence, values.get(batch) ?? []);
      wire.push({ batch, answer: fate === 'ok' || fate === 'giveUp' ? answer : undefined, fate });
    }
    const first = wire.shift();
    if (!first) {
      if (line.waiting.length > 0 && !sequences.identity) sequences.identified({ producerId: 8, epoch: 0 });
      continue;
    }
    const { batch, answer, fate } = first;
    if (answer === 'NONE') {
      accumulator.remove(line, batch);
      acked.push(...(values.get(batch) ?? []));
      continue;
    }
    if (answer === undefined) batch.outcome = 'unknown';
    else sequences.refused(line, batch, 'outOfOrder');
    if (fate === 'giveUp') {
      accumulator.remove(line, batch);
      sequences.givenUp(line, batch);
      failed.push(...(values.get(batch) ?? []));
    } else {
      accumulator.retry(line, batch);
    }
  }
  return { broker, acked, failed, sent };
}

const fate = fc.constantFrom<Fate>('ok', 'ok', 'requestLost', 'answerLost');

test('with retries every record is in the log exactly once, in order, whatever gets lost', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 12 }),
      fc.array(fate, { maxLength: 60 }),
      fc.integer({ min: 1, max: 5 }),
      (sizes, fates, inFlightMax) => {
        const { broker, acked, sent } = run(sizes, fates, inFlightMax);
        expect(broker.log).toEqual(sent);
        expect([...acked].sort()).toEqual([...sent].sort());
      },
    ),
    { numRuns: 3000 },
  );
});

test('where batches are given up, the others still get through: once, in order, none lost', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 12 }),
      fc.array(fc.constantFrom<Fate>('ok', 'requestLost', 'answerLost', 'giveUp'), { maxLength: 60 }),
      fc.integer({ min: 1, max: 5 }),
      (sizes, fates, inFlightMax) => {
        const { broker, acked, failed, sent } = run(sizes, fates, inFlightMax);
        expect(new Set(broker.log).size).toBe(broker.log.length);
        expect(broker.log).toEqual(sent.filter((value) => broker.log.includes(value)));
        for (const value of acked) expect(broker.log).toContain(value);
        expect([...acked, ...failed].sort()).toEqual([...sent].sort());
      },
    ),
    { numRuns: 3000 },
  );
});

test('sequences wrap around, and a used-up epoch asks for a new id', () => {
  const sequences = new Sequences();
  sequences.identified({ producerId: 1, epoch: 0x7fff });
  const accumulator = new Accumulator({
    batchSize: 1,
    lingerMs: 0,
    deliveryTimeoutMs: 1,
    compressed: false,
    maxRequestSize: 1e6,
  });
  const record = { timestamp: 0, key: null, value: null, headers: undefined, delivery: undefined };
  accumulator.appendNew('t', 0, record, 0, 0);
  const line = [...accumulator.lines()][0]!;
  expect(sequences.prepare(line)).toBe(true);
  const batch = accumulator.send(line);
  sequences.refused(line, batch, 'outOfOrder');
  accumulator.retry(line, batch);
  expect(sequences.prepare(line)).toBe(false);
  expect(sequences.identity).toBeUndefined();
  sequences.identified({ producerId: 2, epoch: 0 });
  expect(sequences.prepare(line)).toBe(true);
  expect([batch.identity?.producerId, batch.sequence]).toEqual([2, 0]);
});

// The first of them went to a leader that no longer answers; those after it go to the next leader, each on a connection of its
// own count of requests, and are answered. The new leader knows only the last five again: were a sixth taken, the retry of the
// first would count as out of order, and be sent and written again under another epoch.
test('no more than four come after a batch whose fate is open, also when they are answered before it', () => {
  const accumulator = new Accumulator({
    ...{ batchSize: 1, lingerMs: 0, deliveryTimeoutMs: 1e9, compressed: false, maxRequestSize: 1e6 },
  });
  const sequences = new Sequences();
  sequences.identified({ producerId: 7, epoch: 0 });
  for (let i = 0; i < 10; i++) {
    const record = { timestamp: 0, key: null, value: Buffer.from('v'), headers: undefined, delivery: undefined };
    accumulator.appendNew('t', 0, record, 0, 0);
  }
  const line = [...accumulator.lines()][0]!;
  expect(sequences.prepare(line)).toBe(true);
  const open = accumulator.send(line);
  let after = 0;
  while (sequences.prepare(line)) {
    accumulator.remove(line, accumulator.send(line));
    after++;
  }
  expect(after).toBe(4);
  accumulator.remove(line, open);
  expect(sequences.prepare(line)).toBe(true);
});
