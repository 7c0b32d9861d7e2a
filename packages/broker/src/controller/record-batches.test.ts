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

test('a topic stays in one batch while it fits, and is cut between partitions when it does not', () => {
  const records = [...created('a', 2), ...created('b', 2)];
  expect(recordBatches(records, 1_000)).toEqual([created('a', 2), created('b', 2)]);
  const kinds = recordBatches(created('large', 40), 2_000).map((batch) => batch.map(({ kind }) => kind));
  expect(kinds.length).toBeGreaterThan(2);
  expect(kinds[0]).toContain('topicCreated');
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
