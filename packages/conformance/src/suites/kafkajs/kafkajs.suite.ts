// KafkaJS against the broker: the contract, then its admin client, call by call.
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  type Admin,
  ConfigResourceTypes,
  Kafka,
  logLevel,
} from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { groupContract } from '../../contract/groups.ts';
import { whenLed } from '../../contract/leaders.ts';
import { numbered } from '../../contract/records.ts';
import { roundTripContract } from '../../contract/round-trip.ts';
import { eventually } from '../../suite/eventually.ts';
import { bootstrap, fresh, port } from '../../suite/target.ts';
import { kafkajs } from './adapter.ts';

roundTripContract(kafkajs);
groupContract(kafkajs);

describe('KafkaJS: admin', () => {
  let admin: Admin;

  beforeAll(async () => {
    admin = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
  });
  afterAll(async () => {
    await admin?.disconnect();
  });

  async function fill(topic: string, count: number): Promise<void> {
    const client = await kafkajs.connect(bootstrap);
    const sender = await client.sender();
    await sender.send(
      topic,
      numbered('v', count).map((record, i) => ({ ...record, partition: 0, timestamp: 1_700_000_000_000 + i * 1000 })),
    );
    await sender.close();
  }

  test('describeCluster names this broker', async () => {
    const cluster = await admin.describeCluster();
    expect(cluster.brokers.map((broker) => broker.port)).toEqual([port]);
    expect(cluster.clusterId).toMatch(/.+/);
    expect(cluster.controller).toBe(cluster.brokers[0]?.nodeId);
  });

  test('topics: create, describe, grow, list, delete', async () => {
    const topic = fresh('admin');
    expect(await admin.createTopics({ topics: [{ topic, numPartitions: 2 }], waitForLeaders: false })).toBe(true);
    expect(await admin.createTopics({ topics: [{ topic, numPartitions: 2 }] })).toBe(false);
    expect(await admin.listTopics()).toContain(topic);
    await whenLed(topic, 2);
    await admin.createPartitions({ topicPartitions: [{ topic, count: 5 }] });
    await eventually('five partitions', async () => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      return topics[0]?.partitions.length === 5;
    });
    await admin.deleteTopics({ topics: [topic] });
    await eventually('the topic is gone', async () => !(await admin.listTopics()).includes(topic));
  });

  test('a bad topic name, too few partitions and an unknown config are refused', async () => {
    const attempt = (topic: object) =>
      admin.createTopics({ topics: [topic as { topic: string }], waitForLeaders: false }).then(
        () => 'created',
        (error: { errors?: { type?: string }[]; type?: string }) => error.errors?.[0]?.type ?? error.type,
      );
    expect(await attempt({ topic: 'no spaces please' })).toBe('INVALID_TOPIC_EXCEPTION');
    expect(await attempt({ topic: fresh('zero'), numPartitions: 0 })).toBe('INVALID_PARTITIONS');
    expect(await attempt({ topic: fresh('rf'), replicationFactor: 7 })).toBe('INVALID_REPLICATION_FACTOR');
    const unknown = [{ name: 'no.such.config', value: '1' }];
    expect(await attempt({ topic: fresh('config'), configEntries: unknown })).toBe('INVALID_CONFIG');
  });

  test('offsets: ends, by timestamp, deleting records', async () => {
    const topic = fresh('offsets');
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: false });
    await whenLed(topic, 1);
    await fill(topic, 10);
    expect(await admin.fetchTopicOffsets(topic)).toEqual([{ partition: 0, offset: '10', high: '10', low: '0' }]);
    const at = await admin.fetchTopicOffsetsByTimestamp(topic, 1_700_000_004_500);
    expect(at).toEqual([{ partition: 0, offset: '5' }]);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '4' }] });
    expect(await admin.fetchTopicOffsets(topic)).toEqual([{ partition: 0, offset: '10', high: '10', low: '4' }]);
  });

  test('configs: describe with sources, alter', async () => {
    const topic = fresh('configs');
    const configEntries = [{ name: 'retention.ms', value: '12345678' }];
    await admin.createTopics({ topics: [{ topic, configEntries }], waitForLeaders: false });
    await whenLed(topic, 1);
    const read = async (): Promise<Map<string, { value: string; isDefault: boolean }>> => {
      const described = await admin.describeConfigs({
        resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
        includeSynonyms: false,
      });
      const entries = described.resources[0]?.configEntries ?? [];
      return new Map(
        entries.map((entry) => [entry.configName, { value: entry.configValue, isDefault: entry.isDefault }]),
      );
    };
    const before = await read();
    expect(before.get('retention.ms')?.value).toBe('12345678');
    expect(before.get('cleanup.policy')?.value).toBe('delete');
    expect(before.get('segment.bytes')?.value).toBe('1073741824');
    await admin.alterConfigs({
      validateOnly: false,
      resources: [
        { type: ConfigResourceTypes.TOPIC, name: topic, configEntries: [{ name: 'max.message.bytes', value: '4096' }] },
      ],
    });
    await eventually('the new configs', async () => {
      const after = await read();
      return after.get('max.message.bytes')?.value === '4096' && after.get('retention.ms')?.value !== '12345678';
    });
  });

  test('groups: offsets set, read, reset; described, listed, deleted', async () => {
    const topic = fresh('groups');
    const groupId = fresh('g');
    await admin.createTopics({ topics: [{ topic, numPartitions: 2 }], waitForLeaders: false });
    await whenLed(topic, 2);
    await fill(topic, 10);
    await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '7' }] });
    expect(await admin.fetchOffsets({ groupId, topics: [topic] })).toEqual([
      { topic, partitions: expect.arrayContaining([{ partition: 0, offset: '7', metadata: null }]) },
    ]);
    const listed = await admin.listGroups();
    expect(listed.groups).toContainEqual(expect.objectContaining({ groupId, protocolType: 'consumer' }));
    const { groups } = await admin.describeGroups([groupId]);
    expect(groups[0]?.state).toBe('Empty');
    await admin.resetOffsets({ groupId, topic, earliest: true });
    const reset = await admin.fetchOffsets({ groupId, topics: [topic], resolveOffsets: true });
    expect(reset[0]?.partitions.find(({ partition }) => partition === 0)?.offset).toBe('0');
    await admin.deleteGroups([groupId]);
    const left = await admin.listGroups();
    expect(left.groups.map((group) => group.groupId)).not.toContain(groupId);
  });

  test('ACLs without an authorizer are refused as such', async () => {
    const acl = {
      resourceType: AclResourceTypes.TOPIC,
      resourceName: 'x',
      resourcePatternType: 3,
      principal: 'User:x',
      host: '*',
      operation: AclOperationTypes.READ,
      permissionType: AclPermissionTypes.ALLOW,
    };
    const outcome = await admin.createAcls({ acl: [acl] }).then(
      () => 'created',
      (error: Error) => error.message,
    );
    expect(outcome).not.toBe('created');
  });
});
