import { nodePorts } from '@moldau/kernel/node/ports';
import { afterEach, expect, test } from 'vitest';
import { PLAIN_VERSIONS, type Reply, ScriptedBroker, startTalker } from '../../test/scripted-broker.ts';
import { Admin } from '../admin/admin.ts';
import { KafkaError } from '../errors.ts';
import { BrokerConnection, type ConnectionSettings, FRAME_BYTES_MAX } from './broker-connection.ts';

const settings: ConnectionSettings = {
  clientId: 'test',
  requestTimeoutMs: 2000,
  connectionsMaxIdleMs: 10_000,
  socketConnectionSetupTimeoutMs: 2000,
  frameBytesMax: FRAME_BYTES_MAX,
};
const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function open(reply: (api: string, version: number, count: number) => Reply, more: object = {}) {
  let count = 0;
  const broker = await ScriptedBroker.start(({ api, version }) =>
    api === 'ApiVersions' ? PLAIN_VERSIONS : reply(api, version, ++count),
  );
  stops.push(() => broker.stop());
  const connection = await BrokerConnection.open({ host: '127.0.0.1', port: broker.port }, nodePorts, {
    ...settings,
    ...more,
  });
  stops.push(() => connection.close());
  return { broker, connection };
}

const metadata = { topics: [] };
const emptyMetadata = { brokers: [], controllerId: 1, topics: [] };
const failing = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error as KafkaError,
  );

test('a broker that does not know our version of ApiVersions answers in v0 layout and is asked again', async () => {
  const versions: number[] = [];
  const broker = await ScriptedBroker.start(({ version }) => {
    versions.push(version);
    if (version > 2) return { version: 0, errorCode: 35, apiKeys: [{ apiKey: 18, minVersion: 0, maxVersion: 2 }] };
    return PLAIN_VERSIONS;
  });
  stops.push(() => broker.stop());
  const connection = await BrokerConnection.open({ host: '127.0.0.1', port: broker.port }, nodePorts, settings);
  expect(versions).toEqual([4, 2]);
  expect(connection.versions.pick('Metadata')).toBe(12);
  expect(() => connection.versions.pick('Fetch')).toThrow('does not offer Fetch');
  connection.close();
});

test('requests are pipelined and answered in order', async () => {
  const { connection } = await open((_, __, count) => ({ ...emptyMetadata, controllerId: count }));
  const answers = await Promise.all([1, 2, 3].map(() => connection.send('Metadata', metadata)));
  expect(answers.map(({ controllerId }) => controllerId)).toEqual([1, 2, 3]);
  expect(connection.inFlight).toBe(0);
});

test('a body that is bytes already goes out and comes back as bytes, in line with the others', async () => {
  const { broker, connection } = await open((_, version, count) => ({
    ...emptyMetadata,
    controllerId: count,
    version,
  }));
  const plain = connection.send('Metadata', metadata);
  // Metadata v1 about no topics: an empty array; the answer: brokers, controller, topics.
  const raw = connection.sendRaw({ apiKey: 3, apiVersion: 1, body: [Buffer.alloc(2), Buffer.alloc(2)] });
  expect((await plain).controllerId).toBe(1);
  expect((await raw).toString('hex')).toBe('000000000000000200000000');
  expect(broker.asked.at(-1)).toMatchObject({ api: 'Metadata', version: 1, body: { topics: [] } });
  expect((await failing(connection.sendRaw({ apiKey: 3, apiVersion: 99, body: [] }))).error).toBe('INVALID_REQUEST');
  expect((await failing(connection.sendRaw({ apiKey: 999, apiVersion: 0, body: [] }))).error).toBe('INVALID_REQUEST');
  expect(connection.inFlight).toBe(0);
});

test('a request without answer times out, and the connection is given up with all that wait on it', async () => {
  const { connection } = await open(() => 'silence');
  const late = failing(connection.send('Metadata', metadata, { timeoutMs: 50 }));
  const behind = failing(connection.send('Metadata', metadata));
  expect((await late).error).toBe('REQUEST_TIMED_OUT');
  expect((await behind).retriable).toBe(true);
  expect(connection.isOpen).toBe(false);
  expect((await failing(connection.send('Metadata', metadata))).error).toBe('REQUEST_TIMED_OUT');
});

test('a broker that hangs up fails what is in flight with a retriable error', async () => {
  const { connection } = await open(() => 'hang up');
  const error = await failing(connection.send('Metadata', metadata));
  expect([error.error, error.retriable]).toEqual(['NETWORK_EXCEPTION', true]);
});

test('an idle connection is closed', async () => {
  const { connection } = await open(() => emptyMetadata, { connectionsMaxIdleMs: 30 });
  await new Promise<void>((resolve) => connection.onClose(() => resolve()));
  expect(connection.isOpen).toBe(false);
});

for (const [what, bytes, hint] of [
  ['an HTTP server', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), 'HTTP'],
  ['a TLS port', Buffer.from([0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46]), 'TLS'],
  ['noise', Buffer.from([0, 0, 0, 6, 9, 9, 9, 9, 9, 9]), 'does not answer as a Kafka broker'],
] as const) {
  test(`${what} is told as such, at once and for good`, async () => {
    const talker = await startTalker(bytes);
    stops.push(() => talker.stop());
    const admin = new Admin({ bootstrapServers: `127.0.0.1:${talker.port}`, defaultApiTimeoutMs: 10_000 });
    stops.push(() => admin.close());
    const error = await failing(admin.listTopics());
    expect(error).toBeInstanceOf(KafkaError);
    expect(error.error).toBe('NOT_A_KAFKA_BROKER');
    expect(error.message).toContain(hint);
  });
}

test('nobody at the bootstrap address: an error that names it, within the time allowed', async () => {
  const broker = await ScriptedBroker.start(() => 'silence');
  await broker.stop();
  const admin = new Admin({ bootstrapServers: `127.0.0.1:${broker.port}`, defaultApiTimeoutMs: 300 });
  const error = await failing(admin.listTopics());
  expect(error.error).toBe('REQUEST_TIMED_OUT');
  expect(error.message).toContain(`127.0.0.1:${broker.port}`);
  await admin.close();
});

test('of several bootstrap servers one that works is enough', async () => {
  const dead = await ScriptedBroker.start(() => 'silence');
  await dead.stop();
  const broker = await ScriptedBroker.start(({ api }) => (api === 'ApiVersions' ? PLAIN_VERSIONS : emptyMetadata));
  stops.push(() => broker.stop());
  const admin = new Admin({ bootstrapServers: [`127.0.0.1:${dead.port}`, `127.0.0.1:${broker.port}`] });
  expect(await admin.listTopics()).toEqual([]);
  await admin.close();
});
