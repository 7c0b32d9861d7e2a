import { type AliveBroker, type ClusterImage, NO_LEADER } from '@moldau/metadata';
import { describe, expect, test } from 'vitest';
import { apply, configOf, picture, state } from '../test/cluster-picture.ts';
import { decideUnregister, reconcileBrokers } from './elections.ts';
import { recordBatches } from './record-batches.ts';

const config = configOf();

function alive(brokerId: number, brokerEpoch = 1): AliveBroker {
  return { brokerId, brokerEpoch, incarnationId: `i${brokerId}`, endpoints: [], rack: null, previousBrokerEpoch: -1 };
}

function after(image: ClusterImage, ...brokers: AliveBroker[]): ClusterImage {
  const { records } = reconcileBrokers({ image, config, alive: brokers });
  return records.length === 0 ? image : apply(image, records);
}

const id = 'topic_________________';
function cluster(...partitions: ReturnType<typeof state>[]): ClusterImage {
  return picture({
    brokers: [1, 2, 3],
    records: [
      { kind: 'topicCreated', name: 't', topicId: id },
      { kind: 'partitionsSet', topicId: id, partitions },
    ],
  });
}
const three = { replicas: [1, 2, 3], isr: [1, 2, 3] };

describe('who leads', () => {
  test('nothing to record when nothing changed', () => {
    const image = cluster(state(0, three));
    expect(reconcileBrokers({ image, config, alive: [alive(1), alive(2), alive(3)] }).records).toEqual([]);
  });

  test('a restarted leader leads on, under a higher epoch', () => {
    const image = after(cluster(state(0, three)), alive(1, 5), alive(2), alive(3));
    expect(image.broker(1)?.brokerEpoch).toBe(5);
    expect(image.partition('t', 0)).toEqual(state(0, { ...three, leaderEpoch: 1, partitionEpoch: 1 }));
  });

  test('a restarted follower changes nothing', () => {
    const image = after(cluster(state(0, three)), alive(1), alive(2, 5), alive(3));
    expect(image.partition('t', 0)).toEqual(state(0, three));
  });

  test('the first living replica of the ISR takes over; who is gone leaves the ISR', () => {
    const image = after(cluster(state(0, three), state(1, { replicas: [1, 2, 3], isr: [3, 1] })), alive(2), alive(3));
    expect(image.broker(1)?.fenced).toBe(true);
    expect(image.partition('t', 0)).toMatchObject({ leader: 2, isr: [2, 3], leaderEpoch: 1 });
    expect(image.partition('t', 1)).toMatchObject({ leader: 3, isr: [3], leaderEpoch: 1 });
  });

  test('a follower that is gone leaves the ISR, and the leader keeps its epoch', () => {
    const image = after(cluster(state(0, three)), alive(1), alive(3));
    expect(image.partition('t', 0)).toMatchObject({ leader: 1, isr: [1, 3], leaderEpoch: 0, partitionEpoch: 1 });
  });

  test('without a living replica of the ISR nobody leads, and the ISR stays: only they can lead without loss', () => {
    const image = after(cluster(state(0, { replicas: [1, 2], isr: [1] })), alive(2), alive(3));
    expect(image.partition('t', 0)).toMatchObject({ leader: NO_LEADER, isr: [1], leaderEpoch: 1 });
    const back = after(image, alive(1, 7), alive(2), alive(3));
    expect(back.partition('t', 0)).toMatchObject({ leader: 1, isr: [1], leaderEpoch: 2 });
    expect(back.broker(1)?.fenced).toBe(false);
  });
});

describe('a decision that was cut into batches and broken off is completed by the next controller', () => {
  const before = cluster(...[0, 1, 2, 3].map((index) => state(index, three)));
  test.each([
    ['a broker that is gone', [alive(2), alive(3)]],
    ['a broker that restarted', [alive(1, 5), alive(2), alive(3)]],
  ])('%s', (_, brokers) => {
    const { records } = reconcileBrokers({ image: before, config, alive: brokers });
    const batches = recordBatches(records, 500);
    expect(batches.length).toBeGreaterThan(2);
    for (let kept = 0; kept <= batches.length; kept++) {
      const image = after(
        batches.slice(0, kept).reduce((so, batch) => apply(so, batch), before),
        ...brokers,
      );
      expect(image.broker(1)).toMatchObject(brokers.length === 2 ? { fenced: true } : { brokerEpoch: 5 });
      for (const { leader, leaderEpoch } of image.topic('t')!.partitions) {
        expect(leader).toBe(brokers.length === 2 ? 2 : 1);
        expect(leaderEpoch).toBeGreaterThan(0);
      }
    }
  });
});

test('a broker that is unregistered while it lives loses its leaderships to others first', () => {
  const image = cluster(state(0, three), state(1, { replicas: [1], isr: [1] }));
  const gone = { brokerId: 1, brokerEpoch: 1 };
  const { records } = decideUnregister({ image, config, alive: [alive(1), alive(2), alive(3)], gone });
  const next = apply(image, records);
  expect(next.broker(1)).toBeUndefined();
  expect(next.partition('t', 0)).toMatchObject({ leader: 2, isr: [2, 3], leaderEpoch: 1 });
  expect(next.partition('t', 1)).toMatchObject({ leader: NO_LEADER, isr: [1] });
});
