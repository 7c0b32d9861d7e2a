// The group APIs over a real socket: every version of each, the rules that depend on the version, and what a restart keeps.
import { APIS, type ApiName, ZERO_UUID } from '@moldau/protocol';
import { errorName } from '@moldau/protocol/errors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { subscription } from '../group/test/harness.ts';
import type { RawClient } from '../test/raw-client.ts';
import { TestBroker } from '../test/test-broker.ts';
import { createTopic } from '../test/topic-client.ts';

let broker: TestBroker;
let client: RawClient;
let topicId: string;
let count = 0;
const fresh = (name: string) => `${name}-${++count}`;
const versionsOf = (api: ApiName) => {
  const { min, max } = APIS[api].versions;
  return Array.from({ length: max - min + 1 }, (_, i) => min + i);
};

beforeAll(async () => {
  broker = await TestBroker.start();
  client = await broker.connect();
  topicId = await createTopic(client, 'orders', { partitions: 3 });
});
afterAll(() => broker.stop());

interface JoinWish {
  readonly version?: number;
  readonly memberId?: string;
  readonly instanceId?: string | null;
  readonly sessionTimeoutMs?: number;
  readonly protocolType?: string;
  readonly via?: RawClient;
}

async function join(groupId: string, wish: JoinWish = {}) {
  const { version = 9, memberId = '', instanceId = null, sessionTimeoutMs = 10_000, protocolType = 'consumer' } = wish;
  return (wish.via ?? client).call('JoinGroup', version, {
    groupId,
    sessionTimeoutMs,
    rebalanceTimeoutMs: version >= 1 ? 60_000 : -1,
    memberId,
    groupInstanceId: instanceId,
    protocolType,
    protocols: [subscription('range', ['orders'])],
    reason: version >= 8 ? 'test' : null,
  });
}

/** A member of a new group whose only generation is assigned. */
async function member(groupId: string, version = 9) {
  let joined = await join(groupId, { version });
  if (errorName(joined.errorCode) === 'MEMBER_ID_REQUIRED')
    joined = await join(groupId, { version, memberId: joined.memberId });
  const { memberId, generationId } = joined;
  const assignments = [{ memberId, assignment: Buffer.from('all') }];
  const synced = await client.call('SyncGroup', 3, {
    groupId,
    generationId,
    memberId,
    groupInstanceId: null,
    assignments,
  });
  expect(synced).toMatchObject({ errorCode: 0 });
  return { groupId, memberId, generationId };
}

const partition = (partitionIndex: number, committedOffset: number, committedMetadata: string | null = null) => ({
  partitionIndex,
  committedOffset,
  committedLeaderEpoch: -1,
  committedMetadata,
});

async function commit(
  groupId: string,
  version = 9,
  topics: object[] = [{ name: 'orders', topicId: ZERO_UUID, partitions: [partition(0, 5)] }],
  who = {},
) {
  const { topics: answers } = await client.call('OffsetCommit', version, {
    groupId,
    generationIdOrMemberEpoch: -1,
    memberId: '',
    topics: topics as never,
    ...who,
  });
  return answers.flatMap((topic) =>
    topic.partitions.map(({ partitionIndex, errorCode }) => `${partitionIndex} ${errorName(errorCode)}`),
  );
}

