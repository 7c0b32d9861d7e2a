// The ZooKeeper engine when ZooKeeper, the road to it or a broker fails: what was answered stays, what was refused leaves
// nothing, a store that is not ours is not touched, and everything goes on by itself.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodePorts } from '@moldau/kernel/node/ports';
import { afterEach, describe, expect, test } from 'vitest';
import { ZooKeeperClient } from '../../src/engines/zookeeper/client/client.ts';
import { parseConnectString } from '../../src/engines/zookeeper/client/connect-string.ts';
import type { ZooKeeperEvent } from '../../src/engines/zookeeper/events.ts';
import { ZooKeeperEngine, type ZooKeeperEngineOptions } from '../../src/engines/zookeeper.ts';
import { refusal, registration, topic, until } from '../engine-contract.ts';
import { contentOf } from '../record-arbitrary.ts';
import { CuttingProxy } from './cutting-proxy.ts';
import { type Ensemble, startEnsemble } from './zookeeper-process.ts';

const closers: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function servers(count = 1): Promise<Ensemble> {
  const ensemble = await startEnsemble(count);
  closers.push(() => ensemble.stop());
  return ensemble;
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'moldau-faults-'));
  closers.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

interface Opened {
  readonly engine: ZooKeeperEngine;
  readonly events: ZooKeeperEvent[];
  readonly directory: string;
}

async function open(connect: string, options: Partial<ZooKeeperEngineOptions> = {}): Promise<Opened> {
  const directory = options.directory ?? folder();
  const events: ZooKeeperEvent[] = [];
  const engine = await ZooKeeperEngine.open({
    ports: nodePorts,
    connect,
    sessionTimeoutMs: 1_000,
    directory,
    onEvent: (event) => events.push(event),
    ...options,
  });
  closers.push(() => engine.close());
  return { engine, events, directory };
}

async function leader(connect: string, options: Partial<ZooKeeperEngineOptions> = {}) {
  const opened = await open(connect, options);
  if (opened.engine.fresh) await opened.engine.form('cluster');
  const { epoch } = await opened.engine.elect(1);
  const append = (...names: string[]) => opened.engine.append(epoch, opened.engine.pending.offset, names.map(topic));
  return { ...opened, epoch, append };
}

async function proxied(ensemble: Ensemble): Promise<CuttingProxy> {
  const proxy = await CuttingProxy.start(() => ensemble.servers[0]!.port);
  closers.push(() => proxy.stop());
  return proxy;
}

async function client(ensemble: Ensemble): Promise<ZooKeeperClient> {
  const zooKeeper = new ZooKeeperClient({ ports: nodePorts, connect: parseConnectString(ensemble.connect) });
  closers.push(() => zooKeeper.close());
  await zooKeeper.connected(10_000);
  return zooKeeper;
}

const told = (events: readonly ZooKeeperEvent[], kind: ZooKeeperEvent['kind']) =>
  events.filter((event) => event.kind === kind);

