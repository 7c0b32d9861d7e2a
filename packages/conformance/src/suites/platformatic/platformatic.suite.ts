// @platformatic/kafka against the broker: the contract, then its admin client, call by call.
import {
  Admin,
  ConfigResourceTypes,
  findErrorBy,
  type GenericError,
  IncrementalAlterConfigOperationTypes,
} from '@platformatic/kafka';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { groupContract } from '../../contract/groups.ts';
import { whenLed } from '../../contract/leaders.ts';
import { numbered } from '../../contract/records.ts';
import { roundTripContract } from '../../contract/round-trip.ts';
import { eventually } from '../../suite/eventually.ts';
import { bootstrap, fresh, port } from '../../suite/target.ts';
import { platformatic } from './adapter.ts';

roundTripContract(platformatic);
groupContract(platformatic);

describe('@platformatic/kafka: admin', () => {
  let admin: Admin;

  beforeAll(() => {
    admin = new Admin({ clientId: 'conformance', bootstrapBrokers: [bootstrap] });
  });
  afterAll(async () => {
    await admin?.close();
  });

  async function fill(topic: string, count: number): Promise<void> {
    const client = await platformatic.connect(bootstrap);
    const sender = await client.sender();
    await sender.send(
      topic,
      numbered('v', count).map((record, i) => ({ ...record, partition: 0, timestamp: 1_700_000_000_000 + i * 1000 })),
    );
    await sender.close();
  }
  const errorId = (error: unknown): string =>
    String(findErrorBy<GenericError>(error as Error, 'code', 'PLT_KFK_PROTOCOL')?.apiId ?? error);

  test('metadata: this broker, the cluster id, real topic ids', async () => {
    const topic = fresh('metadata');
    const [created] = await admin.createTopics({ topics: [topic], partitions: 3, replicas: 1 });
    expect(created).toMatchObject({ name: topic, partitions: 3, replicas: 1 });
    const metadata = await eventually('the topic in the metadata', async () => {
      const found = await admin.metadata({ topics: [topic], forceUpdate: true });
      return found.topics.get(topic)?.partitionsCount === 3 ? found : undefined;
    });
    expect([...metadata.brokers.values()].map((broker) => broker.port)).toEqual([port]);
    expect(metadata.id).toMatch(/.+/);
    expect(metadata.topics.get(topic)?.id).toBe(created?.id);
    expect(metadata.topics.get(topic)?.id).not.toBe('00000000-0000-0000-0000-000000000000');
  });

  test('topics: create twice, grow, list, delete', async () => {
    const topic = fresh('admin');
    await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 });
    const twice = await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 }).catch(errorId);
    expect(twice).toBe('TOPIC_ALREADY_EXISTS');
    await admin.createPartitions({ topics: [{ name: topic, count: 4, assignments: null }] });
    const fewer = await admin
      .createPartitions({ topics: [{ name: topic, count: 2, assignments: null }] })
      .catch(errorId);
    expect(fewer).toBe('INVALID_PARTITIONS');
    expect(await admin.listTopics()).toContain(topic);
    await admin.deleteTopics({ topics: [topic] });
    await eventually('the topic is gone', async () => !(await admin.listTopics()).includes(topic));
  });

  test('offsets: earliest, latest, by timestamp, of the largest timestamp; deleting records', async () => {
    const topic = fresh('offsets');
    await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 });
    await whenLed(topic, 1);
    await fill(topic, 10);
    const at = async (timestamp: bigint): Promise<bigint | undefined> => {
      const [found] = await admin.listOffsets({
        topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp }] }],
      });
      return found?.partitions[0]?.offset;
    };
    expect(await at(-2n)).toBe(0n);
    expect(await at(-1n)).toBe(10n);
    expect(await at(1_700_000_004_500n)).toBe(5n);
    expect(await at(-3n)).toBe(9n);
    expect(await at(1_800_000_000_000n)).toBe(-1n);
    const deleted = await admin.deleteRecords({
      topics: [{ name: topic, partitions: [{ partition: 0, offset: 4n }] }],
    });
    expect(deleted[0]?.partitions[0]?.lowWatermark).toBe(4n);
    expect(await at(-2n)).toBe(4n);
    const beyond = await admin
      .deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset: 99n }] }] })
      .catch(errorId);
    expect(beyond).toBe('OFFSET_OUT_OF_RANGE');
  });

  test('configs: describe, set, append, delete', async () => {
    const topic = fresh('configs');
    await admin.createTopics({
      topics: [topic],
      partitions: 1,
      replicas: 1,
      configs: [{ name: 'retention.ms', value: '1234' }],
    });
    const read = async (): Promise<Map<string, { value: string | null | undefined; source: number }>> => {
      const [found] = await admin.describeConfigs({
        resources: [{ resourceType: ConfigResourceTypes.TOPIC, resourceName: topic }],
      });
      return new Map((found?.configs ?? []).map((c) => [c.name, { value: c.value, source: c.configSource }]));
    };
    const TOPIC_CONFIG = 1;
    const DEFAULT_CONFIG = 5;
    expect((await read()).get('retention.ms')).toEqual({ value: '1234', source: TOPIC_CONFIG });
    expect((await read()).get('segment.ms')).toEqual({ value: '604800000', source: DEFAULT_CONFIG });
    const alter = (name: string, configOperation: number, value: string | null) =>
      admin.incrementalAlterConfigs({
        resources: [
          { resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configs: [{ name, configOperation, value }] },
        ],
      } as Parameters<Admin['incrementalAlterConfigs']>[0]);
    await alter('segment.bytes', IncrementalAlterConfigOperationTypes.SET, '2097152');
    await eventually('the setting', async () => (await read()).get('segment.bytes')?.value === '2097152');
    await alter('cleanup.policy', IncrementalAlterConfigOperationTypes.APPEND, 'compact');
    await eventually('the list', async () => (await read()).get('cleanup.policy')?.value === 'delete,compact');
    await alter('cleanup.policy', IncrementalAlterConfigOperationTypes.SUBTRACT, 'compact');
    await eventually('the list', async () => (await read()).get('cleanup.policy')?.value === 'delete');
    await alter('retention.ms', IncrementalAlterConfigOperationTypes.DELETE, null);
    await eventually('the default', async () => (await read()).get('retention.ms')?.value === '604800000');
    expect(await alter('no.such.config', IncrementalAlterConfigOperationTypes.SET, '1').catch(errorId)).toBe(
      'INVALID_CONFIG',
    );
    expect(await alter('segment.bytes', IncrementalAlterConfigOperationTypes.SET, 'many').catch(errorId)).toBe(
      'INVALID_CONFIG',
    );
  });

  test('groups: coordinator, offsets set, read and deleted; listed, described, deleted', async () => {
    const topic = fresh('groups');
    const groupId = fresh('g');
    await admin.createTopics({ topics: [topic], partitions: 2, replicas: 1 });
    const [coordinator] = await eventually('a coordinator', () =>
      admin.findCoordinator({ keyType: 0, keys: [groupId] }),
    );
    expect(coordinator?.port).toBe(port);
    await eventually('the commit', async () => {
      await admin.alterConsumerGroupOffsets({
        groupId,
        topics: [
          {
            name: topic,
            partitionOffsets: [
              { partition: 0, offset: 7n },
              { partition: 1, offset: 8n },
            ],
          },
        ],
      });
      return true;
    });
    const committed = async (): Promise<bigint[]> => {
      const [found] = await admin.listConsumerGroupOffsets({ groups: [groupId] });
      return (found?.topics[0]?.partitions ?? []).map((partition) => partition.committedOffset);
    };
    expect(await committed()).toEqual([7n, 8n]);
    await admin.deleteConsumerGroupOffsets({ groupId, topics: [{ name: topic, partitionIndexes: [1] }] });
    expect(await committed()).toEqual([7n]);
    expect((await admin.listGroups()).has(groupId)).toBe(true);
    expect((await admin.describeGroups({ groups: [groupId] })).get(groupId)?.state).toMatch(/^empty$/i);
    await admin.deleteGroups({ groups: [groupId] });
    expect((await admin.listGroups()).has(groupId)).toBe(false);
  });

  test('log directories name every partition with its size', async () => {
    const topic = fresh('dirs');
    await admin.createTopics({ topics: [topic], partitions: 2, replicas: 1 });
    await whenLed(topic, 2);
    await fill(topic, 100);
    const [broker] = await admin.describeLogDirs({ topics: [{ name: topic, partitions: [0, 1] }] });
    const partitions = broker?.results.flatMap((dir) => dir.topics).flatMap((one) => one.partitions) ?? [];
    expect(partitions.map((one) => one.partitionIndex).toSorted()).toEqual([0, 1]);
    expect(Number(partitions.find((one) => one.partitionIndex === 0)?.partitionSize)).toBeGreaterThan(100);
  });
});
