// The pure parts of kafka-reassign-partitions. That the whole prints what Kafka's own tool prints is shown by the suite
// `course` (packages/conformance), which runs both against one cluster.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { recordingTerminal } from '../../test/recording-terminal.ts';
import { directoryMovesText } from './directory-moves.ts';
import { proposeReplicas } from './propose.ts';
import { reassignPartitions } from './reassign-partitions.ts';
import { parseBrokerList, parsePlan, parsePlanToExecute, parseTopicsToMove, planText } from './reassignment-json.ts';
import { listText } from './state.ts';
import { allMoves, throttledReplicas } from './throttles.ts';

const plain = (...ids: number[]) => ids.map((id) => ({ id, rack: undefined }));

describe('a proposal', () => {
  test('is the one that Kafka makes from the same start (AdminUtils)', () => {
    expect(proposeReplicas(plain(0, 1, 2, 3, 4), 10, 3, 0, 0)).toEqual([
      [0, 1, 2],
      [1, 2, 3],
      [2, 3, 4],
      [3, 4, 0],
      [4, 0, 1],
      [0, 2, 3],
      [1, 3, 4],
      [2, 4, 0],
      [3, 0, 1],
      [4, 1, 2],
    ]);
  });

  test('alternates racks as Kafka does', () => {
    const racks = ['rack1', 'rack3', 'rack3', 'rack2', 'rack2', 'rack1'];
    const brokers = racks.map((rack, id) => ({ id, rack }));
    // The list of brokers is 0, 3, 1, 5, 4, 2: one of each rack in turn.
    expect(proposeReplicas(brokers, 7, 3, 0, 0)).toEqual([
      [0, 3, 1],
      [3, 1, 5],
      [1, 5, 4],
      [5, 4, 2],
      [4, 2, 0],
      [2, 0, 3],
      [0, 4, 2],
    ]);
  });

  test('never names a broker twice and gives every broker its share of leaders', () => {
    void fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 30 }),
        fc.nat(6),
        fc.nat(6),
        fc.boolean(),
        (count, partitions, start, shift, racks) => {
          const brokers = Array.from({ length: count }, (_, id) => ({ id, rack: racks ? `r${id % 3}` : undefined }));
          const factor = Math.min(3, count);
          const proposed = proposeReplicas(brokers, partitions, factor, start % count, shift % count);
          const leaders = new Map<number, number>();
          for (const replicas of proposed) {
            expect(new Set(replicas).size).toBe(factor);
            leaders.set(replicas[0]!, (leaders.get(replicas[0]!) ?? 0) + 1);
            if (racks && count >= 3) expect(new Set(replicas.map((id) => id % 3)).size).toBe(Math.min(3, factor));
          }
          const shares = brokers.map(({ id }) => leaders.get(id) ?? 0);
          expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  test('more replicas than brokers cannot be', () => {
    expect(() => proposeReplicas(plain(1, 2), 1, 3, 0, 0)).toThrow(
      'Replication factor: 3 larger than available brokers: 2.',
    );
  });
});

describe('the file', () => {
  test('is read and written alike', () => {
    const text =
      '{"version":1,"partitions":[{"topic":"a","partition":0,"replicas":[2,1],"log_dirs":["/x","any"]},{"topic":"b","partition":7,"replicas":[3],"log_dirs":["any"]}]}';
    const { assignments, placements } = parsePlan(text);
    expect(placements).toEqual([{ topic: 'a', partition: 0, brokerId: 2, path: '/x' }]);
    expect(planText(assignments, (_, id) => (id === 2 ? '/x' : undefined))).toBe(text);
  });

  test.each([
    ['{', 'The input string is not a valid JSON'],
    ['{"version":2}', 'Not supported version field value 2'],
    ['{"partitions":[]}', 'Partition reassignment list cannot be empty'],
    ['{"partitions":[{"topic":"t","partition":0,"replicas":[]}]}', 'Partition replica list cannot be empty'],
    ['{"partitions":[{"topic":"t","partition":"0","replicas":[1]}]}', 'partitions[0] needs a "topic" in quotes'],
    [
      '{"partitions":[{"topic":"t","partition":0,"replicas":[1]},{"topic":"t","partition":0,"replicas":[2]}]}',
      'Partition reassignment contains duplicate topic partitions: t-0',
    ],
    [
      '{"partitions":[{"topic":"t","partition":0,"replicas":[1,2,1]}]}',
      'Partition replica lists may not contain duplicate entries: t-0 contains multiple entries for 1',
    ],
    [
      '{"partitions":[{"topic":"t","partition":0,"replicas":[1,2],"log_dirs":["any"]}]}',
      'Size of replicas list [1, 2] is different from size of log dirs list [any] for partition t-0',
    ],
  ])('%s is refused', (text, message) => {
    expect(() => parsePlanToExecute(text)).toThrow(message);
  });

  test('topics and brokers to move to', () => {
    expect(parseTopicsToMove('{"topics":[{"topic":"a"},{"topic":"b"}],"version":1}')).toEqual(['a', 'b']);
    expect(() => parseTopicsToMove('{"topics":[{"topic":"a"},{"topic":"a"}]}')).toThrow('duplicate entries: [a]');
    expect(parseBrokerList('0,1,2')).toEqual([0, 1, 2]);
    expect(() => parseBrokerList('0,0')).toThrow('Broker list contains duplicate entries: [0]');
    expect(() => parseBrokerList('0,x')).toThrow('For input string: "x"');
  });
});

test('throttled are the replicas that data comes from and goes to, those of moves under way too', () => {
  const moves = allMoves(
    [{ topic: 'a', partition: 0, replicas: [1, 2, 3], addingReplicas: [3], removingReplicas: [1] }],
    [
      { topic: 'a', partition: 1, replicas: [2, 3] },
      { topic: 'b', partition: 0, replicas: [3] },
    ],
    [
      { topic: 'a', partition: 1, replicas: [1, 2] },
      { topic: 'b', partition: 0, replicas: [1] },
    ],
  );
  expect(throttledReplicas(moves)).toEqual(
    new Map([
      ['a', { leaders: '0:1,0:2,1:1,1:2', followers: '0:3,1:3' }],
      ['b', { leaders: '0:1', followers: '0:3' }],
    ]),
  );
});

test('moves under way as --list shows them', () => {
  expect(listText([])).toBe('No partition reassignments found.');
  expect(
    listText([
      { topic: 't', partition: 1, replicas: [1, 2], addingReplicas: [], removingReplicas: [] },
      { topic: 't', partition: 0, replicas: [1, 2, 3], addingReplicas: [3], removingReplicas: [1] },
    ]),
  ).toBe('Current partition reassignments:\nt-0: replicas: 1,2,3. adding: 3. removing: 1.\nt-1: replicas: 1,2.');
});

test('moves between directories as --verify shows them', () => {
  const at = (path: string) => ({ path, offsetLag: 0 });
  const move = (partition: number, current?: string, future?: string) => ({
    topic: 't',
    partition,
    brokerId: 1,
    path: '/new',
    place: { current: current ? at(current) : undefined, future: future ? at(future) : undefined },
  });
  expect(
    directoryMovesText([
      move(4),
      move(3, '/old', '/other'),
      move(2, '/old', '/new'),
      move(1, '/old'),
      move(0, '/new'),
    ]).split('\n'),
  ).toEqual([
    'Reassignment of replica t-0-1 completed successfully.',
    'Partition t-1 on broker 1 is not being moved from log dir /old to /new.',
    'Reassignment of replica t-2-1 is still in progress.',
    'Partition t-3 on broker 1 is being moved to log dir /other instead of /new.',
    'Partition t-4 is not found in any live log dir on broker 1. There is likely an offline log directory on the broker.',
  ]);
});

describe('the command line', () => {
  const server = ['--bootstrap-server', 'localhost:1'];
  test.each([
    [server, 'Command must include exactly one action: --generate, --execute, --verify, --cancel, --list'],
    [[...server, '--list', '--verify'], 'Command must include exactly one action'],
    [['--list'], 'Please specify either --bootstrap-server or --bootstrap-controller'],
    [
      [...server, '--list', '--bootstrap-controller', 'localhost:2'],
      "Please don't specify both --bootstrap-server and --bootstrap-controller",
    ],
    [[...server, '--execute'], 'Missing required argument "[reassignment-json-file]"'],
    [[...server, '--list', '--throttle', '5'], `Option "[throttle]" can't be used with action "[list]"`],
  ])('%j is refused', async (args, message) => {
    const terminal = recordingTerminal();
    expect(await reassignPartitions.run(args, terminal)).toBe(1);
    expect(terminal.stderr.startsWith(message)).toBe(true);
  });
});
