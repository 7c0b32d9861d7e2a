// Every call of our Admin that needs no security, on the broker under test. Where a broker has no such API, the call has
// to say so: UNSUPPORTED_VERSION, at once.
import { Admin, Consumer, KafkaError, Producer } from '@moldau/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../suite/eventually.ts';
import { bootstrap, fresh, targetKind } from '../../suite/target.ts';

let admin: Admin;
/** By key: the newest version that the broker offers. */
let offered: Map<number, number>;
const stops: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  admin = new Admin({ bootstrapServers: bootstrap });
  const { apis } = await admin.apiVersions();
  offered = new Map(apis.map(({ apiKey, maxVersion }) => [apiKey, maxVersion]));
});
afterAll(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  await admin?.close();
});

const API = {
  describeQuotas: 48,
  quotas: 49,
  scram: 51,
  listTransactions: 66,
  describeProducers: 61,
  features: 57,
  quorum: 55,
  resources: 74,
  consumerGroup: 68,
  markers: 27,
  endTxn: 26,
  acls: 29,
  removeMembers: 13,
} as const;

/** Runs the test where the API is there; elsewhere the call has to be refused. */
async function where(api: number, call: () => Promise<unknown>, run: () => Promise<void>, version = 0): Promise<void> {
  if ((offered.get(api) ?? -1) >= version) return run();
  const outcome = await call().then(
    () => 'it was done',
    (error: unknown) => error,
  );
  expect(outcome).toMatchObject({ name: 'KafkaError', error: 'UNSUPPORTED_VERSION', retriable: false });
}

const errorOf = (outcome: unknown) => (outcome instanceof KafkaError ? outcome.error : undefined);

async function topic(numPartitions = 1, configs = {}): Promise<string> {
  const name = fresh('admin');
  expect(
    errorOf((await admin.createTopics([{ name, numPartitions, replicationFactor: 1, configs }])).get(name)),
  ).toBeUndefined();
  await eventually('the topic is there', async () => {
    const described = (await admin.describeTopics([name])).get(name);
    return described && !(described instanceof KafkaError) && described.partitions.every(({ leader }) => leader);
  });
  return name;
}

async function fill(name: string, count: number): Promise<void> {
  const producer = new Producer({ bootstrapServers: bootstrap });
  for (let i = 0; i < count; i++) {
    await producer.send({ topic: name, partition: 0, value: `v${i}`, timestamp: 1_700_000_000_000 + i * 1000 });
  }
  await producer.close();
}

describe('topics', () => {
  test('created with settings and own assignments, each with its own outcome', async () => {
    const [node] = (await admin.describeCluster()).nodes;
    const [plain, assigned, wrong] = [fresh('a'), fresh('b'), 'not/a/name'];
    const outcomes = await admin.createTopics([
      { name: plain, numPartitions: 3, replicationFactor: 1, configs: { 'retention.ms': '1234567' } },
      { name: assigned, assignments: [[node!.id], [node!.id]] },
      { name: wrong, numPartitions: 1, replicationFactor: 1 },
    ]);
    expect(outcomes.get(plain)).toMatchObject({ numPartitions: 3, replicationFactor: 1 });
    expect(outcomes.get(assigned)).toMatchObject({ numPartitions: 2 });
    expect(errorOf(outcomes.get(wrong))).toBe('INVALID_TOPIC_EXCEPTION');
    expect(errorOf((await admin.createTopics([{ name: plain }])).get(plain))).toBe('TOPIC_ALREADY_EXISTS');
  });

  test('only validated: nothing is there afterwards', async () => {
    const name = fresh('validated');
    const one = [{ name, numPartitions: 2, replicationFactor: 1 }];
    expect(errorOf((await admin.createTopics(one, { validateOnly: true })).get(name))).toBeUndefined();
    expect(errorOf((await admin.describeTopics([name])).get(name))).toBe('UNKNOWN_TOPIC_OR_PARTITION');
    const much = [{ name, numPartitions: 1, replicationFactor: 50 }];
    expect(errorOf((await admin.createTopics(much, { validateOnly: true })).get(name))).toBe(
      'INVALID_REPLICATION_FACTOR',
    );
  });

  test('listed, described by name and by id, with more partitions, deleted by either', async () => {
    const [first, second] = [await topic(2), await topic()];
    const listed = await admin.listTopics();
    const id = listed.find(({ name }) => name === first)!.topicId;
    expect(listed.map(({ name }) => name)).toEqual(expect.arrayContaining([first, second]));
    const byId = (await admin.describeTopics({ topicIds: [id] })).get(id);
    expect(byId).toMatchObject({ name: first, topicId: id, internal: false });
    expect((await admin.createPartitions([{ topic: first, totalCount: 4 }])).get(first)).toBe(true);
    expect(errorOf((await admin.createPartitions([{ topic: first, totalCount: 2 }])).get(first))).toBe(
      'INVALID_PARTITIONS',
    );
    await eventually('four partitions', async () => {
      const described = (await admin.describeTopics([first])).get(first);
      return !(described instanceof KafkaError) && described?.partitions.length === 4;
    });
    expect((await admin.deleteTopics({ topicIds: [id] })).get(id)).toBe(true);
    const outcomes = await admin.deleteTopics([second, 'never-was']);
    expect(outcomes.get(second)).toBe(true);
    expect(errorOf(outcomes.get('never-was'))).toBe('UNKNOWN_TOPIC_OR_PARTITION');
  });
});

