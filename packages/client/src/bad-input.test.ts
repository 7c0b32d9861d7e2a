// Bad input: what a newcomer gets wrong first. Each is a clear, typed error within the time allowed, from each of the
// three clients, and nothing hangs. Brokers are scripted, or one in this process.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Broker } from '@moldau/broker';
import { readBrokerConfig } from '@moldau/broker/config/read-config';
import { nodePorts } from '@moldau/kernel/node/ports';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PLAIN_VERSIONS, ScriptedBroker, startTalker } from '../test/scripted-broker.ts';
import { Admin, Consumer, KafkaError, Producer } from './index.ts';

let broker: Broker;
let directory: string;
let bootstrapServers: string;
const stops: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'moldau-bad-input-'));
  const { config } = readBrokerConfig({
    overrides: [
      'listeners=PLAINTEXT://127.0.0.1:0',
      `log.dirs=${directory}`,
      'auto.create.topics.enable=false',
      'message.max.bytes=100000',
    ],
  });
  broker = await Broker.start({ ports: nodePorts, config, hostName: 'localhost' });
  bootstrapServers = `127.0.0.1:${broker.endpoints[0]!.port}`;
});
afterAll(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  await broker.stop('the tests are over');
  rmSync(directory, { recursive: true, force: true });
});

const caught = async (run: () => unknown): Promise<KafkaError> => {
  try {
    await run();
  } catch (error) {
    expect(error).toBeInstanceOf(KafkaError);
    return error as KafkaError;
  }
  throw new Error('it was taken');
};

/** What each client comes to with these options; each has a second or two. */
async function each(options: object): Promise<{ admin: KafkaError; producer: KafkaError; consumer: KafkaError }> {
  const admin = new Admin({ defaultApiTimeoutMs: 1000, ...options });
  const producer = new Producer({ maxBlockMs: 1000, ...options });
  const consumer = new Consumer({ groupId: 'g', ...options });
  consumer.subscribe('topic');
  try {
    const [one, two, three] = await Promise.all([
      caught(() => admin.listTopics()),
      caught(() => producer.send({ topic: 'topic', value: 'v' })),
      caught(() => consumer.poll(1500)),
    ]);
    return { admin: one, producer: two, consumer: three };
  } finally {
    await Promise.all([admin.close(), producer.close(), consumer.close()]);
  }
}

const Client = { Admin, Producer, Consumer };
for (const name of ['Admin', 'Producer', 'Consumer'] as const) {
  describe(`${name}: settings`, () => {
    const make = (options: object) => () => new Client[name]({ groupId: 'g', ...options } as never);
    const refused = async (options: object) => {
      const error = await caught(name === 'Consumer' ? make(options) : () => new Client[name](options as never));
      expect([error.error, error.retriable]).toEqual(['INVALID_SETTING', false]);
      return error.message;
    };

    test('of the wrong type', async () => {
      expect(await refused({ bootstrapServers: 9092 })).toContain('host:port');
      expect(await refused({ bootstrapServers: ['localhost:port'] })).toContain('host:port');
      expect(await refused({ bootstrapServers: [] })).toContain('host:port');
      expect(await refused({ clientId: 7 })).toContain('clientId is 7; it must be a string');
      expect(await refused({ requestTimeoutMs: '3s' })).toContain('whole number');
      expect(await refused({ requestTimeoutMs: Number.NaN })).toContain('whole number');
      expect(await refused({ ssl: 'yes' })).toContain('ssl');
      expect(await refused({ sasl: 'plain' })).toContain('sasl');
    });

    test('that there are not, with the one that was meant', async () => {
      expect(await refused({ brokers: ['localhost:9092'] })).toContain('There is no setting brokers');
      expect(await refused({ 'bootstrap.servers': 'localhost:9092' })).toContain('bootstrapServers');
      expect(await refused({ requestTimeout: 1 })).toContain('requestTimeout');
    });
  });
}

test('nobody at the bootstrap address', async () => {
  const gone = await ScriptedBroker.start(() => 'silence');
  await gone.stop();
  const admin = new Admin({ bootstrapServers: `127.0.0.1:${gone.port}`, defaultApiTimeoutMs: 400 });
  const producer = new Producer({ bootstrapServers: `127.0.0.1:${gone.port}`, maxBlockMs: 400 });
  for (const error of [
    await caught(() => admin.listTopics()),
    await caught(() => producer.send({ topic: 't', value: 'v' })),
  ]) {
    expect([error.error, error.retriable]).toEqual(['REQUEST_TIMED_OUT', true]);
  }
  // A consumer goes on trying: poll answers nothing, and says why as an event when it takes long.
  const consumer = new Consumer({ bootstrapServers: `127.0.0.1:${gone.port}`, groupId: 'g' });
  consumer.subscribe('t');
  expect(await consumer.poll(300)).toEqual([]);
  await Promise.all([admin.close(), producer.close(), consumer.close()]);
});

