// Groups, members and offsets that do not exist, and members that contradict themselves.
import { APIS, errorName, type InputOf, type WireError } from '@moldau/protocol';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { fresh } from '../suite/target.ts';
import { ask, expectNextConnectionServed, freshGroup, freshTopic, names } from './under-test.ts';

let topic: string;
let group: string;
beforeAll(async () => {
  topic = await freshTopic();
  group = await freshGroup();
});
afterEach(expectNextConnectionServed);

describe('FindCoordinator', () => {
  test('a kind of key nobody knows is INVALID_REQUEST', async () => {
    const batched = await ask(APIS.FindCoordinator, 4, { keyType: 9, coordinatorKeys: [group] });
    expect(names(batched.coordinators.map((each) => each.errorCode))).toEqual(['INVALID_REQUEST']);
    expect(errorName((await ask(APIS.FindCoordinator, 2, { keyType: 9, key: group })).errorCode)).toBe(
      'INVALID_REQUEST',
    );
  });

  test('no keys, no coordinators', async () => {
    expect((await ask(APIS.FindCoordinator, 4, { keyType: 0, coordinatorKeys: [] })).coordinators).toEqual([]);
  });
});

describe('JoinGroup', () => {
  type Join = InputOf<typeof APIS.JoinGroup.request>;
  const join = async (more: Partial<Join>, version = 5) => {
    const answer = await ask(APIS.JoinGroup, version, {
      groupId: group,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      memberId: '',
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.alloc(0) }],
      ...more,
    });
    return errorName(answer.errorCode);
  };

  const cases: [string, Partial<Join>, WireError][] = [
    ['a session timeout below the least', { sessionTimeoutMs: 1 }, 'INVALID_SESSION_TIMEOUT'],
    ['a session timeout above the greatest', { sessionTimeoutMs: 2_000_000 }, 'INVALID_SESSION_TIMEOUT'],
    ['a negative session timeout', { sessionTimeoutMs: -1 }, 'INVALID_SESSION_TIMEOUT'],
    ['no group', { groupId: '' }, 'INVALID_GROUP_ID'],
    ['no protocols', { protocols: [] }, 'INCONSISTENT_GROUP_PROTOCOL'],
    ['no protocol type', { protocolType: '' }, 'INCONSISTENT_GROUP_PROTOCOL'],
    ['a member nobody knows', { memberId: 'who' }, 'UNKNOWN_MEMBER_ID'],
    ['a static member nobody knows', { memberId: 'who', groupInstanceId: 'i' }, 'UNKNOWN_MEMBER_ID'],
    ['no member id', {}, 'MEMBER_ID_REQUIRED'],
  ];
  test.each(cases)('%s', async (_what, more, error) => {
    expect(await join(more)).toBe(error);
  });
});

test('Heartbeat, SyncGroup, LeaveGroup of members nobody knows', async () => {
  const beat = async (groupId: string) =>
    errorName((await ask(APIS.Heartbeat, 3, { groupId, generationId: 1, memberId: 'who' })).errorCode);
  expect([await beat(group), await beat(fresh('nobody')), await beat('')]).toEqual([
    'UNKNOWN_MEMBER_ID',
    'UNKNOWN_MEMBER_ID',
    'INVALID_GROUP_ID',
  ]);

  const sync = async (more: object) => {
    const base = { groupId: group, generationId: 1, memberId: 'who', assignments: [] };
    return errorName((await ask(APIS.SyncGroup, 5, { ...base, ...more })).errorCode);
  };
  const named = { protocolType: 'consumer', protocolName: 'range' };
  expect([await sync(named), await sync({ ...named, groupId: '' }), await sync({})]).toEqual([
    'UNKNOWN_MEMBER_ID',
    'INVALID_GROUP_ID',
    'INCONSISTENT_GROUP_PROTOCOL',
  ]);

  const members = [{ memberId: 'who' }, { memberId: '', groupInstanceId: 'i' }];
  const left = await ask(APIS.LeaveGroup, 3, { groupId: group, members });
  expect([errorName(left.errorCode), names(left.members.map((member) => member.errorCode))]).toEqual([
    'NONE',
    ['UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID'],
  ]);
  expect(errorName((await ask(APIS.LeaveGroup, 2, { groupId: group, memberId: 'who' })).errorCode)).toBe(
    'UNKNOWN_MEMBER_ID',
  );
});

