// Moldau's client on every kind of listener of Apache Kafka (the release of --kafka-version; started by the suite itself,
// whatever the target is): encryption, authentication by each mechanism, authentication again under load, and what is
// told when one of them goes wrong.
import { inspect } from 'node:util';
import { Admin, Consumer, KafkaError, Producer } from '@moldau/client';
import { BrokerConnection, CONNECTION_DEFAULTS, securityFrom } from '@moldau/client/connection';
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  Kafka,
  logLevel,
  ResourcePatternTypes,
} from '@moldau/client/kafkajs';
import { nodePorts } from '@moldau/kernel/node/ports';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type SecuredPeer, startSecuredApacheKafka, unsecuredToken } from '../../peer/secured-apache-kafka.ts';
import { fresh, kafkaVersion } from '../../suite/target.ts';

const CANARY = 'canary-hunter2';
const MECHANISMS = ['scram-sha-256', 'scram-sha-512'] as const;
let peer: SecuredPeer;
let ca: string;
const alice = { mechanism: 'plain', username: 'alice', password: 'alice-secret' } as const;

beforeAll(async () => {
  peer = await startSecuredApacheKafka({ version: kafkaVersion });
  ca = peer.authority.cert;
  const admin = new Admin({ bootstrapServers: peer.bootstrap.plaintext });
  for (const mechanism of ['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const) {
    const outcomes = await admin.alterUserScramCredentials([{ user: 'sam', mechanism, password: 'sam-secret' }]);
    expect([...outcomes]).toEqual([['sam', true]]);
  }
  await admin.createAcls([
    {
      ...{ resourceType: 'TOPIC', resourceName: '*', patternType: 'LITERAL' },
      ...{ principal: 'User:*', host: '*', operation: 'ALL', permissionType: 'ALLOW' },
    },
    {
      ...{ resourceType: 'GROUP', resourceName: '*', patternType: 'LITERAL' },
      ...{ principal: 'User:*', host: '*', operation: 'ALL', permissionType: 'ALLOW' },
    },
  ]);
  await admin.close();
}, 90_000);
afterAll(() => peer?.close());

/** Records there and back, and the topic's name. */
async function roundTrip(options: object): Promise<void> {
  const topic = fresh('secured');
  const admin = new Admin({ bootstrapServers: peer.bootstrap.plaintext });
  expect(
    (await admin.createTopics([{ name: topic, numPartitions: 1, replicationFactor: 1 }])).get(topic),
  ).not.toBeInstanceOf(KafkaError);
  await admin.close();
  const producer = new Producer(options);
  await Promise.all(Array.from({ length: 200 }, (_, index) => producer.send({ topic, value: `v${index}` })));
  await producer.close();
  const consumer = new Consumer({ ...options, groupId: fresh('group'), autoOffsetReset: 'earliest' });
  consumer.subscribe(topic);
  const values: string[] = [];
  for await (const record of consumer) {
    values.push(String(record.value));
    if (values.length === 200) break;
  }
  await consumer.close();
  expect(values).toEqual(Array.from({ length: 200 }, (_, index) => `v${index}`));
}

/** What a call comes to, within the time allowed. */
async function told(options: object): Promise<KafkaError> {
  const admin = new Admin({ defaultApiTimeoutMs: 3000, ...options });
  try {
    await admin.describeCluster();
  } catch (error) {
    expect(error).toBeInstanceOf(KafkaError);
    expect(inspect([error, admin], { depth: 20, showHidden: true })).not.toContain(CANARY);
    return error as KafkaError;
  } finally {
    await admin.close();
  }
  throw new Error('the broker took it');
}

test('SSL', () => roundTrip({ bootstrapServers: peer.bootstrap.ssl, ssl: { ca } }));

test('SSL by address, which the certificate names too', () =>
  roundTrip({ bootstrapServers: peer.bootstrap.ssl.replace('localhost', '127.0.0.1'), ssl: { ca } }));

test('SSL with a client certificate, by Kafka’s settings', () =>
  roundTrip({
    bootstrapServers: peer.bootstrap.mtls,
    securityProtocol: 'SSL',
    sslTruststoreCertificates: ca,
    sslKeystoreCertificateChain: peer.alice.cert,
    sslKeystoreKey: peer.alice.key,
  }));

test('SASL_PLAINTEXT, PLAIN', () => roundTrip({ bootstrapServers: peer.bootstrap.saslPlaintext, sasl: alice }));

test('SASL_SSL, PLAIN, by a JAAS line', () =>
  roundTrip({
    bootstrapServers: peer.bootstrap.saslSsl,
    securityProtocol: 'SASL_SSL',
    saslMechanism: 'PLAIN',
    saslJaasConfig:
      'org.apache.kafka.common.security.plain.PlainLoginModule required username="alice" password="alice-secret";',
    sslTruststoreCertificates: ca,
  }));

for (const mechanism of MECHANISMS) {
  test(`SASL_SSL, ${mechanism.toUpperCase()}`, () =>
    roundTrip({
      bootstrapServers: peer.bootstrap.saslSsl,
      ssl: { ca },
      sasl: { mechanism, username: 'sam', password: 'sam-secret' },
    }));

  test(`${mechanism.toUpperCase()} with a wrong password, and as somebody who does not exist`, async () => {
    for (const username of ['sam', 'nobody']) {
      const sasl = { mechanism, username, password: CANARY };
      const error = await told({ bootstrapServers: peer.bootstrap.saslPlaintext, sasl });
      expect([error.error, error.retriable]).toEqual(['SASL_AUTHENTICATION_FAILED', false]);
    }
  });
}

test('SASL_PLAINTEXT, OAUTHBEARER', () =>
  roundTrip({
    bootstrapServers: peer.bootstrap.saslPlaintext,
    sasl: { mechanism: 'oauthbearer', oauthBearerProvider: () => unsecuredToken('olga') },
  }));

test('OAUTHBEARER with a token that is over', async () => {
  const sasl = { mechanism: 'oauthbearer', oauthBearerProvider: () => unsecuredToken('olga', -100) };
  const error = await told({ bootstrapServers: peer.bootstrap.saslPlaintext, sasl });
  expect([error.error, error.retriable]).toEqual(['SASL_AUTHENTICATION_FAILED', false]);
});

test('PLAIN with a wrong password', async () => {
  const sasl = { mechanism: 'plain', username: 'alice', password: CANARY };
  const error = await told({ bootstrapServers: peer.bootstrap.saslSsl, ssl: { ca }, sasl });
  expect([error.error, error.code, error.retriable]).toEqual(['SASL_AUTHENTICATION_FAILED', 58, false]);
});

test.concurrent('ports taken for others: each is told within the time allowed', async () => {
  const { bootstrap } = peer;
  const cases: [options: object, error: string, words: string][] = [
    [{ bootstrapServers: bootstrap.ssl }, 'NOT_A_KAFKA_BROKER', 'answers in TLS'],
    [{ bootstrapServers: bootstrap.saslSsl }, 'NOT_A_KAFKA_BROKER', 'answers in TLS'],
    [{ bootstrapServers: bootstrap.saslPlaintext }, 'REQUEST_TIMED_OUT', 'want SASL'],
    [{ bootstrapServers: bootstrap.plaintext, ssl: { ca } }, 'REQUEST_TIMED_OUT', 'may not be one for TLS'],
    [{ bootstrapServers: bootstrap.plaintext, sasl: alice }, 'ILLEGAL_SASL_STATE', 'does not take PLAIN'],
    [{ bootstrapServers: bootstrap.mtls, ssl: { ca } }, 'SSL_AUTHENTICATION_FAILED', 'client certificate'],
    [{ bootstrapServers: bootstrap.ssl, ssl: true }, 'SSL_AUTHENTICATION_FAILED', 'nobody trusted'],
  ];
  for (const [options, error, words] of cases) {
    const outcome = await told(options);
    expect([outcome.error, outcome.message]).toEqual([error, expect.stringContaining(words)]);
  }
});

test.concurrent('sessions that end (KIP-368): a connection outlives them, with requests in flight all the time', async () => {
  const [host, port] = peer.bootstrap.reauth.split(':');
  let tokens = 0;
  const provider = () => {
    tokens++;
    return unsecuredToken('olga');
  };
  const security = securityFrom(
    { securityProtocol: 'SASL_PLAINTEXT', sasl: { mechanism: 'oauthbearer', oauthBearerProvider: provider } },
    nodePorts,
  );
  const settings = { ...CONNECTION_DEFAULTS, security };
  const connection = await BrokerConnection.open({ host: host!, port: Number(port) }, nodePorts, settings);
  const until = performance.now() + 8000;
  let answered = 0;
  const line = async () => {
    while (performance.now() < until) {
      await connection.send('Metadata', { topics: [] }, { newest: 12 });
      answered++;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  await Promise.all(Array.from({ length: 5 }, line));
  expect(connection.isOpen).toBe(true);
  // Sessions of three seconds: at least two times again in eight.
  expect(tokens).toBeGreaterThanOrEqual(3);
  expect(answered).toBeGreaterThan(100);
  connection.close();
});

for (const mechanism of ['plain', ...MECHANISMS] as const) {
  test.concurrent(`a producer and a consumer outlive their sessions by ${mechanism.toUpperCase()}`, async () => {
    const topic = fresh('reauth');
    const admin = new Admin({ bootstrapServers: peer.bootstrap.plaintext });
    await admin.createTopics([{ name: topic, numPartitions: 1, replicationFactor: 1 }]);
    await admin.close();
    const sasl = mechanism === 'plain' ? alice : { mechanism, username: 'sam', password: 'sam-secret' };
    const options = { bootstrapServers: peer.bootstrap.reauth, sasl };
    const producer = new Producer(options);
    const consumer = new Consumer({ ...options, groupId: fresh('group'), autoOffsetReset: 'earliest' });
    consumer.subscribe(topic);
    const sent: string[] = [];
    const until = performance.now() + 7000;
    const sending = (async () => {
      while (performance.now() < until) {
        const value = `v${sent.length}`;
        sent.push(value);
        await producer.send({ topic, value });
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await producer.send({ topic, value: 'end' });
    })();
    const seen: string[] = [];
    for await (const record of consumer) {
      if (String(record.value) === 'end') break;
      seen.push(String(record.value));
    }
    await sending;
    await consumer.close();
    await producer.close();
    expect(seen).toEqual(sent);
  });
}

test('what a user may not do is told by resource, and is not retried', async () => {
  const admin = new Admin({ bootstrapServers: peer.bootstrap.saslPlaintext, sasl: alice });
  const error = await admin.listConfigResources(['client-metrics']).then(
    () => undefined,
    (thrown: unknown) => thrown as KafkaError,
  );
  expect([error?.error, error?.retriable]).toEqual(['CLUSTER_AUTHORIZATION_FAILED', false]);
  await admin.close();
});

test('the KafkaJS face: ssl and sasl as KafkaJS takes them, its error for wrong credentials, its ACLs', async () => {
  const broker = peer.bootstrap.saslSsl;
  const kafka = new Kafka({ brokers: [broker], ssl: { ca: [ca] }, sasl: alice, logLevel: logLevel.NOTHING });
  const topic = fresh('face');
  const operator = new Kafka({ brokers: [peer.bootstrap.plaintext], logLevel: logLevel.NOTHING }).admin();
  await operator.connect();
  await operator.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 1 }], waitForLeaders: true });
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic, messages: [{ value: 'one' }] });
  await producer.disconnect();

  const wrong = new Kafka({
    brokers: [broker],
    ssl: { rejectUnauthorized: false },
    sasl: { ...alice, password: CANARY },
    logLevel: logLevel.NOTHING,
  });
  const error = await wrong
    .admin()
    .connect()
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: 'KafkaJSSASLAuthenticationError', retriable: false });

  const acl = {
    ...{ resourceType: AclResourceTypes.TOPIC, resourceName: topic, resourcePatternType: ResourcePatternTypes.LITERAL },
    ...{
      principal: 'User:bob',
      host: '*',
      operation: AclOperationTypes.READ,
      permissionType: AclPermissionTypes.ALLOW,
    },
  };
  expect(await operator.createAcls({ acl: [acl] })).toBe(true);
  const { resources } = await operator.describeAcls({ ...acl });
  expect(resources).toMatchObject([{ resourceName: topic, acls: [{ principal: 'User:bob', operation: 3 }] }]);
  const { filterResponses } = await operator.deleteAcls({ filters: [acl] });
  expect(filterResponses).toMatchObject([{ errorCode: 0, matchingAcls: [{ errorCode: 0, principal: 'User:bob' }] }]);
  await operator.disconnect();
});