describe('FindCoordinator', () => {
  it.each(versionsOf('FindCoordinator'))('names this broker for a group, v%i', async (version) => {
    const { port } = broker.endpoint;
    if (version < 4) {
      const found = await client.call('FindCoordinator', version, { key: 'g', ...(version >= 1 && { keyType: 0 }) });
      expect(found).toMatchObject({ errorCode: 0, nodeId: broker.broker.nodeId, port });
      if (version >= 1) expect(found.errorMessage).toBe('NONE');
    } else {
      const { coordinators } = await client.call('FindCoordinator', version, {
        keyType: 0,
        coordinatorKeys: ['g', 'h'],
      });
      expect(coordinators).toMatchObject([
        { key: 'g', errorCode: 0, nodeId: broker.broker.nodeId, port, errorMessage: '' },
        { key: 'h', errorCode: 0, nodeId: broker.broker.nodeId, port },
      ]);
    }
  });

  it('made the offsets topic, compacted, with fifty partitions', async () => {
    const { topics } = await client.call('Metadata', 12, {
      topics: [{ topicId: ZERO_UUID, name: '__consumer_offsets' }],
      allowAutoTopicCreation: false,
      includeTopicAuthorizedOperations: false,
    });
    expect(topics[0]).toMatchObject({ errorCode: 0, isInternal: true });
    expect(topics[0]!.partitions).toHaveLength(50);
    const { results } = await client.call('DescribeConfigs', 4, {
      resources: [
        { resourceType: 2, resourceName: '__consumer_offsets', configurationKeys: ['cleanup.policy', 'segment.bytes'] },
      ],
      includeSynonyms: false,
      includeDocumentation: false,
    });
    expect(results[0]!.configs.map(({ name, value }) => `${name}=${value}`).sort()).toEqual([
      'cleanup.policy=compact',
      'segment.bytes=104857600',
    ]);
  });

  it.each([
    ['transactions are not coordinated here', 4, 1, 't', 'COORDINATOR_NOT_AVAILABLE'],
    ['share groups are asked for with v6', 5, 2, 'g:AAAAAAAAAAAAAAAAAAAAAQ:0', 'INVALID_REQUEST'],
    ['a share key has a form', 6, 2, 'g', 'INVALID_REQUEST'],
    ['share groups are not coordinated here', 6, 2, 'g:AAAAAAAAAAAAAAAAAAAAAQ:0', 'COORDINATOR_NOT_AVAILABLE'],
    ['a kind nobody knows', 4, 9, 'x', 'INVALID_REQUEST'],
  ])('%s', async (_, version, keyType, key, expected) => {
    const { coordinators } = await client.call('FindCoordinator', version, { keyType, coordinatorKeys: [key] });
    expect(errorName(coordinators[0]!.errorCode)).toBe(expected);
    expect(coordinators[0]).toMatchObject({ nodeId: -1, host: '', port: -1 });
  });
});