describe('records', () => {
  test('offsets by place and time; records deleted; an unknown partition is its own matter', async () => {
    const name = await topic();
    await fill(name, 10);
    const at = async (timestamp: Parameters<Admin['listOffsets']>[0][number]['timestamp']) =>
      (await admin.listOffsets([{ topic: name, partition: 0, timestamp }]))[0];
    expect(await at('earliest')).toMatchObject({ offset: 0, error: undefined });
    expect(await at('latest')).toMatchObject({ offset: 10 });
    expect(await at(1_700_000_004_500)).toMatchObject({ offset: 5, timestamp: 1_700_000_005_000 });
    expect(await at(1_800_000_000_000)).toMatchObject({ offset: -1 });
    expect(await at('max-timestamp')).toMatchObject({ offset: 9, timestamp: 1_700_000_009_000 });
    const deleted = await admin.deleteRecords([
      { topic: name, partition: 0, offset: 4 },
      { topic: name, partition: 7, offset: 0 },
      { topic: 'never-was', partition: 0, offset: 0 },
    ]);
    expect(deleted.map(({ lowWatermark }) => errorOf(lowWatermark) ?? lowWatermark)).toEqual([
      4,
      'UNKNOWN_TOPIC_OR_PARTITION',
      'UNKNOWN_TOPIC_OR_PARTITION',
    ]);
    expect(await at('earliest')).toMatchObject({ offset: 4 });
    const beyond = await admin.deleteRecords([{ topic: name, partition: 0, offset: 99 }]);
    expect(errorOf(beyond[0]!.lowWatermark)).toBe('OFFSET_OUT_OF_RANGE');
    expect((await admin.deleteRecords([{ topic: name, partition: 0, offset: -1 }]))[0]!.lowWatermark).toBe(10);
  });
});

