import { type AliveBroker, type ClusterImage, NO_LEADER } from '@moldau/metadata';
import { describe, expect, test } from 'vitest';
import { apply, configOf, picture, state } from '../test/cluster-picture.ts';
import { reconcileBrokers } from './elections.ts';

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
