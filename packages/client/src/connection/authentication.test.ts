// Authentication on a connection, the first and every one after it (KIP-368), against a scripted broker.
import { inspect } from 'node:util';
import { nodePorts } from '@moldau/kernel/node/ports';
import { afterEach, expect, test } from 'vitest';
import { PLAIN_VERSIONS, type Reply, ScriptedBroker } from '../../test/scripted-broker.ts';
import { Admin } from '../admin/admin.ts';
import type { KafkaError } from '../errors.ts';
import { BrokerConnection, CONNECTION_DEFAULTS } from './broker-connection.ts';
import { securityFrom } from './security.ts';

const CANARY = 'hunter2-canary';
const VERSIONS = {
  errorCode: 0,
  apiKeys: [
    ...PLAIN_VERSIONS.apiKeys,
    { apiKey: 17, minVersion: 0, maxVersion: 1 },
    { apiKey: 36, minVersion: 0, maxVersion: 2 },
  ],
};
const HANDSHAKE = { errorCode: 0, mechanisms: ['PLAIN'] };
const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** Time that a test moves. */
let skippedMs = 0;
const ports = {
  ...nodePorts,
  clock: { now: nodePorts.clock.now, monotonic: () => nodePorts.clock.monotonic() + skippedMs },
};

async function start(reply: (api: string, body: Record<string, unknown>) => Reply | undefined) {
  const broker = await ScriptedBroker.start(({ api, body }) => {
    const scripted = reply(api, body);
    if (scripted !== undefined) return scripted;
    if (api === 'ApiVersions') return VERSIONS;
    if (api === 'SaslHandshake') return HANDSHAKE;
    if (api === 'SaslAuthenticate') return { errorCode: 0, errorMessage: null, authBytes: Buffer.alloc(0) };
    return { brokers: [], controllerId: 1, topics: [] };
  });
  stops.push(() => broker.stop());
  return broker;
}

const plain = {
  securityProtocol: 'SASL_PLAINTEXT',
  saslMechanism: 'PLAIN',
  saslUsername: 'u',
  saslPassword: CANARY,
} as const;

async function open(port: number, settings: object = {}) {
  const connection = await BrokerConnection.open({ host: '127.0.0.1', port }, ports, {
    ...CONNECTION_DEFAULTS,
    security: securityFrom(plain, ports),
    ...settings,
  });
  stops.push(() => connection.close());
  return connection;
}

const failing = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error as KafkaError,
  );
const apis = (broker: ScriptedBroker) => broker.asked.map(({ api }) => api);

test('versions, handshake, tokens, then requests', async () => {
  const broker = await start(() => undefined);
  const connection = await open(broker.port);
  await connection.send('Metadata', { topics: [] });
  expect(apis(broker)).toEqual(['ApiVersions', 'SaslHandshake', 'SaslAuthenticate', 'Metadata']);
  expect(broker.asked[2]!.body.authBytes).toEqual(Buffer.from(`\0u\0${CANARY}`));
});

test('wrong credentials: one try, a typed error with the broker’s words, and the secret nowhere', async () => {
  const says = 'Authentication failed: Invalid username or password';
  const broker = await start((api) =>
    api === 'SaslAuthenticate' ? { errorCode: 58, errorMessage: says, authBytes: Buffer.alloc(0) } : undefined,
  );
  const admin = new Admin({ bootstrapServers: `127.0.0.1:${broker.port}`, ...plain });
  stops.push(() => admin.close());
  const error = await failing(admin.listTopics());
  expect([error.error, error.code, error.retriable]).toEqual(['SASL_AUTHENTICATION_FAILED', 58, false]);
  expect(error.message).toContain(says);
  expect(error.advice).toContain('password');
  expect(apis(broker).filter((api) => api === 'SaslAuthenticate')).toHaveLength(1);
  expect(inspect([error, admin], { depth: 20, showHidden: true })).not.toContain(CANARY);
});

