// What each API asks of the access rules, and what is answered when they do not allow it: Kafka's KafkaApis, ControllerApis
// and AuthHelper. One broker; the operator comes from 127.0.0.1 and may do everything, the client from 127.0.0.2.
import { type ApiName, type InputOf, ZERO_UUID } from '@moldau/protocol';
import { errorName } from '@moldau/protocol/errors';
import {
  ACCESS_CASES,
  commitT,
  EVERY_ACL as everything,
  fetchT,
  newTopic,
  offsetsOf,
  produced,
} from '@moldau/protocol/test/access-cases';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CLUSTER_NAME, OPERATIONS, type Operation, RESOURCES, type Resource } from '../authorizer/operations.ts';
import type { RawClient } from '../test/raw-client.ts';
import { TestBroker } from '../test/test-broker.ts';
import { createTopic } from '../test/topic-client.ts';
import { SERVED_APIS } from './table.ts';

let broker: TestBroker;
let operator: RawClient;
let client: RawClient;
let topicId: string;

const rule = (resource: Resource, name: string, operation: Operation, parts: Record<string, unknown> = {}) => ({
  ...{ resourceType: RESOURCES[resource], resourceName: name, resourcePatternType: 3, principal: 'User:ANONYMOUS' },
  ...{ host: '127.0.0.2', operation: OPERATIONS[operation], permissionType: 3 },
  ...parts,
});
async function allow(...rules: ReturnType<typeof rule>[]) {
  const { results } = await operator.call('CreateAcls', 3, { creations: rules });
  expect(results.map(({ errorCode }) => errorName(errorCode))).toEqual(rules.map(() => 'NONE'));
}

beforeAll(async () => {
  broker = await TestBroker.start({
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'allow.everyone.if.no.acl.found': 'true',
  });
  operator = await broker.connect();
  client = await broker.connectFrom('127.0.0.2');
  for (const resource of ['topic', 'group', 'transactionalId'] as const) {
    await allow(rule(resource, '*', 'ALL', { host: '127.0.0.1' }));
  }
  await allow(rule('cluster', CLUSTER_NAME, 'ALL', { host: '127.0.0.1' }));
  topicId = await createTopic(operator, 't', { partitions: 1 });
  await createTopic(operator, 'other', { partitions: 1 });
  await operator.call('FindCoordinator', 6, { keyType: 0, coordinatorKeys: ['g'] });
});
afterAll(() => broker.stop());
beforeEach(async () => {
  await operator.call('DeleteAcls', 3, { filters: [{ ...everything, hostFilter: '127.0.0.2' }] });
});

/** APIs that refuse nobody: what they show depends on who asks (tested below). */
const OPEN: readonly ApiName[] = ['ApiVersions', 'ListGroups', 'DescribeCluster'];

test('every API that is served stands in this table', () => {
  const tested = new Set<ApiName>([...ACCESS_CASES.map(({ api }) => api), ...OPEN]);
  expect(SERVED_APIS.map(({ api }) => api).filter((api) => !tested.has(api))).toEqual([]);
});

describe('refused without a rule, and let through by it', () => {
  test.each(
    ACCESS_CASES.map(
      (one) => [`${one.api} v${one.version}: ${one.needs.map((need) => need.join(' ')).join(', ')}`, one] as const,
    ),
  )('%s', async (_, { api, version, body, needs, refusal, error, granted = 'NONE' }) => {
    const ask = async () => errorName(error(await client.call(api, version, body as InputOf<never>)));
    const [first, ...rest] = needs;
    await allow(...rest.map((need) => rule(...need)));
    expect(await ask()).toBe(refusal);
    await allow(rule(...first!));
    expect(await ask()).toBe(granted);
    // A rule against it takes it back.
    await allow(rule(...first!, { permissionType: 2 }));
    expect(await ask()).toBe(refusal);
  });
});

