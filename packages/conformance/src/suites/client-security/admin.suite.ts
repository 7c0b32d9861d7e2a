// What Admin does about security: ACLs that hold, SCRAM users, delegation tokens. Against Apache Kafka of the release of
// --kafka-version, started by the suite.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AclBinding, Admin, KafkaError, Producer } from '@moldau/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { repository } from '../../peer/paths.ts';
import { type SecuredPeer, startSecuredApacheKafka } from '../../peer/secured-apache-kafka.ts';
import { finished } from '../../peer/tools.ts';
import { eventually } from '../../suite/eventually.ts';
import { fresh, kafkaVersion } from '../../suite/target.ts';

let peer: SecuredPeer;
let admin: Admin;
const alice = { mechanism: 'plain', username: 'alice', password: 'alice-secret' } as const;

beforeAll(async () => {
  peer = await startSecuredApacheKafka({ version: kafkaVersion });
  admin = new Admin({ bootstrapServers: peer.bootstrap.plaintext });
}, 90_000);
afterAll(async () => {
  await admin?.close();
  await peer?.close();
});

async function topic(): Promise<string> {
  const name = fresh('acl');
  expect((await admin.createTopics([{ name, numPartitions: 1, replicationFactor: 1 }])).get(name)).not.toBeInstanceOf(
    KafkaError,
  );
  return name;
}

const allow = (resourceName: string, more: Partial<AclBinding> = {}): AclBinding => ({
  ...{ resourceType: 'TOPIC', resourceName, patternType: 'LITERAL', principal: 'User:alice', host: '*' },
  ...{ operation: 'WRITE', permissionType: 'ALLOW', ...more },
});

/** What sending one record as alice comes to. */
async function sendAsAlice(name: string): Promise<KafkaError | undefined> {
  const producer = new Producer({
    bootstrapServers: peer.bootstrap.saslPlaintext,
    sasl: alice,
    deliveryTimeoutMs: 5000,
    requestTimeoutMs: 4000,
    maxBlockMs: 5000,
  });
  try {
    await producer.send({ topic: name, value: 'x' });
    return undefined;
  } catch (error) {
    return error as KafkaError;
  } finally {
    await producer.close();
  }
}

test('an ACL opens a topic to a user, and its deletion closes it again', async () => {
  const name = await topic();
  const refused = await sendAsAlice(name);
  expect([refused?.error, refused?.retriable]).toEqual(['TOPIC_AUTHORIZATION_FAILED', false]);
  const acl = allow(name);
  expect(await admin.createAcls([acl])).toEqual([true]);
  await eventually('the ACL holds', async () => (await sendAsAlice(name)) === undefined);
  expect(await admin.describeAcls({ resourceName: name })).toEqual([acl]);
  expect(await admin.deleteAcls([{ resourceName: name, principal: 'User:alice' }])).toEqual([
    [{ binding: acl, error: undefined }],
  ]);
  expect(await admin.describeAcls({ resourceName: name })).toEqual([]);
  await eventually('it holds no more', async () => (await sendAsAlice(name))?.error === 'TOPIC_AUTHORIZATION_FAILED');
});

test('filters: by operation, prefix and what concerns a name; each filter has its own outcome', async () => {
  const prefix = fresh('prefix');
  const acls = [
    allow(`${prefix}-a`, { operation: 'READ' }),
    allow(`${prefix}-a`, { operation: 'DESCRIBE', permissionType: 'DENY', host: '10.0.0.1' }),
    allow(prefix, { patternType: 'PREFIXED', principal: 'User:bob' }),
    allow(prefix, { resourceType: 'TRANSACTIONAL_ID' }),
  ];
  expect(await admin.createAcls(acls)).toEqual([true, true, true, true]);
  const found = async (filter: Parameters<Admin['describeAcls']>[0]) =>
    (await admin.describeAcls(filter)).map((acl) =>
      acls.findIndex((one) => JSON.stringify(one) === JSON.stringify(acl)),
    );
  expect(await found({ operation: 'READ', resourceName: `${prefix}-a` })).toEqual([0]);
  expect(await found({ permissionType: 'DENY' })).toEqual([1]);
  expect((await found({ resourceType: 'TOPIC', resourceName: `${prefix}-a`, patternType: 'MATCH' })).sort()).toEqual([
    0, 1, 2,
  ]);
  expect(await found({ principal: 'User:bob' })).toEqual([2]);
  expect(await found({ resourceType: 'TRANSACTIONAL_ID' })).toEqual([3]);
  const deleted = await admin.deleteAcls([
    { principal: 'User:bob' },
    { principal: 'User:nobody' },
    { resourceName: `${prefix}-a` },
  ]);
  expect(deleted.map((outcome) => (outcome instanceof KafkaError ? outcome : outcome.length))).toEqual([1, 0, 2]);
});

test('an ACL that is none is one item’s matter; a word that is none never leaves', async () => {
  const name = await topic();
  const outcomes = await admin.createAcls([allow(name), allow(name, { principal: 'alice' }), allow('', {})]);
  expect(outcomes.map((outcome) => (outcome instanceof KafkaError ? outcome.error : outcome))).toEqual([
    true,
    'INVALID_REQUEST',
    'INVALID_REQUEST',
  ]);
  await expect(admin.createAcls([allow(name, { operation: 'write' as 'WRITE' })])).rejects.toThrow(
    'operation is write',
  );
});

