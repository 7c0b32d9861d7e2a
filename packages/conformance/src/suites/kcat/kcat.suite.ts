// kcat against the broker: produce and consume with every codec, keys, headers and nulls, offsets, metadata, groups.
import { type ChildProcess, spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Operator, openOperator } from '../../contract/operator.ts';
import { eventually } from '../../suite/eventually.ts';
import { bootstrap, fresh, port } from '../../suite/target.ts';
import { kcat, kcatRead } from './kcat.ts';

/** A group member (`kcat -G`), collecting the lines it prints. */
class Balanced {
  readonly #child: ChildProcess;
  #text = '';
  #log = '';

  constructor(group: string, topic: string, more: readonly string[] = []) {
    const settings = [
      '-X',
      'session.timeout.ms=6000',
      '-X',
      'heartbeat.interval.ms=300',
      '-X',
      'auto.commit.interval.ms=500',
    ];
    const args = [
      '-b',
      bootstrap,
      '-G',
      group,
      ...settings,
      '-X',
      'auto.offset.reset=earliest',
      '-u',
      '-f',
      '%p %s\n',
      ...more,
    ];
    this.#child = spawn('kcat', [...args, topic], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString();
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#log += chunk.toString();
    });
  }

  lines(): string[] {
    return this.#text.split('\n').filter((line) => line !== '');
  }

  /** Partitions of the latest `% Group … rebalanced: assigned: t [0], t [1]`. */
  held(): number[] {
    const last =
      this.#log
        .trimEnd()
        .split('\n')
        .findLast((line) => /rebalanced/.test(line)) ?? '';
    if (!/assigned:/.test(last)) return [];
    return [...last.matchAll(/\[(\d+)\]/g)].map((match) => Number(match[1]));
  }

  leave(): Promise<void> {
    return this.#end('SIGINT');
  }

  crash(): Promise<void> {
    return this.#end('SIGKILL');
  }

  #end(signal: NodeJS.Signals): Promise<void> {
    return new Promise((resolve) => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) resolve();
      this.#child.once('close', () => resolve());
      this.#child.kill(signal);
    });
  }
}