describe('what is shown depends on who asks', () => {
  const metadata = async (names: readonly string[] | null, parts: object = {}) => {
    const answer = await client.call('Metadata', 10, {
      topics: names?.map((name) => ({ name, topicId: ZERO_UUID })) ?? null,
      ...{ allowAutoTopicCreation: false, includeClusterAuthorizedOperations: true },
      includeTopicAuthorizedOperations: true,
      ...parts,
    });
    const topics = answer.topics.map((one) => [one.name, errorName(one.errorCode), one.partitions.length]);
    return { ...answer, seen: topics.sort() };
  };
  const bits = (...operations: Operation[]) => operations.reduce((sum, one) => sum | (1 << OPERATIONS[one]), 0);

  test('of all topics those that may be described; of named ones not even whether they are there', async () => {
    expect((await metadata(null)).seen).toEqual([]);
    await allow(rule('topic', 't', 'READ'));
    expect((await metadata(null)).seen).toEqual([['t', 'NONE', 1]]);
    const named = await metadata(['t', 'other', 'nowhere', '__consumer_offsets']);
    expect(named.seen).toEqual([
      ['__consumer_offsets', 'TOPIC_AUTHORIZATION_FAILED', 0],
      ['nowhere', 'TOPIC_AUTHORIZATION_FAILED', 0],
      ['other', 'TOPIC_AUTHORIZATION_FAILED', 0],
      ['t', 'NONE', 1],
    ]);
    // Hidden ones are alike: id, being internal and operations tell nothing.
    for (const one of named.topics.filter(({ name }) => name !== 't')) {
      expect(one).toMatchObject({ topicId: ZERO_UUID, isInternal: false, topicAuthorizedOperations: -2_147_483_648 });
    }
  });

  test('by id: one that may not be described has no name, one that is unknown is told as such', async () => {
    const byId = async (id: string) => {
      const { topics } = await client.call('Metadata', 12, {
        topics: [{ name: null, topicId: id }],
        ...{ allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false },
      });
      return topics.map((one) => [one.name, one.topicId, errorName(one.errorCode)]);
    };
    expect(await byId(topicId)).toEqual([[null, topicId, 'TOPIC_AUTHORIZATION_FAILED']]);
    expect(await byId('AAAAAAAAAAAAAAAAAAAAAQ')).toEqual([[null, 'AAAAAAAAAAAAAAAAAAAAAQ', 'UNKNOWN_TOPIC_ID']]);
    await allow(rule('topic', 't', 'DESCRIBE'));
    expect(await byId(topicId)).toEqual([['t', topicId, 'NONE']]);
  });

  test('a topic is made automatically for who may create it: it, or any', async () => {
    const ask = async (name: string) => (await metadata([name], { allowAutoTopicCreation: true })).seen;
    await allow(rule('topic', 'auto-', 'DESCRIBE', { resourcePatternType: 4 }));
    expect(await ask('auto-1')).toEqual([['auto-1', 'TOPIC_AUTHORIZATION_FAILED', 0]]);
    expect(broker.broker.context.image().topic('auto-1')).toBeUndefined();
    await allow(rule('topic', 'auto-1', 'CREATE'));
    expect(await ask('auto-1')).toEqual([['auto-1', 'NONE', 1]]);
    await allow(rule('cluster', CLUSTER_NAME, 'CREATE'));
    expect(await ask('auto-2')).toEqual([['auto-2', 'NONE', 1]]);
  });

  test('what may be done is answered where it is asked for', async () => {
    await allow(rule('topic', 't', 'WRITE'), rule('topic', 't', 'ALTER_CONFIGS'));
    const closed = await metadata(['t']);
    expect(closed.topics[0]?.topicAuthorizedOperations).toBe(
      bits('WRITE', 'DESCRIBE', 'ALTER_CONFIGS', 'DESCRIBE_CONFIGS'),
    );
    // Of the cluster nothing is told to who may not describe it.
    expect(closed.clusterAuthorizedOperations).toBe(0);
    await allow(rule('cluster', CLUSTER_NAME, 'ALTER'));
    expect((await metadata(['t'])).clusterAuthorizedOperations).toBe(bits('ALTER', 'DESCRIBE'));
    const described = await client.call('DescribeCluster', 1, {
      ...{ includeClusterAuthorizedOperations: true, endpointType: 1 },
    });
    expect(described).toMatchObject({ errorCode: 0, clusterAuthorizedOperations: bits('ALTER', 'DESCRIBE') });
    const everything = await operator.call('DescribeCluster', 1, {
      ...{ includeClusterAuthorizedOperations: true, endpointType: 1 },
    });
    expect(everything.clusterAuthorizedOperations).toBe(
      bits('CREATE', 'CLUSTER_ACTION', 'DESCRIBE_CONFIGS', 'ALTER_CONFIGS', 'IDEMPOTENT_WRITE', 'ALTER', 'DESCRIBE'),
    );
  });

  test('groups: those that may be described, all for who may describe the cluster', async () => {
    for (const groupId of ['seen', 'hidden']) {
      await operator.call('OffsetCommit', 8, { ...commitT, groupId });
    }
    const listed = async () => {
      const { groups } = await client.call('ListGroups', 5, { statesFilter: [], typesFilter: [] });
      return groups
        .map(({ groupId }) => groupId)
        .filter((id) => ['seen', 'hidden'].includes(id))
        .sort();
    };
    expect(await listed()).toEqual([]);
    await allow(rule('group', 'seen', 'READ'));
    expect(await listed()).toEqual(['seen']);
    const { groups } = await client.call('DescribeGroups', 5, {
      ...{ groups: ['hidden', 'seen'], includeAuthorizedOperations: true },
    });
    expect(groups.map((one) => [one.groupId, errorName(one.errorCode), one.authorizedOperations])).toEqual([
      ['hidden', 'GROUP_AUTHORIZATION_FAILED', -2_147_483_648],
      ['seen', 'NONE', bits('READ', 'DESCRIBE')],
    ]);
    await allow(rule('cluster', CLUSTER_NAME, 'DESCRIBE'));
    expect(await listed()).toEqual(['hidden', 'seen']);
  });

  test('offsets of a group, asked for without names: those of topics that may be described', async () => {
    const commit = (name: string) => ({ ...commitT.topics[0]!, name });
    await operator.call('OffsetCommit', 8, { ...commitT, groupId: 'g', topics: [commit('t'), commit('other')] });
    await allow(rule('group', 'g', 'DESCRIBE'), rule('topic', 't', 'DESCRIBE'));
    const { groups } = await client.call('OffsetFetch', 8, offsetsOf(null));
    expect(groups[0]?.topics.map(({ name }) => name)).toEqual(['t']);
    const named = await client.call('OffsetFetch', 8, offsetsOf(['t', 'other']));
    expect(
      named.groups[0]?.topics.map(({ name, partitions: [one] }) => [name, errorName(one!.errorCode)]).sort(),
    ).toEqual([
      ['other', 'TOPIC_AUTHORIZATION_FAILED'],
      ['t', 'NONE'],
    ]);
  });

  test('partitions of topics: the hidden ones are left out of all, and refused by name', async () => {
    await allow(rule('topic', 't', 'DESCRIBE'));
    const ask = async (names: string[]) => {
      const topics = names.map((name) => ({ name }));
      const answer = await client.call('DescribeTopicPartitions', 0, {
        topics,
        responsePartitionLimit: 9,
        cursor: null,
      });
      return answer.topics.map((one) => [one.name, errorName(one.errorCode), one.topicAuthorizedOperations]);
    };
    expect(await ask([])).toEqual([['t', 'NONE', bits('DESCRIBE')]]);
    expect(await ask(['t', 'other', 'nowhere'])).toEqual([
      ['t', 'NONE', bits('DESCRIBE')],
      ['nowhere', 'TOPIC_AUTHORIZATION_FAILED', -2_147_483_648],
      ['other', 'TOPIC_AUTHORIZATION_FAILED', -2_147_483_648],
    ]);
  });

  test('a new topic is made for who may, and its settings are shown to who may see them', async () => {
    await allow(rule('topic', 'mine', 'CREATE'));
    const ask = async (name: string) => {
      const topics = [{ ...newTopic, name }];
      return (await client.call('CreateTopics', 7, { topics, timeoutMs: 1_000, validateOnly: false })).topics[0]!;
    };
    const hidden = await ask('not-mine');
    expect([errorName(hidden.errorCode), hidden.errorMessage]).toEqual([
      'TOPIC_AUTHORIZATION_FAILED',
      'Authorization failed.',
    ]);
    const made = await ask('mine');
    expect([errorName(made.errorCode), errorName(made.topicConfigErrorCode), made.configs?.length]).toEqual([
      ...['NONE', 'TOPIC_AUTHORIZATION_FAILED', 0],
    ]);
    expect([made.numPartitions, made.replicationFactor]).toEqual([-1, -1]);
  });

  test('a topic may be deleted by id only by who may; its name is told to who may describe it', async () => {
    const ask = async () => {
      const topics = [{ name: null, topicId }];
      const { responses } = await client.call('DeleteTopics', 6, { topics, timeoutMs: 1_000 });
      return responses.map(({ name, errorCode }) => [name, errorName(errorCode)]);
    };
    expect(await ask()).toEqual([[null, 'TOPIC_AUTHORIZATION_FAILED']]);
    await allow(rule('topic', 't', 'READ'));
    expect(await ask()).toEqual([['t', 'TOPIC_AUTHORIZATION_FAILED']]);
  });
});

