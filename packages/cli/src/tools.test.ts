// Every tool against a broker in this process: what is typed, what is printed, the status. That the print is Kafka's is
// shown by the course (packages/conformance); this is the net for every day.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrokerProcess, startBrokerProcess } from '@moldau/broker/node/main';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Recording, recordingTerminal } from '../test/recording-terminal.ts';
import { TOOLS } from './tools.ts';

const directory = mkdtempSync(join(tmpdir(), 'moldau-cli-'));
let broker: BrokerProcess;
let bootstrap: string[];

beforeAll(async () => {
  broker = await startBrokerProcess({
    overrides: [
      'listeners=PLAINTEXT://127.0.0.1:0',
      `log.dirs=${join(directory, 'data')}`,
      'group.initial.rebalance.delay.ms=0',
      'offsets.topic.num.partitions=1',
    ],
    log: { format: 'text', fd: 2, level: 'error' },
  });
  const { host, port } = broker.endpoints[0]!;
  bootstrap = ['--bootstrap-server', `${host}:${port}`];
});
afterAll(async () => {
  await broker?.stop();
  rmSync(directory, { recursive: true, force: true });
});

interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(name: string, args: readonly string[], input = ''): Promise<Ran> {
  const terminal = recordingTerminal(input);
  const status = await (await TOOLS[name]!.load()).run(args, terminal);
  return { status, stdout: terminal.stdout, stderr: terminal.stderr };
}

/** Runs a tool against the broker; words are split at blanks. */
const tool = (name: string, words: string, input = ''): Promise<Ran> =>
  run(name, [...bootstrap, ...words.split(' ').filter((word) => word !== '')], input);

const ok = (stdout: string, stderr = ''): Ran => ({ status: 0, stdout, stderr });

describe('kafka-topics', () => {
  test('a topic from its making to its end', async () => {
    expect(await tool('kafka-topics', '--create --topic life --partitions 2 --config retention.ms=1000')).toEqual(
      ok('Created topic life.\n'),
    );
    expect((await tool('kafka-topics', '--create --topic life')).stdout).toBe(
      "Error while executing topic command : Topic 'life' already exists.\n",
    );
    expect(await tool('kafka-topics', '--create --topic life --if-not-exists')).toEqual(ok(''));
    expect(await tool('kafka-topics', '--alter --topic life --partitions 3')).toEqual(ok(''));
    const { stdout } = await tool('kafka-topics', '--describe --topic life');
    expect(stdout).toMatch(
      /^Topic: life\tTopicId: [\w-]{22}\tPartitionCount: 3\tReplicationFactor: 1\tConfigs: retention\.ms=1000\n/,
    );
    expect(stdout.split('\n')[3]).toBe(
      '\tTopic: life\tPartition: 2\tLeader: 1\tReplicas: 1\tIsr: 1\tElr: \tLastKnownElr: ',
    );
    const id = /TopicId: (\S+)/.exec(stdout)![1]!;
    // By id the brokers are asked in a way that does not tell eligible leader replicas, as in Kafka.
    expect((await tool('kafka-topics', `--describe --topic-id ${id}`)).stdout).toBe(
      stdout.replaceAll('Elr: \tLastKnownElr: ', 'Elr: N/A\tLastKnownElr: N/A'),
    );
    expect((await tool('kafka-topics', '--list --topic li.e')).stdout).toBe('life\n');
    expect((await tool('kafka-topics', '--describe --topic life --unavailable-partitions')).stdout).toBe('');
    expect(await tool('kafka-topics', '--delete --topic life')).toEqual(ok(''));
    expect(await tool('kafka-topics', '--list --topic life')).toEqual(ok('\n'));
    expect(await tool('kafka-topics', '--delete --topic life')).toEqual({
      status: 1,
      stdout: "Error while executing topic command : Topic 'life' does not exist as expected\n",
      stderr: '',
    });
  });

  test.each([
    ['--create', 'Missing required argument "[topic]"'],
    [
      '--create --topic t --topics-with-overrides',
      'Option "[topics-with-overrides]" can\'t be used with option "[create]"',
    ],
    ['--list --describe', 'Command must include exactly one action: --list, --describe, --create, --alter or --delete'],
    [
      '--alter --topic t --config a=b',
      'Option combination "[[bootstrap-server], [config]]" can\'t be used with option "[alter]"',
    ],
  ])('%s is refused', async (words, message) => {
    const { status, stderr } = await tool('kafka-topics', words);
    expect([status, stderr.startsWith(message), stderr.includes('--bootstrap-server <String:')]).toEqual([
      1,
      true,
      true,
    ]);
  });
});

