// What an operator sees of replicas: the lag of each, and every change of an in-sync set with its reason (issue 5, Tools).
import { afterEach, expect, test } from 'vitest';
import { ReplicaCluster, until } from '../test/replica-cluster.ts';

let cluster: ReplicaCluster;
afterEach(() => cluster?.stop());

const isr = () => cluster.metadata.image.partition('t', 0)!.isr;
const lags = (id: number) =>
  Object.fromEntries(
    [...cluster.broker(id).metrics.followerLag.read()].map(({ labels, value }) => [labels.join(' '), value]),
  );
const ownLag = (id: number, partition: number) =>
  cluster.broker(id).metrics.replicaLag.with('t', String(partition)).read();
const changes = (id: number) =>
  Object.fromEntries(
    [...cluster.broker(id).metrics.isrChanges.cells.values()].map(({ labels, cell }) => [labels.join(' '), cell.value]),
  );
const reasons = (id: number) =>
  cluster.eventsOf(id, 'replica.isrChanged').map(({ joined, left, reason }) => ({ joined, left, reason }));

test('every follower has its lag at the leader, every copied partition at its follower', async () => {
  cluster = await ReplicaCluster.start([1, 2, 3], { 'replica.lag.time.max.ms': '600000' });
  cluster.createTopic('t', [
    [1, 2, 3],
    [2, 1],
  ]);
  await cluster.produce(1, ['a', 'b']);
  await until(() => Object.values(lags(1)).every((lag) => lag === 0), 'everybody has everything');
  expect(lags(1)).toEqual({ 't 0 2': 0, 't 0 3': 0 });
  expect(lags(2)).toEqual({ 't 1 1': 0 });
  expect(lags(3)).toEqual({});
  expect([ownLag(2, 0), ownLag(3, 0), ownLag(1, 1)]).toEqual([0, 0, 0]);
  await cluster.crash(3);
  await cluster.produce(1, ['c', 'd', 'e'], { acks: 1 });
  await until(() => lags(1)['t 0 2'] === 0, 'the one that lives has everything');
  expect(lags(1)).toEqual({ 't 0 2': 0, 't 0 3': 3 });
});

test('one that falls behind and catches up', async () => {
  cluster = await ReplicaCluster.start([1, 2, 3], { 'replica.lag.time.max.ms': '400' });
  cluster.createTopic('t', [[1, 2, 3]]);
  await cluster.produce(1, ['a']);
  await cluster.crash(3);
  await cluster.produce(1, ['b']);
  await until(() => isr().length === 2, 'broker 3 out');
  await cluster.startBroker(3);
  await until(() => isr().length === 3, 'broker 3 in sync');
  await until(() => reasons(1).length >= 2, 'both are told');
  expect(reasons(1)).toEqual([
    { joined: [], left: [3], reason: 'fell behind' },
    { joined: [3], left: [], reason: 'caught up' },
  ]);
  expect(changes(1)).toEqual({ 'shrink fell behind': 1, 'expand caught up': 1 });
});

test('what the controller decides: a follower that is gone, a leader that is gone, one that moved away', async () => {
  cluster = await ReplicaCluster.start([1, 2, 3], { 'replica.lag.time.max.ms': '600000' });
  cluster.createTopic('t', [[1, 2, 3]]);
  await cluster.produce(1, ['a']);
  cluster.metadata.fence(3);
  expect(reasons(1)).toEqual([{ joined: [], left: [3], reason: 'broker gone' }]);
  cluster.metadata.fence(1);
  expect(isr()).toEqual([2]);
  expect(reasons(2)).toEqual([{ joined: [], left: [1], reason: 'broker gone' }]);
  expect(changes(2)).toEqual({ 'shrink broker gone': 1 });
  cluster.metadata.set('t', 0, { isr: [2, 3] });
  cluster.metadata.set('t', 0, { isr: [2], replicas: [2, 1] });
  expect(reasons(2).slice(1)).toEqual([
    { joined: [3], left: [], reason: 'decided by the controller' },
    { joined: [], left: [3], reason: 'moved away' },
  ]);
});
