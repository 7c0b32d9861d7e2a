// Our ZooKeeper client against a real ZooKeeper, beside node-zookeeper-client: what one writes the other reads, and both
// hear the same. Then through a proxy that cuts and loses.
import { createHash } from 'node:crypto';
import { nodePorts } from '@moldau/kernel/node/ports';
import zookeeper from 'node-zookeeper-client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  type WatchListener,
  ZooKeeperClient,
  type ZooKeeperOptions,
} from '../../src/engines/zookeeper/client/client.ts';
import { parseConnectString } from '../../src/engines/zookeeper/client/connect-string.ts';
import { CREATOR_ALL_WORLD_READ } from '../../src/engines/zookeeper/client/messages.ts';
import { CuttingProxy } from './cutting-proxy.ts';
import { type Ensemble, startEnsemble } from './zookeeper-process.ts';

let ensemble: Ensemble;
const closers: (() => Promise<unknown> | unknown)[] = [];
let folders = 0;

beforeAll(async () => {
  ensemble = await startEnsemble();
});
afterAll(() => ensemble?.stop());
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function ours(connect = ensemble.connect, options: Partial<ZooKeeperOptions> = {}): Promise<ZooKeeperClient> {
  const client = new ZooKeeperClient({
    ports: nodePorts,
    connect: parseConnectString(connect),
    sessionTimeoutMs: 4_000,
    ...options,
  });
  closers.push(() => client.close());
  await client.connected(10_000);
  return client;
}

interface Theirs {
  readonly client: zookeeper.Client;
  run<T>(method: string, ...args: unknown[]): Promise<T>;
}

async function theirs(): Promise<Theirs> {
  const client = zookeeper.createClient(ensemble.connect);
  await new Promise<void>((resolve) => {
    client.once('connected', resolve);
    client.connect();
  });
  closers.push(() => client.close());
  return {
    client,
    run: <T>(method: string, ...args: unknown[]) =>
      new Promise<T>((resolve, reject) => {
        const call = (client as unknown as Record<string, (...args: unknown[]) => void>)[method]!;
        call.call(client, ...args, (error: Error | null, first: T, second: unknown) =>
          error ? reject(error) : resolve((second === undefined ? first : [first, second]) as T),
        );
      }),
  };
}

/** A folder of its own for each test. */
async function folder(client: ZooKeeperClient): Promise<string> {
  const path = `/test-${++folders}`;
  await client.create(path, Buffer.alloc(0));
  return path;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}

async function refusal(run: Promise<unknown>): Promise<string> {
  return run.then(
    () => 'done',
    (error: { code?: string }) => String(error.code),
  );
}

