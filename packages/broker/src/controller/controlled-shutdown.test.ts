import type { ClusterImage, MetadataRecord } from '@moldau/metadata';
import { describe, expect, test } from 'vitest';
import { VirtualTime } from '../replicated-machine/test/virtual-time.ts';
import { apply, configOf, picture, state } from '../test/cluster-picture.ts';
import { decideAlterPartitions } from './alter-partition.ts';
import { ANSWER_MS_MAX, ControlledShutdown, type ShutdownAnswer } from './controlled-shutdown.ts';
import { decideShutdown } from './elections.ts';
import { leave } from './leaving.ts';

const config = configOf();
const topicId = 'topic_________________';
/** Broker 1 leads 0 (with others in sync), 1 (alone in sync) and 2 (its only replica). Broker 3 decides. */
function cluster(parts: { readonly records?: readonly MetadataRecord[]; readonly fenced?: readonly number[] } = {}) {
  return picture({
    brokers: [1, 2, 3],
    fenced: parts.fenced ?? [],
    records: [
      { kind: 'controllerElected', epoch: 1, brokerId: 3 },
      { kind: 'topicCreated', name: 't', topicId },
      {
        kind: 'partitionsSet',
        topicId,
        partitions: [
          state(0, { replicas: [1, 2], isr: [1, 2] }),
          state(1, { replicas: [1, 2], isr: [1] }),
          state(2, { replicas: [1], isr: [1] }),
        ],
      },
      ...(parts.records ?? []),
    ],
  });
}
/** Promises that are due have run. */
const settled = () => new Promise((resolve) => setImmediate(resolve));
const run = { brokerId: 1, brokerEpoch: 1 };
const settings = { maxRetries: 3, retryBackoffMs: 5_000 };
const keeps: ShutdownAnswer = { kind: 'keeps' };
const failed: ShutdownAnswer = { kind: 'failed', detail: 'refused' };

/** Asks and answers until it goes on or wants to wait. */
function until(machine: ControlledShutdown, nowMs: number, image: ClusterImage, answer: ShutdownAnswer) {
  let step = machine.next(nowMs, image);
  if (step.kind === 'ask') {
    machine.answered(nowMs, answer);
    step = machine.next(nowMs, image);
  }
  return step;
}

