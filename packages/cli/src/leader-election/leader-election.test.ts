// The command line and the file of kafka-leader-election.
import { expect, test } from 'vitest';
import { recordingTerminal } from '../../test/recording-terminal.ts';
import { leaderElection, parsePartitions } from './leader-election.ts';

const SERVER = ['--bootstrap-server', 'localhost:1'];

test.each([
  [['--topic', 't'], 'Missing required option(s): bootstrap-server, election-type'],
  [
    [...SERVER, '--election-type', 'preferred'],
    'One and only one of the following options is required: topic, all-topic-partitions, path-to-json-file',
  ],
  [[...SERVER, '--election-type', 'preferred', '--topic', 't'], 'Missing required option(s): partition'],
  [
    [...SERVER, '--election-type', 'preferred', '--all-topic-partitions', '--partition', '1'],
    'Option partition is only allowed if topic is used',
  ],
  [
    [...SERVER, '--election-type', 'fair', '--all-topic-partitions'],
    "Cannot parse argument 'fair' of option election-type",
  ],
])('%j is refused', async (args, message) => {
  const terminal = recordingTerminal();
  expect(await leaderElection.run(args, terminal)).toBe(1);
  expect(terminal.stderr).toBe(`${message}\n`);
});

test('the file names each partition once', () => {
  expect(parsePartitions('{"partitions":[{"topic":"a","partition":1}]}')).toEqual([{ topic: 'a', partition: 1 }]);
  expect(() => parsePartitions('{}')).toThrow('Replica election data is missing "partitions" field');
  expect(() => parsePartitions('{"partitions":[{"topic":"a","partition":1},{"topic":"a","partition":1}]}')).toThrow(
    'Replica election data contains duplicate partitions: [a-1]',
  );
});