describe('beside node-zookeeper-client', () => {
  test('what one writes the other reads', async () => {
    const [us, them] = [await ours(), await theirs()];
    const path = await folder(us);
    await us.create(`${path}/ours`, Buffer.from('žluť'));
    const [data, stat] = await them.run<[Buffer, { version: number; czxid: Buffer }]>('getData', `${path}/ours`);
    expect([data.toString(), stat.version]).toEqual(['žluť', 0]);
    await them.run('setData', `${path}/ours`, Buffer.from('theirs'), 0);
    const read = await us.getData(`${path}/ours`);
    expect([read.data.toString(), read.stat.version]).toEqual(['theirs', 1]);
    expect(read.stat.czxid).toBe(Number(stat.czxid.readBigInt64BE(0)));
    await them.run('create', `${path}/empty`);
    expect((await us.getData(`${path}/empty`)).data.length).toBe(0);
    const [names] = await them.run<[string[]]>('getChildren', path);
    expect((await us.getChildren(path)).names.sort()).toEqual(names.sort());
    expect(await us.exists(`${path}/none`)).toBeUndefined();
    await us.delete(`${path}/empty`);
    expect(await them.run('exists', `${path}/empty`)).toBeFalsy();
  });

  test('an ephemeral znode shows both the same session', async () => {
    const [us, them] = [await ours(), await theirs()];
    const path = await folder(us);
    await us.create(`${path}/e`, Buffer.alloc(0), { ephemeral: true });
    await them.run('create', `${path}/t`, Buffer.alloc(0), zookeeper.CreateMode.EPHEMERAL);
    const [, stat] = await them.run<[Buffer, { ephemeralOwner: Buffer }]>('getData', `${path}/e`);
    expect(stat.ephemeralOwner.toString('hex')).toBe(us.sessionId);
    expect((await us.exists(`${path}/t`))?.ephemeralOwner).toBe(them.client.getSessionId().toString('hex'));
  });

  test('a multi takes and refuses the same, and says which operation', async () => {
    const [us, them] = [await ours(), await theirs()];
    const path = await folder(us);
    const operations = (name: string, version: number) =>
      [
        { kind: 'create', path: `${path}/${name}`, data: Buffer.from('1') },
        { kind: 'check', path: `${path}/${name}`, version: 0 },
        { kind: 'setData', path: `${path}/${name}`, data: Buffer.from('2'), version },
        { kind: 'delete', path: `${path}/${name}`, version: -1 },
      ] as const;
    const theirMulti = (name: string, version: number) => {
      const transaction = them.client.transaction();
      for (const one of operations(name, version)) {
        if (one.kind === 'create') transaction.create(one.path, one.data);
        else if (one.kind === 'check') transaction.check(one.path, one.version);
        else if (one.kind === 'setData') transaction.setData(one.path, one.data, one.version);
        else transaction.remove(one.path, one.version);
      }
      return new Promise<{ error: { name: string } | null; results: { type: number; err?: number }[] }>((resolve) =>
        transaction.commit((error, results) => resolve({ error: error as never, results: results as never })),
      );
    };
    const done = await us.multi(operations('a', 0));
    expect(done.results.map((one) => one.kind)).toEqual(['create', 'check', 'setData', 'delete']);
    expect((await theirMulti('b', 0)).results.map((one) => one.type)).toEqual([1, 13, 5, 2]);
    const error = await us.multi(operations('a', 7)).catch((refused: unknown) => refused);
    expect(error).toMatchObject({ code: 'BAD_VERSION', operation: 2 });
    expect((await theirMulti('b', 7)).error?.name).toBe('BAD_VERSION');
    expect((await us.getChildren(path)).names).toEqual([]);
  });

  test('refusals have the same names', async () => {
    const [us, them] = [await ours(), await theirs()];
    const path = await folder(us);
    await us.create(`${path}/x`, Buffer.alloc(0));
    await us.create(`${path}/e`, Buffer.alloc(0), { ephemeral: true });
    const cases: [ours: () => Promise<unknown>, method: string, args: unknown[]][] = [
      [() => us.create(`${path}/x`, Buffer.alloc(0)), 'create', [`${path}/x`]],
      [() => us.create(`${path}/n/x`, Buffer.alloc(0)), 'create', [`${path}/n/x`]],
      [() => us.create(`${path}/e/x`, Buffer.alloc(0)), 'create', [`${path}/e/x`]],
      [() => us.delete(path), 'remove', [path, -1]],
      [() => us.delete(`${path}/x`, 4), 'remove', [`${path}/x`, 4]],
      [() => us.setData(`${path}/none`, Buffer.alloc(0)), 'setData', [`${path}/none`, Buffer.alloc(0)]],
      [() => us.getData(`${path}/none`), 'getData', [`${path}/none`]],
      [() => us.getChildren(`${path}/none`), 'getChildren', [`${path}/none`]],
    ];
    const names: string[] = [];
    for (const [run, method, args] of cases) {
      const [mine, other] = [
        await refusal(run()),
        await them.run(method, ...args).catch((error: { name: string }) => error.name),
      ];
      expect(mine).toBe(other === 'NO_CHILDREN_FOR_EPHEMERALS' ? mine : other);
      names.push(mine);
    }
    expect(names).toEqual([
      'NODE_EXISTS',
      'NO_NODE',
      'NO_CHILDREN_FOR_EPHEMERALS',
      'NOT_EMPTY',
      'BAD_VERSION',
      'NO_NODE',
      'NO_NODE',
      'NO_NODE',
    ]);
  });

  test('a watch fires for each change, where theirs fires for the first and has to be set again', async () => {
    const [us, them] = [await ours(), await theirs()];
    const path = await folder(us);
    const heard: string[] = [];
    const hear: WatchListener = (event, at) => heard.push(`${event} ${at.slice(path.length)}`);
    await us.addWatch(path, 'persistentRecursive', hear);
    const first = new Promise<string>((resolve) => {
      them.client.exists(
        `${path}/a`,
        (event) => resolve(event.getName()),
        () => {},
      );
    });
    await them.run('create', `${path}/a`);
    await them.run('setData', `${path}/a`, Buffer.from('1'));
    await them.run('setData', `${path}/a`, Buffer.from('2'));
    await them.run('create', `${path}/a/b`);
    await them.run('remove', `${path}/a/b`, -1);
    expect(await first).toBe('NODE_CREATED');
    await until(() => heard.length >= 5);
    expect(heard).toEqual(['created /a', 'dataChanged /a', 'dataChanged /a', 'created /a/b', 'deleted /a/b']);
  });
});

