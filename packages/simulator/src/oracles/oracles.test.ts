// The oracles of single invariants say no when the invariant is broken, and nothing when it holds: each with pictures and
// replicas made for the purpose.
import type { Partition } from '@moldau/broker/partition/partition';
import { CALM_PARTITION, ClusterImage, type MetadataRecord, type PartitionState } from '@moldau/metadata';
import { describe, expect, test } from 'vitest';
import type { Boot } from '../world/machine.ts';
import { ControllerOracle, DONE_WITHIN_MS, undone } from './controller-oracle.ts';
import { SessionOracle } from './session-oracle.ts';
import { see, type Visible } from './visible-records.ts';

describe('8: one offset, one batch, for ever', () => {
  const name = () => 't-0@0';

  test('the same batches on another replica, and older ones that retention had taken there', () => {
    const seen: Visible = new Map();
    see(seen, 10, 14, 111, name);
    see(seen, 15, 15, 222, name);
    see(seen, 10, 14, 111, name);
    see(seen, 0, 9, 99, name);
    expect(seen.size).toBe(16);
  });

  test('another batch at offsets that were visible', () => {
    const seen: Visible = new Map();
    see(seen, 10, 14, 111, name);
    expect(() => see(seen, 10, 14, 112, name)).toThrow('invariant 8');
  });

  test('a batch that begins in the middle of what was visible', () => {
    const seen: Visible = new Map();
    see(seen, 10, 14, 111, name);
    expect(() => see(seen, 12, 14, 113, name)).toThrow('invariant 8');
  });
});

describe('26: a broker whose session is not confirmed', () => {
  const boot = { machine: { monotonic: () => 100_000 } } as unknown as Boot;
  const engine = (confirmedAt: number) => ({ sessionConfirmedAtMs: confirmedAt, sessionTimeoutMs: 6_000 });
  const partition = (state: { leads: boolean; text?: string }) => {
    const fake = {
      ...{ topic: 'kept', index: 0, topicId: 'id', leaderEpoch: 3, offline: false, closed: false },
      isLeader: state.leads,
      state: { replicas: [1, 2, 3] },
      log: {
        endOffset: 5,
        read: () => ({ kind: 'slice', chunks: [Buffer.from(state.text ?? '')], sizeBytes: 1, firstBatchOffset: 5 }),
      },
    };
    return fake as typeof fake & Partition;
  };
  const oracle = () =>
    new SessionOracle(
      new Map([
        ['p1', -1],
        ['p2', 1],
      ]),
    );
  const look = (on: SessionOracle, what: Partition, confirmedAt: number, imageOffset = 7) =>
    on.look({ id: 1, boot, imageOffset, engine: engine(confirmedAt), partitions: [what] });

  test.each([
    ['takes acks=1', 'xx p2:kept-0/7', 90_000, true],
    ['takes acks=all', 'xx p1:kept-0/7', 90_000, false],
    ['takes acks=1 while it is confirmed', 'xx p2:kept-0/7', 99_000, false],
  ])('%s', (_what, text, confirmedAt, broken) => {
    const on = oracle();
    const led = partition({ leads: true, text });
    look(on, led, confirmedAt);
    (led.log as { endOffset: number }).endOffset = 6;
    const again = () => look(on, led, confirmedAt);
    if (broken) expect(again).toThrow('invariant 26');
    else again();
  });

  test.each([
    ['nothing was decided', 7, true],
    ['a new picture came', 8, false],
  ])('it leads no more: %s', (_what, imageOffset, broken) => {
    const on = oracle();
    const led = partition({ leads: true });
    look(on, led, 90_000);
    (led as { isLeader: boolean }).isLeader = false;
    const again = () => look(on, led, 90_000, imageOffset);
    if (broken) expect(again).toThrow('invariant 26');
    else again();
  });
});

describe('27: the cluster comes to what the store implies', () => {
  const state = (change: Partial<PartitionState>): PartitionState => ({
    ...CALM_PARTITION,
    ...{ partition: 0, replicas: [1, 2], isr: [1, 2], leader: 1, leaderEpoch: 0, partitionEpoch: 0 },
    ...change,
  });
  const registered = (brokerId: number, brokerEpoch: number): MetadataRecord => ({
    ...{ kind: 'brokerRegistered', brokerId, brokerEpoch, incarnationId: `${brokerId}-${brokerEpoch}` },
    ...{ endpoints: [], rack: null },
  });
  const topicId = 'b5d1b0a0-0000-4000-8000-000000000001';
  const image = (partition: PartitionState, ...more: MetadataRecord[]) =>
    ClusterImage.empty.apply({
      offset: 0,
      epoch: 1,
      records: [
        { kind: 'clusterFormed', clusterId: 'c' },
        { kind: 'controllerElected', brokerId: 1, epoch: 1 },
        registered(1, 11),
        registered(2, 12),
        { kind: 'topicCreated', name: 't', topicId },
        { kind: 'partitionsSet', topicId, partitions: [partition] },
        ...more,
      ],
    });
  const alive = [
    { brokerId: 1, brokerEpoch: 11 },
    { brokerId: 2, brokerEpoch: 12 },
  ];
  const fenced: MetadataRecord = { kind: 'brokerFenced', brokerId: 2, brokerEpoch: 12 };

  test.each([
    ['all is as it should be', image(state({})), alive, []],
    ['one died and is not fenced', image(state({})), [alive[0]!], ['broker 2 is not alive, and not fenced']],
    [
      'one came anew and is not registered',
      image(state({})),
      [alive[0]!, { brokerId: 2, brokerEpoch: 20 }],
      ['broker 2 is alive in epoch 20, and not registered'],
    ],
    [
      'a fenced one leads',
      image(state({ leader: 2 }), fenced),
      [alive[0]!],
      ['t-0 in epoch 0 is led by broker 2, which is fenced'],
    ],
    [
      'nobody leads, and somebody could',
      image(state({ leader: -1, isr: [1] })),
      alive,
      ['t-0 in epoch 0 has no leader, and broker 1 could be'],
    ],
    ['nobody leads, and nobody could', image(state({ leader: -1, isr: [2] }), fenced), [alive[0]!], []],
  ])('%s', (_what, picture, living, expected) => {
    expect([...undone(picture, living)]).toEqual(expected);
  });

  const lost = { image: image(state({})), alive: [alive[0]!], controllerWorks: true };

  test('an event that is lost is found once a controller has had the time to see to it', () => {
    const oracle = new ControllerOracle();
    for (let now = 0; now <= DONE_WITHIN_MS + 500; now += 500) oracle.look(now, () => lost);
    expect(() => oracle.look(DONE_WITHIN_MS + 1_000, () => lost)).toThrow('invariant 27: broker 2 is not alive');
  });

  test('the time starts anew when the controller could not work in between', () => {
    const oracle = new ControllerOracle();
    for (let now = 0; now <= 3 * DONE_WITHIN_MS; now += 500) {
      oracle.look(now, () => ({ ...lost, controllerWorks: now % 5_000 > 0 }));
    }
    expect(oracle.looks).toBeGreaterThan(0);
  });
});