describe('refusals', () => {
  test('a Produce without acknowledgement is refused by closing the connection', async () => {
    const other = await broker.connectFrom('127.0.0.2');
    other.send('Produce', 9, { ...produced(), acks: 0 });
    await other.closed;
  });

  test('one topic that is refused does not take the others of the request with it', async () => {
    await allow(rule('topic', 't', 'WRITE'));
    const data = (name: string) => ({ ...produced().topicData[0]!, name });
    const { responses } = await client.call('Produce', 9, { ...produced(), topicData: [data('other'), data('t')] });
    expect(responses.map(({ name, partitionResponses: [one] }) => [name, errorName(one!.errorCode)])).toEqual([
      ['other', 'TOPIC_AUTHORIZATION_FAILED'],
      ['t', 'NONE'],
    ]);
  });

  test('a fetch session notices that a rule is gone', async () => {
    await allow(rule('topic', 't', 'READ'));
    const first = await client.call('Fetch', 12, { ...fetchT, sessionId: 0, sessionEpoch: 0 });
    expect(first.sessionId).not.toBe(0);
    await operator.call('DeleteAcls', 3, { filters: [{ ...everything, hostFilter: '127.0.0.2' }] });
    const next = await client.call('Fetch', 12, { ...fetchT, topics: [], sessionId: first.sessionId, sessionEpoch: 1 });
    expect(errorName(next.responses[0]!.partitions[0]!.errorCode)).toBe('TOPIC_AUTHORIZATION_FAILED');
  });

  test('they are counted, and told with the rule that was missing; what only shapes an answer is not', async () => {
    const { metrics } = broker.broker;
    const denied = metrics.authorizationsDenied.value;
    await client.call('ListGroups', 5, { statesFilter: [], typesFilter: [] });
    expect(metrics.authorizationsDenied.value).toBe(denied);
    await client.call('DescribeLogDirs', 4, { topics: null });
    expect(metrics.authorizationsDenied.value).toBe(denied + 1);
    // The first of all: of many at once some are left out.
    const told = broker.events.find(({ name }) => name === 'security.denied');
    expect(told?.fields).toMatchObject({
      ...{ principal: 'User:ANONYMOUS', host: '127.0.0.2', operation: 'WRITE', resource: 'Topic:LITERAL:t' },
      rule: 'there are rules for the resource, and none allows this',
    });
    expect(metrics.acls.read()).toBe(4);
  });

  test('rules are as they were after a restart', async () => {
    await allow(rule('topic', 't', 'DESCRIBE', { resourcePatternType: 4 }));
    await broker.restart();
    operator = await broker.connect();
    client = await broker.connectFrom('127.0.0.2');
    const { resources } = await operator.call('DescribeAcls', 3, { ...everything, hostFilter: '127.0.0.2' });
    expect(resources).toMatchObject([
      { resourceName: 't', patternType: 4, acls: [{ host: '127.0.0.2', operation: 8, permissionType: 3 }] },
    ]);
    const { topics } = await client.call('DescribeTopicPartitions', 0, {
      ...{ topics: [], responsePartitionLimit: 9, cursor: null },
    });
    expect(topics.map(({ name }) => name)).toContain('t');
  });
});

