// KIP-320. A consumer that reads on from a log whose history has changed under it would skip records, or hand out two
// different ones for the same offset, and nobody would ever know. First the judgement, then brokers that truncate.
import type { WireError } from '@moldau/protocol';
import { afterEach, expect, test } from 'vitest';
import { ScriptedCluster } from '../../test/scripted-cluster.ts';
import { Consumer, type ConsumerEvents, type ConsumerOptions, LogTruncationError } from '../index.ts';
import { judged, lossOf, needsCheck } from './truncation.ts';

const at = (fetched: number, fetchedEpoch: number, checkedEpoch = -1) => ({ fetched, fetchedEpoch, checkedEpoch });

test.each([
  { name: 'a new leader epoch', at: at(10, 3, 3), leaderEpoch: 4, check: true },
  { name: 'never checked, as after a commit read back', at: at(10, 3), leaderEpoch: 4, check: true },
  { name: 'checked against this very epoch', at: at(10, 3, 4), leaderEpoch: 4, check: false },
  { name: 'read under this very epoch, in which logs only grow', at: at(10, 4), leaderEpoch: 4, check: false },
  { name: 'sought by number: there is nothing to ask with', at: at(10, -1), leaderEpoch: 4, check: false },
  { name: 'a broker that tells no epochs', at: at(10, 3), leaderEpoch: -1, check: false },
])('is a position checked: $name', ({ at, leaderEpoch, check }) => {
  expect(needsCheck(at, leaderEpoch)).toBe(check);
});

const end = (leaderEpoch: number, endOffset: number, error: WireError = 'NONE') => ({ error, leaderEpoch, endOffset });
const truncated = (offset: number, leaderEpoch: number) => ({ kind: 'truncated', at: { offset, leaderEpoch } });

test.each([
  { name: 'the epoch reaches as far as we have read', answer: end(3, 10), verdict: { kind: 'valid' } },
  { name: 'it reaches further', answer: end(3, 99), verdict: { kind: 'valid' } },
  { name: 'it ends before', answer: end(3, 7), verdict: truncated(7, 3) },
  { name: 'the leader has an older epoch only', answer: end(2, 7), verdict: truncated(7, 2) },
  { name: 'the leader knows nothing that old', answer: end(-1, -1), verdict: { kind: 'truncated', at: undefined } },
  { name: 'we are behind', answer: end(-1, -1, 'FENCED_LEADER_EPOCH'), verdict: { kind: 'later' } },
  { name: 'it is behind', answer: end(-1, -1, 'UNKNOWN_LEADER_EPOCH'), verdict: { kind: 'later' } },
  { name: 'it leads no more', answer: end(-1, -1, 'NOT_LEADER_OR_FOLLOWER'), verdict: { kind: 'later' } },
  {
    name: 'not allowed',
    answer: end(-1, -1, 'TOPIC_AUTHORIZATION_FAILED'),
    verdict: { kind: 'refused', error: 'TOPIC_AUTHORIZATION_FAILED' },
  },
])('what an answer means: $name', ({ answer, verdict }) => {
  expect(judged(at(10, 3), answer)).toEqual(verdict);
});

test('only records that the application has had are a loss to it', () => {
  expect(lossOf(5, { offset: 5, leaderEpoch: 3 })).toBe('unseen');
  expect(lossOf(6, { offset: 5, leaderEpoch: 3 })).toBe('seen');
  expect(lossOf(0, undefined)).toBe('seen');
});

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function cluster(count = 2): Promise<ScriptedCluster> {
  const started = await ScriptedCluster.start(count);
  stops.push(() => started.stop());
  return started;
}

function reader(of: ScriptedCluster, options: Partial<ConsumerOptions<string, string>> = {}) {
  const consumer = new Consumer<string, string>({
    bootstrapServers: of.bootstrap,
    autoOffsetReset: 'earliest',
    valueDeserializer: String,
    retryBackoffMs: 10,
    retryBackoffMaxMs: 20,
    ...options,
  });
  stops.push(() => consumer.close());
  consumer.assign([{ topic: 't', partition: 0 }]);
  return consumer;
}

async function values(consumer: Consumer<string, string>, count: number): Promise<(string | null)[]> {
  const seen: (string | null)[] = [];
  while (seen.length < count) seen.push(...(await consumer.poll(1000)).map(({ value }) => value));
  return seen;
}

/** Node 2 leads under epoch 1, without the last records that node 1 had. */
function failOver(of: ScriptedCluster, kept: number, then: readonly string[]): void {
  of.logs[1]!.length = kept;
  of.leader = 2;
  of.leaderEpoch = 1;
  of.write(1, then, [2]);
}