describe('OffsetCommit', () => {
  type Commit = InputOf<typeof APIS.OffsetCommit.request>;
  const commit = async (
    more: Partial<Commit> & { version?: number; name?: string; topicId?: string } = {},
    partition: object = {},
  ) => {
    const { version = 8, name = topic, topicId, ...body } = more;
    const partitions = [{ partitionIndex: 0, committedOffset: 5, committedMetadata: '', ...partition }];
    const answer = await ask(APIS.OffsetCommit, version, {
      groupId: group,
      generationIdOrMemberEpoch: -1,
      memberId: '',
      topics: [topicId === undefined ? { name, partitions } : { topicId, partitions }],
      ...body,
    });
    return errorName(answer.topics[0]!.partitions[0]!.errorCode);
  };

  test('members and generations that do not exist', async () => {
    const stranger = { generationIdOrMemberEpoch: 3, memberId: 'who' };
    expect(await commit({ ...stranger, groupId: fresh('nobody') })).toBe('ILLEGAL_GENERATION');
    expect(await commit({ ...stranger, groupId: fresh('nobody'), version: 9 })).toBe('GROUP_ID_NOT_FOUND');
  });

  test('places that do not exist', async () => {
    expect(await commit({ name: 'no-such-topic' })).toBe('UNKNOWN_TOPIC_OR_PARTITION');
    expect(await commit({}, { partitionIndex: 99 })).toBe('UNKNOWN_TOPIC_OR_PARTITION');
    expect(await commit({}, { partitionIndex: -1 })).toBe('UNKNOWN_TOPIC_OR_PARTITION');
    expect(await commit({ version: 10, topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' })).toBe('UNKNOWN_TOPIC_ID');
  });

  test('metadata past offset.metadata.max.bytes', async () => {
    const committedMetadata = 'x'.repeat(5000);
    expect(await commit({ groupId: fresh('simple') }, { committedMetadata })).toBe('OFFSET_METADATA_TOO_LARGE');
  });
});

test('OffsetFetch of what nobody committed', async () => {
  const topics = [{ name: topic, partitionIndexes: [0, 99] }];
  const { groups } = await ask(APIS.OffsetFetch, 8, { groups: [{ groupId: fresh('nobody'), topics }] });
  expect(groups[0]!.errorCode).toBe(0);
  const partitions = groups[0]!.topics[0]!.partitions;
  expect(partitions.map(({ committedOffset, errorCode }) => [committedOffset, errorCode])).toEqual([
    [-1, 0],
    [-1, 0],
  ]);
  const byId = [{ topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', partitionIndexes: [0] }];
  const answer = await ask(APIS.OffsetFetch, 10, { groups: [{ groupId: group, topics: byId }] });
  expect(errorName(answer.groups[0]!.topics[0]!.partitions[0]!.errorCode)).toBe('UNKNOWN_TOPIC_ID');
});

test('DescribeGroups, ListGroups, DeleteGroups, OffsetDelete of groups nobody has', async () => {
  const nobody = fresh('nobody');
  const described = async (version: number) => {
    const [only] = (await ask(APIS.DescribeGroups, version, { groups: [nobody] })).groups;
    return [errorName(only!.errorCode), only!.groupState];
  };
  expect(await described(5)).toEqual(['NONE', 'Dead']);
  expect(await described(6)).toEqual(['GROUP_ID_NOT_FOUND', 'Dead']);
  const listed = await ask(APIS.ListGroups, 5, { statesFilter: ['Nonsense'], typesFilter: [] });
  expect([listed.errorCode, listed.groups]).toEqual([0, []]);
  const deleted = await ask(APIS.DeleteGroups, 2, { groupsNames: [nobody] });
  expect(names(deleted.results.map((each) => each.errorCode))).toEqual(['GROUP_ID_NOT_FOUND']);
  expect(errorName((await ask(APIS.OffsetDelete, 0, { groupId: nobody, topics: [] })).errorCode)).toBe(
    'GROUP_ID_NOT_FOUND',
  );
  expect(errorName((await ask(APIS.OffsetDelete, 0, { groupId: '', topics: [] })).errorCode)).toBe('INVALID_GROUP_ID');
});