describe('configs', () => {
  const setOf = async (name: string, key: string, type: 'topic' | 'group' | 'client-metrics' = 'topic') => {
    const [described] = await admin.describeConfigs([{ type, name, keys: [key] }]);
    if (!described || described.entries instanceof KafkaError) throw new Error('no configs');
    return described.entries.find((entry) => entry.name === key)?.value;
  };

  test('of a topic: set, appended, subtracted, deleted; validated only; wrong ones kept apart', async () => {
    const [name, other] = [await topic(), await topic()];
    const change = (
      topicName: string,
      operation: 'SET' | 'DELETE' | 'APPEND' | 'SUBTRACT',
      key: string,
      value: string | null,
    ) =>
      admin.incrementalAlterConfigs([{ type: 'topic', name: topicName, changes: [{ name: key, operation, value }] }]);
    expect((await change(name, 'SET', 'cleanup.policy', 'compact'))[0]!.error).toBeUndefined();
    expect((await change(name, 'APPEND', 'cleanup.policy', 'delete'))[0]!.error).toBeUndefined();
    await eventually('both policies', async () => (await setOf(name, 'cleanup.policy')) === 'compact,delete');
    await change(name, 'SUBTRACT', 'cleanup.policy', 'compact');
    await eventually('one policy', async () => (await setOf(name, 'cleanup.policy')) === 'delete');
    await change(name, 'SET', 'retention.ms', '7777777');
    await change(name, 'DELETE', 'retention.ms', null);
    await eventually('the default again', async () => (await setOf(name, 'retention.ms')) === '604800000');
    const outcomes = await admin.incrementalAlterConfigs(
      [
        { type: 'topic', name, changes: [{ name: 'retention.ms', operation: 'SET', value: '5' }] },
        { type: 'topic', name: other, changes: [{ name: 'retention.ms', operation: 'SET', value: 'long' }] },
      ],
      { validateOnly: true },
    );
    expect(outcomes.map(({ error }) => error?.error)).toEqual([undefined, 'INVALID_CONFIG']);
    expect(await setOf(name, 'retention.ms')).toBe('604800000');
  });

  test('of a broker: where values come from, synonyms, documentation, a dynamic default and its end', async () => {
    const [node] = (await admin.describeCluster()).nodes;
    const broker = { type: 'broker', name: String(node!.id) } as const;
    const [described] = await admin.describeConfigs([broker], { synonyms: true, documentation: true });
    if (!described || described.entries instanceof KafkaError) throw new Error('no configs');
    const entry = described.entries.find(({ name }) => name === 'log.retention.ms' || name === 'log.segment.bytes');
    expect(entry?.documentation?.length ?? 0).toBeGreaterThan(10);
    const set = (operation: 'SET' | 'DELETE', value: string | null) =>
      admin.incrementalAlterConfigs([
        { type: 'broker', name: '', changes: [{ name: 'log.cleaner.backoff.ms', operation, value }] },
      ]);
    expect((await set('SET', '16000'))[0]!.error).toBeUndefined();
    await eventually('the dynamic default', async () => {
      const [now] = await admin.describeConfigs([{ ...broker, keys: ['log.cleaner.backoff.ms'] }]);
      if (!now || now.entries instanceof KafkaError) return false;
      return now.entries.some(({ value, source }) => value === '16000' && source === 'DYNAMIC_DEFAULT_BROKER_CONFIG');
    });
    expect((await set('DELETE', null))[0]!.error).toBeUndefined();
    const [missing] = await admin.describeConfigs([{ type: 'topic', name: 'never-was' }]);
    expect(errorOf(missing!.entries)).toBe('UNKNOWN_TOPIC_OR_PARTITION');
  });

  test('of a group, and the levels of a broker’s loggers, where brokers have them', async () => {
    const [node] = (await admin.describeCluster()).nodes;
    const alter = (type: 'group' | 'broker-logger', name: string, key: string, value: string | null) =>
      admin.incrementalAlterConfigs([
        { type, name, changes: [{ name: key, operation: value === null ? 'DELETE' : 'SET', value }] },
      ]);
    const group = fresh('group');
    const [set] = await alter('group', group, 'consumer.session.timeout.ms', '50000');
    if (set!.error) expect(set!.error).toMatchObject({ name: 'KafkaError', retriable: false });
    else
      await eventually(
        'the group’s own time',
        async () => (await setOf(group, 'consumer.session.timeout.ms', 'group')) === '50000',
      );

    const loggers = { type: 'broker-logger', name: String(node!.id) } as const;
    const [described] = await admin.describeConfigs([loggers]);
    if (described!.entries instanceof KafkaError || described!.entries.length === 0) {
      expect(targetKind).not.toBe('apache');
      return;
    }
    const logger = 'kafka.server.KafkaApis';
    const refused = (await alter('broker-logger', loggers.name, logger, 'ERROR'))[0]!.error;
    // Moldau shows its levels and does not change them while it runs.
    if (targetKind === 'moldau') expect(refused).toMatchObject({ name: 'KafkaError', retriable: false });
    else expect(refused).toBeUndefined();
    const wrong = (await alter('broker-logger', loggers.name, logger, 'LOUD'))[0]!.error;
    expect([wrong?.name, wrong?.retriable]).toEqual(['KafkaError', false]);
  });

  test('of client metrics, and which resources have any', async () => {
    const name = fresh('metrics');
    const alter = () =>
      admin.incrementalAlterConfigs([
        { type: 'client-metrics', name, changes: [{ name: 'interval.ms', operation: 'SET', value: '60000' }] },
      ]);
    const list = () => admin.listConfigResources(['client-metrics']);
    await where(API.resources, list, async () => {
      if (targetKind === 'moldau') {
        expect(Array.isArray(await list())).toBe(true);
        return;
      }
      expect((await alter())[0]!.error).toBeUndefined();
      await eventually('it is listed', async () => (await list()).some((resource) => resource.name === name));
      expect(await setOf(name, 'interval.ms', 'client-metrics')).toBe('60000');
    });
    const all = () => admin.listConfigResources();
    await where(API.resources, all, async () => void (await all()), 1);
  });
});

