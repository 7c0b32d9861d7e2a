// Access rules in a cluster: they hold everywhere once they are answered, they are about the client whichever broker it asks,
// and brokers need CLUSTER_ACTION of each other.
import { ZERO_UUID } from '@moldau/protocol';
import { errorName } from '@moldau/protocol/errors';
import { afterEach, describe, expect, test } from 'vitest';
import { batchOf } from '../test/batches.ts';
import type { RawClient } from '../test/raw-client.ts';
import { TestCluster } from '../test/test-cluster.ts';
import { BrokersWouldBeRefused } from './open-authorizer.ts';
import { CLUSTER_NAME, OPERATIONS, type Operation, RESOURCES, type Resource } from './operations.ts';

const AUTHORIZER = { 'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer' };
/** Open until the first rule: how a cluster without authentication gets its first rules. */
const OPEN = { ...AUTHORIZER, 'allow.everyone.if.no.acl.found': 'true' };
const OPERATOR = '127.0.0.1';
const CLIENT = '127.0.0.2';

let cluster: TestCluster | undefined;
afterEach(async () => {
  await cluster?.stop();
  cluster = undefined;
});

const rule = (resource: Resource, name: string, operation: Operation, host: string, parts: object = {}) => ({
  ...{ resourceType: RESOURCES[resource], resourceName: name, resourcePatternType: 3, principal: 'User:ANONYMOUS' },
  ...{ host, operation: OPERATIONS[operation], permissionType: 3 },
  ...parts,
});

async function allow(through: RawClient, ...creations: ReturnType<typeof rule>[]) {
  const { results } = await through.call('CreateAcls', 3, { creations });
  expect(results.map(({ errorCode }) => errorName(errorCode))).toEqual(creations.map(() => 'NONE'));
}

async function createTopic(through: RawClient, name: string) {
  const topics = [{ name, numPartitions: 3, replicationFactor: 3, assignments: [], configs: [] }];
  const answer = await through.call('CreateTopics', 7, { topics, timeoutMs: 5_000, validateOnly: false });
  return errorName(answer.topics[0]!.errorCode);
}

/** What a client at `host` sees of a topic through this broker. */
async function seen(id: number, host: string, topic: string) {
  const client = await cluster!.broker(id).connectFrom(host);
  const answer = await client.call('Metadata', 12, {
    topics: [{ name: topic, topicId: ZERO_UUID }],
    ...{ allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false },
  });
  return errorName(answer.topics[0]!.errorCode);
}

