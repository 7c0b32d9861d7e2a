import type { ClusterImage, MetadataRecord } from '@moldau/metadata';
import { describe, expect, test } from 'vitest';
import { apply, configOf, picture, state } from '../test/cluster-picture.ts';
import { decideAlterPartitions } from './alter-partition.ts';
import { decideElections, decideRebalance } from './elect-leaders.ts';
import { decideReassignments, type ReassignmentWish } from './reassignments.ts';

const config = configOf({ 'min.insync.replicas': '2' });
const topicId = 'topic_________________';
function cluster(...partitions: ReturnType<typeof state>[]): ClusterImage {
  const records: MetadataRecord[] = [
    { kind: 'topicCreated', name: 't', topicId },
    { kind: 'partitionsSet', topicId, partitions },
  ];
  return picture({ brokers: [1, 2, 3, 4], records });
}
function move(image: ClusterImage, replicas: ReassignmentWish['replicas'], allowReplicationFactorChange = true) {
  const wish = { topic: 't', partition: 0, replicas };
  const { records, result } = decideReassignments(image, config, [wish], { allowReplicationFactorChange });
  return { after: records.length > 0 ? apply(image, records) : image, outcome: result.outcomes[0]! };
}
const two = { replicas: [1, 2], isr: [1, 2] };

describe('moves', () => {
  test('begin with the new replicas added, end when they are in sync', () => {
    const { after, outcome } = move(cluster(state(0, two)), [3, 2]);
    expect(outcome.error).toBe('NONE');
    expect(after.partition('t', 0)).toMatchObject({
      ...{ replicas: [3, 2, 1], addingReplicas: [3], removingReplicas: [1], isr: [1, 2], leader: 1 },
    });
    const wish = {
      topicId,
      partition: 0,
      leaderEpoch: 0,
      partitionEpoch: 1,
      leaderRecoveryState: 'recovered' as const,
    };
    const newIsr = [1, 2, 3].map((brokerId) => ({ brokerId, brokerEpoch: 1 }));
    const from = { brokerId: 1, brokerEpoch: 1 };
    const { records, result } = decideAlterPartitions(after, config, [{ ...wish, newIsr }], from);
    expect(result[0]?.error).toBe('NEW_LEADER_ELECTED');
    expect(apply(after, records).partition('t', 0)).toMatchObject({
      ...{ replicas: [3, 2], isr: [2, 3], leader: 3, leaderEpoch: 1, addingReplicas: [], removingReplicas: [] },
    });
  });

  test('a smaller or merely reordered set is there at once', () => {
    expect(move(cluster(state(0, two)), [2, 1]).after.partition('t', 0)).toMatchObject({ replicas: [2, 1], leader: 1 });
    const shrunk = move(cluster(state(0, two)), [2]).after.partition('t', 0);
    expect(shrunk).toMatchObject({ replicas: [2], isr: [2], leader: 2, leaderEpoch: 1, removingReplicas: [] });
  });

  test('cancelled, they go back; replaced, the first target is forgotten', () => {
    const { after } = move(cluster(state(0, two)), [3, 4]);
    expect(move(after, null).after.partition('t', 0)).toMatchObject({
      replicas: [1, 2],
      addingReplicas: [],
      isr: [1, 2],
    });
    expect(move(after, [2, 4]).after.partition('t', 0)).toMatchObject({
      ...{ replicas: [2, 4, 1], addingReplicas: [4], removingReplicas: [1] },
    });
    expect(move(cluster(state(0, two)), null).outcome.error).toBe('NO_REASSIGNMENT_IN_PROGRESS');
  });

  test('what cannot be is refused and changes nothing', () => {
    const image = cluster(state(0, two));
    for (const replicas of [[], [1, 1], [1, 9]]) {
      expect(move(image, replicas)).toMatchObject({ after: image, outcome: { error: 'INVALID_REPLICA_ASSIGNMENT' } });
    }
    expect(move(image, [1, 2, 3], false).outcome.error).toBe('INVALID_REPLICATION_FACTOR');
    const unknown = decideReassignments(image, config, [{ topic: 'u', partition: 0, replicas: [1] }], {
      allowReplicationFactorChange: true,
    });
    expect(unknown.result.outcomes[0]?.error).toBe('UNKNOWN_TOPIC_OR_PARTITION');
  });
});