describe('the road to ZooKeeper', () => {
  test('an append whose answer was lost is found in the log, and answered once (C6)', async () => {
    const ensemble = await servers();
    const proxy = await proxied(ensemble);
    const one = await leader(proxy.address, { sessionTimeoutMs: 3_000 });
    const zooKeeper = await client(ensemble);
    proxy.losingAnswers = true;
    const answer = one.append('a');
    await until(async () => (await zooKeeper.getChildren('/moldau/log')).names.length === 2);
    const rest = [one.append('b'), one.append('c')];
    proxy.cut();
    proxy.losingAnswers = false;
    expect(await Promise.all([answer, ...rest])).toEqual([1, 2, 3]);
    expect((await zooKeeper.getChildren('/moldau/log')).names).toHaveLength(4);
    expect(told(one.events, 'deposed')).toEqual([]);
  });

  test('an append that was lost on its way is sent again', async () => {
    const ensemble = await servers();
    const proxy = await proxied(ensemble);
    const one = await leader(proxy.address, { sessionTimeoutMs: 3_000 });
    proxy.frozen = true;
    const answer = one.append('a');
    await new Promise((resolve) => setTimeout(resolve, 50));
    proxy.cut();
    proxy.frozen = false;
    expect(await answer).toBe(1);
  });

  test('cut at random for a while, every append is in the log once, and followers agree', async () => {
    const ensemble = await servers();
    const [near, far] = [await proxied(ensemble), await proxied(ensemble)];
    const one = await leader(near.address, { sessionTimeoutMs: 5_000 });
    const two = await open(far.address, { sessionTimeoutMs: 5_000 });
    let running = true;
    const cutting = (async () => {
      for (let turn = 0; running; turn++) {
        await new Promise((resolve) => setTimeout(resolve, 40));
        const proxy = turn % 2 === 0 ? near : far;
        proxy.losingAnswers = turn % 4 < 2;
        if (turn % 4 < 2) await new Promise((resolve) => setTimeout(resolve, 5));
        proxy.cut();
        proxy.losingAnswers = false;
      }
    })();
    const offsets: number[] = [];
    for (let i = 0; i < 60; i++) {
      offsets.push(...(await Promise.all([one.append(`x${i}`), one.append(`y${i}`)])));
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    running = false;
    await cutting;
    expect(offsets).toEqual(Array.from({ length: 120 }, (_, i) => i + 1));
    await until(() => two.engine.image.offset === 120);
    expect(contentOf(two.engine.image)).toEqual(contentOf(one.engine.image));
  });

  test('a controller that was cut off past its session finds its append refused; nothing of it is in the log', async () => {
    const ensemble = await servers();
    const proxy = await proxied(ensemble);
    const one = await leader(proxy.address);
    await one.append('a');
    const two = await open(ensemble.connect);
    const lost: string[] = [];
    const elected = two.engine.elect(2);
    proxy.frozen = true;
    const { epoch } = await elected;
    expect(epoch).toBeGreaterThan(one.epoch);
    // It does not know yet, and decides on.
    const late = refusal(one.append('late'));
    await two.engine.append(epoch, two.engine.pending.offset, [topic('b')]);
    proxy.frozen = false;
    proxy.cut();
    expect(await late).toBe('FENCED');
    expect(told(one.events, 'deposed')).toHaveLength(1);
    await until(() => one.engine.image.topic('b') !== undefined);
    expect([one.engine.image.topic('late'), two.engine.image.topic('late')]).toEqual([undefined, undefined]);
    expect(lost).toEqual([]);
    // And can lead again.
    const again = one.engine.elect(1);
    await two.engine.leave(2);
    expect((await again).epoch).toBeGreaterThan(epoch);
  });

  test('two controllers that both think they lead: only the one of the newest epoch writes (invariant 24)', async () => {
    const ensemble = await servers();
    const one = await leader(ensemble.connect);
    const zooKeeper = await client(ensemble);
    const two = await open(ensemble.connect);
    const elected = two.engine.elect(2);
    // As after a pause: one's znode is gone and it has not heard of it, because its own look is answered late.
    const controller = await zooKeeper.findData('/controller');
    await zooKeeper.multi([{ kind: 'delete', path: '/controller', version: controller!.stat.version }]);
    const race = await Promise.all(Array.from({ length: 20 }, (_, i) => refusal(one.append(`r${i}`))));
    const { epoch } = await elected;
    await two.engine.append(epoch, two.engine.pending.offset, [topic('new')]);
    expect(await refusal(one.append('late'))).toBe('FENCED');
    await until(() => one.engine.image.topic('new') !== undefined);
    const kept = race.filter((outcome) => outcome === 'done').length;
    expect(two.engine.image.topicCount).toBe(kept + 1);
    expect(contentOf(one.engine.image)).toEqual(contentOf(two.engine.image));
  });

  test('a controller whose process is gone is unseated by who saw it, long before its session ends; a newer one is not', async () => {
    const ensemble = await servers();
    const one = await leader(ensemble.connect, { sessionTimeoutMs: 20_000 });
    const two = await open(ensemble.connect);
    const elected = two.engine.elect(2);
    one.engine.abandon();
    await two.engine.unseat(7); // somebody else than the controller: nothing happens
    await until(() => two.engine.image.controllerId === 1);
    await two.engine.unseat(1);
    const { epoch } = await elected;
    expect(epoch).toBeGreaterThan(one.epoch);
    const three = await open(ensemble.connect);
    await until(() => three.engine.image.controllerId === 2);
    await three.engine.unseat(1); // late news
    await two.engine.append(epoch, two.engine.pending.offset, [topic('still')]);
    expect(two.engine.image.controllerId).toBe(2);
  });

  test('a session that expired is made anew; the broker registers again, and is not vouched for in between (26)', async () => {
    const ensemble = await servers();
    const proxy = await proxied(ensemble);
    const one = await leader(proxy.address);
    const two = await open(ensemble.connect, { sessionTimeoutMs: 10_000 });
    const first = await one.engine.register(registration(1));
    const lost: string[] = [];
    first.onLost((why) => lost.push(why));
    await until(() => two.engine.aliveBrokers().length === 1);
    proxy.frozen = true;
    const frozenAtMs = performance.now();
    await until(() => two.engine.aliveBrokers().length === 0);
    proxy.frozen = false;
    proxy.cut();
    await until(() => lost.length === 1);
    // The new session is ready as soon as it brings news; that it is confirmed does not count yet: until the broker has
    // registered again the others may have replaced it without its knowing.
    const { epoch } = await two.engine.elect(2);
    await two.engine.append(epoch, two.engine.pending.offset, [topic('news')]);
    await until(() => one.engine.image.topic('news') !== undefined);
    await until(() => one.engine.aliveBrokers().length === 0);
    expect(one.engine.sessionConfirmedAtMs).toBeLessThan(frozenAtMs);
    const second = await one.engine.register(registration(1));
    expect(second.brokerEpoch).toBeGreaterThan(first.brokerEpoch);
    await until(() => one.engine.sessionConfirmedAtMs > frozenAtMs);
  });
});

describe('ZooKeeper', () => {
  test('stopped by SIGSTOP and let go on: what waited is done', async () => {
    const ensemble = await servers();
    const one = await leader(ensemble.connect, { sessionTimeoutMs: 4_000 });
    ensemble.servers[0]!.signal('SIGSTOP');
    const answer = one.append('a');
    await new Promise((resolve) => setTimeout(resolve, 700));
    ensemble.servers[0]!.signal('SIGCONT');
    expect(await answer).toBe(1);
  });

  test('killed and started again: the session lasts, registration and leadership too', async () => {
    const ensemble = await servers();
    const one = await leader(ensemble.connect, { sessionTimeoutMs: 8_000 });
    const { brokerEpoch } = await one.engine.register(registration(1));
    await one.append('a');
    await ensemble.servers[0]!.kill();
    const answer = one.append('b');
    await ensemble.servers[0]!.start();
    expect(await answer).toBe(2);
    expect(told(one.events, 'sessionOver')).toEqual([]);
    expect(one.engine.aliveBrokers()).toMatchObject([{ brokerId: 1, brokerEpoch }]);
  });

  test('wiped: nothing is obeyed, written or forgotten, by who lives and by who starts (C11)', async () => {
    const ensemble = await servers();
    const [server] = ensemble.servers;
    const one = await leader(ensemble.connect);
    const { directory } = await open(ensemble.connect, { directory: join(folder(), 'two') });
    await one.engine.register(registration(1));
    await one.append('a');
    await until(() => told(one.events, 'troubled').length === 0);
    // What is remembered is written within a second.
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    await server!.kill();
    server!.wipe();
    await server!.start();
    await until(() => told(one.events, 'storeRefused').length > 0);
    expect(one.engine.image.topic('a')).toBeDefined();
    await expect(open(ensemble.connect, { directory })).rejects.toMatchObject({ code: 'FOREIGN' });
    await expect(open(ensemble.connect, { directory: one.directory })).rejects.toMatchObject({ code: 'FOREIGN' });
    expect((await (await client(ensemble)).getChildren('/')).names).toEqual(['zookeeper']);
  });

  test('rolled back to an older copy of its data: refused (C11)', async () => {
    const ensemble = await servers();
    const [server] = ensemble.servers;
    const one = await leader(ensemble.connect, { sessionTimeoutMs: 10_000 });
    await one.append('a');
    await server!.kill();
    const copy = join(folder(), 'copy');
    cpSync(join(server!.folder, 'data'), copy, { recursive: true });
    await server!.start();
    await one.append('b');
    const { offset } = one.engine.image;
    await one.engine.close();
    await server!.kill();
    rmSync(join(server!.folder, 'data'), { recursive: true });
    cpSync(copy, join(server!.folder, 'data'), { recursive: true });
    await server!.start();
    const refused = await open(ensemble.connect, { directory: one.directory }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'FOREIGN', message: expect.stringContaining(`up to offset ${offset}`) });
  });

  test('three servers, one killed after the other: the cluster goes on while a majority lives', async () => {
    const ensemble = await servers(3);
    const one = await leader(ensemble.connect, { sessionTimeoutMs: 6_000 });
    const two = await open(ensemble.connect, { sessionTimeoutMs: 6_000 });
    await one.append('start');
    for (const server of ensemble.servers) {
      await server.kill();
      await one.append(`without-${server.port}`);
      await server.start();
      await server.serving();
    }
    const { offset } = one.engine.image;
    await until(() => two.engine.image.offset === offset);
    expect(told(one.events, 'deposed')).toEqual([]);
    expect(two.engine.image.topicCount).toBe(4);
  }, 60_000);
});