test('chroot: paths, children and events are relative to it', async () => {
  const root = await ours();
  const path = await folder(root);
  const us = await ours(`${ensemble.connect}${path}`);
  const heard: string[] = [];
  await us.addWatch('/', 'persistentRecursive', (event, at) => heard.push(`${event} ${at}`));
  await us.create('/a', Buffer.from('1'));
  await us.multi([{ kind: 'create', path: '/a/b', data: Buffer.alloc(0) }]);
  expect((await root.getData(`${path}/a`)).data.toString()).toBe('1');
  expect((await us.getChildren('/')).names).toEqual(['a']);
  await until(() => heard.length >= 2);
  expect(heard).toEqual(['created /a', 'created /a/b']);
});

test('digest: who created it may write, everybody may read, nobody else may write', async () => {
  const credentials = [{ scheme: 'digest', auth: Buffer.from('broker:secret') }];
  const owner = await ours(ensemble.connect, { credentials });
  const path = await folder(owner);
  await owner.create(`${path}/x`, Buffer.from('1'), { acl: CREATOR_ALL_WORLD_READ });
  const digest = createHash('sha1').update('broker:secret').digest('base64');
  expect((await owner.getAcl(`${path}/x`)).acl).toEqual([
    { permissions: 31, scheme: 'digest', id: `broker:${digest}` },
    { permissions: 1, scheme: 'world', id: 'anyone' },
  ]);
  const stranger = await ours();
  expect((await stranger.getData(`${path}/x`)).data.toString()).toBe('1');
  expect(await refusal(stranger.setData(`${path}/x`, Buffer.from('2')))).toBe('NO_AUTH');
  expect(await refusal(stranger.create(`${path}/x/y`, Buffer.from('2')))).toBe('NO_AUTH');
  const again = await ours(ensemble.connect, { credentials });
  await again.setData(`${path}/x`, Buffer.from('3'));
});

describe('through a proxy', () => {
  async function proxied(sessionTimeoutMs = 4_000) {
    const proxy = await CuttingProxy.start(() => ensemble.servers[0]!.port);
    closers.push(() => proxy.stop());
    const states: string[] = [];
    const client = await ours(proxy.address, { sessionTimeoutMs, onState: (state) => states.push(state.kind) });
    return { proxy, client, states };
  }

  test('cut: the session goes on, its ephemeral znodes stay, watches hear what comes after', async () => {
    const { proxy, client } = await proxied();
    const path = await folder(client);
    const { sessionId } = client;
    await client.create(`${path}/e`, Buffer.alloc(0), { ephemeral: true });
    const heard: string[] = [];
    await client.addWatch(path, 'persistentRecursive', (event, at) => heard.push(`${event} ${at.slice(path.length)}`));
    proxy.cut();
    await until(() => heard.includes('rearmed '));
    expect(client.sessionId).toBe(sessionId);
    expect((await client.exists(`${path}/e`))?.ephemeralOwner).toBe(sessionId);
    await (await ours()).create(`${path}/after`, Buffer.alloc(0));
    await until(() => heard.includes('created /after'));
  });

  test('a lost answer: the write is there, and whoever asked is told that it is unknown (C6)', async () => {
    const { proxy, client } = await proxied();
    const path = await folder(client);
    proxy.losingAnswers = true;
    const writing = refusal(client.create(`${path}/x`, Buffer.from('1')));
    await until(() => client.state.kind === 'connected');
    const other = await ours();
    while (!(await other.exists(`${path}/x`))) await new Promise((resolve) => setTimeout(resolve, 10));
    proxy.cut();
    proxy.losingAnswers = false;
    expect(await writing).toBe('CONNECTION_LOSS');
    expect((await client.getData(`${path}/x`)).data.toString()).toBe('1');
  });

  test('slow: requests follow each other without waiting, answers stay in order', async () => {
    const { proxy, client } = await proxied();
    const path = await folder(client);
    await client.create(`${path}/n`, Buffer.from('0'));
    proxy.delayMs = 20;
    const versions = await Promise.all(
      Array.from({ length: 100 }, (_, i) => client.setData(`${path}/n`, Buffer.from(String(i)), i)),
    );
    expect(versions.map((stat) => stat.version)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  });

  test('frozen beyond the time-out: the session is over, its ephemeral znodes are gone, and no confirmation was made up', async () => {
    const { proxy, client, states } = await proxied(1_000);
    const path = await folder(client);
    await client.create(`${path}/e`, Buffer.alloc(0), { ephemeral: true });
    proxy.frozen = true;
    const frozenAt = performance.now();
    const other = await ours();
    while (await other.exists(`${path}/e`)) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(client.confirmedAtMs).toBeLessThanOrEqual(frozenAt);
    proxy.frozen = false;
    proxy.cut();
    await until(() => client.state.kind === 'over');
    expect(states.at(-1)).toBe('over');
    expect(await refusal(client.exists(path))).toBe('SESSION_EXPIRED');
  });
});
