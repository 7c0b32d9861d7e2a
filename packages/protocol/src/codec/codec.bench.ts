// Compiled codecs beside codecs written by hand (test/handwritten-codec.ts), on the two messages that carry records.
// The aim is a ratio of at most 1.15. Run: `node packages/protocol/src/codec/codec.bench.ts`.
import assert from 'node:assert/strict';
import { bench, do_not_optimize, run, summary } from 'mitata';
import { decodeFetchV12, decodeProduceV9, encodeFetchV12, encodeProduceV9 } from '../../test/handwritten-codec.ts';
import { FetchResponse } from '../messages/fetch.ts';
import { ProduceRequest } from '../messages/produce.ts';
import { ByteWriter } from './byte-writer.ts';
import { decodeWhole, encode } from './codec.ts';

const batch = Buffer.alloc(100, 7);

const produce = (partitions: number) => ({
  transactionalId: null,
  acks: -1,
  timeoutMs: 30_000,
  topicData: [
    { name: 'orders', partitionData: Array.from({ length: partitions }, (_, index) => ({ index, records: batch })) },
  ],
});

const fetch = {
  throttleTimeMs: 0,
  errorCode: 0,
  sessionId: 1234,
  responses: [
    {
      topic: 'orders',
      partitions: Array.from({ length: 100 }, (_, partitionIndex) => ({
        partitionIndex,
        errorCode: 0,
        // Offsets that need more than 32 bits, as those of an old busy partition do.
        highWatermark: 12_345_678_901 + partitionIndex,
        lastStableOffset: 12_345_678_901 + partitionIndex,
        logStartOffset: 9_345_678_901,
        abortedTransactions: null,
        preferredReadReplica: -1,
        records: batch,
      })),
    },
  ],
};

function compiledProduce(value: ReturnType<typeof produce>): Buffer[] {
  const writer = new ByteWriter();
  encode(ProduceRequest, 9, value, writer);
  return writer.finish();
}

function compiledFetch(): Buffer[] {
  const writer = new ByteWriter();
  encode(FetchResponse, 12, fetch, writer);
  return writer.finish();
}

const ratios: [string, string, string][] = [];

for (const partitions of [1, 100]) {
  const value = produce(partitions);
  const bytes = encodeProduceV9(value);
  assert.deepEqual(Buffer.concat(compiledProduce(value)), bytes);
  assert.deepEqual(decodeWhole(ProduceRequest, 9, bytes, 0), decodeProduceV9(bytes, 0, bytes.length));
  const named = `Produce request, ${partitions} partition${partitions > 1 ? 's' : ''}`;
  pair(
    `${named}: decode`,
    () => decodeWhole(ProduceRequest, 9, bytes, 0),
    () => decodeProduceV9(bytes, 0, bytes.length),
  );
  pair(
    `${named}: encode`,
    () => compiledProduce(value),
    () => encodeProduceV9(value),
  );
}

const fetched = encodeFetchV12(fetch);
assert.deepEqual(Buffer.concat(compiledFetch()), fetched);
assert.deepEqual(decodeWhole(FetchResponse, 12, fetched, 0), decodeFetchV12(fetched, 0, fetched.length));
pair(
  'Fetch response, 100 partitions: decode',
  () => decodeWhole(FetchResponse, 12, fetched, 0),
  () => decodeFetchV12(fetched, 0, fetched.length),
);
pair('Fetch response, 100 partitions: encode', compiledFetch, () => encodeFetchV12(fetch));

function pair(title: string, compiled: () => unknown, byHand: () => unknown): void {
  ratios.push([title, `${title} (compiled)`, `${title} (by hand)`]);
  summary(() => {
    bench(`${title} (compiled)`, () => do_not_optimize(compiled()));
    bench(`${title} (by hand)`, () => do_not_optimize(byHand()));
  });
}

const { benchmarks } = await run();
// The best time of each: on a machine that does other things as well it is the one figure they do not touch.
const best = new Map(benchmarks.map(({ alias, runs }) => [alias, runs[0]?.stats?.min ?? Number.NaN]));
console.log('\nbest of compiled / best by hand');
for (const [title, compiled, byHand] of ratios) {
  const [a, b] = [best.get(compiled)!, best.get(byHand)!];
  console.log(`  ${(a / b).toFixed(2)}  ${title}: ${a.toFixed(0)} ns against ${b.toFixed(0)} ns`);
}
