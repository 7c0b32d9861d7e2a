import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodePorts } from '@moldau/kernel/node/ports';
import { EmbeddedStore } from '@moldau/metadata';
import { APIS, encodeRequest } from '@moldau/protocol';
import { expect, test } from 'vitest';
import { Broker } from './broker.ts';
import { readBrokerConfig } from './config/read-config.ts';
import type { LogSink } from './events.ts';
import { TestBroker } from './test/test-broker.ts';
import { createTopic, fetchBody, fetchFrom, produceTo } from './test/topic-client.ts';

test('what was produced is there after a restart, under the same topic id and cluster id', async () => {
  const broker = await TestBroker.start();
  try {
    let client = await broker.connect();
    const topicId = await createTopic(client, 'kept', { partitions: 2 });
    await produceTo(client, ['a', 'b'], { topic: 'kept', partition: 1 });
    const { clusterId } = broker.broker;
    await broker.restart();
    client = await broker.connect();
    expect(broker.broker.clusterId).toBe(clusterId);
    expect((await fetchFrom(client, { topic: 'kept', partition: 1 })).values).toEqual(['0:a', '1:b']);
    const { topics } = await client.call('Metadata', 12, {
      topics: [{ topicId: 'AAAAAAAAAAAAAAAAAAAAAA', name: 'kept' }],
      allowAutoTopicCreation: false,
      includeTopicAuthorizedOperations: false,
    });
    expect(topics[0]).toMatchObject({ errorCode: 0, topicId });
    expect(topics[0]!.partitions).toHaveLength(2);
  } finally {
    await broker.stop();
  }
});

test('a stop answers what is in flight, parked fetches too, and ends every connection', async () => {
  const broker = await TestBroker.start();
  const client = await broker.connect();
  await createTopic(client, 'last');
  const reader = await broker.connect();
  reader.send('Fetch', 12, fetchBody({ topic: 'last', maxWaitMs: 3_600_000 }));
  await expect.poll(() => broker.broker.metrics.parkedFetches.read()).toBe(1);
  const answered = reader.response('Fetch', 12);
  const [{ responses }] = await Promise.all([answered, broker.broker.stop('test'), reader.closed, client.closed]);
  expect(responses).toHaveLength(1);
  expect(broker.eventNames()).toContain('broker.stopped');
  expect(broker.eventNames()).not.toContain('broker.stopStepFailed');
  await broker.stop();
});

test('a metadata store that does not let the broker go holds up no stop: the logs are closed in order, and it is told', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'moldau-broker-'));
  const store = await EmbeddedStore.open({ ports: nodePorts, directory: join(directory, 'metadata') });
  const member = store.member();
  member.leave = () => new Promise(() => {});
  // Half a minute is over at once.
  const set: typeof nodePorts.timers.set = (delayMs, run) =>
    nodePorts.timers.set(delayMs === 30_000 ? 1 : delayMs, run);
  const ports = { ...nodePorts, timers: { ...nodePorts.timers, set } };
  const values = { listeners: 'PLAINTEXT://127.0.0.1:0', 'log.dirs': join(directory, 'logs') };
  const told: { name: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const log: LogSink = { write: (_level, name, _meaning, fields) => told.push({ name, fields }) };
  try {
    const { config } = readBrokerConfig({ values });
    const broker = await Broker.start({ ports, config, log, engine: async () => member });
    await broker.stop('test');
    expect(await readdir(join(directory, 'logs'))).toContain('.kafka_cleanshutdown');
    expect(told.map(({ name }) => name).slice(-2)).toEqual(['broker.stopStepFailed', 'broker.stopped']);
    expect(told.at(-2)?.fields).toMatchObject({
      step: 'cluster',
      error: { message: expect.stringContaining('30000 ms') },
    });
  } finally {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  }
});

test('several listeners: each tells clients its own address', async () => {
  const broker = await TestBroker.start({
    listeners: 'INSIDE://127.0.0.1:0,OUTSIDE://127.0.0.1:0',
    'advertised.listeners': 'INSIDE://inside.example:1111,OUTSIDE://outside.example:2222',
    'listener.security.protocol.map': 'INSIDE:PLAINTEXT,OUTSIDE:PLAINTEXT',
    'inter.broker.listener.name': 'INSIDE',
  });
  try {
    expect(broker.broker.endpoints).toEqual([
      { listener: 'INSIDE', host: 'inside.example', port: 1111 },
      { listener: 'OUTSIDE', host: 'outside.example', port: 2222 },
    ]);
    const told = async (index: number) => {
      const client = await broker.connect(index);
      const { brokers } = await client.call('Metadata', 4, { topics: [], allowAutoTopicCreation: false });
      return brokers.map(({ host, port }) => `${host}:${port}`);
    };
    expect(await told(0)).toEqual(['inside.example:1111']);
    expect(await told(1)).toEqual(['outside.example:2222']);
  } finally {
    await broker.stop();
  }
});