describe('records', () => {
  test('lines go in and come out', async () => {
    const lines = Array.from({ length: 5000 }, (_, i) => `${i} řeka\n`).join('');
    expect(await tool('kafka-console-producer', '--topic lines', lines)).toEqual(ok(''));
    expect(await tool('kafka-console-consumer', '--topic lines --from-beginning --max-messages 5000')).toEqual(
      ok(lines, 'Processed a total of 5000 messages\n'),
    );
    expect((await tool('kafka-get-offsets', '--topic lines')).stdout).toBe('lines:0:5000\n');
    expect(
      await tool(
        'kafka-console-consumer',
        '--topic lines --partition 0 --offset 4999 --max-messages 1 --formatter-property print.offset=true',
      ),
    ).toEqual(ok('Offset:4999\t4999 řeka\n', 'Processed a total of 1 messages\n'));
  });

  test('keys, headers and nulls, one at a time', async () => {
    const properties = 'parse.key parse.headers'
      .split(' ')
      .map((name) => `--reader-property ${name}=true`)
      .join(' ');
    expect(
      await tool(
        'kafka-console-producer',
        `--topic full --sync ${properties} --reader-property null.marker=NIL`,
        'h:1\tk\tv\nNIL\tk\tNIL\n',
      ),
    ).toEqual(ok(''));
    const print = 'key headers partition'
      .split(' ')
      .map((name) => `--formatter-property print.${name}=true`)
      .join(' ');
    expect(
      (await tool('kafka-console-consumer', `--topic full --from-beginning --max-messages 2 ${print}`)).stdout,
    ).toBe('Partition:0\th:1\tk\tv\nPartition:0\tNO_HEADERS\tk\tnull\n');
  });

  test('a line that cannot be read ends the producer with what is wrong; what came before is sent', async () => {
    expect(
      await tool('kafka-console-producer', '--topic cut --reader-property parse.key=true', 'k\tv\nnone\n'),
    ).toEqual({
      status: 1,
      stdout: '',
      stderr: "No key separator found on line number 2: 'none'\n",
    });
    expect((await tool('kafka-get-offsets', '--topic cut')).stdout).toBe('cut:0:1\n');
  });

  test('on a terminal every line is asked for', async () => {
    const terminal: Recording = recordingTerminal('a\nb\n', { inputIsTerminal: true });
    await (await TOOLS['kafka-console-producer']!.load()).run([...bootstrap, '--topic', 'asked'], terminal);
    expect(terminal.stdout).toBe('>>>');
  });

  test('Ctrl-C ends a consumer in order', async () => {
    const terminal = recordingTerminal();
    const consumer = (await TOOLS['kafka-console-consumer']!.load()).run(
      [...bootstrap, '--topic', 'lines', '--group', 'interrupted', '--from-beginning'],
      terminal,
    );
    while (!terminal.stdout.includes('4999 ')) await new Promise((resolve) => setImmediate(resolve));
    terminal.interrupt();
    expect(await consumer).toBe(0);
    expect(terminal.stderr).toBe('Processed a total of 5000 messages\n');
    const { stdout } = await tool('kafka-consumer-groups', '--describe --group interrupted');
    expect(stdout).toMatch(/\ninterrupted +lines +0 +5000 +5000 +0 +- +- +-\n$/);
  });

  test('records that were fetched and not shown are not committed', async () => {
    await tool('kafka-console-consumer', '--topic lines --group partly --from-beginning --max-messages 7');
    expect((await tool('kafka-consumer-groups', '--describe --group partly')).stdout).toMatch(/ 7 +5000 +4993 /);
  });

  test('delete-records moves the beginning', async () => {
    const file = join(directory, 'offsets.json');
    writeFileSync(file, '{"partitions": [{"topic": "lines", "partition": 0, "offset": 10}]}');
    expect((await tool('kafka-delete-records', `--offset-json-file ${file}`)).stdout).toBe(
      'Executing records delete operation\nRecords delete operation completed:\npartition: lines-0\tlow_watermark: 10\n',
    );
    expect((await tool('kafka-get-offsets', '--topic lines --time earliest')).stdout).toBe('lines:0:10\n');
  });

  test('dump-log shows the segment', async () => {
    const path = join(directory, 'data/full-0/00000000000000000000.log');
    const { status, stdout } = await run('kafka-dump-log', ['--files', path, '--print-data-log']);
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /\n\| offset: 0 CreateTime: \d+ keySize: 1 valueSize: 1 sequence: 0 headerKeys: \[h\] key: k payload: v\n/,
    );
    expect(stdout).toMatch(
      /\n\| offset: 1 CreateTime: \d+ keySize: 1 valueSize: -1 sequence: \d+ headerKeys: \[\] key: k\n/,
    );
  });

  test('the records of groups as JSON', async () => {
    const { stdout } = await tool(
      'kafka-console-consumer',
      '--topic __consumer_offsets --partition 0 --offset earliest --timeout-ms 500 --formatter OffsetsMessageFormatter',
    );
    const commits = stdout
      .split('\n')
      .filter((line) => line.includes('"partly"'))
      .map((line) => JSON.parse(line));
    expect(commits.at(-1)).toMatchObject({
      key: { type: 1, data: { group: 'partly', topic: 'lines', partition: 0 } },
      value: { data: { offset: 7, metadata: '' } },
    });
  });
});