test('after a truncation a consumer reads on where the histories part, and says so', async () => {
  const brokers = await cluster();
  brokers.write(0, ['a', 'b', 'c', 'd']);
  const consumer = reader(brokers);
  const told: ConsumerEvents['truncated'][] = [];
  consumer.on('truncated', (event) => told.push(event));
  expect(await values(consumer, 4)).toEqual(['a', 'b', 'c', 'd']);
  failOver(brokers, 2, ['C', 'D', 'E']);
  expect(await values(consumer, 3)).toEqual(['C', 'D', 'E']);
  expect(told).toEqual([{ topic: 't', partition: 0, position: 4, divergentOffset: 2 }]);
});

test('auto.offset.reset=none: LogTruncationError with the divergent offset, again until the application seeks', async () => {
  const brokers = await cluster();
  brokers.write(0, ['a', 'b', 'c', 'd']);
  const consumer = reader(brokers, { autoOffsetReset: 'none' });
  consumer.seek({ topic: 't', partition: 0 }, 0);
  expect(await values(consumer, 4)).toEqual(['a', 'b', 'c', 'd']);
  failOver(brokers, 2, ['C', 'D', 'E']);
  for (let time = 1; time <= 2; time++) {
    const error = await values(consumer, 1).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LogTruncationError);
    expect(error).toMatchObject({ error: 'LOG_TRUNCATION', retriable: false, topic: 't', partition: 0, offset: 4 });
    expect(error).toMatchObject({ divergentOffset: 2, divergentEpoch: 0 });
  }
  consumer.seek({ topic: 't', partition: 0 }, 2);
  expect(await values(consumer, 3)).toEqual(['C', 'D', 'E']);
});

test('records that were only read ahead are read again, and nobody is troubled', async () => {
  const brokers = await cluster();
  brokers.write(0, ['a', 'b', 'c', 'd']);
  const consumer = reader(brokers, { maxPollRecords: 1 });
  const told: unknown[] = [];
  consumer.on('truncated', (event) => told.push(event));
  expect(await values(consumer, 1)).toEqual(['a']);
  failOver(brokers, 2, ['C', 'D']);
  // What is buffered was the log when it was read; once the fetch after it has told of the new one, it is let go.
  while (brokers.fetches.filter((fetch) => fetch === '2:1').length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(await values(consumer, 3)).toEqual(['b', 'C', 'D']);
  expect(told).toEqual([]);
});

test('a leader change without a truncation costs one question and no record', async () => {
  const brokers = await cluster();
  brokers.write(0, ['a', 'b']);
  const consumer = reader(brokers);
  expect(await values(consumer, 2)).toEqual(['a', 'b']);
  expect(brokers.epochQuestions).toBe(0);
  failOver(brokers, 2, ['c']);
  expect(await values(consumer, 1)).toEqual(['c']);
  expect(brokers.epochQuestions).toBeGreaterThanOrEqual(1);
});

test('a leader that knows nothing of the epoch: the reset policy decides', async () => {
  const brokers = await cluster();
  brokers.leaderEpoch = 5;
  brokers.write(5, ['a', 'b']);
  const consumer = reader(brokers);
  expect(await values(consumer, 2)).toEqual(['a', 'b']);
  brokers.logs[1]!.length = 0;
  brokers.leader = 2;
  brokers.leaderEpoch = 6;
  brokers.write(6, ['x'], [2]);
  const told: ConsumerEvents['truncated'][] = [];
  consumer.on('truncated', (event) => told.push(event));
  expect(await values(consumer, 1)).toEqual(['x']);
  expect(told).toHaveLength(1);
});

test('platformatic#248, #267: metadata with a stale leader epoch does not move a consumer back', async () => {
  const brokers = await cluster();
  brokers.leaderEpoch = 4;
  brokers.write(4, ['a']);
  const consumer = reader(brokers, { metadataMaxAgeMs: 20 });
  expect(await values(consumer, 1)).toEqual(['a']);
  // A broker that lags behind answers with the epoch before, again and again.
  brokers.metadataEpoch = 3;
  const asked = brokers.brokers.flatMap(({ asked }) => asked).filter(({ api }) => api === 'Metadata').length;
  const now = () => brokers.brokers.flatMap(({ asked }) => asked).filter(({ api }) => api === 'Metadata').length;
  while (now() < asked + 3) await consumer.poll(10);
  brokers.write(4, ['b']);
  expect(await values(consumer, 1)).toEqual(['b']);
  const epochs = brokers.brokers
    .flatMap(({ asked }) => asked)
    .filter(({ api }) => api === 'Fetch')
    .flatMap(({ body }) => body.topics as { partitions: { currentLeaderEpoch: number }[] }[])
    .flatMap(({ partitions }) => partitions.map(({ currentLeaderEpoch }) => currentLeaderEpoch));
  expect(new Set(epochs)).toEqual(new Set([4]));
});
