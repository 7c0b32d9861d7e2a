// The expected tables were printed by Kafka 4.3's own tool.
import { expect, test } from 'vitest';
import { parseResetPlan, resetPlanCsv } from './reset-plan.ts';
import {
  assignmentText,
  deletionsTable,
  listingTable,
  type MemberRow,
  membersTable,
  newOffsetsTable,
  type OffsetRow,
  offsetsTable,
  type StateRow,
  stateTable,
} from './tables.ts';
import { parseTopicArguments } from './topic-arguments.ts';

const ID = 'console-consumer-64c0177b-efff-44df-b24d-540a048ac334';
const offsetRow: OffsetRow = {
  group: 'g1',
  topic: 't3',
  partition: 0,
  leaderEpoch: 0,
  currentOffset: 1,
  logEndOffset: 1,
  consumerId: ID,
  host: '/127.0.0.1',
  clientId: 'console-consumer',
};
const memberRow: MemberRow = {
  group: 'g1',
  consumerId: ID,
  groupInstanceId: undefined,
  host: '/127.0.0.1',
  clientId: 'console-consumer',
  assignment: [2, 0, 1].map((partition) => ({ topic: 't3', partition })),
  targetAssignment: [],
  currentEpoch: undefined,
  targetEpoch: undefined,
  upgraded: undefined,
};
const stateRow: StateRow = {
  group: 'g1',
  coordinator: { id: 1, host: 'localhost', port: 29192 },
  assignor: 'range',
  state: 'Stable',
  groupEpoch: undefined,
  targetAssignmentEpoch: undefined,
  members: 1,
};

test('offsets', () => {
  const idle = { ...offsetRow, group: 'vg', topic: 'vv', currentOffset: 2, logEndOffset: 2 };
  expect(offsetsTable([offsetRow], false)).toBe(
    `
GROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG             CONSUMER-ID                                           HOST            CLIENT-ID
g1              t3              0          1               1               0               ${ID} /127.0.0.1      console-consumer
`,
  );
  expect(offsetsTable([{ ...idle, consumerId: undefined, host: undefined, clientId: undefined }], false)).toBe(
    `
GROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG             CONSUMER-ID     HOST            CLIENT-ID
vg              vv              0          2               2               0               -               -               -
`,
  );
  expect(offsetsTable([{ ...offsetRow, currentOffset: undefined, leaderEpoch: undefined }], true)).toBe(
    `
GROUP           TOPIC           PARTITION  LEADER-EPOCH    CURRENT-OFFSET  LOG-END-OFFSET  LAG             CONSUMER-ID                                           HOST            CLIENT-ID
g1              t3              0          -               -               1               -               ${ID} /127.0.0.1      console-consumer
`,
  );
});

test('members', () => {
  expect(membersTable([memberRow], false)).toBe(
    `
GROUP           CONSUMER-ID                                           HOST            CLIENT-ID        #PARTITIONS     
g1              ${ID} /127.0.0.1      console-consumer 3               
`,
  );
  expect(membersTable([memberRow], true)).toBe(
    `
GROUP           CONSUMER-ID                                           HOST            CLIENT-ID        #PARTITIONS     CURRENT-EPOCH   CURRENT-ASSIGNMENT   TARGET-EPOCH    TARGET-ASSIGNMENT   
g1              ${ID} /127.0.0.1      console-consumer 3               -               t3:0,1,2             -               -                   
`,
  );
  expect(membersTable([{ ...memberRow, groupInstanceId: 'a' }], false).split('\n')[1]).toContain(
    ' GROUP-INSTANCE-ID HOST',
  );
  const migrating = [memberRow, memberRow].map((row, i) => ({ ...row, upgraded: i === 0 }));
  expect(membersTable(migrating, true).split('\n')[1]).toMatch(/ UPGRADED$/);
  expect(membersTable([], false)).toBe(
    '\nGROUP           CONSUMER-ID     HOST            CLIENT-ID       #PARTITIONS     \n',
  );
});