describe('cluster', () => {
  test('brokers, controller, id; what they speak; their log directories', async () => {
    const cluster = await admin.describeCluster();
    expect(cluster.clusterId).toMatch(/^[\w-]{22}$/);
    expect(cluster.nodes.map(({ id }) => id)).toContain(cluster.controllerId);
    const name = await topic(2);
    await fill(name, 3);
    const [node] = cluster.nodes;
    const directories = (await admin.describeLogDirs([node!.id], { topics: [name] })).get(node!.id);
    if (!directories || directories instanceof KafkaError) throw new Error('no directories');
    const replicas = directories.flatMap((directory) => directory.replicas);
    expect(replicas.map(({ topic: of, partition }) => [of, partition]).sort()).toEqual([
      [name, 0],
      [name, 1],
    ]);
    expect(replicas.find(({ partition }) => partition === 0)!.sizeBytes).toBeGreaterThan(0);
  });

  test('the quorum of controllers', () =>
    where(
      API.quorum,
      () => admin.describeMetadataQuorum(),
      async () => {
        const quorum = await admin.describeMetadataQuorum();
        expect(quorum.voters.map(({ id }) => id)).toContain(quorum.leaderId);
        expect(quorum.highWatermark).toBeGreaterThan(0);
      },
    ));

  test('features: one that there is not is refused by name, and nothing is changed', () => {
    const update = () => admin.updateFeatures([{ feature: 'never.was', maxVersionLevel: 1 }], { validateOnly: true });
    return where(
      API.features,
      async () => {
        const outcome = (await update()).get('never.was');
        if (outcome instanceof KafkaError) throw outcome;
      },
      async () => {
        const error = (await update()).get('never.was') as KafkaError;
        expect([error.error, error.message]).toEqual(['INVALID_UPDATE_VERSION', expect.stringContaining('never.was')]);
      },
    );
  });
});

