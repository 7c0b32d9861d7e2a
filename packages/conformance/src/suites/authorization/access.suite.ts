// Whether a broker with an authorizer holds every API to the access rules as Kafka does. Starts a broker of the target's kind
// with the StandardAuthorizer: the operator at 127.0.0.1 may do everything, the client at 127.0.0.2 what rules for its address
// allow. That is all that tells them apart, so that it works without authentication.
// The table is the one that the broker's own tests run (`protocol/src/test/access-cases`); here it is held against the original.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { OPERATIONS, RESOURCE_TYPES } from '@moldau/client/admin/acls';
import type { AclResourceType } from '@moldau/client/admin/security-model';
import { APIS, type Api, errorName, type InputOf, ZERO_UUID } from '@moldau/protocol';
import { ACCESS_CASES, type AccessNeed, commitT, EVERY_ACL, newTopic } from '@moldau/protocol/test/access-cases';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { RawConnection } from '../../bad-input/raw-connection.ts';
import { startApacheKafka } from '../../peer/apache-kafka.ts';
import type { Peer } from '../../peer/broker-process.ts';
import { startMoldau } from '../../peer/moldau.ts';
import { repository } from '../../peer/paths.ts';
import { finished, runTool } from '../../peer/tools.ts';
import { eventually } from '../../suite/eventually.ts';
import { kafkaVersion, targetKind } from '../../suite/target.ts';

const OPERATOR = '127.0.0.1';
const CLIENT = '127.0.0.2';
const apache = targetKind === 'apache';

let broker: Peer;
let operator: RawConnection;
let client: RawConnection;

beforeAll(async () => {
  const properties = {
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'allow.everyone.if.no.acl.found': true,
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.num.partitions': 1,
  };
  broker = await (apache ? startApacheKafka({ version: kafkaVersion, properties }) : startMoldau({ properties }));
  operator = await RawConnection.open(broker.host, broker.port, OPERATOR);
  const all: AccessNeed[] = [];
  for (const resource of ['topic', 'group', 'transactionalId'] as const) all.push([resource, '*', 'READ']);
  await create(...all.map((need) => ({ ...ruleOf(need), host: OPERATOR, operation: 2 })), {
    ...ruleOf(['cluster', 'kafka-cluster', 'READ']),
    host: OPERATOR,
    operation: 2,
  });
  for (const name of ['t', 'other']) {
    const topics = [{ ...newTopic, name }];
    const answer = await operator.ask(APIS.CreateTopics, 7, { topics, timeoutMs: 10_000, validateOnly: false });
    expect(errorName(answer.topics[0]!.errorCode)).toBe('NONE');
  }
  await eventually('the topics have leaders', async () =>
    (await describedTopics(operator, ['t', 'other'])).every(([, error]) => error === 'NONE'),
  );
  await eventually('the coordinator serves', async () => {
    await operator.ask(APIS.FindCoordinator, 4, { keyType: 0, coordinatorKeys: ['g'] });
    const { topics } = await operator.ask(APIS.OffsetCommit, 8, commitT);
    return topics[0]?.partitions[0]?.errorCode === 0;
  });
});

// Of its own in each test: a request that is never answered holds up no other.
beforeEach(async () => {
  client = await RawConnection.open(broker.host, broker.port, CLIENT);
});
afterEach(() => client.close());

afterAll(async () => {
  operator?.close();
  await broker?.close();
});

function ruleOf([resource, resourceName, operation]: AccessNeed, permissionType = 3) {
  const type = resource === 'transactionalId' ? 'TRANSACTIONAL_ID' : resource.toUpperCase();
  return {
    ...{ resourceType: RESOURCE_TYPES.indexOf(type as AclResourceType), resourceName, resourcePatternType: 3 },
    ...{ principal: 'User:ANONYMOUS', host: CLIENT, operation: OPERATIONS.indexOf(operation), permissionType },
  };
}

async function create(...creations: ReturnType<typeof ruleOf>[]): Promise<void> {
  const { results } = await operator.ask(APIS.CreateAcls, 3, { creations });
  expect(results.map(({ errorCode }) => errorName(errorCode))).toEqual(creations.map(() => 'NONE'));
}

async function allow(...needs: AccessNeed[]): Promise<void> {
  await create(...needs.map((need) => ruleOf(need)));
}

/** The client may do nothing again, and the broker knows it. */
async function nothing(): Promise<void> {
  await operator.ask(APIS.DeleteAcls, 3, { filters: [{ ...EVERY_ACL, hostFilter: CLIENT }] });
  await there(0);
}

/** An ACL of Kafka is answered before brokers hold to it. */
async function there(count: number): Promise<void> {
  await eventually('the rules are there', async () => {
    const { resources } = await operator.ask(APIS.DescribeAcls, 3, { ...EVERY_ACL, hostFilter: CLIENT });
    return resources.flatMap(({ acls }) => acls).length === count;
  });
}