describe('groups', () => {
  test('from offsets to none', async () => {
    await tool('kafka-console-producer', '--topic grouped', 'a\nb\nc\n');
    await tool('kafka-console-consumer', '--topic grouped --group g --from-beginning --max-messages 2');
    expect((await tool('kafka-consumer-groups', '--list --state Empty')).stdout).toMatch(
      /^GROUP +STATE +\n(.*\n)*g +Empty +\n/,
    );
    const reset = (words: string) =>
      tool('kafka-consumer-groups', `--reset-offsets --group g --topic grouped ${words}`);
    const last = ({ stdout }: Ran) => stdout.trimEnd().split('\n').at(-1)!.split(/ +/);
    expect(last(await reset('--shift-by -1 --dry-run'))).toEqual(['g', 'grouped', '0', '1']);
    expect(last(await reset('--to-offset 99 --execute'))).toEqual(['g', 'grouped', '0', '3']);
    expect(last(await reset('--by-duration PT1H --execute'))).toEqual(['g', 'grouped', '0', '0']);
    expect(last(await reset('--to-datetime 2000-01-01T00:00:00.000 --execute'))).toEqual(['g', 'grouped', '0', '0']);
    expect((await reset('--to-current --export --dry-run')).stdout).toBe('grouped,0,0\n\n');
    expect((await tool('kafka-consumer-groups', '--delete-offsets --group g --topic grouped')).stdout).toContain(
      'Successful',
    );
    expect((await tool('kafka-consumer-groups', '--delete --group g --group nobody')).stdout).toBe(
      "\nError: Deletion of some consumer groups failed:\n* Group 'nobody' could not be deleted due to: " +
        "org.apache.kafka.common.errors.GroupIdNotFoundException: The group id does not exist.\n\nThese consumer groups were deleted successfully: 'g'\n",
    );
  });

  test('a group that is not there', async () => {
    expect(await tool('kafka-consumer-groups', '--describe --group nobody')).toEqual(
      ok(
        '\nError: Executing consumer group command failed due to org.apache.kafka.common.errors.GroupIdNotFoundException: Group nobody not found.\n',
      ),
    );
  });
});

