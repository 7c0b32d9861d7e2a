// Kafka's own command-line tools against the broker: each tool as its documentation shows it, its output as Kafka's is.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { finished, type KafkaTool, runTool, spawnTool, type ToolRun } from '../../peer/tools.ts';
import { eventually } from '../../suite/eventually.ts';
import { bootstrap, broker, controllable, fresh, host, port } from '../../suite/target.ts';

const server = ['--bootstrap-server', bootstrap];
let scratch: string;

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'tools-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Runs a tool that is expected to succeed. */
async function tool(name: KafkaTool, args: readonly string[], input = ''): Promise<ToolRun> {
  const run = await runTool(name, [...server, ...args], { input });
  if (run.status !== 0) throw new Error(`${name} ended with ${run.status}\n${run.stdout}\n${run.stderr}`);
  return run;
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}

async function topic(partitions: number, ...configs: string[]): Promise<string> {
  const name = fresh('tools');
  const more = configs.flatMap((config) => ['--config', config]);
  await tool('kafka-topics', ['--create', '--topic', name, '--partitions', String(partitions), ...more]);
  return name;
}

async function produce(name: string, values: readonly string[]): Promise<void> {
  await tool('kafka-console-producer', ['--topic', name], values.map((value) => `${value}\n`).join(''));
}

async function consume(name: string, count: number, ...more: string[]): Promise<string[]> {
  const args = ['--topic', name, '--max-messages', String(count), '--timeout-ms', '20000', ...more];
  return lines((await tool('kafka-console-consumer', args)).stdout);
}

describe('kafka-topics', () => {
  test('create, list, describe, alter, delete', async () => {
    const name = fresh('topics');
    const created = await tool('kafka-topics', [
      '--create',
      '--topic',
      name,
      '--partitions',
      '2',
      '--config',
      'retention.ms=5000',
    ]);
    expect(created.stdout).toBe(`Created topic ${name}.\n`);
    expect(lines((await tool('kafka-topics', ['--list'])).stdout)).toContain(name);
    const described = lines((await tool('kafka-topics', ['--describe', '--topic', name])).stdout);
    expect(described[0]).toMatch(
      new RegExp(
        `^Topic: ${name}\tTopicId: [\\w-]{22}\tPartitionCount: 2\tReplicationFactor: 1\tConfigs: .*retention\\.ms=5000`,
      ),
    );
    const id = /Leader: (\d+)/.exec(described[1] ?? '')?.[1];
    expect(described[1]).toContain(`\tTopic: ${name}\tPartition: 0\tLeader: ${id}\tReplicas: ${id}\tIsr: ${id}`);
    await tool('kafka-topics', ['--alter', '--topic', name, '--partitions', '5']);
    await eventually('five partitions', async () => {
      const text = (await tool('kafka-topics', ['--describe', '--topic', name])).stdout;
      return text.includes('PartitionCount: 5');
    });
    await tool('kafka-topics', ['--delete', '--topic', name]);
    await eventually(
      'the topic is gone',
      async () => !lines((await tool('kafka-topics', ['--list'])).stdout).includes(name),
    );
  });

  test('what is wrong is said', async () => {
    const name = await topic(2);
    const failure = async (...args: string[]): Promise<string> => {
      const run = await runTool('kafka-topics', [...server, ...args]);
      expect(run.status).toBe(1);
      return run.stdout;
    };
    expect(await failure('--create', '--topic', name)).toContain(`Topic '${name}' already exists`);
    expect(await failure('--create', '--topic', fresh('rf'), '--replication-factor', '3')).toMatch(
      /replication factor/i,
    );
    expect(await failure('--alter', '--topic', name, '--partitions', '1')).toMatch(/would not be an increase/);
    expect(await failure('--describe', '--topic', fresh('absent'))).toMatch(/does not exist as expected/);
    expect(await failure('--create', '--topic', 'bad name')).toMatch(/illegal|invalid/i);
    expect(await failure('--create', '--topic', fresh('x'), '--config', 'segment.bytes=none')).toMatch(
      /segment\.bytes/,
    );
  });
});