async function describedTopics(from: RawConnection, names: readonly string[] | null) {
  const answer = await from.ask(APIS.Metadata, 12, {
    topics: names?.map((name) => ({ name, topicId: ZERO_UUID })) ?? null,
    ...{ allowAutoTopicCreation: false, includeTopicAuthorizedOperations: true },
  });
  return answer.topics
    .map((one) => [one.name, errorName(one.errorCode), one.topicId === ZERO_UUID, one.isInternal] as const)
    .sort();
}

describe('refused without a rule, let through by it, refused by a rule against it', () => {
  // What brokers ask each other is on other listeners in Kafka.
  const cases = ACCESS_CASES.filter(({ internal }) => !internal || !apache);
  test.each(
    cases.map(
      (one) => [`${one.api} v${one.version}: ${one.needs.map((need) => need.join(' ')).join(', ')}`, one] as const,
    ),
  )('%s', async (_, { api, version, body, needs, refusal, error, granted = 'NONE' }) => {
    const ask = async () => errorName(error(await client.ask(APIS[api] as Api, version, body as InputOf<never>)));
    const [first, ...rest] = needs;
    await nothing();
    await allow(...rest);
    await there(rest.length);
    expect(await ask()).toBe(refusal);
    await allow(first!);
    // What else may be wrong with the request differs between brokers; that it is not who asks does not.
    if (granted !== refusal) await eventually('it is allowed', async () => (await ask()) !== refusal);
    await create(ruleOf(first!, 2));
    await eventually('it is denied', async () => (await ask()) === refusal);
  });
});

describe('what is shown', () => {
  test('topics that may not be described: left out of all, and by name not even told to be there', async () => {
    await nothing();
    expect(await describedTopics(client, null)).toEqual([]);
    await allow(['topic', 't', 'READ']);
    await there(1);
    expect(await describedTopics(client, null)).toEqual([['t', 'NONE', false, false]]);
    expect(await describedTopics(client, ['t', 'other', 'nowhere', '__consumer_offsets'])).toEqual([
      ['__consumer_offsets', 'TOPIC_AUTHORIZATION_FAILED', true, false],
      ['nowhere', 'TOPIC_AUTHORIZATION_FAILED', true, false],
      ['other', 'TOPIC_AUTHORIZATION_FAILED', true, false],
      ['t', 'NONE', false, false],
    ]);
  });

  test('what may be done with a topic, a group and the cluster (KIP-430)', async () => {
    const bits = (...operations: AccessNeed[2][]) =>
      operations.reduce((sum, one) => sum | (1 << OPERATIONS.indexOf(one)), 0);
    const ask = async () => {
      const { topics, clusterAuthorizedOperations } = await client.ask(APIS.Metadata, 10, {
        topics: [{ name: 't', topicId: ZERO_UUID }],
        ...{ allowAutoTopicCreation: false, includeClusterAuthorizedOperations: true },
        includeTopicAuthorizedOperations: true,
      });
      const { groups } = await client.ask(APIS.DescribeGroups, 5, { groups: ['g'], includeAuthorizedOperations: true });
      return [topics[0]?.topicAuthorizedOperations, groups[0]?.authorizedOperations, clusterAuthorizedOperations];
    };
    await nothing();
    await allow(['topic', 't', 'WRITE'], ['topic', 't', 'ALTER_CONFIGS'], ['group', 'g', 'READ']);
    await there(3);
    const topic = bits('WRITE', 'DESCRIBE', 'ALTER_CONFIGS', 'DESCRIBE_CONFIGS');
    expect(await ask()).toEqual([topic, bits('READ', 'DESCRIBE'), 0]);
    await allow(['cluster', 'kafka-cluster', 'ALTER']);
    await there(4);
    expect(await ask()).toEqual([topic, bits('READ', 'DESCRIBE'), bits('ALTER', 'DESCRIBE')]);
  });

  test('groups that may be described; all of them for who may describe the cluster', async () => {
    await operator.ask(APIS.OffsetCommit, 8, { ...commitT, groupId: 'hidden' });
    await operator.ask(APIS.OffsetCommit, 8, { ...commitT, groupId: 'seen' });
    const listed = async () => {
      const { groups } = await client.ask(APIS.ListGroups, 4, { statesFilter: [] });
      return groups
        .map(({ groupId }) => groupId)
        .filter((id) => id === 'hidden' || id === 'seen')
        .sort();
    };
    await nothing();
    expect(await listed()).toEqual([]);
    await allow(['group', 'seen', 'READ']);
    await there(1);
    expect(await listed()).toEqual(['seen']);
    await allow(['cluster', 'kafka-cluster', 'DESCRIBE']);
    await there(2);
    expect(await listed()).toEqual(['hidden', 'seen']);
  });

  test('a new topic whose settings the client may not see; one that it may not delete', async () => {
    await nothing();
    await allow(['topic', 'mine', 'CREATE'], ['topic', 'mine', 'DESCRIBE']);
    await there(2);
    const topics = [
      { ...newTopic, name: 'mine' },
      { ...newTopic, name: 'not-mine' },
    ];
    const created = await client.ask(APIS.CreateTopics, 7, { topics, timeoutMs: 10_000, validateOnly: false });
    const told = created.topics.map((one) => [
      ...[one.name, errorName(one.errorCode), one.errorMessage, errorName(one.topicConfigErrorCode)],
      ...[one.numPartitions, one.replicationFactor],
    ]);
    expect(told.sort()).toEqual([
      ['mine', 'NONE', null, 'TOPIC_AUTHORIZATION_FAILED', -1, -1],
      ['not-mine', 'TOPIC_AUTHORIZATION_FAILED', 'Authorization failed.', 'NONE', -1, -1],
    ]);
    const mine = created.topics.find(({ name }) => name === 'mine')!;
    const removed = async (topicId: string) => {
      const wish = { topics: [{ name: null, topicId }], timeoutMs: 10_000 };
      const { responses } = await client.ask(APIS.DeleteTopics, 6, wish);
      return responses.map(({ name, errorCode }) => [name, errorName(errorCode)]);
    };
    expect(await removed(mine.topicId)).toEqual([['mine', 'TOPIC_AUTHORIZATION_FAILED']]);
    await nothing();
    expect(await removed(mine.topicId)).toEqual([[null, 'TOPIC_AUTHORIZATION_FAILED']]);
  });
});