test('a mechanism of one’s own: as many tokens as it takes, for each authentication; what it throws, and a refusal', async () => {
  let refuses = false;
  const broker = await start((api, body) =>
    api === 'SaslAuthenticate'
      ? {
          ...{ errorCode: refuses ? 58 : 0, errorMessage: refuses ? 'not you' : null },
          authBytes: Buffer.from(`got ${body.authBytes}`),
          sessionLifetimeMs: 10_000,
        }
      : undefined,
  );
  const heard: string[] = [];
  let fails = false;
  const sasl = {
    mechanism: 'OWN',
    authenticate: async (say: (token: Buffer) => Promise<Buffer>, { host }: { host: string }) => {
      if (fails) throw new Error('the token service is closed');
      for (const token of ['one', 'two']) heard.push(`${host}: ${await say(Buffer.from(token))}`);
    },
  };
  const security = securityFrom({ securityProtocol: 'SASL_PLAINTEXT', sasl }, ports);
  const connection = await open(broker.port, { security });
  expect(broker.asked[1]!.body).toMatchObject({ mechanism: 'OWN' });
  expect(heard).toEqual(['127.0.0.1: got one', '127.0.0.1: got two']);
  skippedMs += 9_600;
  await connection.send('Metadata', { topics: [] });
  expect(heard).toHaveLength(4);
  refuses = true;
  const refused = await failing(open(broker.port, { security }));
  expect([refused.error, refused.message]).toEqual(['SASL_AUTHENTICATION_FAILED', expect.stringContaining('not you')]);
  fails = true;
  const gaveUp = await failing(open(broker.port, { security }));
  expect([gaveUp.error, gaveUp.retriable]).toEqual(['SASL_AUTHENTICATION_FAILED', false]);
  expect(gaveUp.message).toContain('Authentication by OWN failed: the token service is closed');
});

test('a mechanism that the broker does not take: told with those that it takes', async () => {
  const broker = await start((api) =>
    api === 'SaslHandshake' ? { errorCode: 33, mechanisms: ['SCRAM-SHA-512', 'OAUTHBEARER'] } : undefined,
  );
  const error = await failing(open(broker.port));
  expect([error.error, error.retriable]).toEqual(['UNSUPPORTED_SASL_MECHANISM', false]);
  expect(error.message).toContain('SCRAM-SHA-512, OAUTHBEARER');
});

test('a port without SASL says so', async () => {
  const broker = await start((api) => (api === 'ApiVersions' ? PLAIN_VERSIONS : undefined));
  const error = await failing(open(broker.port));
  expect([error.error, error.message.includes('does not offer SaslHandshake')]).toEqual(['UNSUPPORTED_VERSION', true]);
});

test('a broker that hangs up in the middle of it, or says nothing, is a matter of the network', async () => {
  const rude = await start((api) => (api === 'SaslAuthenticate' ? 'hang up' : undefined));
  expect((await failing(open(rude.port))).retriable).toBe(true);
  const silent = await start((api) => (api === 'SaslAuthenticate' ? 'silence' : undefined));
  const late = await failing(open(silent.port, { requestTimeoutMs: 60 }));
  expect([late.error, late.retriable]).toEqual(['REQUEST_TIMED_OUT', true]);
});

test('a provider of tokens that never answers does not hold up for ever', async () => {
  const broker = await start(() => undefined);
  const security = securityFrom(
    {
      securityProtocol: 'SASL_PLAINTEXT',
      sasl: { mechanism: 'oauthbearer', oauthBearerProvider: () => new Promise(() => {}) },
    },
    ports,
  );
  const error = await failing(open(broker.port, { security, requestTimeoutMs: 60 }));
  expect(error.error).toBe('REQUEST_TIMED_OUT');
});