describe('kcat', () => {
  let operator: Operator;
  beforeAll(async () => {
    operator = await openOperator();
  });
  afterAll(async () => {
    await operator?.close();
  });

  test('-L lists this broker, the topics and their partitions', async () => {
    const topic = fresh('list');
    await operator.createTopic(topic, 3);
    const { stdout } = await kcat(['-L', '-J']);
    const metadata = JSON.parse(stdout) as {
      brokers: { id: number; name: string }[];
      topics: { topic: string; partitions: { partition: number; leader: number }[] }[];
    };
    expect(metadata.brokers.map(({ name }) => name.endsWith(`:${port}`))).toEqual([true]);
    const listed = metadata.topics.find((one) => one.topic === topic);
    expect(listed?.partitions.map(({ leader }) => leader)).toEqual(
      Array.from({ length: 3 }, () => metadata.brokers[0]?.id),
    );
  });

  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
    test(`${codec}: keys, headers, nulls`, async () => {
      const topic = fresh(`kcat-${codec}`);
      await operator.createTopic(topic, 1);
      const flags = ['-P', '-t', topic, '-p', '0', '-z', codec, '-K', ':', '-Z', '-H', 'a=1', '-H', 'b=Vltava'];
      const long = 'Moldau '.repeat(10_000);
      await kcat(flags, { input: `k1:v1\nk2:\n:v3\nk4:${long}\n` });
      const records = await kcatRead(topic);
      expect(records.map(({ key, payload }) => [key, payload])).toEqual([
        ['k1', 'v1'],
        ['k2', null],
        [null, 'v3'],
        ['k4', long],
      ]);
      expect(records.map(({ headers }) => headers)).toEqual(Array.from({ length: 4 }, () => ['a', '1', 'b', 'Vltava']));
    });
  }

  test('a compressed batch is stored compressed', async () => {
    // Old librdkafka stops compressing, without a word, when it does not like the versions that a broker advertises.
    const topics = { none: fresh('plain'), gzip: fresh('packed') };
    for (const [codec, topic] of Object.entries(topics)) {
      await operator.createTopic(topic, 1);
      const settings = ['-X', 'linger.ms=200', '-X', 'batch.num.messages=1000'];
      await kcat(['-P', '-t', topic, '-p', '0', '-z', codec, ...settings], {
        input: `${'all the same '.repeat(50)}\n`.repeat(500),
      });
    }
    const plain = await operator.sizeOf(topics.none, [0]);
    const packed = await operator.sizeOf(topics.gzip, [0]);
    expect(plain).toBeGreaterThan(500 * 600);
    expect(packed).toBeLessThan(plain / 10);
  });

  test('a million bytes in one record', async () => {
    const topic = fresh('big');
    await operator.createTopic(topic, 1);
    const value = 'x'.repeat(1_000_000);
    await kcat(['-P', '-t', topic, '-X', 'message.max.bytes=2000000'], { input: `${value}\n` });
    const [record] = await kcatRead(topic);
    expect(record?.payload === value).toBe(true);
  });

  test('a record too large for the broker is refused', async () => {
    const topic = fresh('too-big');
    await operator.createTopic(topic, 1);
    const input = `${'x'.repeat(1_500_000)}\n`;
    const { stderr } = await kcat(['-P', '-t', topic, '-X', 'message.max.bytes=5000000'], { input, fails: true });
    expect(stderr).toMatch(/message size too large/i);
  });

  test('an idempotent producer', async () => {
    const topic = fresh('idempotent');
    await operator.createTopic(topic, 1);
    const input = Array.from({ length: 2_000 }, (_, i) => `i-${i}\n`).join('');
    await kcat(['-P', '-t', topic, '-p', '0', '-X', 'enable.idempotence=true'], { input });
    expect((await kcatRead(topic)).map(({ payload }) => payload)).toEqual(input.trim().split('\n'));
  });

  test('offsets: from one, the last few, from a time', async () => {
    const topic = fresh('offsets');
    await operator.createTopic(topic, 1);
    await kcat(['-P', '-t', topic, '-p', '0'], { input: '0\n1\n2\n3\n4\n' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    const between = Date.now();
    await kcat(['-P', '-t', topic, '-p', '0'], { input: '5\n6\n7\n8\n9\n' });
    const read = async (from: string) =>
      (await kcat(['-C', '-t', topic, '-p', '0', '-o', from, '-e', '-q'])).stdout.trim().split('\n');
    expect(await read('4')).toEqual(['4', '5', '6', '7', '8', '9']);
    expect(await read('-3')).toEqual(['7', '8', '9']);
    expect(await read(`s@${between}`)).toEqual(['5', '6', '7', '8', '9']);
    const { stdout } = await kcat(['-Q', '-t', `${topic}:0:${between}`]);
    expect(stdout).toMatch(/offset 5\b/);
  });

  test('one group: two members share, one crashes, the other takes over; nothing is lost', async () => {
    const topic = fresh('group');
    const group = fresh('g');
    await operator.createTopic(topic, 4);
    const send = (from: number, count: number): Promise<unknown> => {
      const lines = Array.from({ length: count }, (_, i) => `${from + i}`);
      return kcat(['-P', '-t', topic, '-K', ':'], { input: lines.map((n) => `k${n}:v${n}\n`).join('') });
    };
    const first = new Balanced(group, topic);
    const second = new Balanced(group, topic);
    try {
      await eventually('two partitions each', () => first.held().length === 2 && second.held().length === 2);
      await send(0, 200);
      const seen = (): Set<string> =>
        new Set([...first.lines(), ...second.lines()].map((line) => line.split(' ')[1] ?? ''));
      await eventually('the first 200', () => seen().size === 200);
      expect(first.lines().length + second.lines().length).toBe(200);
      expect(Math.min(first.lines().length, second.lines().length)).toBeGreaterThan(0);
      await first.crash();
      await eventually('all four partitions', () => second.held().length === 4);
      await send(200, 200);
      await eventually('the next 200', () => seen().size === 400);
    } finally {
      await first.crash();
      await second.leave();
    }
    const ends = await operator.offsets(topic);
    expect(await operator.committed(group, topic)).toEqual(ends.map(({ high }) => high));
  });

  test('a static member keeps its partitions over a restart of its own', async () => {
    const topic = fresh('static');
    const group = fresh('g');
    await operator.createTopic(topic, 2);
    const session = (id: string) => ['-X', `group.instance.id=${id}`, '-X', 'session.timeout.ms=20000'];
    const stays = new Balanced(group, topic, session('stays'));
    await eventually('both partitions', () => stays.held().length === 2);
    let returns = new Balanced(group, topic, session('returns'));
    try {
      await eventually('one each', () => stays.held().length === 1 && returns.held().length === 1);
      const held = { stays: stays.held(), returns: returns.held() };
      await returns.leave();
      returns = new Balanced(group, topic, session('returns'));
      await eventually('one again', () => returns.held().length === 1);
      expect({ stays: stays.held(), returns: returns.held() }).toEqual(held);
    } finally {
      await stays.crash();
      await returns.crash();
    }
  });

  test('an unknown topic is an error, not a hang', async () => {
    const { stderr } = await kcat(['-C', '-t', fresh('nowhere'), '-e', '-X', 'allow.auto.create.topics=false'], {
      fails: true,
    });
    expect(stderr).toMatch(/unknown topic/i);
  });
});