test('a bootstrap name that does not exist', async () => {
  const admin = new Admin({ bootstrapServers: 'no-such-host.invalid:9092', defaultApiTimeoutMs: 1500 });
  const error = await caught(() => admin.listTopics());
  expect([error.error, error.message]).toEqual(['REQUEST_TIMED_OUT', expect.stringContaining('no-such-host.invalid')]);
  await admin.close();
});

test('a bootstrap server that takes the connection and says nothing', async () => {
  const silent = await ScriptedBroker.start(() => 'silence');
  stops.push(() => silent.stop());
  const admin = new Admin({ bootstrapServers: `127.0.0.1:${silent.port}`, defaultApiTimeoutMs: 400 });
  const error = await caught(() => admin.listTopics());
  expect(error.error).toBe('REQUEST_TIMED_OUT');
  await admin.close();
});

for (const [what, bytes, words] of [
  ['an HTTP server', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), 'HTTP'],
  ['a TLS port, spoken to in plain', Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x46]), 'TLS'],
] as const) {
  test(`${what} at the bootstrap address: each client says so at once`, async () => {
    const talker = await startTalker(bytes);
    stops.push(() => talker.stop());
    const errors = await each({ bootstrapServers: `127.0.0.1:${talker.port}` });
    for (const error of Object.values(errors)) {
      expect([error.error, error.retriable]).toEqual(['NOT_A_KAFKA_BROKER', false]);
      expect(error.message).toContain(words);
    }
  });
}

test('wrong credentials: each client says so at once, with few tries', async () => {
  let tries = 0;
  const versions = {
    ...PLAIN_VERSIONS,
    apiKeys: [
      ...PLAIN_VERSIONS.apiKeys,
      { apiKey: 17, minVersion: 0, maxVersion: 1 },
      { apiKey: 36, minVersion: 0, maxVersion: 2 },
    ],
  };
  const strict = await ScriptedBroker.start(({ api }) => {
    if (api === 'ApiVersions') return versions;
    if (api === 'SaslHandshake') return { errorCode: 0, mechanisms: ['PLAIN'] };
    tries++;
    return { errorCode: 58, errorMessage: 'Invalid username or password', authBytes: Buffer.alloc(0) };
  });
  stops.push(() => strict.stop());
  const sasl = { mechanism: 'plain', username: 'u', password: 'wrong-canary' };
  const errors = await each({ bootstrapServers: `127.0.0.1:${strict.port}`, sasl });
  for (const error of Object.values(errors)) {
    expect([error.error, error.retriable]).toEqual(['SASL_AUTHENTICATION_FAILED', false]);
    expect(error.message).toContain('Invalid username or password');
    expect(error.message).not.toContain('wrong-canary');
  }
  expect(tries).toBeLessThanOrEqual(6);
});

describe('records and topics', () => {
  test('a record beyond max.request.size never leaves, and one beyond the topic’s limit is refused by name', async () => {
    const admin = new Admin({ bootstrapServers });
    await admin.createTopics([{ name: 'small', numPartitions: 1 }]);
    const producer = new Producer({ bootstrapServers });
    const local = await caught(() => producer.send({ topic: 'small', value: Buffer.alloc(2_000_000) }));
    expect([local.error, local.retriable]).toEqual(['MESSAGE_TOO_LARGE', false]);
    const remote = await caught(() => producer.send({ topic: 'small', value: Buffer.alloc(500_000, 'x') }));
    expect([remote.error, remote.retriable]).toEqual(['MESSAGE_TOO_LARGE', false]);
    expect(await producer.send({ topic: 'small', value: 'fits' })).toMatchObject({ offset: 0 });
    await producer.close();
    await admin.close();
  });

  test('a topic that does not exist: within max.block.ms for a producer, at once for an admin', async () => {
    const producer = new Producer({ bootstrapServers, maxBlockMs: 600 });
    const error = await caught(() => producer.send({ topic: 'never-was', value: 'v' }));
    expect([error.error, error.message]).toEqual([expect.any(String), expect.stringContaining('never-was')]);
    const admin = new Admin({ bootstrapServers });
    expect((await admin.describeTopics(['never-was'])).get('never-was')).toMatchObject({
      error: 'UNKNOWN_TOPIC_OR_PARTITION',
    });
    await Promise.all([producer.close(), admin.close()]);
  });

  test('a partition that does not exist, a value that is none, a topic name that is none', async () => {
    const producer = new Producer({ bootstrapServers, maxBlockMs: 600 });
    const errors = [
      await caught(() => producer.send({ topic: 'small', partition: 99, value: 'v' })),
      await caught(() => producer.send({ topic: 'small', value: { an: 'object' } as never })),
      await caught(() => producer.send({ topic: 'not/a/name', value: 'v' })),
    ];
    for (const error of errors) expect(error.message.length).toBeGreaterThan(10);
    expect(errors[1]!.error).toBe('SERIALIZATION');
    await producer.close();
  });
});
