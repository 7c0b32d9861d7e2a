import type { MetadataRecord } from '@moldau/metadata';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { apply, picture, state } from '../test/cluster-picture.ts';
import { recordBatches } from './record-batches.ts';

const created = (name: string, partitions: number): MetadataRecord[] => [
  { kind: 'topicCreated', name, topicId: `id-${name}` },
  { kind: 'configSet', resourceType: 'topic', resourceName: name, name: 'retention.ms', value: '1' },
  {
    kind: 'partitionsSet',
    topicId: `id-${name}`,
    partitions: Array.from({ length: partitions }, (_, index) => state(index)),
  },
];

test('a small decision is one batch, also one without records: it waits for what is under way', () => {
  expect(recordBatches(created('t', 3), 1_000_000)).toEqual([created('t', 3)]);
  expect(recordBatches([], 1_000_000)).toEqual([[]]);
});

test('a decision that does not fit is cut between records, and between the partitions of one; each part says which it is', () => {
  const batches = recordBatches(created('large', 40), 2_000);
  expect(batches.length).toBeGreaterThan(2);
  batches.forEach(([first], i) => {
    expect(first).toEqual({ kind: 'transactionPart', part: i + 1, of: batches.length });
  });
  expect(batches.flat().filter(({ kind }) => kind === 'topicCreated')).toHaveLength(1);
});

test('a topic of 20,000 partitions over a store of 800 kB a batch is there with all of them or not at all', () => {
  const batches = recordBatches(created('large', 20_000), 800_000);
  expect(batches.length).toBeGreaterThan(2);
  const seen = batches.map(
    (_, kept) =>
      batches
        .slice(0, kept + 1)
        .reduce((so, batch) => apply(so, batch), picture())
        .topic('large')?.partitions.length,
  );
  expect(seen).toEqual([...batches.slice(1).map(() => undefined), 20_000]);
});

test('whatever the bound: all records in order, no batch above it, the same picture in the end', () => {
  const topics = fc.uniqueArray(
    fc.record({ name: fc.stringMatching(/^[a-z]{1,6}$/), partitions: fc.nat({ max: 60 }) }),
    {
      selector: ({ name }) => name,
      maxLength: 6,
    },
  );
  fc.assert(
    fc.property(topics, fc.integer({ min: 500, max: 20_000 }), (all, bytesMax) => {
      const records = all.flatMap(({ name, partitions }) => created(name, partitions));
      const batches = recordBatches(records, bytesMax);
      for (const batch of batches) expect(Buffer.byteLength(JSON.stringify(batch))).toBeLessThanOrEqual(bytesMax);
      let image = picture();
      for (const batch of batches) image = apply(image, batch);
      expect([...image.topics()]).toEqual([...apply(picture(), records).topics()]);
    }),
    // A topic that fills the bound to the byte, without the brackets around it.
    { examples: [[[{ name: 'a', partitions: 19 }], 3676]] },
  );
});