describe('rules themselves', () => {
  const wrong: [what: string, parts: object][] = [
    ['another name of the cluster', { resourceType: 4 }],
    ['no name', { resourceName: '' }],
  ];
  // Kafka 4.3 answers the whole request with UNKNOWN_SERVER_ERROR where a rule says ANY.
  const any: [what: string, parts: object][] = [
    ['any type', { resourceType: 1 }],
    ['any pattern', { resourcePatternType: 1 }],
    ['any operation', { operation: 1 }],
    ['any permission', { permissionType: 1 }],
  ];
  test.each(apache ? wrong : [...wrong, ...any])('%s is no rule, and takes no other with it', async (_, parts) => {
    const good = ruleOf(['topic', 'good', 'READ']);
    const { results } = await operator.ask(APIS.CreateAcls, 3, { creations: [good, { ...good, ...parts }] });
    expect(results.map(({ errorCode }) => errorName(errorCode))).toEqual(['NONE', 'INVALID_REQUEST']);
    expect(results[1]?.errorMessage).toMatch(/Invalid|only valid name|empty/);
  });

  test("KafkaJS's admin client: the rules that it sets, finds and deletes", async () => {
    await nothing();
    const kafka = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    try {
      const acl = {
        ...{ resourceType: 2, resourceName: 'js', resourcePatternType: 4, principal: 'User:ANONYMOUS', host: CLIENT },
        ...{ operation: 3, permissionType: 3 },
      };
      expect(await admin.createAcls({ acl: [acl] })).toBe(true);
      await there(1);
      const { resources } = await admin.describeAcls({ ...acl, resourceName: 'js' });
      expect(resources).toMatchObject([{ resourceName: 'js', acls: [{ host: CLIENT, operation: 3 }] }]);
      const { filterResponses } = await admin.deleteAcls({ filters: [acl] });
      expect(filterResponses).toMatchObject([{ errorCode: 0, matchingAcls: [{ errorCode: 0, resourceName: 'js' }] }]);
      await there(0);
    } finally {
      await admin.disconnect();
    }
  });

  test("Kafka's kafka-acls and ours: what one adds the other shows, in the same words", async () => {
    await nothing();
    const server = ['--bootstrap-server', broker.bootstrap];
    const rule = [
      '--allow-principal',
      'User:ANONYMOUS',
      '--allow-host',
      CLIENT,
      '--operation',
      'Read',
      '--topic',
      'tool',
    ];
    const theirs = async (...words: string[]) => (await runTool('kafka-acls', [...server, ...words])).stdout;
    const ours = async (...words: string[]) => {
      const child = spawn(join(repository, 'bin/kafka-acls.sh'), [...server, ...words], {
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      return (await finished(child)).stdout;
    };
    const added = await ours('--add', ...rule);
    await there(1);
    const shown = await theirs('--list', '--topic', 'tool');
    expect(shown).toContain(`(principal=User:ANONYMOUS, host=${CLIENT}, operation=READ, permissionType=ALLOW)`);
    expect(await ours('--list', '--topic', 'tool')).toBe(shown);
    expect(await theirs('--add', ...rule)).toBe(await ours('--add', ...rule));
    await ours('--remove', '--force', ...rule);
    await there(0);
    expect(await theirs('--add', ...rule)).toBe(added);
  });
});
