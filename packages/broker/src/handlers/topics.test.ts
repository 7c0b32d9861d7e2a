import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type InputOf, ZERO_UUID } from '@moldau/protocol';
import { errorName } from '@moldau/protocol/errors';
import type { CreateTopicsRequest } from '@moldau/protocol/messages/create-topics';
import type { DeleteTopicsRequest } from '@moldau/protocol/messages/delete-topics';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RawClient } from '../test/raw-client.ts';
import { TestBroker } from '../test/test-broker.ts';

type Topic = InputOf<typeof CreateTopicsRequest>['topics'][number];

let broker: TestBroker;
let client: RawClient;
beforeAll(async () => {
  broker = await TestBroker.start({ 'num.partitions': '2', 'max.request.partition.size.limit': '4' });
  client = await broker.connect();
});
afterAll(() => broker.stop());

const topic = (name: string, parts: Partial<Topic> = {}): Topic => ({
  name,
  numPartitions: 1,
  replicationFactor: 1,
  assignments: [],
  configs: [],
  ...parts,
});

async function create(topics: readonly Topic[], { version = 7, validateOnly = false } = {}) {
  const answer = await client.call('CreateTopics', version, { topics, timeoutMs: 1_000, validateOnly });
  return answer.topics;
}

async function metadataOf(version: number, names: readonly string[] | null, allowAutoTopicCreation = false) {
  return client.call('Metadata', version, {
    topics: names?.map((name) => ({ name, topicId: ZERO_UUID })) ?? null,
    allowAutoTopicCreation: version >= 4 ? allowAutoTopicCreation : true,
    includeClusterAuthorizedOperations: version >= 8 && version <= 10,
    includeTopicAuthorizedOperations: version >= 8,
  });
}

const errorsOf = (answers: readonly { name: string | null; errorCode: number }[]) =>
  answers.map(({ name, errorCode }) => `${name} ${errorName(errorCode)}`);

function directoryOf(name: string, partition: number): string {
  return join(broker.directory, 'logs', `${name}-${partition}`);
}

describe('CreateTopics', () => {
  test.each([2, 3, 4, 5, 6, 7])('v%i: the topic is visible and on disk when answered', async (version) => {
    const name = `created-v${version}`;
    const [answer] = await create(
      [topic(name, { numPartitions: 3, configs: [{ name: 'retention.ms', value: '5000' }] })],
      { version },
    );
    expect(answer).toMatchObject({ name, errorCode: 0, errorMessage: null });
    const [seen] = (await metadataOf(12, [name])).topics;
    expect(seen!.partitions.map((one) => [one.partitionIndex, one.leaderId, one.replicaNodes, one.isrNodes])).toEqual([
      [0, 1, [1], [1]],
      [1, 1, [1], [1]],
      [2, 1, [1], [1]],
    ]);
    expect(existsSync(directoryOf(name, 2))).toBe(true);
    if (version < 5) return;
    expect(answer).toMatchObject({ numPartitions: 3, replicationFactor: 1, topicConfigErrorCode: 0 });
    const configs = Object.fromEntries(answer!.configs!.map((one) => [one.name, [one.value, one.configSource]]));
    expect(configs['retention.ms']).toEqual(['5000', 1]);
    expect(configs['segment.bytes']).toEqual(['1073741824', 5]);
    if (version === 7) expect(answer!.topicId).toBe(seen!.topicId);
  });

  test('validateOnly creates nothing', async () => {
    const [answer] = await create([topic('only-asked')], { validateOnly: true });
    expect(answer!.errorCode).toBe(0);
    expect(errorsOf((await metadataOf(12, ['only-asked'])).topics)).toEqual(['only-asked UNKNOWN_TOPIC_OR_PARTITION']);
    expect(existsSync(directoryOf('only-asked', 0))).toBe(false);
  });

  test('each topic is answered by itself', async () => {
    const answers = await create([
      topic('good'),
      topic('twice'),
      topic('twice'),
      topic('__cluster_metadata'),
      topic('bad name'),
      topic('../../escape'),
      topic('none', { numPartitions: 0 }),
      topic('three', { replicationFactor: 3 }),
      topic('typo', { configs: [{ name: 'retention.msec', value: '1' }] }),
    ]);
    expect(errorsOf(answers).sort()).toEqual([
      '../../escape INVALID_TOPIC_EXCEPTION',
      '__cluster_metadata INVALID_REQUEST',
      'bad name INVALID_TOPIC_EXCEPTION',
      'good NONE',
      'none INVALID_PARTITIONS',
      'three INVALID_REPLICATION_FACTOR',
      'twice INVALID_REQUEST',
      'typo INVALID_CONFIG',
    ]);
    expect(errorsOf(await create([topic('good')]))).toEqual(['good TOPIC_ALREADY_EXISTS']);
  });

  test('millions of partitions are refused at once', async () => {
    const answers = await create([topic('huge', { numPartitions: 2_147_483_647 }), topic('small')]);
    expect(errorsOf(answers)).toEqual(['huge POLICY_VIOLATION', 'small POLICY_VIOLATION']);
  });
});