async function until(holds: () => boolean): Promise<void> {
  const giveUpAt = Date.now() + 60_000;
  while (!holds()) {
    if (Date.now() > giveUpAt) throw new Error('it did not come to be');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

// Brokers that may not talk to each other hold an answer up for two seconds each time; a busy machine adds to that.
const patient = { timeout: 90_000 };

describe('rules', patient, () => {
  test('set and removed through any broker, they hold on every broker when that is answered', async () => {
    cluster = await TestCluster.start(3, OPEN);
    const operator = await cluster.broker(1).connect();
    await allow(operator, rule('cluster', CLUSTER_NAME, 'ALL', OPERATOR));
    for (let id = 1; id <= 3; id++) {
      const through = await cluster.broker(id).connect();
      const topic = `t${id}`;
      expect(await createTopic(through, topic)).toBe('NONE');
      await allow(through, rule('topic', topic, 'ALL', OPERATOR));
      for (let other = 1; other <= 3; other++) {
        expect(await seen(other, CLIENT, topic)).toBe('TOPIC_AUTHORIZATION_FAILED');
        expect(await seen(other, OPERATOR, topic)).toBe('NONE');
      }
      await allow(through, rule('topic', 't', 'READ', CLIENT, { resourcePatternType: 4 }));
      for (let other = 1; other <= 3; other++) expect(await seen(other, CLIENT, topic)).toBe('NONE');
      const filter = { resourceTypeFilter: 1, resourceNameFilter: null, patternTypeFilter: 1, principalFilter: null };
      const all = { ...filter, hostFilter: CLIENT, operation: 1, permissionType: 1 };
      const described = await (await cluster.broker((id % 3) + 1).connect()).call('DescribeAcls', 3, all);
      expect(described.resources).toMatchObject([{ resourceName: 't', patternType: 4, acls: [{ host: CLIENT }] }]);
      const removed = await through.call('DeleteAcls', 3, { filters: [all] });
      expect(removed.filterResults).toMatchObject([{ errorCode: 0, matchingAcls: [{ errorCode: 0, host: CLIENT }] }]);
      for (let other = 1; other <= 3; other++) {
        expect(await seen(other, CLIENT, topic)).toBe('TOPIC_AUTHORIZATION_FAILED');
      }
    }
  });

  test('are about the client, also where its request is forwarded', async () => {
    cluster = await TestCluster.start(2, { ...OPEN, 'default.replication.factor': '2' });
    expect(cluster.image.controllerId).toBe(1);
    const operator = await cluster.broker(1).connect();
    await allow(operator, rule('cluster', CLUSTER_NAME, 'ALL', OPERATOR), rule('topic', '*', 'ALL', OPERATOR));
    const client = await cluster.broker(2).connectFrom(CLIENT);
    const create = async (name: string) => {
      const topics = [{ name, numPartitions: 1, replicationFactor: 2, assignments: [], configs: [] }];
      const answer = await client.call('CreateTopics', 7, { topics, timeoutMs: 5_000, validateOnly: false });
      return errorName(answer.topics[0]!.errorCode);
    };
    expect(await create('mine')).toBe('TOPIC_AUTHORIZATION_FAILED');
    await allow(operator, rule('topic', 'mine', 'CREATE', CLIENT));
    expect(await create('mine')).toBe('NONE');
    const filters = { filters: [] };
    expect((await client.call('DeleteAcls', 3, filters)).filterResults).toEqual([]);
    const refused = await client.call('CreateAcls', 3, { creations: [rule('topic', '*', 'ALL', CLIENT)] });
    expect(refused.results.map(({ errorCode }) => errorName(errorCode))).toEqual(['CLUSTER_AUTHORIZATION_FAILED']);
  });
});

describe('brokers among each other', patient, () => {
  test('as a super user they copy, elect and commit as without an authorizer, whatever is denied', async () => {
    cluster = await TestCluster.start(3, { ...AUTHORIZER, 'super.users': 'User:admin; User:ANONYMOUS' });
    const client = await cluster.broker(3).connect();
    await allow(client, rule('cluster', CLUSTER_NAME, 'ALL', '*', { permissionType: 2 }));
    expect(await createTopic(client, 't')).toBe('NONE');
    const leader = cluster.image.topic('t')!.partitions[0]!.leader;
    const producer = await cluster.broker(leader).connect();
    const answer = await producer.call('Produce', 9, {
      ...{ transactionalId: null, acks: -1, timeoutMs: 30_000 },
      topicData: [{ name: 't', topicId: ZERO_UUID, partitionData: [{ index: 0, records: batchOf(['v']) }] }],
    });
    expect(errorName(answer.responses[0]!.partitionResponses[0]!.errorCode)).toBe('NONE');
  });

  test('with CLUSTER_ACTION alone they copy, and make topics that a client may make', async () => {
    cluster = await TestCluster.start(3, { ...OPEN, 'default.replication.factor': '3' });
    const operator = await cluster.broker(1).connect();
    await allow(
      operator,
      ...[rule('topic', 'auto', 'ALL', CLIENT), rule('topic', '__consumer_offsets', 'DESCRIBE', OPERATOR)],
      ...[rule('cluster', CLUSTER_NAME, 'CLUSTER_ACTION', OPERATOR), rule('cluster', CLUSTER_NAME, 'ALTER', OPERATOR)],
    );
    expect(await createTopic(operator, 'not-for-operators')).toBe('NONE');
    // Broker 2 is not the controller: it asks for the topic as a broker.
    const client = await cluster.broker(2).connectFrom(CLIENT);
    const { topics } = await client.call('Metadata', 12, {
      topics: [{ name: 'auto', topicId: ZERO_UUID }],
      ...{ allowAutoTopicCreation: true, includeTopicAuthorizedOperations: false },
    });
    expect(errorName(topics[0]!.errorCode)).toBe('NONE');
    const leader = cluster.image.topic('auto')!.partitions[0]!.leader;
    const producer = await cluster.broker(leader).connectFrom(CLIENT);
    const answer = await producer.call('Produce', 9, {
      ...{ transactionalId: null, acks: -1, timeoutMs: 30_000 },
      topicData: [{ name: 'auto', topicId: ZERO_UUID, partitionData: [{ index: 0, records: batchOf(['v']) }] }],
    });
    expect(errorName(answer.responses[0]!.partitionResponses[0]!.errorCode)).toBe('NONE');
  });

  test('without it a second broker does not start, and says what to set', async () => {
    cluster = await TestCluster.start(1, { ...AUTHORIZER, 'super.users': 'User:admin' });
    const starting = cluster.add(2, { ...AUTHORIZER, 'super.users': 'User:admin' });
    await expect(starting).rejects.toThrow(BrokersWouldBeRefused);
    await expect(starting).rejects.toThrow(/User:ANONYMOUS to super\.users/);
    // Nothing of it was registered.
    expect(cluster.image.broker(2)).toBeUndefined();
  });

  test('when it is taken from them while they run, they say so, and a client hears that it is not about itself', async () => {
    cluster = await TestCluster.start(2, OPEN);
    const operator = await cluster.broker(1).connect();
    await allow(
      operator,
      rule('cluster', CLUSTER_NAME, 'ALTER', '*'),
      rule('cluster', CLUSTER_NAME, 'CREATE', CLIENT),
      rule('topic', 'auto', 'ALL', CLIENT),
    );
    await until(() => cluster!.broker(2).eventNames().includes('security.brokersRefused'));
    const client = await cluster.broker(2).connectFrom(CLIENT);
    expect(await createTopic(client, 't')).toBe('UNKNOWN_SERVER_ERROR');
    // Nor that it may not have the topic: broker 2 may not make it.
    const { topics } = await client.call('Metadata', 12, {
      topics: [{ name: 'auto', topicId: ZERO_UUID }],
      ...{ allowAutoTopicCreation: true, includeTopicAuthorizedOperations: false },
    });
    expect(errorName(topics[0]!.errorCode)).toBe('UNKNOWN_TOPIC_OR_PARTITION');
  });
});