describe('groups', () => {
  async function member(groupId: string, name: string, more = {}): Promise<Consumer> {
    const consumer = new Consumer({ bootstrapServers: bootstrap, groupId, autoOffsetReset: 'earliest', ...more });
    stops.push(() => consumer.close());
    consumer.subscribe(name);
    await eventually('the member has partitions', async () => {
      await consumer.poll(100);
      return consumer.assignment().length > 0;
    });
    return consumer;
  }
  const described = async (groupId: string) => {
    const group = (await admin.describeConsumerGroups([groupId])).get(groupId);
    if (!group || group instanceof KafkaError) throw group ?? new Error('no group');
    return group;
  };

  test('listed with filters, described with members, members put out, offsets altered, deleted', async () => {
    const [groupId, name] = [fresh('group'), await topic(2)];
    await fill(name, 4);
    const consumer = await member(groupId, name, { groupInstanceId: 'static-1', sessionTimeoutMs: 10_000 });
    await consumer.commitSync();
    const group = await described(groupId);
    expect(group).toMatchObject({ state: 'Stable', type: 'classic' });
    expect(group.members.map(({ groupInstanceId, assignment }) => [groupInstanceId, assignment.length])).toEqual([
      ['static-1', 2],
    ]);
    const names = async (options: Parameters<Admin['listGroups']>[0]) =>
      (await admin.listGroups(options)).map((listing) => listing.groupId);
    expect(await names({ states: ['Stable'] })).toContain(groupId);
    expect(await names({ states: ['Empty'] })).not.toContain(groupId);
    expect(await names({ types: ['classic'] })).toContain(groupId);

    expect(errorOf((await admin.deleteGroups([groupId])).get(groupId))).toBe('NON_EMPTY_GROUP');
    const removed = await admin.removeMembersFromConsumerGroup(groupId, [
      { groupInstanceId: 'static-1' },
      { memberId: 'never-was' },
    ]);
    expect(removed.map(({ error }) => error?.error)).toEqual([undefined, 'UNKNOWN_MEMBER_ID']);
    await consumer.close();
    await eventually('the group is empty', async () => (await described(groupId)).state === 'Empty');

    const where = { topic: name, partition: 0 };
    expect(await admin.alterConsumerGroupOffsets(groupId, [{ ...where, offset: 3, metadata: 'by hand' }])).toEqual([
      { ...where, error: undefined },
    ]);
    const offsets = await admin.listConsumerGroupOffsets(groupId, { partitions: [where] });
    expect(offsets).toMatchObject([{ ...where, offset: 3, metadata: 'by hand' }]);
    expect(await admin.deleteConsumerGroupOffsets(groupId, [where])).toEqual([{ ...where, error: undefined }]);
    expect(await admin.listConsumerGroupOffsets(groupId, { partitions: [where] })).toEqual([]);
    const gone = await admin.deleteGroups([groupId, 'never-was']);
    expect([gone.get(groupId), errorOf(gone.get('never-was'))]).toEqual([true, 'GROUP_ID_NOT_FOUND']);
  });

  test('all members put out at once', async () => {
    const [groupId, name] = [fresh('group'), await topic(2)];
    const first = await member(groupId, name);
    expect((await admin.removeMembersFromConsumerGroup(groupId, 'all')).map(({ error }) => error)).toEqual([undefined]);
    await first.close();
    await eventually('the group is empty', async () => (await described(groupId)).members.length === 0);
    expect(await admin.removeMembersFromConsumerGroup(groupId, 'all')).toEqual([]);
  });
});

describe('quotas', () => {
  test('of users, client ids, both, and addresses: set, seen, validated only, removed', async () => {
    const [user, client] = [fresh('user'), fresh('client')];
    const entity = { user, 'client-id': client };
    const set = (value: number | null, options = {}) =>
      admin.alterClientQuotas([{ entity, changes: { producer_byte_rate: value } }], options);
    await where(
      API.quotas,
      () => set(1),
      async () => {
        expect(await set(2048, { validateOnly: true })).toEqual([true]);
        const mine = () => admin.describeClientQuotas({ components: { user, 'client-id': { any: true } } });
        expect(await mine()).toEqual([]);
        expect(await set(2048)).toEqual([true]);
        await eventually('the quota is there', async () => (await mine()).length === 1);
        expect(await mine()).toEqual([{ entity, quotas: { producer_byte_rate: 2048 } }]);
        const outcomes = await admin.alterClientQuotas([
          { entity: { user }, changes: { consumer_byte_rate: 1024, request_percentage: 12.5 } },
          { entity: { user: null }, changes: { 'never.was': 1 } },
          { entity: { ip: '10.1.2.3' }, changes: { connection_creation_rate: 5 } },
        ]);
        expect(outcomes.map((outcome) => errorOf(outcome) ?? outcome)).toEqual([true, 'INVALID_REQUEST', true]);
        await eventually('the quotas of the user', async () => {
          const [quota] = await admin.describeClientQuotas({ components: { user }, strict: true });
          return quota?.quotas.consumer_byte_rate === 1024 && quota.quotas.request_percentage === 12.5;
        });
        expect(await set(null)).toEqual([true]);
        await eventually('the quota is gone', async () => (await mine()).length === 0);
        await admin.alterClientQuotas([
          { entity: { user }, changes: { consumer_byte_rate: null, request_percentage: null } },
          { entity: { ip: '10.1.2.3' }, changes: { connection_creation_rate: null } },
        ]);
      },
    );
    await expect(admin.alterClientQuotas([{ entity: {}, changes: {} }])).rejects.toThrow('entity');
  });
});