describe('what a broker that stops does next', () => {
  test('let go with the first answer', () => {
    const machine = new ControlledShutdown(1, settings);
    const image = apply(cluster(), decideShutdown(cluster(), config, run).records);
    expect(until(machine, 0, image, { kind: 'letGo' })).toEqual({
      kind: 'goOn',
      outcome: { handedOver: true, attempts: 1, kept: 0, reason: 'the controller let it go' },
    });
  });

  test('a controller that cannot be reached is asked as often as the settings say, with their pause between', () => {
    const machine = new ControlledShutdown(1, settings);
    const image = cluster();
    expect(until(machine, 100, image, failed)).toEqual({ kind: 'wait', untilMs: 5_100 });
    expect(machine.next(5_099, image)).toEqual({ kind: 'wait', untilMs: 5_100 });
    expect(until(machine, 5_100, image, failed)).toEqual({ kind: 'wait', untilMs: 10_100 });
    const last = until(machine, 10_100, image, failed);
    expect(last).toMatchObject({ kind: 'goOn', outcome: { handedOver: false, attempts: 3, kept: 2 } });
    expect(last.kind === 'goOn' && last.outcome.reason).toBe(
      'the controller could not be asked, after 3 attempt(s) (controlled.shutdown.max.retries=3): refused',
    );
  });

  test('a controller that moved is asked at once, and that is no attempt of the settings', () => {
    const machine = new ControlledShutdown(1, { ...settings, maxRetries: 2 });
    expect(until(machine, 0, cluster(), failed)).toEqual({ kind: 'wait', untilMs: 5_000 });
    const none = cluster({ records: [{ kind: 'controllerElected', epoch: 1, brokerId: -1 }] });
    expect(machine.next(10, none)).toEqual({ kind: 'wait', untilMs: 5_000 });
    const moved = cluster({ records: [{ kind: 'controllerElected', epoch: 1, brokerId: 2 }] });
    expect(until(machine, 20, moved, failed)).toEqual({ kind: 'wait', untilMs: 5_020 });
    expect(machine.next(30, moved)).toEqual({ kind: 'wait', untilMs: 5_020 });
    expect(until(machine, 5_020, moved, { kind: 'letGo' })).toMatchObject({ kind: 'goOn', outcome: { attempts: 3 } });
  });

  test('what cannot be handed over is waited for, and asked for as soon as a replica is in sync', () => {
    const machine = new ControlledShutdown(1, settings);
    let image = cluster();
    const first = decideShutdown(image, config, run);
    expect(first.result.waitsFor).toBe(1);
    image = apply(image, first.records);
    expect(image.partition('t', 0)).toMatchObject({ leader: 2, isr: [2] });
    expect(until(machine, 0, image, keeps)).toEqual({ kind: 'wait', untilMs: 5_000 });
    // The leader on its way out tells that its follower is in sync.
    const wish = {
      topicId,
      partition: 1,
      leaderEpoch: 0,
      partitionEpoch: 0,
      leaderRecoveryState: 'recovered' as const,
    };
    const newIsr = [run, { brokerId: 2, brokerEpoch: 1 }];
    const { records, result } = decideAlterPartitions(image, config, [{ ...wish, newIsr }], run);
    expect(result[0]?.error).toBe('NONE');
    image = apply(image, records);
    expect(machine.next(50, image).kind).toBe('ask');
    const second = decideShutdown(image, config, run);
    expect(second.result.waitsFor).toBe(0);
    image = apply(image, second.records);
    machine.answered(60, { kind: 'letGo' });
    expect(machine.next(60, image)).toMatchObject({ kind: 'goOn', outcome: { handedOver: true, kept: 0 } });
    expect(image.topic('t')!.partitions.map(({ leader }) => leader)).toEqual([2, 2, 1]);
  });

  test('a replica that never comes in sync holds nobody up for longer than the settings say', () => {
    const machine = new ControlledShutdown(1, { maxRetries: 2, retryBackoffMs: 1_000 });
    const image = apply(cluster(), decideShutdown(cluster(), config, run).records);
    expect(until(machine, 0, image, keeps)).toEqual({ kind: 'wait', untilMs: 1_000 });
    expect(until(machine, 1_000, image, keeps)).toMatchObject({
      kind: 'goOn',
      outcome: { handedOver: false, attempts: 2, kept: 1, reason: expect.stringContaining('no other replica') },
    });
  });

  test('where the other replicas are gone too nothing is waited for, and it is said', () => {
    const image = cluster({ fenced: [2] });
    const { records, result } = decideShutdown(image, config, run);
    expect(result.waitsFor).toBe(0);
    const machine = new ControlledShutdown(1, settings);
    expect(until(machine, 0, apply(image, records), { kind: 'letGo' })).toMatchObject({
      kind: 'goOn',
      outcome: { handedOver: false, attempts: 1, kept: 2, reason: expect.stringContaining('is there to take over') },
    });
  });

  test.each([
    ['no other broker is alive', cluster({ fenced: [2, 3] }), settings],
    ['it was not to ask (controlled.shutdown.max.retries=0)', cluster(), { ...settings, maxRetries: 0 }],
  ])('nobody is asked: %s', (reason, image, given) => {
    expect(new ControlledShutdown(1, given).next(7, image)).toMatchObject({
      kind: 'goOn',
      outcome: { attempts: 0, reason },
    });
  });

  test('however often there is news, it ends', () => {
    const machine = new ControlledShutdown(1, settings);
    const deadlineMs = 3 * (ANSWER_MS_MAX + 5_000);
    let nowMs = 0;
    for (let controller = 3; ; controller = 5 - controller) {
      const image = cluster({ records: [{ kind: 'controllerElected', epoch: 1, brokerId: controller }] });
      const step = machine.next(nowMs, image);
      if (step.kind === 'goOn') break;
      nowMs += 100;
      if (step.kind === 'ask') machine.answered(nowMs, failed);
      expect(nowMs).toBeLessThanOrEqual(deadlineMs + 100);
    }
    expect(nowMs).toBeGreaterThanOrEqual(deadlineMs);
  });
});

describe('carried out', () => {
  test('a question that is never answered, one that rejects and one that throws end alike', async () => {
    const time = new VirtualTime();
    const image = cluster();
    const questions: (() => Promise<boolean>)[] = [
      () => new Promise(() => {}),
      () => Promise.reject(new Error('reset')),
      () => {
        throw new Error('nobody to ask');
      },
    ];
    const leaving = leave({
      ...{ nodeId: 1, settings, clock: time.clock, timers: time.timers },
      image: () => image,
      follow: () => () => {},
      ask: () => questions.shift()!(),
    });
    let outcome: Awaited<typeof leaving> | undefined;
    void leaving.then((result) => {
      outcome = result;
    });
    for (let second = 0; second <= 20; second++) {
      time.advance(1_000);
      await settled();
    }
    expect(outcome).toMatchObject({ handedOver: false, attempts: 3, reason: expect.stringContaining('nobody to ask') });
    expect(questions).toEqual([]);
  });
});