describe('brokers', () => {
  test('one that died comes back at once: its old session is ended, not waited for (C4)', async () => {
    const ensemble = await servers();
    const options = { sessionTimeoutMs: 60_000 };
    const one = await leader(ensemble.connect, options);
    const { brokerEpoch } = await one.engine.register(registration(1));
    await one.append('a');
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    one.engine.abandon();
    const again = await open(ensemble.connect, { ...options, directory: one.directory });
    const registered = await again.engine.register(registration(1));
    expect(registered.brokerEpoch).toBeGreaterThan(brokerEpoch);
    expect((await again.engine.elect(1)).epoch).toBeGreaterThan(one.epoch);
    expect(told(again.events, 'registrationWaits')).toEqual([]);
  });

  test('one that registers again under the session it has keeps it, and its leadership', async () => {
    const ensemble = await servers();
    const one = await leader(ensemble.connect);
    const first = await one.engine.register(registration(1));
    // By then it has noted its session, for the process after it.
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    const second = await one.engine.register(registration(1));
    expect(second.brokerEpoch).toBeGreaterThan(first.brokerEpoch);
    await one.append('a');
    expect([...told(one.events, 'sessionOver'), ...told(one.events, 'deposed')]).toEqual([]);
  });

  test('the id of a broker that lives is not taken over', async () => {
    const ensemble = await servers();
    const one = await leader(ensemble.connect);
    const { brokerEpoch } = await one.engine.register(registration(1));
    const twin = await open(ensemble.connect);
    await expect(twin.engine.register(registration(1, 'twin'))).rejects.toMatchObject({ code: 'FOREIGN' });
    expect(told(twin.events, 'registrationWaits')).toHaveLength(1);
    expect(one.engine.aliveBrokers()).toMatchObject([{ brokerId: 1, brokerEpoch }]);
  });

  test('one that slept while the log was cut off catches up by a snapshot, told as one difference', async () => {
    const ensemble = await servers();
    const proxy = await proxied(ensemble);
    const one = await leader(ensemble.connect, { snapshotBatches: 20 });
    const two = await open(proxy.address, { sessionTimeoutMs: 30_000 });
    await one.append('kept', 'gone');
    await until(() => two.engine.image.topicCount === 2);
    const jumps: number[] = [];
    two.engine.follow((image, previous) => image.offset > previous.offset + 1 && jumps.push(image.offset));
    proxy.refusing = true;
    proxy.cut();
    await one.engine.append(one.epoch, one.engine.pending.offset, [{ kind: 'topicDeleted', topicId: 'id-gone' }]);
    for (let i = 0; i < 90; i++) await one.append(`t${i}`);
    await until(() => told(one.events, 'snapshotTaken').length >= 3);
    const zooKeeper = await client(ensemble);
    await until(async () => (await zooKeeper.getChildren('/moldau/snapshots')).names.length === 2);
    await until(async () => (await zooKeeper.getChildren('/moldau/log')).names.length < 60);
    proxy.refusing = false;
    await until(() => two.engine.image.offset === one.engine.image.offset);
    expect(jumps).toHaveLength(1);
    expect(contentOf(two.engine.image)).toEqual(contentOf(one.engine.image));
    const late = await open(ensemble.connect);
    expect(contentOf(late.engine.image)).toEqual(contentOf(one.engine.image));
    expect(told(one.events, 'snapshotFailed')).toEqual([]);
  });

  test('with ACLs nobody else writes, and nobody else sees the log', async () => {
    const ensemble = await servers();
    const credentials = [{ scheme: 'digest', auth: Buffer.from('moldau:secret') }];
    const one = await leader(ensemble.connect, { credentials, setAcl: true });
    await one.engine.register(registration(1));
    await one.append('a');
    const stranger = await client(ensemble);
    const code = (run: Promise<unknown>) =>
      run.then(
        () => 'done',
        (error: { code: string }) => error.code,
      );
    expect(await code(stranger.getData('/brokers/ids/1'))).toBe('done');
    for (const path of ['/controller_epoch', '/cluster/id', '/controller', '/brokers/ids/1', '/brokers/topics']) {
      expect(await code(stranger.setData(path, Buffer.from('x'))), path).toBe('NO_AUTH');
    }
    for (const path of ['/brokers/ids/9', '/brokers/topics/x', '/moldau/log/x']) {
      expect(await code(stranger.create(path, Buffer.from('x'))), path).toBe('NO_AUTH');
    }
    for (const path of ['/moldau/log/00000000000000000001', '/moldau/snapshots']) {
      expect(await code(stranger.getData(path)), path).toBe('NO_AUTH');
    }
    const two = await open(ensemble.connect, { credentials, setAcl: true });
    expect(two.engine.image.topic('a')).toBeDefined();
    await expect(open(ensemble.connect)).rejects.toThrow(/NO_AUTH/);
  });

  test('/brokers/topics tells who holds what, also after a controller that died before it did', async () => {
    const ensemble = await servers();
    const one = await leader(ensemble.connect);
    const zooKeeper = await client(ensemble);
    const partition = { partition: 0, replicas: [1, 2], isr: [1, 2], leader: 1, leaderEpoch: 0, partitionEpoch: 0 };
    const calm = { addingReplicas: [], removingReplicas: [], elr: [], lastKnownElr: [] };
    await one.engine.append(one.epoch, one.engine.pending.offset, [
      topic('a'),
      {
        kind: 'partitionsSet',
        topicId: 'id-a',
        partitions: [{ ...partition, ...calm, leaderRecoveryState: 'recovered' }],
      },
    ]);
    const json = async (name: string) => {
      const found = await zooKeeper.findData(`/brokers/topics/${name}`);
      return found && JSON.parse(found.data.toString());
    };
    await until(async () => (await json('a')) !== undefined);
    expect(await json('a')).toEqual({
      removing_replicas: {},
      partitions: { 0: [1, 2] },
      topic_id: 'id-a',
      adding_replicas: {},
      version: 3,
    });
    await zooKeeper.setData('/brokers/topics/a', Buffer.from('{}'));
    await zooKeeper.create('/brokers/topics/ghost', Buffer.from('{}'));
    const two = await open(ensemble.connect);
    const elected = two.engine.elect(2);
    await one.engine.leave(1);
    const { epoch } = await elected;
    await until(async () => (await json('ghost')) === undefined && (await json('a'))?.version === 3);
    await two.engine.append(epoch, two.engine.pending.offset, [{ kind: 'topicDeleted', topicId: 'id-a' }]);
    await until(async () => (await json('a')) === undefined);
  });
});