describe('CreatePartitions', () => {
  test('adds partitions that can be used when answered; the others are refused', async () => {
    await create([topic('grows'), topic('stays', { numPartitions: 2 })]);
    const { results } = await client.call('CreatePartitions', 3, {
      topics: [
        { name: 'grows', count: 3, assignments: null },
        { name: 'stays', count: 1, assignments: null },
        { name: 'nobody', count: 2, assignments: null },
        { name: 'double', count: 2, assignments: null },
        { name: 'double', count: 3, assignments: null },
      ],
      timeoutMs: 1_000,
      validateOnly: false,
    });
    expect(errorsOf(results)).toEqual([
      'double INVALID_REQUEST',
      'grows NONE',
      'stays INVALID_PARTITIONS',
      'nobody UNKNOWN_TOPIC_OR_PARTITION',
    ]);
    const [seen] = (await metadataOf(12, ['grows'])).topics;
    expect(seen!.partitions).toHaveLength(3);
    expect(existsSync(directoryOf('grows', 2))).toBe(true);
  });

  test('validateOnly adds nothing', async () => {
    await create([topic('same')]);
    const topics = [{ name: 'same', count: 9, assignments: null }];
    const { results } = await client.call('CreatePartitions', 0, { topics, timeoutMs: 1_000, validateOnly: true });
    expect(errorsOf(results)).toEqual(['same NONE']);
    expect((await metadataOf(12, ['same'])).topics[0]!.partitions).toHaveLength(1);
  });
});

describe('DeleteTopics', () => {
  test.each([1, 2, 3, 4, 5])('v%i: by name; the topic is gone when answered', async (version) => {
    const name = `deleted-v${version}`;
    await create([topic(name)]);
    const topicNames = [name, 'never-there', 'twice', 'twice'];
    const { responses } = await client.call('DeleteTopics', version, { topicNames, timeoutMs: 1_000 });
    expect(errorsOf(responses).sort()).toEqual(
      [`${name} NONE`, 'never-there UNKNOWN_TOPIC_OR_PARTITION', 'twice INVALID_REQUEST'].sort(),
    );
    expect(errorsOf((await metadataOf(12, [name])).topics)).toEqual([`${name} UNKNOWN_TOPIC_OR_PARTITION`]);
    expect(existsSync(directoryOf(name, 0))).toBe(false);
  });

  test('v6: by name, by id, and not by both', async () => {
    const [a, b, c] = await create([topic('by-name'), topic('by-id'), topic('by-both')]);
    type Wish = NonNullable<InputOf<typeof DeleteTopicsRequest>['topics']>[number];
    const remove = async (...topics: Wish[]) => {
      const { responses } = await client.call('DeleteTopics', 6, { topics, timeoutMs: 1_000 });
      return responses.map((one) => `${one.name} ${one.topicId} ${errorName(one.errorCode)}`);
    };
    expect(await remove({ name: 'by-name', topicId: ZERO_UUID })).toEqual([`by-name ${a!.topicId} NONE`]);
    expect(await remove({ name: null, topicId: b!.topicId })).toEqual([`by-id ${b!.topicId} NONE`]);
    expect(await remove({ name: null, topicId: b!.topicId })).toEqual([`null ${b!.topicId} UNKNOWN_TOPIC_ID`]);
    expect(await remove({ name: 'by-both', topicId: c!.topicId })).toEqual([`by-both ${c!.topicId} INVALID_REQUEST`]);
    expect(await remove({ name: null, topicId: ZERO_UUID })).toEqual([`null ${ZERO_UUID} INVALID_REQUEST`]);
    expect(await remove({ name: null, topicId: c!.topicId }, { name: 'by-both', topicId: ZERO_UUID })).toEqual([
      `by-both ${c!.topicId} INVALID_REQUEST`,
    ]);
    expect((await metadataOf(12, ['by-both'])).topics[0]!.errorCode).toBe(0);
  });

  test('a name may come back, under another id and without its old records', async () => {
    const [before] = await create([topic('again')]);
    await client.call('DeleteTopics', 5, { topicNames: ['again'], timeoutMs: 1_000 });
    const [after] = await create([topic('again')]);
    expect(after!.errorCode).toBe(0);
    expect(after!.topicId).not.toBe(before!.topicId);
  });

  test('switched off', async () => {
    const other = await TestBroker.start({ 'delete.topic.enable': 'false' });
    try {
      const raw = await other.connect();
      await raw.call('CreateTopics', 7, { topics: [topic('kept')], timeoutMs: 1_000, validateOnly: false });
      const remove = async (version: number) => {
        const { responses } = await raw.call('DeleteTopics', version, { topicNames: ['kept'], timeoutMs: 1_000 });
        return errorsOf(responses);
      };
      expect(await remove(2)).toEqual(['kept INVALID_REQUEST']);
      expect(await remove(5)).toEqual(['kept TOPIC_DELETION_DISABLED']);
    } finally {
      await other.stop();
    }
  });
});

