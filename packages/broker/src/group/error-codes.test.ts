// Which error in which phase: the codes that clients act upon. Each table is what Kafka 4.x answers.
import { describe, expect, it } from 'vitest';
import type { GroupAnswer, GroupCommand } from './commands.ts';
import { type Arranged, arrange, type PhaseName } from './test/groups.ts';
import { joinCommand, settle, subscription } from './test/harness.ts';

const PHASES: readonly PhaseName[] = ['none', 'Empty', 'PreparingRebalance', 'CompletingRebalance', 'Stable'];

type Expected = readonly [none: string, empty: string, preparing: string, completing: string, stable: string];

function table(
  name: string,
  rows: readonly (readonly [what: string, ask: (at: Arranged) => GroupCommand, expected: Expected])[],
  instanceId: string | null = null,
) {
  describe(name, () => {
    for (const [what, ask, expected] of rows) {
      PHASES.forEach((phase, index) => {
        it(`${what}, ${phase}: ${expected[index]}`, async () => {
          const arranged = await arrange(phase, instanceId);
          expect(await answerOf(arranged, ask(arranged))).toBe(expected[index]);
        });
      });
    }
  });
}

async function answerOf({ harness }: Arranged, command: GroupCommand): Promise<string> {
  let text = 'parked';
  void (harness.submit(command) as Promise<GroupAnswer | { kind: 'refused'; error: string }>).then((answer) => {
    text = errorOf(answer);
  });
  await settle();
  return text;
}

function errorOf(answer: GroupAnswer | { kind: 'refused'; error: string }): string {
  switch (answer.kind) {
    case 'leave':
      return answer.members.map((member) => member.error).join();
    case 'deleteGroups':
      return answer.groups.map((group) => group.error).join();
    case 'commit':
    case 'deleteOffsets':
      return answer.error === 'NONE'
        ? answer.topics.flatMap((topic) => topic.partitions.map((partition) => partition.error)).join()
        : answer.error;
    case 'fetchOffsets':
      return answer.topics
        .flatMap((topic) => topic.partitions.map((partition) => `${partition.offset} ${partition.error}`))
        .join();
    case 'describe':
    case 'list':
    case 'done':
      return answer.kind;
    default:
      return answer.error;
  }
}

const heartbeat = (memberId: string, generation: number, instanceId: string | null = null): GroupCommand => ({
  kind: 'heartbeat',
  groupId: 'g',
  memberId,
  instanceId,
  generation,
});