test('platformatic#226: a session near its end: the next request waits for a new authentication behind all that is in flight', async () => {
  let answerMetadata: (body: object) => void = () => {};
  let count = 0;
  const broker = await start((api) => {
    if (api === 'SaslAuthenticate')
      return { errorCode: 0, errorMessage: null, authBytes: Buffer.alloc(0), sessionLifetimeMs: 10_000 };
    if (api !== 'Metadata') return undefined;
    count++;
    const body = { brokers: [], controllerId: count, topics: [] };
    return count === 1 ? new Promise<object>((resolve) => (answerMetadata = () => resolve(body))) : body;
  });
  const connection = await open(broker.port);
  const slow = connection.send('Metadata', { topics: [] });
  await expect.poll(() => apis(broker).at(-1)).toBe('Metadata');
  skippedMs += 9_600;
  const held = [1, 2, 3].map(() => connection.send('Metadata', { topics: [] }));
  expect(connection.inFlight).toBe(4);
  await expect.poll(() => apis(broker).at(-1)).toBe('SaslHandshake');
  expect(apis(broker).filter((api) => api === 'Metadata')).toHaveLength(1);
  answerMetadata({});
  expect((await slow).controllerId).toBe(1);
  expect((await Promise.all(held)).map(({ controllerId }) => controllerId)).toEqual([2, 3, 4]);
  expect(apis(broker).slice(3)).toEqual([
    'Metadata',
    'SaslHandshake',
    'SaslAuthenticate',
    ...Array(3).fill('Metadata'),
  ]);
  // And not again until the new session is near its end.
  await connection.send('Metadata', { topics: [] });
  skippedMs += 9_600;
  await connection.send('Metadata', { topics: [] });
  expect(apis(broker).filter((api) => api === 'SaslHandshake')).toHaveLength(3);
});

test('a new authentication that fails ends the connection, and everything on it with the reason', async () => {
  let good = true;
  const broker = await start((api) =>
    api === 'SaslAuthenticate'
      ? { errorCode: good ? 0 : 58, errorMessage: null, authBytes: Buffer.alloc(0), sessionLifetimeMs: 10_000 }
      : undefined,
  );
  const connection = await open(broker.port);
  good = false;
  skippedMs += 10_500;
  const errors = await Promise.all([1, 2].map(() => failing(connection.send('Metadata', { topics: [] }))));
  expect(errors.map(({ error }) => error)).toEqual(Array(2).fill('SASL_AUTHENTICATION_FAILED'));
  expect([connection.isOpen, connection.inFlight]).toEqual([false, 0]);
});

test('a new authentication that is not answered: held requests time out, and do not leak', async () => {
  let silent = false;
  const broker = await start((api) => {
    if (api === 'SaslHandshake' && silent) return 'silence';
    if (api !== 'SaslAuthenticate') return undefined;
    return { errorCode: 0, errorMessage: null, authBytes: Buffer.alloc(0), sessionLifetimeMs: 10_000 };
  });
  const connection = await open(broker.port);
  silent = true;
  skippedMs += 9_600;
  const error = await failing(connection.send('Metadata', { topics: [] }, { timeoutMs: 60 }));
  expect([error.error, error.message.includes('Authentication with')]).toEqual(['REQUEST_TIMED_OUT', true]);
  expect(connection.inFlight).toBe(0);
});

test('credentials that are missing or of the wrong type are refused, and not shown', () => {
  const refusal = (options: object) => {
    try {
      new Admin(options);
    } catch (error) {
      return (error as KafkaError).message;
    }
    throw new Error('it was taken');
  };
  expect(refusal({ securityProtocol: 'SASL_SSL' })).toContain('saslMechanism is missing');
  expect(refusal({ securityProtocol: 'SASL_SSL', saslMechanism: 'PLAIN' })).toContain('saslUsername');
  expect(refusal({ securityProtocol: 'SASL_SSL', saslMechanism: 'GSSAPI' })).toContain('SCRAM-SHA-256');
  expect(refusal({ securityProtocol: 'SASL_SSL', saslMechanism: 'OAUTHBEARER' })).toContain('TokenProvider');
  expect(refusal({ saslMechanism: 'PLAIN' })).toContain('SASL_PLAINTEXT uses it');
  for (const wrong of [{ saslPassword: [CANARY] }, { sasl: { mechanism: 'plain', username: 7, password: CANARY } }]) {
    expect(refusal(wrong)).toContain('its value is not shown');
    expect(refusal(wrong)).not.toContain(CANARY);
  }
});