test('what we may do is answered where it is asked for (KIP-430)', async () => {
  const name = await topic();
  await admin.createAcls([allow(name), allow(name, { operation: 'DESCRIBE_CONFIGS' })]);
  const hers = new Admin({ bootstrapServers: peer.bootstrap.saslPlaintext, sasl: alice });
  await eventually('the ACLs hold', async () => {
    const described = (await hers.describeTopics([name], { includeAuthorizedOperations: true })).get(name);
    if (!described || described instanceof KafkaError) return false;
    expect([...(described.authorizedOperations ?? [])].sort()).toEqual(['DESCRIBE', 'DESCRIBE_CONFIGS', 'WRITE']);
    return true;
  });
  expect((await admin.describeCluster({ includeAuthorizedOperations: true })).authorizedOperations).toContain('ALTER');
  expect((await admin.describeCluster()).authorizedOperations).toBeUndefined();
  await hers.close();
});

test('SCRAM users: made, seen without secrets, used, changed, removed', async () => {
  const user = fresh('user');
  const log = async (password: string) => {
    const sasl = { mechanism: 'scram-sha-512', username: user, password } as const;
    const one = new Admin({ bootstrapServers: peer.bootstrap.saslPlaintext, sasl, defaultApiTimeoutMs: 3000 });
    try {
      await one.listTopics();
      return 'in';
    } catch (error) {
      return (error as KafkaError).error;
    } finally {
      await one.close();
    }
  };
  expect((await admin.describeUserScramCredentials([user])).get(user)).toMatchObject({ error: 'RESOURCE_NOT_FOUND' });
  const mechanism = 'SCRAM-SHA-512';
  const alter = (more: { password: string; iterations?: number } | { remove: true }) =>
    admin.alterUserScramCredentials([
      { user, mechanism, ...more } as { user: string; mechanism: 'SCRAM-SHA-512'; password: string },
    ]);
  expect((await alter({ password: 'first', iterations: 5000 })).get(user)).toBe(true);
  await eventually('the user is known', async () => (await log('first')) === 'in');
  expect((await admin.describeUserScramCredentials([user])).get(user)).toEqual([{ mechanism, iterations: 5000 }]);
  expect((await admin.describeUserScramCredentials()).has(user)).toBe(true);
  expect((await alter({ password: 'second, with ü' })).get(user)).toBe(true);
  await eventually('the new password counts', async () => (await log('second, with ü')) === 'in');
  expect(await log('first')).toBe('SASL_AUTHENTICATION_FAILED');
  expect((await alter({ password: 'x', iterations: 20_000 })).get(user)).toMatchObject({
    error: 'UNACCEPTABLE_CREDENTIAL',
  });
  expect((await alter({ remove: true })).get(user)).toBe(true);
  await eventually('the user is gone', async () => (await log('second, with ü')) === 'SASL_AUTHENTICATION_FAILED');
  expect((await alter({ remove: true })).get(user)).toMatchObject({ error: 'RESOURCE_NOT_FOUND' });
  await expect(alter({ password: '' })).rejects.toThrow('not empty');
  await expect(alter({ password: 'x', iterations: 100 })).rejects.toThrow('4096');
});

test('delegation tokens: given, used for a login, renewed, seen, ended', async () => {
  const hers = new Admin({ bootstrapServers: peer.bootstrap.saslSsl, ssl: { ca: peer.authority.cert }, sasl: alice });
  const token = await hers.createDelegationToken({ renewers: ['User:bob'], maxLifetimeMs: 600_000 });
  expect(token).toMatchObject({ owner: 'User:alice', renewers: ['User:bob'] });
  expect(token.maxTimestampMs - token.issueTimestampMs).toBe(600_000);
  const password = token.hmac.toString('base64');
  const sasl = { mechanism: 'scram-sha-256', username: token.tokenId, password, tokenAuth: true } as const;
  await eventually('the token is known', async () => {
    const bearer = new Admin({ bootstrapServers: peer.bootstrap.saslPlaintext, sasl, defaultApiTimeoutMs: 2000 });
    try {
      return (await bearer.describeCluster()).nodes.length === 1;
    } finally {
      await bearer.close();
    }
  });
  expect((await hers.describeDelegationTokens(['User:alice'])).map(({ tokenId }) => tokenId)).toEqual([token.tokenId]);
  expect(await hers.renewDelegationToken(token.hmac)).toBeGreaterThanOrEqual(token.expiryTimestampMs);
  await hers.expireDelegationToken(token.hmac);
  await eventually('the token is gone', async () => (await hers.describeDelegationTokens()).length === 0);
  const again = await hers.renewDelegationToken(token.hmac).catch((error: unknown) => error);
  expect(again).toMatchObject({ error: 'DELEGATION_TOKEN_NOT_FOUND' });
  await hers.close();
});

test('our command-line tools over SASL_SSL, by the configuration file that Kafka’s tools take', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'secured-tools-'));
  try {
    writeFileSync(join(directory, 'authority.pem'), peer.authority.cert);
    const run = async (password: string, ...args: string[]) => {
      const file = join(directory, 'client.properties');
      const module = 'org.apache.kafka.common.security.plain.PlainLoginModule';
      writeFileSync(
        file,
        `security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\n` +
          `sasl.jaas.config=${module} required username="admin" password="${password}";\n` +
          `ssl.truststore.type=PEM\nssl.truststore.location=${join(directory, 'authority.pem')}\n`,
      );
      const words = ['--bootstrap-server', peer.bootstrap.saslSsl, '--command-config', file, ...args];
      return finished(spawn(join(repository, 'bin/kafka-topics.sh'), words));
    };
    const name = fresh('tools');
    expect((await run('admin-secret', '--create', '--topic', name)).stdout).toContain(`Created topic ${name}`);
    const wrong = await run('canary-wrong', '--list');
    expect(wrong.status).not.toBe(0);
    expect(wrong.stdout + wrong.stderr).toContain('Invalid username or password');
    expect(wrong.stdout + wrong.stderr).not.toContain('canary-wrong');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