describe('console producer and consumer', () => {
  test('lines in, lines out; keys, partitions, offsets and timestamps on demand', async () => {
    const name = await topic(1);
    const keyed = ['--topic', name, '--reader-property', 'parse.key=true', '--reader-property', 'key.separator=:'];
    await tool('kafka-console-producer', keyed, 'a:1\nb:2\nc:3\n');
    const shown = ['print.key=true', 'print.offset=true', 'print.partition=true'].flatMap((one) => [
      '--formatter-property',
      one,
    ]);
    expect(await consume(name, 3, '--from-beginning', ...shown)).toEqual([
      'Partition:0\tOffset:0\ta\t1',
      'Partition:0\tOffset:1\tb\t2',
      'Partition:0\tOffset:2\tc\t3',
    ]);
    expect(await consume(name, 2, '--partition', '0', '--offset', '1')).toEqual(['2', '3']);
  });

  for (const codec of ['gzip', 'snappy', 'lz4', 'zstd']) {
    test(`compressed with ${codec}`, async () => {
      const name = await topic(1);
      await tool('kafka-console-producer', ['--topic', name, '--compression-codec', codec], 'Praha\nMělník\nDěčín\n');
      expect(await consume(name, 3, '--from-beginning')).toEqual(['Praha', 'Mělník', 'Děčín']);
    });
  }

  test('acks 0, 1 and all', async () => {
    const name = await topic(1);
    for (const acks of ['0', '1', 'all']) {
      await tool('kafka-console-producer', ['--topic', name, '--request-required-acks', acks], `with ${acks}\n`);
    }
    expect((await consume(name, 3, '--from-beginning')).toSorted()).toEqual(['with 0', 'with 1', 'with all']);
  });
});

describe('kafka-consumer-groups', () => {
  test('a group followed through its life: describe, reset, delete offsets, delete', async () => {
    const name = await topic(1);
    const group = fresh('group');
    await produce(name, ['1', '2', '3', '4', '5']);
    expect(await consume(name, 3, '--from-beginning', '--group', group)).toEqual(['1', '2', '3']);
    const groups = (...args: string[]): Promise<ToolRun> => tool('kafka-consumer-groups', args);
    expect(lines((await groups('--list')).stdout)).toContain(group);
    const described = await eventually('no active members', async () => {
      const run = await groups('--describe', '--group', group);
      return run.stderr.includes('has no active members') || run.stdout.includes('has no active members')
        ? run
        : undefined;
    });
    const row = lines(described.stdout).find((line) => line.startsWith(group)) ?? '';
    expect(row.split(/\s+/).slice(0, 6)).toEqual([group, name, '0', '3', '5', '2']);
    const state = lines((await groups('--describe', '--group', group, '--state')).stdout).find((line) =>
      line.startsWith(group),
    );
    expect(state).toMatch(new RegExp(`${host}:${port}.*Empty.*0\\s*$`));
    const reset = await groups('--reset-offsets', '--group', group, '--topic', name, '--to-offset', '1', '--execute');
    expect(lines(reset.stdout).at(-1)?.split(/\s+/).slice(0, 4)).toEqual([group, name, '0', '1']);
    expect(await consume(name, 4, '--group', group)).toEqual(['2', '3', '4', '5']);
    await eventually('no members', async () => {
      const text = (await groups('--describe', '--group', group, '--state')).stdout;
      return /Empty/.test(text);
    });
    expect((await groups('--delete-offsets', '--group', group, '--topic', name)).stdout).toMatch(/Successful/);
    expect((await groups('--delete', '--group', group)).stdout).toMatch(/successful/i);
    expect(lines((await groups('--list')).stdout)).not.toContain(group);
  });

  test('members of a group that is at work', async () => {
    const name = await topic(2);
    const group = fresh('group');
    const consumer = spawnTool('kafka-console-consumer', [...server, '--topic', name, '--group', group]);
    const ended = finished(consumer, { timeoutMs: 60_000 });
    try {
      const members = await eventually('one member with two partitions', async () => {
        const run = await tool('kafka-consumer-groups', ['--describe', '--group', group, '--members', '--verbose']);
        const row = lines(run.stdout).find((line) => line.startsWith(group));
        return row?.includes(`${name}:0,1`) ? row : undefined;
      });
      expect(members).toMatch(/console-consumer/);
      const state = await tool('kafka-consumer-groups', ['--describe', '--group', group, '--state']);
      expect(lines(state.stdout).find((line) => line.startsWith(group))).toMatch(/Stable/);
      const refused = await runTool('kafka-consumer-groups', [...server, '--delete', '--group', group]);
      expect(refused.stdout).toMatch(/not empty/i);
    } finally {
      consumer.kill('SIGTERM');
      await ended;
    }
  });
});