test('assignments are sorted by topic and partition number', () => {
  const assignment = [
    { topic: 'b', partition: 10 },
    { topic: 'a', partition: 0 },
    { topic: 'b', partition: 9 },
  ];
  expect(assignmentText(assignment)).toBe('a:0;b:9,10');
  expect(assignmentText([])).toBe('-');
});

test('state', () => {
  expect(stateTable(stateRow, false)).toBe(
    `
GROUP           COORDINATOR (ID)          ASSIGNMENT-STRATEGY  STATE                #MEMBERS
g1              localhost:29192  (1)      range                Stable               1
`,
  );
  expect(stateTable({ ...stateRow, assignor: '' }, true)).toBe(
    `
GROUP           COORDINATOR (ID)          ASSIGNMENT-STRATEGY  STATE                GROUP-EPOCH     TARGET-ASSIGNMENT-EPOCH   #MEMBERS
g1              localhost:29192  (1)      -                    Stable               -               -                         1
`,
  );
});

test('list', () => {
  const groups = [
    { groupId: 'perf-consumer-99035', type: 'Classic', state: 'Empty' },
    { groupId: 'g1', type: 'Classic', state: undefined },
  ];
  expect(listingTable(groups, true, true)).toBe(
    'GROUP                         TYPE                 STATE               \n' +
      'perf-consumer-99035           Classic              Empty               \n' +
      'g1                            Classic              Unknown             \n',
  );
  expect(listingTable([], false, true)).toBe('GROUP                     STATE               \n');
});

test('new offsets and deletions', () => {
  expect(newOffsetsTable(new Map([['vg', [{ topic: 'vv', partition: 0, offset: 0 }]]]))).toBe(
    '\nGROUP           TOPIC           PARTITION  NEW-OFFSET\nvg              vv              0          0\n',
  );
  expect(newOffsetsTable(new Map())).toBe('\n');
  const error = 'org.apache.kafka.common.errors.GroupIdNotFoundException: The group id does not exist.';
  expect(
    deletionsTable([
      { topic: 't3', partition: 1, error },
      { topic: 't3', partition: 0, error: undefined },
      { topic: 'nix', partition: undefined, error: 'no such topic' },
    ]),
  ).toBe(
    `
TOPIC           PARTITION  STATUS         
nix             -          Error: no such topic
t3              0          Successful     
t3              1          Error: ${error}
`,
  );
});

test('a reset plan goes out and comes in again', () => {
  const offsets = [
    { topic: 'vv', partition: 0, offset: 1 },
    { topic: 'a,"b"', partition: 11, offset: 0 },
  ];
  const one = resetPlanCsv(new Map([['vg', offsets]]), true);
  expect(one).toBe('vv,0,1\n"a,""b""",11,0\n');
  expect(parseResetPlan(one, 'vg')).toEqual(new Map([['vg', offsets]]));
  const many = resetPlanCsv(new Map([['vg', offsets]]), false);
  expect(many).toBe('vg,vv,0,1\nvg,"a,""b""",11,0\n');
  expect(parseResetPlan(many, undefined)).toEqual(new Map([['vg', offsets]]));
  expect(() => parseResetPlan('vv,0,1\nvv,x,1\n', 'vg')).toThrow('line 2 is not topic,partition,offset: vv,x,1');
  expect(() => parseResetPlan('vv,0,1', undefined)).toThrow('line 1 is not group,topic,partition,offset');
});

test('topics with and without partitions', () => {
  expect(parseTopicArguments(['a', 'b:0,2'])).toEqual({
    whole: ['a'],
    partitions: [
      { topic: 'b', partition: 0 },
      { topic: 'b', partition: 2 },
    ],
  });
  expect(() => parseTopicArguments(['a:x'])).toThrow("Invalid partition 'x' specified in topic arg 'a:x''");
  for (const wrong of ['a:', 'a:1:2']) {
    expect(() => parseTopicArguments([wrong])).toThrow('expected topic name and partitions');
  }
});
