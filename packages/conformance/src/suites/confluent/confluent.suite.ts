// @confluentinc/kafka-javascript (librdkafka 2.15) against the broker: the contract, then its admin client.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { groupContract } from '../../contract/groups.ts';
import { numbered } from '../../contract/records.ts';
import { roundTripContract } from '../../contract/round-trip.ts';
import { eventually } from '../../suite/eventually.ts';
import { bootstrap, fresh } from '../../suite/target.ts';
import { type ConfluentAdmin, confluent, openConfluent } from './adapter.ts';

roundTripContract(confluent);
groupContract(confluent);

describe('@confluentinc/kafka-javascript: admin', () => {
  let admin: ConfluentAdmin;

  beforeAll(async () => {
    admin = (await openConfluent(bootstrap)).admin();
    await admin.connect();
  });
  afterAll(async () => {
    await admin?.disconnect();
  });

  test('topics: create, describe, list, delete', async () => {
    const topic = fresh('admin');
    const made = { topic, numPartitions: 3, replicationFactor: 1 };
    expect(await admin.createTopics({ topics: [made] })).toBe(true);
    expect(await admin.createTopics({ topics: [made] })).toBe(false);
    const [described] = await eventually('its leaders', async () => {
      const found = await admin.fetchTopicMetadata({ topics: [topic] });
      return found[0]?.partitions.every(({ leader }) => leader >= 0) ? found : undefined;
    });
    expect(described?.partitions.length).toBe(3);
    expect(await admin.listTopics()).toContain(topic);
    await admin.deleteTopics({ topics: [topic] });
    await eventually('the topic is gone', async () => !(await admin.listTopics()).includes(topic));
  });

  test('offsets: ends, by timestamp, deleting records', async () => {
    const topic = fresh('offsets');
    const client = await confluent.connect(bootstrap);
    await client.createTopic(topic, 1);
    const sender = await client.sender();
    await sender.send(
      topic,
      numbered('v', 10).map((record, i) => ({ ...record, partition: 0, timestamp: 1_700_000_000_000 + i * 1000 })),
    );
    await sender.close();
    expect(await admin.fetchTopicOffsets(topic)).toMatchObject([{ partition: 0, low: '0', high: '10' }]);
    expect(await admin.fetchTopicOffsetsByTimestamp(topic, 1_700_000_004_500)).toMatchObject([
      { partition: 0, offset: '5' },
    ]);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '4' }] });
    expect(await admin.fetchTopicOffsets(topic)).toMatchObject([{ partition: 0, low: '4', high: '10' }]);
  });

  test('groups: listed, described, their offsets, deleted', async () => {
    const topic = fresh('groups');
    const group = fresh('g');
    const client = await confluent.connect(bootstrap);
    await client.createTopic(topic, 1);
    const sender = await client.sender();
    await sender.send(topic, numbered('v', 10));
    await sender.close();
    const member = await client.join({ group, topic });
    await eventually('ten records', () => member.records.length === 10);
    await member.leave();
    expect((await admin.listGroups()).groups.map(({ groupId }) => groupId)).toContain(group);
    expect((await admin.describeGroups([group])).groups[0]?.groupId).toBe(group);
    const [offsets] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
    expect(offsets?.partitions).toMatchObject([{ partition: 0, offset: '10' }]);
    await admin.deleteGroups([group]);
    expect((await admin.listGroups()).groups.map(({ groupId }) => groupId)).not.toContain(group);
  });
});