describe('Metadata', () => {
  const versions = Array.from({ length: 14 }, (_, version) => version);
  beforeAll(() => create([topic('seen', { numPartitions: 2 })]));

  test.each(versions)('v%i: all topics, some and none', async (version) => {
    const all = await metadataOf(version, version === 0 ? [] : null);
    expect(all.topics.map((one) => one.name)).toContain('seen');
    const some = await metadataOf(version, ['seen']);
    expect(some.topics.map((one) => [one.name, one.errorCode, one.partitions.length])).toEqual([['seen', 0, 2]]);
    expect(some.brokers.map((one) => [one.nodeId, one.host, one.port])).toEqual([
      [1, '127.0.0.1', broker.endpoint.port],
    ]);
    if (version >= 1) expect((await metadataOf(version, [])).topics).toEqual([]);
    if (version >= 1) expect(some.controllerId).toBe(1);
    if (version >= 2) expect(some.clusterId).toBe(broker.broker.clusterId);
    if (version >= 8) expect(some.topics[0]!.topicAuthorizedOperations).toBe(0b1101_1111_1000);
    if (version >= 8 && version <= 10) expect(some.clusterAuthorizedOperations).toBe(0b1_1111_1010_0000);
    if (version >= 10) expect(some.topics[0]!.topicId).toMatch(/^[\w-]{22}$/);
  });

  test('topics that are not there', async () => {
    const { topics } = await metadataOf(12, ['absent', 'bad name', 'seen', 'absent']);
    expect(errorsOf(topics)).toEqual([
      'absent UNKNOWN_TOPIC_OR_PARTITION',
      'bad name INVALID_TOPIC_EXCEPTION',
      'seen NONE',
    ]);
  });

  test('by id', async () => {
    const [{ topicId } = { topicId: '' }] = (await metadataOf(12, ['seen'])).topics;
    const ask = (topics: { name: string | null; topicId: string }[], version = 12) =>
      client.call('Metadata', version, {
        topics,
        allowAutoTopicCreation: true,
        includeTopicAuthorizedOperations: false,
      });
    const unknown = 'AAAAAAAAAAAAAAAAAAAAAQ';
    const { topics } = await ask([
      { name: null, topicId },
      { name: null, topicId: unknown },
    ]);
    expect(errorsOf(topics)).toEqual(['seen NONE', 'null UNKNOWN_TOPIC_ID']);
    expect(topics[1]!.topicId).toBe(unknown);
    expect(errorsOf((await ask([{ name: null, topicId: ZERO_UUID }], 11)).topics)).toEqual([' INVALID_REQUEST']);
  });

  test('a topic that is asked for is created when both sides allow it', async () => {
    const { topics } = await metadataOf(9, ['auto', 'auto'], true);
    expect(topics.map((one) => [one.name, one.errorCode, one.partitions.map((each) => each.leaderId)])).toEqual([
      ['auto', 0, [1, 1]],
    ]);
    expect(errorsOf((await metadataOf(9, ['not allowed', 'auto.x', 'auto_x'], true)).topics)).toEqual([
      'not allowed INVALID_TOPIC_EXCEPTION',
      'auto.x NONE',
      'auto_x INVALID_TOPIC_EXCEPTION',
    ]);
    const strict = await TestBroker.start({ 'auto.create.topics.enable': 'false' });
    try {
      const raw = await strict.connect();
      const asked = { topics: [{ name: 'auto', topicId: ZERO_UUID }], allowAutoTopicCreation: true };
      const answer = await raw.call('Metadata', 4, asked);
      expect(errorsOf(answer.topics)).toEqual(['auto UNKNOWN_TOPIC_OR_PARTITION']);
    } finally {
      await strict.stop();
    }
  });

  test('internal topics say so, and are created as their coordinators need them', async () => {
    const { topics } = await metadataOf(9, ['__consumer_offsets'], true);
    expect(topics[0]).toMatchObject({ errorCode: 0, isInternal: true });
    expect(topics[0]!.partitions).toHaveLength(50);
  });
});