test('every version of an API that needs something of the cluster has an answer for who lacks it', async () => {
  const bodies = new Map(ACCESS_CASES.map(({ api, body }) => [api, body]));
  for (const { api, needs, versions } of SERVED_APIS) {
    if (needs === undefined) continue;
    for (let version = versions.min; version <= versions.max; version++) {
      const asker = await broker.connectFrom('127.0.0.2');
      let answer: object;
      try {
        answer = await asker.call(api, version, bodies.get(api) as InputOf<never>);
      } catch (error) {
        throw new Error(`${api} v${version}`, { cause: error });
      }
      // Where there is no place for an error there is nothing else either.
      const told = JSON.stringify(answer);
      if (api === 'DescribeLogDirs' && version < 3) expect(answer).toMatchObject({ results: [] });
      else expect([api, version, told]).toEqual([api, version, expect.stringContaining('"errorCode":31')]);
    }
  }
});

describe('versions that name things in another way', () => {
  const refusals = (answer: object) =>
    [...JSON.stringify(answer).matchAll(/"errorCode":(\d+)/g)]
      .map(([, code]) => errorName(Number(code)))
      .filter((one) => one !== 'NONE');

  test('topics by id', async () => {
    await allow(rule('group', 'g', 'READ'));
    const { partitions: commits } = commitT.topics[0]!;
    const answers = [
      await client.call('Produce', 13, {
        ...produced(),
        topicData: [{ topicId, partitionData: produced().topicData[0]!.partitionData }],
      }),
      await client.call('Fetch', 13, { ...fetchT, topics: [{ topicId, partitions: fetchT.topics[0]!.partitions }] }),
      await client.call('OffsetCommit', 10, { ...commitT, topics: [{ topicId, partitions: commits }] }),
      await client.call('OffsetFetch', 10, {
        groups: [{ groupId: 'g', memberId: null, memberEpoch: -1, topics: [{ topicId, partitionIndexes: [0] }] }],
        requireStable: false,
      }),
    ];
    for (const answer of answers) expect(refusals(answer)).toEqual(['TOPIC_AUTHORIZATION_FAILED']);
  });

  test('one group or topic at a time, and no place for an error of the whole', async () => {
    const topics = [{ name: 't', partitionIndexes: [0] }];
    expect(refusals(await client.call('OffsetFetch', 1, { groupId: 'g', topics }))).toEqual([
      'GROUP_AUTHORIZATION_FAILED',
    ]);
    expect(refusals(await client.call('OffsetFetch', 7, { groupId: 'g', topics, requireStable: false }))).toEqual([
      'GROUP_AUTHORIZATION_FAILED',
    ]);
    expect(refusals(await client.call('FindCoordinator', 0, { key: 'g' }))).toEqual(['GROUP_AUTHORIZATION_FAILED']);
    const member = { memberId: 'm', groupInstanceId: null, reason: null };
    expect(refusals(await client.call('LeaveGroup', 5, { groupId: 'g', members: [member] }))).toEqual([
      'GROUP_AUTHORIZATION_FAILED',
    ]);
    const { responses } = await client.call('DeleteTopics', 1, { topicNames: ['t', 'nowhere'], timeoutMs: 1_000 });
    expect(responses.map(({ name, errorCode }) => [name, errorName(errorCode)])).toEqual([
      ['t', 'TOPIC_AUTHORIZATION_FAILED'],
      ['nowhere', 'TOPIC_AUTHORIZATION_FAILED'],
    ]);
    const all = await client.call('Metadata', 0, { topics: [] });
    expect(all.topics).toEqual([]);
  });
});