describe('membership', () => {
  it.each(versionsOf('JoinGroup'))('a lone member, JoinGroup v%i: in one step or two', async (version) => {
    const groupId = fresh('lone');
    const first = await join(groupId, { version });
    if (version >= 4) {
      expect(errorName(first.errorCode)).toBe('MEMBER_ID_REQUIRED');
      expect(first.memberId).toMatch(/^raw-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(first.protocolName).toBe(version >= 7 ? null : '');
    }
    const joined = version >= 4 ? await join(groupId, { version, memberId: first.memberId }) : first;
    expect(joined).toMatchObject({
      errorCode: 0,
      generationId: 1,
      protocolName: 'range',
      leader: joined.memberId,
      skipAssignment: false,
    });
    expect(joined.protocolType).toBe(version >= 7 ? 'consumer' : null);
    expect(joined.members).toMatchObject([
      { memberId: joined.memberId, groupInstanceId: null, metadata: subscription('range', ['orders']).metadata },
    ]);
  });

  it.each(versionsOf('SyncGroup'))('SyncGroup v%i', async (version) => {
    const groupId = fresh('sync');
    const { memberId, generationId } = await join(groupId, { version: 3 });
    const ask = { groupId, generationId, memberId, assignments: [{ memberId, assignment: Buffer.from('mine') }] };
    const protocol = version >= 5 ? { protocolType: 'consumer', protocolName: 'range' } : {};
    const synced = await client.call('SyncGroup', version, { ...ask, ...protocol });
    expect(synced).toMatchObject({ errorCode: 0, assignment: Buffer.from('mine') });
    expect([synced.protocolType, synced.protocolName]).toEqual(version >= 5 ? ['consumer', 'range'] : [null, null]);
    if (version >= 5) {
      const { errorCode } = await client.call('SyncGroup', version, {
        ...ask,
        protocolType: null,
        protocolName: 'range',
      });
      expect(errorName(errorCode)).toBe('INCONSISTENT_GROUP_PROTOCOL');
    }
  });

  it.each(versionsOf('Heartbeat'))('Heartbeat v%i', async (version) => {
    const { groupId, memberId, generationId } = await member(fresh('beat'));
    expect(await client.call('Heartbeat', version, { groupId, generationId, memberId })).toMatchObject({
      errorCode: 0,
    });
    const late = await client.call('Heartbeat', version, { groupId, generationId: 7, memberId });
    expect(errorName(late.errorCode)).toBe('ILLEGAL_GENERATION');
  });

  it.each(versionsOf('LeaveGroup'))('LeaveGroup v%i', async (version) => {
    const { groupId, memberId } = await member(fresh('leave'));
    const leave = (id: string) =>
      client.call(
        'LeaveGroup',
        version,
        version >= 3 ? { groupId, members: [{ memberId: id }] } : { groupId, memberId: id },
      );
    const stranger = await leave('stranger');
    const gone = await leave(memberId);
    if (version >= 3) {
      expect(stranger).toMatchObject({ errorCode: 0, members: [{ memberId: 'stranger' }] });
      expect(errorName(stranger.members[0]!.errorCode)).toBe('UNKNOWN_MEMBER_ID');
      expect(gone).toMatchObject({ errorCode: 0, members: [{ memberId, groupInstanceId: null, errorCode: 0 }] });
    } else {
      expect(errorName(stranger.errorCode)).toBe('UNKNOWN_MEMBER_ID');
      expect(gone.errorCode).toBe(0);
    }
  });

  it('two members share a group, and one takes over when the other leaves', async () => {
    const groupId = fresh('pair');
    const a = await member(groupId);
    const other = await broker.connect();
    const { memberId: b } = await join(groupId, { via: other });
    const joining = join(groupId, { via: other, memberId: b });
    await expect
      .poll(async () => errorName((await client.call('Heartbeat', 4, a)).errorCode))
      .toBe('REBALANCE_IN_PROGRESS');
    const leader = await join(groupId, { memberId: a.memberId });
    const follower = await joining;
    expect(leader).toMatchObject({ generationId: 2, leader: a.memberId });
    expect(leader.members.map(({ memberId }) => memberId)).toEqual([a.memberId, b]);
    expect(follower).toMatchObject({ generationId: 2, leader: a.memberId, memberId: b, members: [] });
    const parked = other.call('SyncGroup', 3, {
      groupId,
      generationId: 2,
      memberId: b,
      groupInstanceId: null,
      assignments: [],
    });
    const assignments = [
      { memberId: a.memberId, assignment: Buffer.from('0') },
      { memberId: b, assignment: Buffer.from('1,2') },
    ];
    await client.call('SyncGroup', 3, {
      groupId,
      generationId: 2,
      memberId: a.memberId,
      groupInstanceId: null,
      assignments,
    });
    expect((await parked).assignment.toString()).toBe('1,2');
    await other.call('LeaveGroup', 5, { groupId, members: [{ memberId: b, reason: 'done' }] });
    expect(await join(groupId, { memberId: a.memberId })).toMatchObject({ errorCode: 0, generationId: 3 });
    const finished = broker.events.filter(
      ({ name, fields }) => name === 'group.rebalanceFinished' && fields.group === groupId,
    );
    expect(finished.map(({ fields }) => fields.outcome)).toEqual(['stable', 'stable']);
    expect(finished[1]!.fields.causes).toEqual([
      expect.stringMatching(new RegExp(`^memberJoined ${b} at /127.0.0.1 \\(test\\)$`)),
    ]);
  });

  it.each([
    ['a group without a name', { groupId: '' }, 'INVALID_GROUP_ID'],
    ['a session too short', { sessionTimeoutMs: 5_999 }, 'INVALID_SESSION_TIMEOUT'],
    ['a session too long', { sessionTimeoutMs: 1_800_001 }, 'INVALID_SESSION_TIMEOUT'],
    ['no protocol type', { protocolType: '' }, 'INCONSISTENT_GROUP_PROTOCOL'],
    ['a member of a group that is not there', { memberId: 'who' }, 'UNKNOWN_MEMBER_ID'],
  ])('JoinGroup refuses %s', async (_, wish: JoinWish & { groupId?: string }, expected) => {
    const { errorCode, generationId, memberId } = await join(wish.groupId ?? fresh('refused'), wish);
    expect(errorName(errorCode)).toBe(expected);
    expect([generationId, memberId]).toEqual([-1, wish.memberId ?? '']);
  });

  it('a group without a name is refused by all who manage members', async () => {
    const nameless = { groupId: '', generationId: 1, memberId: 'm' };
    const answers = [
      await client.call('SyncGroup', 3, { ...nameless, assignments: [] }),
      await client.call('Heartbeat', 3, nameless),
      await client.call('LeaveGroup', 3, { groupId: '', members: [{ memberId: 'm' }] }),
      await client.call('OffsetDelete', 0, { groupId: '', topics: [] }),
    ];
    expect(answers.map(({ errorCode }) => errorName(errorCode))).toEqual(Array(4).fill('INVALID_GROUP_ID'));
    // Offsets may be kept under no name: old clients did.
    expect(await commit('')).toEqual(['0 NONE']);
  });
});

describe('offsets', () => {
  it.each(versionsOf('OffsetCommit'))('OffsetCommit v%i, by hand and by a member', async (version) => {
    const groupId = fresh('commit');
    const topics = [
      { name: 'orders', topicId, partitions: [partition(0, 7, 'note'), partition(1, 8), partition(9, 1)] },
    ];
    expect(await commit(groupId, version, topics)).toEqual(['0 NONE', '1 NONE', '9 UNKNOWN_TOPIC_OR_PARTITION']);
    const { groupId: of, memberId, generationId } = await member(fresh('commit'));
    expect(await commit(of, version, topics, { memberId, generationIdOrMemberEpoch: generationId })).toEqual([
      '0 NONE',
      '1 NONE',
      '9 UNKNOWN_TOPIC_OR_PARTITION',
    ]);
    expect(await commit(of, version, topics)).toEqual([
      '0 UNKNOWN_MEMBER_ID',
      '1 UNKNOWN_MEMBER_ID',
      '9 UNKNOWN_TOPIC_OR_PARTITION',
    ]);
    const ghost = await commit(fresh('ghost'), version, topics, { generationIdOrMemberEpoch: 1, memberId: 'm' });
    expect(ghost[0]).toBe(version >= 9 ? '0 GROUP_ID_NOT_FOUND' : '0 ILLEGAL_GENERATION');
  });

  it('OffsetCommit of topics that are not there', async () => {
    const unknown = [{ name: 'nothing', topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', partitions: [partition(0, 1)] }];
    expect(await commit(fresh('g'), 9, unknown)).toEqual(['0 UNKNOWN_TOPIC_OR_PARTITION']);
    expect(await commit(fresh('g'), 10, unknown)).toEqual(['0 UNKNOWN_TOPIC_ID']);
  });

  it('OffsetCommit of too much metadata', async () => {
    const topics = [
      { name: 'orders', topicId, partitions: [partition(0, 1, 'x'.repeat(4_097)), partition(1, 1, 'x'.repeat(4_096))] },
    ];
    expect(await commit(fresh('g'), 9, topics)).toEqual(['0 OFFSET_METADATA_TOO_LARGE', '1 NONE']);
  });

  it.each(versionsOf('OffsetFetch'))('OffsetFetch v%i', async (version) => {
    const groupId = fresh('fetch');
    await commit(groupId, 9, [{ name: 'orders', topicId, partitions: [partition(0, 7, 'note'), partition(2, 9)] }]);
    const wish = (indexes: number[] | null) => {
      const topics = indexes && [{ name: 'orders', topicId, partitionIndexes: indexes }];
      if (version < 8)
        return { groupId, topics: topics?.map(({ name, partitionIndexes }) => ({ name, partitionIndexes })) ?? null };
      return {
        groups: [
          { groupId, topics },
          { groupId: 'nobody', topics },
        ],
      };
    };
    const read = async (indexes: number[] | null) => {
      const answer = await client.call('OffsetFetch', version, wish(indexes) as never);
      const topics = version < 8 ? answer.topics : answer.groups[0]!.topics;
      if (version >= 8) expect(answer.groups.map(({ groupId: of }) => of)).toEqual([groupId, 'nobody']);
      return topics.flatMap((topic) =>
        topic.partitions.map(
          (at) => `${at.partitionIndex}=${at.committedOffset} ${at.metadata} ${errorName(at.errorCode)}`,
        ),
      );
    };
    expect(await read([0, 1])).toEqual(['0=7 note NONE', '1=-1  NONE']);
    if (version >= 2) expect(await read(null)).toEqual(['0=7 note NONE', '2=9  NONE']);
  });

  it('OffsetFetch v10 of a topic id nobody knows', async () => {
    const { groups } = await client.call('OffsetFetch', 10, {
      groups: [{ groupId: fresh('g'), topics: [{ topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', partitionIndexes: [4] }] }],
    });
    expect(groups[0]!.errorCode).toBe(0);
    expect(groups[0]!.topics[0]!.partitions.map(({ errorCode }) => errorName(errorCode))).toEqual(['UNKNOWN_TOPIC_ID']);
  });

  it('OffsetDelete: unknown partitions, topics that are read, and the rest', async () => {
    const { groupId, memberId, generationId } = await member(fresh('delete'));
    await createTopic(client, `${groupId}-other`);
    const topics = ['orders', `${groupId}-other`].map((name) => ({
      name,
      topicId: ZERO_UUID,
      partitions: [partition(0, 1)],
    }));
    await commit(groupId, 9, topics, { memberId, generationIdOrMemberEpoch: generationId });
    const answer = await client.call('OffsetDelete', 0, {
      groupId,
      topics: [
        { name: 'orders', partitions: [{ partitionIndex: 0 }, { partitionIndex: 9 }] },
        { name: `${groupId}-other`, partitions: [{ partitionIndex: 0 }] },
        { name: 'nothing', partitions: [{ partitionIndex: 0 }] },
      ],
    });
    expect(answer.errorCode).toBe(0);
    expect(answer.topics.map((topic) => topic.partitions.map(({ errorCode }) => errorName(errorCode)))).toEqual([
      ['GROUP_SUBSCRIBED_TO_TOPIC', 'UNKNOWN_TOPIC_OR_PARTITION'],
      ['NONE'],
      ['UNKNOWN_TOPIC_OR_PARTITION'],
    ]);
    const { errorCode } = await client.call('OffsetDelete', 0, { groupId: fresh('ghost'), topics: [] });
    expect(errorName(errorCode)).toBe('GROUP_ID_NOT_FOUND');
  });

  it('go with their topic, and do not come back with its name', async () => {
    const name = fresh('doomed');
    const id = await createTopic(client, name);
    const groupId = fresh('g');
    await commit(groupId, 9, [
      { name, topicId: id, partitions: [partition(0, 3)] },
      { name: 'orders', topicId, partitions: [partition(0, 4)] },
    ]);
    await client.call('DeleteTopics', 6, { topics: [{ name, topicId: ZERO_UUID }], timeoutMs: 5_000 });
    await createTopic(client, name);
    const answer = await client.call('OffsetFetch', 7, { groupId, topics: null, requireStable: true });
    expect(answer.topics.map((topic) => topic.name)).toEqual(['orders']);
  });
});

describe('what operators ask', () => {
  it.each(versionsOf('DescribeGroups'))('DescribeGroups v%i', async (version) => {
    const { groupId, memberId } = await member(fresh('described'));
    const { groups } = await client.call('DescribeGroups', version, {
      groups: [groupId, 'nobody'],
      ...(version >= 3 && { includeAuthorizedOperations: true }),
    });
    expect(groups[0]).toMatchObject({
      errorCode: 0,
      groupId,
      groupState: 'Stable',
      protocolType: 'consumer',
      protocolData: 'range',
      members: [
        {
          memberId,
          clientId: 'raw',
          clientHost: '/127.0.0.1',
          memberAssignment: Buffer.from('all'),
          memberMetadata: subscription('range', ['orders']).metadata,
        },
      ],
      authorizedOperations: version >= 3 ? 3_400 : -2_147_483_648,
    });
    expect(groups[1]).toMatchObject({ groupId: 'nobody', groupState: 'Dead', members: [] });
    expect(errorName(groups[1]!.errorCode)).toBe(version >= 6 ? 'GROUP_ID_NOT_FOUND' : 'NONE');
    expect(groups[1]!.errorMessage).toBe(version >= 6 ? 'Group nobody not found.' : null);
  });

  it.each(versionsOf('ListGroups'))('ListGroups v%i', async (version) => {
    const stable = (await member(fresh('listed'))).groupId;
    const simple = fresh('listed');
    await commit(simple);
    const list = async (filters: { statesFilter?: string[]; typesFilter?: string[] } = {}) => {
      const { groups } = await client.call('ListGroups', version, filters);
      return groups
        .filter(({ groupId }) => [stable, simple].includes(groupId))
        .map((group) => `${group.groupId} ${group.protocolType} ${group.groupState} ${group.groupType}`)
        .sort();
    };
    const type = version >= 5 ? 'classic' : '';
    const of = (groupId: string, protocolType: string, state: string) =>
      `${groupId} ${protocolType} ${version >= 4 ? state : ''} ${type}`;
    const all = [of(stable, 'consumer', 'Stable'), of(simple, '', 'Empty')].sort();
    expect(await list()).toEqual(all);
    if (version >= 4) {
      expect(await list({ statesFilter: ['stable', 'Dead'] })).toEqual([of(stable, 'consumer', 'Stable')]);
      expect(await list({ statesFilter: ['nonsense'] })).toEqual([]);
    }
    if (version >= 5) {
      expect(await list({ typesFilter: ['Classic'] })).toEqual(all);
      expect(await list({ typesFilter: ['consumer'] })).toEqual([]);
    }
  });

  it.each(versionsOf('DeleteGroups'))('DeleteGroups v%i', async (version) => {
    const busy = (await member(fresh('busy'))).groupId;
    const idle = fresh('idle');
    await commit(idle);
    const { results } = await client.call('DeleteGroups', version, { groupsNames: [busy, idle, 'nobody', idle] });
    expect(Object.fromEntries(results.map(({ groupId, errorCode }) => [groupId, errorName(errorCode)]))).toEqual({
      [busy]: 'NON_EMPTY_GROUP',
      [idle]: 'NONE',
      nobody: 'GROUP_ID_NOT_FOUND',
    });
    expect(results).toHaveLength(3);
  });
});

describe('a restart', () => {
  it('keeps offsets, members and generations; what began and was not assigned is forgotten', async () => {
    const own = await TestBroker.start();
    try {
      const before = client;
      client = await own.connect();
      await createTopic(client, 'orders', { partitions: 3 });
      await client.call('FindCoordinator', 2, { key: 'g', keyType: 0 });
      const at = await member('g');
      await commit('g', 9, undefined, { memberId: at.memberId, generationIdOrMemberEpoch: at.generationId });
      await own.restart();
      client = await own.connect();
      await expect
        .poll(async () => errorName((await client.call('OffsetFetch', 5, { groupId: 'g', topics: null })).errorCode))
        .toBe('NONE');
      const { topics } = await client.call('OffsetFetch', 5, { groupId: 'g', topics: null });
      expect(topics[0]).toMatchObject({ name: 'orders', partitions: [{ partitionIndex: 0, committedOffset: 5 }] });
      expect(await client.call('Heartbeat', 4, at)).toMatchObject({ errorCode: 0 });
      const { groups } = await client.call('DescribeGroups', 5, { groups: ['g'] });
      expect(groups[0]).toMatchObject({
        groupState: 'Stable',
        members: [{ memberId: at.memberId, memberAssignment: Buffer.from('all') }],
      });
      client = before;
    } finally {
      await own.stop();
    }
  });

  it('reads back what was stored compressed', async () => {
    const own = await TestBroker.start({ 'offsets.topic.compression.codec': '1' });
    const before = client;
    try {
      client = await own.connect();
      await createTopic(client, 'orders', { partitions: 3 });
      await client.call('FindCoordinator', 2, { key: 'g', keyType: 0 });
      expect(await commit('g')).toEqual(['0 NONE']);
      await own.restart();
      client = await own.connect();
      const read = async () => (await client.call('OffsetFetch', 5, { groupId: 'g', topics: null })).topics;
      await expect.poll(read).toMatchObject([{ name: 'orders', partitions: [{ committedOffset: 5 }] }]);
    } finally {
      client = before;
      await own.stop();
    }
  });

  it('answers whoever is parked when the broker stops', async () => {
    const own = await TestBroker.start({ 'group.initial.rebalance.delay.ms': '60000' });
    const parked = await own.connect();
    await parked.call('FindCoordinator', 2, { key: 'g', keyType: 0 });
    const joining = join('g', { version: 3, via: parked });
    await expect.poll(() => own.broker.metrics.groupMembersParked.read()).toBe(1);
    const [{ errorCode }] = await Promise.all([joining, own.broker.stop('test')]);
    expect(errorName(errorCode)).toBe('NOT_COORDINATOR');
    await own.stop();
  });
});
