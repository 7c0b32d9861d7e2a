import type { BrokerImage } from '@moldau/metadata';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { placeReplicas } from './placement.ts';

function broker(brokerId: number, rack: string | null, fenced = false): BrokerImage {
  return {
    brokerId,
    brokerEpoch: 1,
    incarnationId: '',
    endpoints: [],
    rack,
    fenced,
    shuttingDown: false,
    cordoned: false,
    previousBrokerEpoch: -1,
  };
}

const clusters = fc
  .array(fc.constantFrom('a', 'b', 'c', null), { minLength: 1, maxLength: 9 })
  .map((racks) => racks.map((rack, id) => broker(id, rack)));

test('replicas are on different brokers, leaders take turns, racks are used before any is used twice', () => {
  fc.assert(
    fc.property(clusters, fc.integer({ min: 1, max: 40 }), fc.nat(), fc.nat(), (brokers, partitions, factor, start) => {
      const replicationFactor = 1 + (factor % brokers.length);
      const placed = placeReplicas(brokers, { partitions, replicationFactor, start });
      if (placed.kind === 'refused') throw new Error(placed.detail);
      expect(placed.replicas).toHaveLength(partitions);
      const racks = new Set(brokers.map((one) => one.rack));
      const leads = new Map<number, number>();
      for (const replicas of placed.replicas) {
        expect(new Set(replicas).size).toBe(replicationFactor);
        const used = new Set(replicas.map((id) => brokers[id]!.rack));
        expect(used.size).toBe(Math.min(racks.size, replicationFactor));
        leads.set(replicas[0]!, (leads.get(replicas[0]!) ?? 0) + 1);
      }
      const counts = brokers.map((one) => leads.get(one.brokerId) ?? 0);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }),
  );
});

test('fenced brokers get nothing', () => {
  const placed = placeReplicas([broker(1, null, true), broker(2, null)], {
    partitions: 3,
    replicationFactor: 1,
    start: 0,
  });
  expect(placed).toEqual({ kind: 'placed', replicas: [[2], [2], [2]] });
});

test('a broker that is about to stop gets something only where the others do not suffice', () => {
  const brokers = [{ ...broker(1, null), shuttingDown: true }, broker(2, null)];
  const place = (replicationFactor: number) => placeReplicas(brokers, { partitions: 2, replicationFactor, start: 0 });
  expect(place(1)).toEqual({ kind: 'placed', replicas: [[2], [2]] });
  expect(place(2)).toMatchObject({ kind: 'placed', replicas: [expect.arrayContaining([1, 2]), expect.anything()] });
});

test('a broker whose log directories are all cordoned gets nothing (KIP-1066)', () => {
  const brokers = [{ ...broker(1, null), cordoned: true }, broker(2, null), broker(3, null)];
  const placed = placeReplicas(brokers, { partitions: 6, replicationFactor: 2, start: 0 });
  expect(placed.kind === 'placed' && placed.replicas.flat().includes(1)).toBe(false);
  const tooMany = placeReplicas(brokers, { partitions: 1, replicationFactor: 3, start: 0 });
  expect(tooMany).toEqual({
    kind: 'refused',
    detail:
      'The target replication factor of 3 cannot be reached because only 2 broker(s) are registered or some brokers have all their log directories cordoned.',
  });
});