describe('DescribeTopicPartitions', () => {
  const ask = (
    names: readonly string[],
    responsePartitionLimit = 2_000,
    cursor: { topicName: string; partitionIndex: number } | null = null,
  ) =>
    client.call('DescribeTopicPartitions', 0, {
      topics: names.map((name) => ({ name })),
      responsePartitionLimit,
      cursor,
    });
  const shown = (answer: Awaited<ReturnType<typeof ask>>) => [
    ...answer.topics.map(
      (one) => `${one.name} ${errorName(one.errorCode)} ${one.partitions.map((each) => each.partitionIndex)}`,
    ),
    answer.nextCursor ? `next ${answer.nextCursor.topicName} ${answer.nextCursor.partitionIndex}` : 'end',
  ];
  beforeAll(() => create([topic('dtp-a', { numPartitions: 3 }), topic('dtp-b', { numPartitions: 3 })]));

  test('pages through topics in alphabetical order, each answer within both limits', async () => {
    const names = ['dtp-b', 'dtp-a', 'dtp-none', 'bad name'];
    expect(shown(await ask(names))).toEqual([
      'bad name INVALID_TOPIC_EXCEPTION ',
      'dtp-a NONE 0,1,2',
      'dtp-b NONE 0',
      'next dtp-b 1',
    ]);
    expect(shown(await ask(names, 3))).toEqual([
      'bad name INVALID_TOPIC_EXCEPTION ',
      'dtp-a NONE 0,1,2',
      'next dtp-b 0',
    ]);
    expect(shown(await ask(names, 3, { topicName: 'dtp-b', partitionIndex: 0 }))).toEqual([
      'dtp-b NONE 0,1,2',
      'next dtp-none 0',
    ]);
    expect(shown(await ask(names, 9, { topicName: 'dtp-b', partitionIndex: 2 }))).toEqual([
      'dtp-b NONE 2',
      'dtp-none UNKNOWN_TOPIC_OR_PARTITION ',
      'end',
    ]);
    expect(shown(await ask(names, 0))).toEqual(['bad name INVALID_TOPIC_EXCEPTION ', 'dtp-a NONE 0', 'next dtp-a 1']);
  });

  test('all topics when none is named', async () => {
    const seen: string[] = [];
    let cursor: { topicName: string; partitionIndex: number } | null = null;
    for (let page = 0; page < 200; page++) {
      const answer: Awaited<ReturnType<typeof ask>> = await ask([], 2_000, cursor);
      for (const one of answer.topics)
        for (const each of one.partitions) seen.push(`${one.name}-${each.partitionIndex}`);
      cursor = answer.nextCursor;
      if (!cursor) break;
    }
    const { topics } = await metadataOf(12, null);
    const all = topics.flatMap((one) => one.partitions.map((each) => `${one.name}-${each.partitionIndex}`));
    expect(seen.sort()).toEqual(all.sort());
  });

  test('a cursor that points nowhere is refused', async () => {
    expect(shown(await ask(['dtp-a'], 9, { topicName: 'dtp-b', partitionIndex: 0 }))).toEqual([
      'dtp-a INVALID_REQUEST ',
      'end',
    ]);
    expect(shown(await ask(['dtp-a'], 9, { topicName: 'dtp-a', partitionIndex: -1 }))).toEqual([
      'dtp-a INVALID_REQUEST ',
      'end',
    ]);
  });
});

describe('DescribeCluster', () => {
  test.each([0, 1, 2])('v%i', async (version) => {
    const answer = await client.call('DescribeCluster', version, { includeClusterAuthorizedOperations: true });
    expect(answer).toMatchObject({
      errorCode: 0,
      clusterId: broker.broker.clusterId,
      controllerId: 1,
      clusterAuthorizedOperations: 0b1_1111_1010_0000,
    });
    expect(answer.brokers).toEqual([
      { brokerId: 1, host: '127.0.0.1', port: broker.endpoint.port, rack: null, isFenced: false },
    ]);
    const silent = await client.call('DescribeCluster', version, { includeClusterAuthorizedOperations: false });
    expect(silent.clusterAuthorizedOperations).toBe(-2_147_483_648);
  });

  test('controllers are not asked here', async () => {
    const asked = { includeClusterAuthorizedOperations: false };
    const controllers = await client.call('DescribeCluster', 1, { ...asked, endpointType: 2 });
    expect(errorName(controllers.errorCode)).toBe('MISMATCHED_ENDPOINT_TYPE');
    const others = await client.call('DescribeCluster', 1, { ...asked, endpointType: 9 });
    expect(errorName(others.errorCode)).toBe('UNSUPPORTED_ENDPOINT_TYPE');
  });
});