describe('transactions', () => {
  async function open(): Promise<{ producer: Producer; id: string; name: string }> {
    const [id, name] = [fresh('txn'), await topic(2)];
    const producer = new Producer({
      bootstrapServers: bootstrap,
      transactionalId: id,
      deliveryTimeoutMs: 20_000,
      requestTimeoutMs: 10_000,
    });
    stops.push(() => producer.close({ timeoutMs: 500 }));
    await producer.initTransactions();
    producer.beginTransaction();
    await producer.send({ topic: name, partition: 0, value: 'open' });
    return { producer, id, name };
  }

  test('listed with filters, described, their producers seen, fenced', () =>
    where(
      API.listTransactions,
      () => admin.listTransactions(),
      async () => {
        const { producer, id, name } = await open();
        const listed = (await admin.listTransactions({ states: ['Ongoing'] })).find(
          (one) => one.transactionalId === id,
        );
        expect(listed).toMatchObject({ state: 'Ongoing' });
        expect(await admin.listTransactions({ producerIds: [listed!.producerId] })).toHaveLength(1);
        const ids = async (options: Parameters<Admin['listTransactions']>[0]) =>
          (await admin.listTransactions(options)).map(({ transactionalId }) => transactionalId);
        expect(await ids({ states: ['CompleteCommit'] })).not.toContain(id);
        const pattern = { transactionalIdPattern: `${id}.*` };
        await where(
          API.listTransactions,
          () => ids(pattern),
          async () => expect(await ids(pattern)).toEqual([id]),
          2,
        );

        const outcomes = await admin.describeTransactions([id, 'never-was']);
        expect(outcomes.get(id)).toMatchObject({
          ...{ state: 'Ongoing', producerId: listed!.producerId, partitions: [{ topic: name, partition: 0 }] },
        });
        expect(errorOf(outcomes.get('never-was'))).toBe('TRANSACTIONAL_ID_NOT_FOUND');
        const [{ producers } = { producers: [] }] = await admin.describeProducers([{ topic: name, partition: 0 }]);
        expect(producers).toMatchObject([{ producerId: listed!.producerId, currentTransactionStartOffset: 0 }]);

        const fenced = (await admin.fenceProducers([id])).get(id);
        expect(fenced).toMatchObject({ producerId: expect.any(Number) });
        const outcome = await producer.commitTransaction().catch((error: unknown) => error);
        expect(outcome).toMatchObject({ name: 'KafkaError', retriable: false });
        await eventually('it is aborted', async () => (await ids({ states: ['Ongoing'] })).every((one) => one !== id));
      },
    ));

  test('a hanging one aborted in its partition', () =>
    where(
      API.markers,
      () => admin.abortTransaction({ topic: 't', partition: 0, producerId: 1, producerEpoch: 0, coordinatorEpoch: 0 }),
      async () => {
        const { name } = await open();
        const partition = { topic: name, partition: 0 };
        const state = async () => {
          const [{ producers } = { producers: [] }] = await admin.describeProducers([partition]);
          if (producers instanceof KafkaError) throw producers;
          return producers[0]!;
        };
        const { producerId, producerEpoch, coordinatorEpoch } = await state();
        const hanging = { ...partition, producerId, producerEpoch, coordinatorEpoch: Math.max(0, coordinatorEpoch) };
        await admin.abortTransaction(hanging);
        await eventually('nothing is open there', async () => (await state()).currentTransactionStartOffset === -1);
        const nowhere = { ...hanging, topic: 'never-was' };
        const outcome = await admin.abortTransaction(nowhere).catch((error: unknown) => error);
        expect(outcome).toMatchObject({ name: 'KafkaError', error: 'UNKNOWN_TOPIC_OR_PARTITION' });
      },
    ));
});

test('calls of security on a broker without an authorizer say so', async () => {
  const outcome = await admin.describeAcls().catch((error: unknown) => error);
  const expected = offered.has(API.acls) ? 'SECURITY_DISABLED' : 'UNSUPPORTED_VERSION';
  expect(outcome).toMatchObject({ name: 'KafkaError', error: expected, retriable: false });
});