describe('elections by order', () => {
  const image = cluster(
    state(0, { replicas: [2, 1], isr: [1, 2], leader: 1 }),
    state(1, { replicas: [2, 1], isr: [1], leader: 1 }),
    state(2, { replicas: [1, 2], isr: [1, 2], leader: 1 }),
  );
  const wishes = [0, 1, 2, 7].map((partition) => ({ topic: 't', partition }));

  test('of preferred leaders: done, not available, not needed, unknown', () => {
    const { records, result } = decideElections(image, config, wishes, 'preferred');
    expect(result.outcomes.map(({ error }) => error)).toEqual([
      ...['NONE', 'PREFERRED_LEADER_NOT_AVAILABLE', 'ELECTION_NOT_NEEDED', 'UNKNOWN_TOPIC_OR_PARTITION'],
    ]);
    expect(apply(image, records).partition('t', 0)).toMatchObject({ leader: 2, leaderEpoch: 1 });
  });

  test('unclean ones only where there is no leader, and they are told', () => {
    const dead = cluster(state(0, { replicas: [5, 2], isr: [5], leader: -1 }), state(1, two));
    const { result } = decideElections(dead, config, wishes.slice(0, 2), 'unclean');
    expect(result.outcomes.map(({ error }) => error)).toEqual(['NONE', 'ELECTION_NOT_NEEDED']);
    expect(result.unclean).toEqual([{ topic: 't', partition: 0, leader: 2, leaderEpoch: 1 }]);
  });

  test('leadership goes back to preferred leaders where they are in sync', () => {
    const { records, result } = decideRebalance(image, config);
    expect(result).toEqual({ moved: 1, more: false });
    expect(apply(image, records).partition('t', 0)?.leader).toBe(2);
  });
});

describe('fences of AlterPartition', () => {
  const image = cluster(state(0, { ...two, replicas: [1, 2, 3], leaderEpoch: 4, partitionEpoch: 7 }));
  const from = { brokerId: 1, brokerEpoch: 1 };
  const good = {
    ...{ topicId, partition: 0, leaderEpoch: 4, partitionEpoch: 7, leaderRecoveryState: 'recovered' as const },
    newIsr: [1, 2, 3].map((brokerId) => ({ brokerId, brokerEpoch: 1 })),
  };
  const cases: [string, object, object, string][] = [
    ['the newest state of the partition', {}, {}, 'NONE'],
    ['fence: partition epoch (CAS)', { partitionEpoch: 6 }, {}, 'INVALID_UPDATE_VERSION'],
    ['fence: leader epoch', { leaderEpoch: 3 }, {}, 'FENCED_LEADER_EPOCH'],
    ['a controller that is behind', { partitionEpoch: 8 }, {}, 'NOT_CONTROLLER'],
    ['fence: broker epoch of the leader', {}, { brokerEpoch: 0 }, 'STALE_BROKER_EPOCH'],
    [
      'fence: broker epoch of a member (KIP-903)',
      {
        newIsr: [
          { brokerId: 1, brokerEpoch: 1 },
          { brokerId: 3, brokerEpoch: 0 },
        ],
      },
      {},
      'INELIGIBLE_REPLICA',
    ],
    ['somebody who does not lead', {}, { brokerId: 2 }, 'INVALID_REQUEST'],
    ['an ISR without its leader', { newIsr: [{ brokerId: 2, brokerEpoch: 1 }] }, {}, 'INVALID_REQUEST'],
    [
      'a member that is no replica',
      {
        newIsr: [
          { brokerId: 1, brokerEpoch: 1 },
          { brokerId: 4, brokerEpoch: 1 },
        ],
      },
      {},
      'INVALID_REQUEST',
    ],
    ['fence: topic id', { topicId: 'other_________________' }, {}, 'UNKNOWN_TOPIC_ID'],
  ];
  test.each(cases)('%s', (_, wish, broker, error) => {
    const { records, result } = decideAlterPartitions(image, config, [{ ...good, ...wish }], { ...from, ...broker });
    expect(result[0]?.error).toBe(error);
    expect(records.length).toBe(error === 'NONE' ? 1 : 0);
  });

  test('a broker on its way out joins no ISR (KIP-841)', () => {
    const leaving = apply(image, [{ kind: 'brokerShuttingDown', brokerId: 3, brokerEpoch: 1 }]);
    expect(decideAlterPartitions(leaving, config, [good], from).result[0]?.error).toBe('INELIGIBLE_REPLICA');
  });
});