describe('kafka-configs', () => {
  test('of a topic: add, describe, delete, refuse', async () => {
    const name = await topic(1);
    const configs = (...args: string[]): Promise<ToolRun> =>
      tool('kafka-configs', ['--entity-type', 'topics', '--entity-name', name, ...args]);
    const altered = await configs('--alter', '--add-config', 'retention.ms=60000,cleanup.policy=[compact,delete]');
    expect(altered.stdout).toContain(`Completed updating config for topic ${name}.`);
    const described = await eventually('the change', async () => {
      const text = (await configs('--describe')).stdout;
      return text.includes('retention.ms=60000') ? text : undefined;
    });
    expect(described).toContain(`Dynamic configs for topic ${name} are:`);
    expect(described).toContain('cleanup.policy=compact,delete sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:');
    await configs('--alter', '--delete-config', 'retention.ms');
    await eventually('the deletion', async () => !(await configs('--describe')).stdout.includes('retention.ms=60000'));
    const all = (await configs('--describe', '--all')).stdout;
    for (const setting of ['max.message.bytes=1048588', 'segment.bytes=1073741824', 'retention.ms=604800000']) {
      expect(all).toContain(setting);
    }
    const args = ['--entity-type', 'topics', '--entity-name', name, '--alter', '--add-config', 'no.such=1'];
    const refused = await runTool('kafka-configs', [...server, ...args]);
    expect(refused.status).toBe(1);
    expect(`${refused.stdout}${refused.stderr}`).toMatch(/no\.such/);
  });

  test('of the broker: describe, change one that is dynamic, refuse one that is not', async () => {
    const id = /^.*\(id: (\d+)/m.exec((await tool('kafka-broker-api-versions', [])).stdout)?.[1] ?? '1';
    const args = ['--entity-type', 'brokers', '--entity-name', id];
    const all = (await tool('kafka-configs', [...args, '--describe', '--all'])).stdout;
    expect(all).toContain(`All configs for broker ${id} are:`);
    expect(all).toMatch(/num\.partitions=1 /);
    expect(all).toMatch(/log\.retention\.hours=168 /);
    await tool('kafka-configs', [...args, '--alter', '--add-config', 'log.cleaner.backoff.ms=15001']);
    await eventually('the change', async () => {
      const text = (await tool('kafka-configs', [...args, '--describe'])).stdout;
      return text.includes('log.cleaner.backoff.ms=15001');
    });
    await tool('kafka-configs', [...args, '--alter', '--delete-config', 'log.cleaner.backoff.ms']);
    const refused = await runTool('kafka-configs', [...server, ...args, '--alter', '--add-config', 'node.id=7']);
    expect(refused.status).toBe(1);
  });
});

describe('offsets', () => {
  test('kafka-get-offsets: latest, earliest, by time, of the largest timestamp', async () => {
    const name = await topic(2);
    await produce(name, ['a', 'b', 'c']);
    const get = async (...args: string[]): Promise<number[]> => {
      const run = await tool('kafka-get-offsets', ['--topic', name, ...args]);
      return lines(run.stdout).map((line) => Number(line.split(':')[2]));
    };
    const sum = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0);
    expect(sum(await get())).toBe(3);
    expect(await get('--time', '-2')).toEqual([0, 0]);
    expect(sum(await get('--time', String(Date.now() - 3_600_000)))).toBe(0);
    expect(Math.max(...(await get('--time', '-3')))).toBeGreaterThanOrEqual(0);
    expect(sum(await get('--time', 'latest'))).toBe(3);
  });

  test('kafka-delete-records moves the low watermark', async () => {
    const name = await topic(1);
    await produce(name, ['a', 'b', 'c', 'd']);
    const file = join(scratch, `${name}.json`);
    writeFileSync(file, JSON.stringify({ version: 1, partitions: [{ topic: name, partition: 0, offset: 3 }] }));
    const run = await tool('kafka-delete-records', ['--offset-json-file', file]);
    expect(run.stdout).toContain('Records delete operation completed:');
    expect(run.stdout).toContain(`partition: ${name}-0\tlow_watermark: 3`);
    expect(await consume(name, 1, '--from-beginning')).toEqual(['d']);
  });
});