describe('kafka-configs', () => {
  test('of a topic', async () => {
    await tool('kafka-topics', '--create --topic set');
    expect(
      (await tool('kafka-configs', '--alter --topic set --add-config cleanup.policy=[delete,compact],retention.ms=5'))
        .stdout,
    ).toBe('Completed updating config for topic set.\n');
    const { stdout } = await tool('kafka-configs', '--describe --entity-type topics --entity-name set');
    expect(stdout).toContain(
      'Dynamic configs for topic set are:\n  cleanup.policy=delete,compact sensitive=false synonyms={',
    );
    expect(
      (await tool('kafka-configs', '--alter --topic set --delete-config cleanup.policy,retention.ms')).status,
    ).toBe(0);
    expect((await tool('kafka-configs', '--describe --topic set')).stdout).toBe('Dynamic configs for topic set are:\n');
    expect((await tool('kafka-configs', '--describe --topic none')).stdout).toBe(
      "The topic 'none' doesn't exist and doesn't have dynamic config.\n",
    );
  });

  test('of brokers', async () => {
    const { stdout } = await tool('kafka-configs', '--describe --entity-type brokers --all');
    expect(stdout).toMatch(/^All configs for broker 1 are:\n/);
    expect(stdout).toContain('\nDefault configs for brokers in the cluster are:\n');
    expect(stdout).toMatch(
      /\n {2}log\.retention\.hours=168 sensitive=false synonyms=\{DEFAULT_CONFIG:log\.retention\.hours=168\}\n/,
    );
  });

  test('quotas and SCRAM credentials of users are set, shown and taken back', async () => {
    const alter = async (words: string) => {
      const { status, stderr } = await tool('kafka-configs', `--alter ${words}`);
      expect([status, stderr]).toEqual([0, '']);
    };
    const shown = async (words: string) => (await tool('kafka-configs', `--describe ${words}`)).stdout;
    await alter('--user alice --add-config producer_byte_rate=1024');
    await alter('--user alice --add-config SCRAM-SHA-256=[iterations=8192,password=secret]');
    const both = await shown('--user alice');
    expect(both).toContain("Quota configs for user-principal 'alice' are producer_byte_rate=1024");
    expect(both).toContain("SCRAM credential configs for user-principal 'alice' are SCRAM-SHA-256=iterations=8192");
    expect(both).not.toContain('secret');
    await alter('--user alice --delete-config producer_byte_rate');
    await alter('--user alice --delete-config SCRAM-SHA-256');
    expect(await shown('--user alice')).not.toContain('1024');
    const wrong = await tool('kafka-configs', '--alter --user alice --add-config producer_byte_rate=-1');
    expect([wrong.status, wrong.stderr.includes('must be greater than 0')]).toEqual([1, true]);
  });
});

test('kafka-broker-api-versions', async () => {
  const { stdout } = await tool('kafka-broker-api-versions', '');
  expect(stdout).toMatch(
    /^127\.0\.0\.1:\d+ \(id: 1 rack: null isFenced: false\) -> \(\n\tProduce\(0\): 0 to 13 \[usable: 13\],\n/,
  );
  expect(stdout).toContain('\tCreateDelegationToken(38): UNSUPPORTED,\n');
});

describe('measuring and verifying', () => {
  test('the performance tools', async () => {
    const produced = await tool(
      'kafka-producer-perf-test',
      '--topic perf --num-records 2000 --record-size 10 --throughput -1',
    );
    expect(produced.stdout).toMatch(/^2000 records sent, [\d.]+ records\/sec \([\d.]+ MB\/sec\), .* ms 99\.9th\.\n$/);
    const { stdout } = await tool('kafka-consumer-perf-test', '--topic perf --num-records 2000 --hide-header');
    expect(stdout).toMatch(/^\d{4}-\d\d-\d\d .*, 0\.0191, [\d.]+, 2000, /);
  });

  test('the verifiable tools', async () => {
    const events = ({ stdout }: Ran) =>
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
    const sent = events(await tool('kafka-verifiable-producer', '--topic counted --max-messages 2 --value-prefix 3'));
    expect(sent.map(({ name }) => name)).toEqual(
      'startup_complete producer_send_success producer_send_success shutdown_complete tool_data'.split(' '),
    );
    expect(sent[2]).toMatchObject({ key: null, value: '3.1', offset: 1, topic: 'counted', partition: 0 });
    expect(sent[4]).toMatchObject({ sent: 2, acked: 2, target_throughput: -1 });
    const read = events(
      await tool('kafka-verifiable-consumer', '--topic counted --group-id counters --max-messages 2'),
    );
    expect(read.map(({ name }) => name)).toEqual([
      'startup_complete',
      'partitions_assigned',
      'records_consumed',
      'offsets_committed',
      'partitions_revoked',
      'shutdown_complete',
      'shutdown_requested',
    ]);
    expect(read[2]).toMatchObject({
      count: 2,
      partitions: [{ topic: 'counted', count: 2, minOffset: 0, maxOffset: 1 }],
    });
  });
});