table('Heartbeat', [
  [
    'a member',
    (at) => heartbeat(at.memberId, at.generation),
    ['UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS', 'NONE', 'NONE'],
  ],
  [
    'a member of an old generation',
    (at) => heartbeat(at.memberId, at.generation - 1),
    ['UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'ILLEGAL_GENERATION', 'ILLEGAL_GENERATION'],
  ],
  [
    'a stranger',
    (at) => heartbeat('x', at.generation),
    ['UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID'],
  ],
]);

table(
  'Heartbeat of a static member',
  [
    [
      'with its own id',
      (at) => heartbeat(at.memberId, at.generation, 'i'),
      ['UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS', 'NONE', 'NONE'],
    ],
    [
      'with another id',
      (at) => heartbeat('x', at.generation, 'i'),
      ['UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID', 'FENCED_INSTANCE_ID', 'FENCED_INSTANCE_ID'],
    ],
    [
      'of an instance nobody knows',
      (at) => heartbeat(at.memberId, at.generation, 'j'),
      ['UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID'],
    ],
  ],
  'i',
);

const sync = (
  memberId: string,
  generation: number,
  protocol: string | null = null,
  protocolType: string | null = null,
): GroupCommand => ({
  kind: 'sync',
  groupId: 'g',
  memberId,
  instanceId: null,
  generation,
  protocolType,
  protocol,
  assignments: [],
});

table('SyncGroup', [
  [
    'a member',
    (at) => sync(at.memberId, at.generation),
    ['UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS', 'NONE', 'NONE'],
  ],
  [
    'of another generation',
    (at) => sync(at.memberId, at.generation + 1),
    ['UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'ILLEGAL_GENERATION', 'ILLEGAL_GENERATION'],
  ],
  [
    'with another protocol',
    (at) => sync(at.memberId, at.generation, 'sticky'),
    [
      'UNKNOWN_MEMBER_ID',
      'UNKNOWN_MEMBER_ID',
      'REBALANCE_IN_PROGRESS',
      'INCONSISTENT_GROUP_PROTOCOL',
      'INCONSISTENT_GROUP_PROTOCOL',
    ],
  ],
  [
    'with another protocol type',
    (at) => sync(at.memberId, at.generation, 'range', 'connect'),
    [
      'UNKNOWN_MEMBER_ID',
      'UNKNOWN_MEMBER_ID',
      'REBALANCE_IN_PROGRESS',
      'INCONSISTENT_GROUP_PROTOCOL',
      'INCONSISTENT_GROUP_PROTOCOL',
    ],
  ],
]);

const join = (of: Partial<Parameters<typeof joinCommand>[1]>): GroupCommand =>
  joinCommand('g', { newMemberId: 'n-9', ...of });

table('JoinGroup', [
  [
    'a new member, v4+',
    () => join({ needsKnownMemberId: true }),
    ['MEMBER_ID_REQUIRED', 'MEMBER_ID_REQUIRED', 'MEMBER_ID_REQUIRED', 'MEMBER_ID_REQUIRED', 'MEMBER_ID_REQUIRED'],
  ],
  ['a new member, before v4', () => join({}), ['parked', 'parked', 'parked', 'parked', 'parked']],
  [
    'a new static member',
    () => join({ instanceId: 'j', needsKnownMemberId: true }),
    ['parked', 'parked', 'parked', 'parked', 'parked'],
  ],
  [
    'an id nobody knows',
    () => join({ memberId: 'x' }),
    ['UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID'],
  ],
  // The leader, unchanged: in a stable group that calls everybody back, and it is alone.
  [
    'a member',
    (at) => join({ memberId: at.memberId }),
    ['UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'NONE', 'NONE', 'NONE'],
  ],
  [
    'a member with an instance it does not hold',
    (at) => join({ memberId: at.memberId, instanceId: 'j' }),
    ['UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID'],
  ],
  [
    'another protocol type',
    () => join({ protocolType: 'connect' }),
    ['parked', 'parked', 'INCONSISTENT_GROUP_PROTOCOL', 'INCONSISTENT_GROUP_PROTOCOL', 'INCONSISTENT_GROUP_PROTOCOL'],
  ],
  [
    'no protocol in common',
    () => join({ protocols: [subscription('sticky', [])] }),
    ['parked', 'parked', 'INCONSISTENT_GROUP_PROTOCOL', 'INCONSISTENT_GROUP_PROTOCOL', 'INCONSISTENT_GROUP_PROTOCOL'],
  ],
  [
    'no protocol at all',
    () => join({ protocols: [] }),
    [
      'INCONSISTENT_GROUP_PROTOCOL',
      'INCONSISTENT_GROUP_PROTOCOL',
      'INCONSISTENT_GROUP_PROTOCOL',
      'INCONSISTENT_GROUP_PROTOCOL',
      'INCONSISTENT_GROUP_PROTOCOL',
    ],
  ],
  [
    'no protocol type',
    () => join({ protocolType: '' }),
    [
      'INCONSISTENT_GROUP_PROTOCOL',
      'INCONSISTENT_GROUP_PROTOCOL',
      'INCONSISTENT_GROUP_PROTOCOL',
      'INCONSISTENT_GROUP_PROTOCOL',
      'INCONSISTENT_GROUP_PROTOCOL',
    ],
  ],
  [
    'more protocols than are believed',
    () => join({ protocols: Array.from({ length: 257 }, (_, i) => subscription(`p${i}`, [])) }),
    [
      'INCONSISTENT_GROUP_PROTOCOL',
      'INCONSISTENT_GROUP_PROTOCOL',
      'INCONSISTENT_GROUP_PROTOCOL',
      'INCONSISTENT_GROUP_PROTOCOL',
      'INCONSISTENT_GROUP_PROTOCOL',
    ],
  ],
]);

const leave = (memberId: string, instanceId: string | null = null): GroupCommand => ({
  kind: 'leave',
  groupId: 'g',
  members: [{ memberId, instanceId, reason: null }],
});

table(
  'LeaveGroup',
  [
    ['a member', (at) => leave(at.memberId), ['UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'NONE', 'NONE', 'NONE']],
    [
      'a stranger',
      () => leave('x'),
      ['UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID'],
    ],
    ['by instance', () => leave('', 'i'), ['UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'NONE', 'NONE', 'NONE']],
    [
      'by instance and another member id',
      () => leave('x', 'i'),
      ['UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID', 'FENCED_INSTANCE_ID', 'FENCED_INSTANCE_ID'],
    ],
    [
      'nobody',
      () => leave('', null),
      ['UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID'],
    ],
  ],
  'i',
);

const commit = (
  memberId: string,
  generation: number,
  of: { instanceId?: string; metadata?: string; old?: boolean } = {},
): GroupCommand => ({
  kind: 'commit',
  groupId: 'g',
  memberId,
  generation,
  instanceId: of.instanceId ?? null,
  retentionMs: undefined,
  missingGroupError: of.old ? 'ILLEGAL_GENERATION' : 'GROUP_ID_NOT_FOUND',
  topics: [
    {
      name: 't1',
      topicId: 'AAAAAAAAAAAAAAAAAAAAAQ',
      partitions: [{ partition: 0, offset: 1, leaderEpoch: -1, metadata: of.metadata ?? '' }],
    },
  ],
});

table('OffsetCommit', [
  [
    'a member',
    (at) => commit(at.memberId, at.generation),
    ['NONE', 'UNKNOWN_MEMBER_ID', 'NONE', 'REBALANCE_IN_PROGRESS', 'NONE'],
  ],
  [
    'of an old generation',
    (at) => commit(at.memberId, Math.max(at.generation - 1, 0)),
    ['GROUP_ID_NOT_FOUND', 'UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'ILLEGAL_GENERATION', 'ILLEGAL_GENERATION'],
  ],
  [
    'of an old generation, before v9',
    (at) => commit(at.memberId, Math.max(at.generation - 1, 0), { old: true }),
    ['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'ILLEGAL_GENERATION', 'ILLEGAL_GENERATION'],
  ],
  [
    'without generation and member',
    () => commit('', -1),
    ['NONE', 'NONE', 'UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID'],
  ],
  [
    'a stranger without generation',
    () => commit('x', -1),
    ['NONE', 'NONE', 'UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID'],
  ],
  [
    'metadata at the limit',
    (at) => commit(at.memberId, at.generation, { metadata: 'x'.repeat(4_096) }),
    ['NONE', 'UNKNOWN_MEMBER_ID', 'NONE', 'REBALANCE_IN_PROGRESS', 'NONE'],
  ],
  [
    'metadata past the limit',
    (at) => commit(at.memberId, at.generation, { metadata: 'x'.repeat(4_097) }),
    [
      'OFFSET_METADATA_TOO_LARGE',
      'UNKNOWN_MEMBER_ID',
      'OFFSET_METADATA_TOO_LARGE',
      'REBALANCE_IN_PROGRESS',
      'OFFSET_METADATA_TOO_LARGE',
    ],
  ],
]);

table('the rest', [
  [
    'OffsetFetch',
    () => ({
      kind: 'fetchOffsets',
      groupId: 'g',
      requireStable: true,
      topics: [{ name: 't1', topicId: 'AAAAAAAAAAAAAAAAAAAAAA', partitions: [0] }],
    }),
    ['-1 NONE', '-1 NONE', '-1 NONE', '-1 NONE', '-1 NONE'],
  ],
  [
    'OffsetDelete of a topic that is read',
    () => ({ kind: 'deleteOffsets', groupId: 'g', topics: [{ name: 't1', partitions: [0] }] }),
    [
      'GROUP_ID_NOT_FOUND',
      'NONE',
      'GROUP_SUBSCRIBED_TO_TOPIC',
      'GROUP_SUBSCRIBED_TO_TOPIC',
      'GROUP_SUBSCRIBED_TO_TOPIC',
    ],
  ],
  [
    'OffsetDelete of another topic',
    () => ({ kind: 'deleteOffsets', groupId: 'g', topics: [{ name: 't9', partitions: [0] }] }),
    ['GROUP_ID_NOT_FOUND', 'NONE', 'NONE', 'NONE', 'NONE'],
  ],
  [
    'DeleteGroups',
    () => ({ kind: 'deleteGroups', groupIds: ['g'] }),
    ['GROUP_ID_NOT_FOUND', 'NONE', 'NON_EMPTY_GROUP', 'NON_EMPTY_GROUP', 'NON_EMPTY_GROUP'],
  ],
]);
