import { expect, test } from 'vitest';
import { mayCollide, parseReplicaAssignment, parseTopicConfigs } from './create-arguments.ts';
import { type DescribeFilter, describeTopic, type TopicFacts } from './describe-text.ts';
import { isInternalTopic, topicFilter } from './topic-filter.ts';

const EVERYTHING: DescribeFilter = {
  underReplicated: false,
  unavailable: false,
  underMinIsr: false,
  atMinIsr: false,
  overridden: false,
};

const topic: TopicFacts = {
  name: 'orders',
  topicId: 'zKt1jMbRTvieb3bCxUPVjw',
  partitions: [
    { partition: 1, leader: undefined, replicas: [2, 1], isr: [], elr: [1], lastKnownElr: [2] },
    { partition: 0, leader: 1, replicas: [1, 2], isr: [1, 2], elr: [], lastKnownElr: [] },
    { partition: 2, leader: 2, replicas: [2, 1], isr: [2], elr: undefined, lastKnownElr: undefined },
  ],
  configs: [
    { name: 'min.insync.replicas', value: '1', isDefault: true },
    { name: 'retention.ms', value: '1000', isDefault: false },
    { name: 'cleanup.policy', value: 'compact', isDefault: false },
  ],
};
const HEADER =
  'Topic: orders\tTopicId: zKt1jMbRTvieb3bCxUPVjw\tPartitionCount: 3\tReplicationFactor: 2\tConfigs: retention.ms=1000,cleanup.policy=compact\n';
const P0 = '\tTopic: orders\tPartition: 0\tLeader: 1\tReplicas: 1,2\tIsr: 1,2\tElr: \tLastKnownElr: \n';
const P1 = '\tTopic: orders\tPartition: 1\tLeader: none\tReplicas: 2,1\tIsr: \tElr: 1\tLastKnownElr: 2\n';
const P2 = '\tTopic: orders\tPartition: 2\tLeader: 2\tReplicas: 2,1\tIsr: 2\tElr: N/A\tLastKnownElr: N/A\n';

test.each<[string, Partial<DescribeFilter>, string]>([
  ['no filter', {}, HEADER + P0 + P1 + P2],
  ['under-replicated', { underReplicated: true }, P1 + P2],
  ['unavailable: no leader, or a leader that is not alive', { unavailable: true }, P1 + P2],
  ['under the minimum ISR', { underMinIsr: true }, P1],
  ['at the minimum ISR', { atMinIsr: true }, P2],
  ['with configs of its own', { overridden: true }, HEADER],
])('describe, %s', (_, filter, expected) => {
  expect(describeTopic(topic, { ...EVERYTHING, ...filter }, new Set([1]))).toBe(expected);
});

test('a topic without configs of its own is not shown among overridden ones, and old brokers have no id', () => {
  const plain = { ...topic, topicId: undefined, configs: [] };
  expect(describeTopic(plain, { ...EVERYTHING, overridden: true }, new Set())).toBe('');
  expect(describeTopic(plain, EVERYTHING, new Set()).split('\n')[0]).toBe(
    'Topic: orders\tPartitionCount: 3\tReplicationFactor: 2\tConfigs: ',
  );
});

test('replicas on the move are shown and do not count', () => {
  const moving = { adding: [3], removing: [1] };
  const partition = { partition: 0, leader: 1, replicas: [1, 2, 3], isr: [1, 2], elr: [], lastKnownElr: [], moving };
  const text = describeTopic({ ...topic, partitions: [partition] }, EVERYTHING, new Set([1]));
  expect(text).toContain('ReplicationFactor: 2');
  expect(text).toContain('Isr: 1,2\tAdding Replicas: 3\tRemoving Replicas: 1\tElr: ');
});

test.each([
  ['orders', 'orders', true],
  ['orders', 'orders2', false],
  ['o.*', 'orders', true],
  ['a,orders', 'orders', true],
  ['"orders"', 'orders', true],
  ['', 'orders', false],
])('--topic %s and the topic %s: %s', (text, name, expected) => {
  expect(topicFilter(text)(name)).toBe(expected);
});

test('a topic filter that is no regular expression is refused', () => {
  expect(() => topicFilter('*')).toThrow('* is an invalid regex.');
});

test('the arguments of --create', () => {
  expect([...parseTopicConfigs(['retention.ms=1000', 'cleanup.policy = compact'])]).toEqual([
    ['retention.ms', '1000'],
    ['cleanup.policy', 'compact'],
  ]);
  for (const wrong of ['retention.ms', 'retention.ms=', 'a=b=c'])
    expect(() => parseTopicConfigs([wrong])).toThrow('key=val');
  expect(parseReplicaAssignment('1:2, 2:3')).toEqual([
    [1, 2],
    [2, 3],
  ]);
  expect(() => parseReplicaAssignment('1:1')).toThrow('may not contain duplicate entries: 1');
  expect(() => parseReplicaAssignment('1:2,3')).toThrow('Partition 1 has different replication factor: [3]');
  expect(() => parseReplicaAssignment('a')).toThrow('For input string: "a"');
  expect([mayCollide('a.b'), mayCollide('a_b'), mayCollide('a-b')]).toEqual([true, true, false]);
  expect([isInternalTopic('__consumer_offsets'), isInternalTopic('orders')]).toEqual([true, false]);
});