describe('looking at the broker', () => {
  test('kafka-broker-api-versions: every API that a mainstream client needs', async () => {
    const { stdout } = await tool('kafka-broker-api-versions', []);
    expect(stdout).toMatch(new RegExp(`^${host}:${port} \\(id: \\d+ rack: null isFenced: false\\) -> \\(`));
    const needed = [
      'Produce(0): 0 to 13',
      'Fetch(1): 4 to',
      'Metadata(3): 0 to 13',
      'JoinGroup(11): 0 to 9',
      'ApiVersions(18): 0 to',
    ];
    for (const range of needed) expect(stdout).toContain(range);
  });

  test('kafka-log-dirs', async () => {
    const name = await topic(2);
    await produce(name, ['a']);
    const { stdout } = await tool('kafka-log-dirs', ['--describe', '--topic-list', name]);
    const last = lines(stdout).at(-1) ?? '';
    const answer = JSON.parse(last) as {
      brokers: { logDirs: { error: string | null; partitions: { partition: string }[] }[] }[];
    };
    const directories = answer.brokers.flatMap(({ logDirs }) => logDirs);
    expect(directories.map(({ error }) => error)).toEqual([null]);
    const partitions = directories.flatMap((one) => one.partitions.map(({ partition }) => partition));
    expect(partitions.toSorted()).toEqual([`${name}-0`, `${name}-1`]);
  });

  test('kafka-cluster and kafka-groups', async () => {
    const cluster = await runTool('kafka-cluster', ['cluster-id', ...server]);
    expect(cluster.stdout).toMatch(/^Cluster ID: \S+/);
    expect((await tool('kafka-groups', ['--list'])).stdout).toMatch(/GROUP\s+TYPE\s+PROTOCOL|^$/);
  });
});

describe('programs of Kafka that test brokers', () => {
  test('ClientCompatibilityTest', async () => {
    const { stdout: apis } = await tool('kafka-broker-api-versions', []);
    const expectations = {
      'offsets-for-times-supported': true,
      'cluster-id-supported': true,
      'expect-record-too-large-exception': false,
      'create-topics-supported': true,
      'describe-acls-supported': /DescribeAcls\(29\): \d/.test(apis),
      'describe-configs-supported': true,
      'idempotent-producer-supported': true,
    };
    const args = ['--topic', await topic(1), '--num-cluster-nodes', '1'];
    for (const [key, value] of Object.entries(expectations)) args.push(`--${key}`, String(value));
    const run = await runTool('client-compatibility-test', [...server, ...args], { timeoutMs: 80_000 });
    expect(`${run.status} ${run.stdout}${run.stderr}`).toMatch(/^0 /);
    expect(run.stdout).toMatch(/SUCCESS/i);
  });

  test('VerifiableProducer and VerifiableConsumer', async () => {
    const name = await topic(2);
    const produced = await tool('kafka-verifiable-producer', [
      '--topic',
      name,
      '--max-messages',
      '1000',
      '--acks',
      '-1',
    ]);
    const events = lines(produced.stdout).map(
      (line) => JSON.parse(line) as { name: string; acked?: number; sent?: number },
    );
    expect(events.at(-1)).toMatchObject({ name: 'tool_data', sent: 1000, acked: 1000 });
    expect(events.filter((event) => event.name === 'producer_send_success').length).toBe(1000);
    const args = ['--topic', name, '--group-id', fresh('verifiable'), '--max-messages', '1000', '--verbose'];
    const consumed = await tool('kafka-verifiable-consumer', [
      ...args,
      '--reset-policy',
      'earliest',
      '--session-timeout',
      '10000',
    ]);
    const seen = lines(consumed.stdout).map(
      (line) => JSON.parse(line) as { name: string; count?: number; success?: boolean },
    );
    expect(seen.filter((event) => event.name === 'record_data').length).toBe(1000);
    expect(seen.filter((event) => event.name === 'offsets_committed').every((event) => event.success)).toBe(true);
    expect(seen.some((event) => event.name === 'partitions_assigned')).toBe(true);
  });

  test('the perf tests', async () => {
    const name = await topic(2);
    const run = ['--topic', name, '--num-records', '20000', '--record-size', '100', '--throughput', '-1'];
    const produced = await tool('kafka-producer-perf-test', run);
    expect(lines(produced.stdout).at(-1)).toMatch(/^20000 records sent, .* ms 99\.9th\.$/);
    const read = ['--topic', name, '--num-records', '20000', '--timeout', '20000'];
    const consumed = await tool('kafka-consumer-perf-test', read);
    expect(Number(lines(consumed.stdout).at(-1)?.split(', ')[4])).toBeGreaterThanOrEqual(20_000);
    const latency = await tool('kafka-e2e-latency', [
      ...['--topic', await topic(1), '--num-records', '200', '--producer-acks', 'all', '--record-size', '100'],
    ]);
    expect(latency.stdout).toMatch(/Percentiles: 50th = \d+, 99th = \d+/);
  });
});