test('a port that is taken is an error that names the listener, and leaves nothing open', async () => {
  const first = await TestBroker.start();
  try {
    const { port } = first.endpoint;
    const { config } = readBrokerConfig({
      values: { listeners: `PLAINTEXT://127.0.0.1:${port}`, 'log.dirs': `${first.directory}/other` },
    });
    await expect(Broker.start({ ports: nodePorts, config })).rejects.toThrow(`PLAINTEXT://127.0.0.1:${port}`);
  } finally {
    await first.stop();
  }
});

test('a log directory in use by another broker is refused', async () => {
  const first = await TestBroker.start();
  try {
    const { config } = readBrokerConfig({
      values: { listeners: 'PLAINTEXT://127.0.0.1:0', 'log.dirs': `${first.directory}/logs` },
    });
    await expect(Broker.start({ ports: nodePorts, config })).rejects.toMatchObject({ code: 'LOCKED' });
  } finally {
    await first.stop();
  }
});

test('a broken client costs the next one nothing', async () => {
  const broker = await TestBroker.start();
  try {
    const broken = await broker.connect();
    broken.bytes(Buffer.from('GET / HTTP/1.1\r\nHost: kafka\r\n\r\n'));
    await broken.closed;
    const half = await broker.connect();
    half.bytes(
      Buffer.concat(
        encodeRequest({ api: APIS.Metadata, apiVersion: 5, correlationId: 1, clientId: 'x' }, { topics: null }),
      ).subarray(0, 9),
    );
    const client = await broker.connect();
    expect((await client.call('ApiVersions', 2, {})).errorCode).toBe(0);
    expect(broker.eventNames()).toContain('connection.protocolViolation');
  } finally {
    await broker.stop();
  }
});

test('a log that is gone is told as an error, and its partition begins anew', async () => {
  const broker = await TestBroker.start();
  try {
    const client = await broker.connect();
    await createTopic(client, 'gone', { partitions: 2 });
    await produceTo(client, ['a'], { topic: 'gone' });
    await broker.restart(() => rm(`${broker.directory}/logs/gone-0`, { recursive: true }));
    const again = await broker.connect();
    expect((await fetchFrom(again, { topic: 'gone' })).highWatermark).toBe(0);
    const lost = broker.events.filter(({ name }) => name === 'partition.logLost');
    expect(lost.map(({ fields }) => fields)).toEqual([{ topic: 'gone', partition: 0, outcome: 'is made anew' }]);
  } finally {
    await broker.stop();
  }
});

test('a log that no topic owns is set aside, never deleted', async () => {
  const broker = await TestBroker.start();
  try {
    const client = await broker.connect();
    await createTopic(client, 'mine');
    await broker.restart(() =>
      cp(`${broker.directory}/logs/mine-0`, `${broker.directory}/logs/other-0`, { recursive: true }),
    );
    expect(broker.eventNames()).toContain('partition.strayLog');
    const names = await readdir(`${broker.directory}/logs`);
    expect(names.filter((name) => name.startsWith('other-0'))).toEqual([expect.stringMatching(/-stray$/)]);
    expect(names).toContain('mine-0');
  } finally {
    await broker.stop();
  }
});

test('hundreds of partitions made at once are all there when CreateTopics answers', async () => {
  const broker = await TestBroker.start();
  try {
    const client = await broker.connect();
    await createTopic(client, 'many', { partitions: 350 });
    expect(broker.broker.metrics.partitions.read()).toBe(350);
    expect((await produceTo(client, ['x'], { topic: 'many', partition: 349 })).errorCode).toBe(0);
  } finally {
    await broker.stop();
  }
});

test('an idle connection is closed, one with a parked request is not', async () => {
  const broker = await TestBroker.start({ 'connections.max.idle.ms': '1000' });
  try {
    const busy = await broker.connect();
    await createTopic(busy, 'idle');
    busy.send('Fetch', 12, fetchBody({ topic: 'idle', maxWaitMs: 3_600_000 }));
    const idle = await broker.connect();
    await idle.closed;
    const writer = await broker.connect();
    await produceTo(writer, ['news'], { topic: 'idle' });
    expect((await busy.response('Fetch', 12)).responses).toHaveLength(1);
  } finally {
    await broker.stop();
  }
});
