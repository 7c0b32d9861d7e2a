import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Accumulator } from './accumulator.ts';

const settings = {
  batchSize: 300,
  lingerMs: 5,
  deliveryTimeoutMs: 1000,
  compressed: false,
  maxRequestSize: 1_000_000,
};
const record = (bytes: number) => ({
  timestamp: 1,
  key: null,
  value: Buffer.alloc(bytes),
  headers: undefined,
  delivery: undefined,
});

function filled(sizes: readonly number[]) {
  const accumulator = new Accumulator(settings);
  for (const size of sizes) {
    if (accumulator.tryAppend('t', 0, record(size), 0) === 0) accumulator.appendNew('t', 0, record(size), 10, 0);
  }
  return { accumulator, line: [...accumulator.lines()][0]! };
}

test('a batch that is not full lingers, a full one goes, urgency spares the waiting', () => {
  const { accumulator, line } = filled([10]);
  expect(accumulator.readyAt(line, false)).toBe(15);
  expect(accumulator.readyAt(line, true)).toBe(0);
  const full = filled([200, 200]);
  expect(full.line.waiting.length).toBe(2);
  expect(full.accumulator.readyAt(full.line, false)).toBe(0);
});

test('a record larger than a batch has one to itself', () => {
  const { line } = filled([10, 5000, 10]);
  expect(line.waiting.map(({ recordCount }) => recordCount)).toEqual([1, 1, 1]);
});

test('the bytes counted are those of unsettled batches, whatever the order of events', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(400), { minLength: 1, maxLength: 40 }),
      fc.infiniteStream(fc.constantFrom('send', 'ack', 'retry', 'split')),
      (sizes, steps) => {
        const { accumulator, line } = filled(sizes);
        let records = sizes.length;
        for (let i = 0; line.waiting.length + line.onWire.length > 0 && i < 500; i++) {
          const step = steps.next().value;
          const sent = line.onWire[0];
          if (step === 'send' && line.waiting.length > 0) accumulator.send(line);
          else if (!sent) continue;
          else if (step === 'retry') accumulator.retry(line, sent);
          else if (step === 'split' && sent.recordCount > 1) accumulator.replace(line, sent, sent.split());
          else {
            records -= sent.recordCount;
            accumulator.remove(line, sent);
          }
          const open = [...line.waiting, ...line.onWire];
          expect(accumulator.bytes).toBe(open.reduce((sum, batch) => sum + batch.sizeBytes, 0));
          expect(open.reduce((sum, batch) => sum + batch.recordCount, 0)).toBe(records);
          const orders = line.waiting.map(({ order }) => order);
          expect(orders).toEqual([...orders].sort((a, b) => a - b));
        }
      },
    ),
  );
});

test('records of a new era never join a batch of the old one', () => {
  const { accumulator, line } = filled([10]);
  expect(accumulator.tryAppend('t', 0, record(10), 1)).toBe(0);
  accumulator.appendNew('t', 0, record(10), 11, 1);
  expect(line.waiting.map(({ era }) => era)).toEqual([0, 1]);
});

test('expired batches are told once', () => {
  const { accumulator } = filled([10]);
  expect(accumulator.expired(1009)).toEqual([]);
  const [late] = accumulator.expired(1010);
  late!.batch.settle(undefined, 0, -1);
  expect(accumulator.expired(2000)).toEqual([]);
});

test('compressible data fills larger batches, so that they come out at batch.size', () => {
  const accumulator = new Accumulator({ ...settings, compressed: true });
  for (let i = 0; i < 100; i++) accumulator.compressed(1000, 100);
  let count = 0;
  accumulator.appendNew('t', 0, record(90), 0, 0);
  while (accumulator.tryAppend('t', 0, record(90), 0) > 0) count++;
  expect(count).toBeGreaterThan(15);
});