if (controllable) {
  describe('on disk', () => {
    test('DumpLogSegments reads the segments, indexes and the committed offsets', async () => {
      const name = await topic(1, 'segment.bytes=1048576');
      const group = fresh('dumped');
      // Hexadecimal, so that no payload spells one of the words that are looked for below: base64 did, one run in five.
      const values = Array.from({ length: 200 }, (_, i) => `${i}-${randomBytes(4500).toString('hex')}`);
      for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
        const input = values.map((value) => `${value}\n`).join('');
        const args = ['--topic', name, '--compression-codec', codec, '--batch-size', '16384'];
        await tool('kafka-console-producer', args, input);
      }
      await consume(name, 1000, '--from-beginning', '--group', group);
      const data = await broker.dataDirectory();
      const dump = async (...args: string[]): Promise<string> => {
        const run = await runTool('kafka-dump-log', args, { timeoutMs: 60_000 });
        expect(run.status).toBe(0);
        return run.stdout;
      };
      const directory = join(data, `${name}-0`);
      const files = readdirSync(directory).toSorted();
      expect(files).toContain('00000000000000000000.log');
      expect(files).toContain('00000000000000000000.index');
      expect(files).toContain('00000000000000000000.timeindex');
      expect(files).toContain('partition.metadata');
      const segments = files.filter((file) => file.endsWith('.log'));
      expect(segments.length).toBeGreaterThan(2);
      let payloads = 0;
      const codecs = new Set<string>();
      for (const segment of segments) {
        const text = await dump('--print-data-log', '--deep-iteration', '--files', join(directory, segment));
        expect(text).not.toMatch(/isvalid: false|ERROR|bytes are invalid/);
        payloads += text.match(/^\| offset: /gm)?.length ?? 0;
        for (const match of text.matchAll(/compresscodec: (\w+)/g)) codecs.add((match[1] ?? '').toLowerCase());
      }
      expect(payloads).toBe(1000);
      expect([...codecs].toSorted()).toEqual(['gzip', 'lz4', 'none', 'snappy', 'zstd']);
      for (const index of files.filter((file) => file.endsWith('index')).slice(0, 4)) {
        const text = await dump('--index-sanity-check', '--files', join(directory, index));
        expect(text).toMatch(/passed sanity check/);
        const verified = await dump('--verify-index-only', '--files', join(directory, index));
        expect(verified).not.toMatch(/Mismatches|isn't found|ERROR/i);
      }
      const offsets = readdirSync(data).filter((file) => file.startsWith('__consumer_offsets-'));
      // All of them in one go: a JVM for each of fifty took longer than a busy machine had.
      const offsetsFiles = offsets
        .map((partition) => join(data, partition, '00000000000000000000.log'))
        .filter(existsSync);
      const dumped = await dump('--offsets-decoder', '--print-data-log', '--files', offsetsFiles.join());
      const commits = dumped
        .split('\n')
        .filter((line) => line.includes(group))
        .join('\n');
      expect(commits).toContain(name);
      expect(commits).toMatch(/"offset":1000/);
      // Some twenty JVMs one after the other.
    }, 240_000);
  });
}
