// Brokers as processes of their own: `moldau start`, kafka-server-start in front and behind, kafka-server-stop.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const moldau = fileURLToPath(new URL('../moldau.ts', import.meta.url));
let directory: string;
let started: ChildProcess[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'moldau-process-'));
  started = [];
});
afterEach(() => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

class Command {
  readonly #child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly ended: Promise<Ran>;

  constructor(...args: string[]) {
    this.#child = spawn(process.execPath, [moldau, ...args], {
      cwd: directory,
      env: { ...process.env, MOLDAU_RUN_DIR: join(directory, 'run'), LOG_DIR: join(directory, 'logs') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    started.push(this.#child);
    this.#child.stdout!.on('data', (chunk) => {
      this.stdout += chunk;
    });
    this.#child.stderr!.on('data', (chunk) => {
      this.stderr += chunk;
    });
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (status) => resolve({ status, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  /** Answers what the expression found in standard output, once it is there. */
  async says(expression: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = expression.exec(this.stdout);
      if (match) return match;
      if (this.#child.exitCode !== null) throw new Error(`ended first: ${this.stdout}${this.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  interrupt(): Promise<Ran> {
    this.#child.kill('SIGINT');
    return this.ended;
  }
}

test('moldau start says what listens and one line to try; a second one says that the port is taken; Ctrl-C stops', async () => {
  const broker = new Command('start', '--port', '0');
  const [, address, port] = await broker.says(/^Moldau 0\.1\.0 listens on\n {2}(localhost:(\d+)) {2}PLAINTEXT/);
  await broker.says(
    new RegExp(`echo hello \\| bin/kafka-console-producer\\.sh --bootstrap-server ${address} --topic greetings && `),
  );
  expect(readdirSync(directory).sort()).toEqual(['data', 'run']);
  expect((await new Command('topics', '--bootstrap-server', address!, '--list').ended).stdout).toBe('\n');

  const second = await new Command('start', '--port', port!, '--data', join(directory, 'other')).ended;
  expect(second.status).toBe(1);
  expect(second.stderr).toBe(
    `Port ${port} is taken: another broker or program listens there already.\n` +
      `Stop it (bin/kafka-server-stop.sh stops the brokers that are yours), or choose another port: npm start -- --port ${Number(port) + 1}\n`,
  );
  const same = await new Command('start', '--port', '0').ended;
  expect([same.status, same.stderr]).toEqual([1, expect.stringContaining('is in use by process')]);

  expect(await broker.interrupt()).toMatchObject({ status: 0, stderr: '' });
});

test('moldau start --brokers 3 is a cluster in one process, its data under one folder; its data come back', async () => {
  const start = ['start', '--brokers', '3', '--port', '0', '--data', 'cluster'];
  const first = new Command(...start);
  const [, address] = await first.says(
    /^Moldau 0\.1\.0 listens on\n {2}(localhost:\d+) {2}PLAINTEXT, broker 1\n(?: {2}localhost:\d+ {2}PLAINTEXT, broker [23]\n){2}/,
  );
  expect(readdirSync(join(directory, 'cluster')).sort()).toEqual([
    '__moldau_metadata',
    'broker-1',
    'broker-2',
    'broker-3',
  ]);
  const topics = (at: string, ...words: string[]) => new Command('topics', '--bootstrap-server', at, ...words).ended;
  expect((await topics(address!, '--create', '--topic', 'spread', '--partitions', '3')).stdout).toBe(
    'Created topic spread.\n',
  );
  const { stdout } = await topics(address!, '--describe', '--topic', 'spread');
  expect(stdout).toMatch(/\tPartitionCount: 3\tReplicationFactor: 3\t/);
  const leaders = [...stdout.matchAll(/\tLeader: (\d)/g)].map(([, id]) => id).sort();
  expect(leaders).toEqual(['1', '2', '3']);
  const endpoints = await new Command('cluster', 'list-endpoints', '-b', address!).ended;
  expect([...endpoints.stdout.matchAll(/^(\d) .* unfenced +broker *$/gm)].map(([, id]) => id)).toEqual(['1', '2', '3']);
  expect(await first.interrupt()).toMatchObject({ status: 0, stderr: '' });

  const alone = await new Command('start', '--port', '0', '--data', 'cluster').ended;
  expect([alone.status, alone.stderr]).toEqual([1, expect.stringContaining('has the data of several brokers')]);

  const second = new Command(...start);
  const [, again] = await second.says(/^ {2}(localhost:\d+) {2}PLAINTEXT, broker 1\n/m);
  expect((await topics(again!, '--list')).stdout).toBe('spread\n');
  expect((await second.interrupt()).status).toBe(0);
});

test('kafka-server-start -daemon answers when the broker listens, kafka-server-stop when it has stopped', async () => {
  writeFileSync(
    join(directory, 'server.properties'),
    `node.id=5\nlisteners=PLAINTEXT://localhost:0\nlog.dirs=${join(directory, 'data')}\n`,
  );
  expect(await new Command('kafka-server-stop').ended).toEqual({
    status: 1,
    stdout: 'No kafka server to stop\n',
    stderr: '',
  });
  expect(await new Command('kafka-server-start', '-daemon', 'server.properties').ended).toEqual({
    status: 0,
    stdout: '',
    stderr: '',
  });
  expect(readdirSync(join(directory, 'run')).length).toBe(1);
  expect((await new Command('kafka-server-stop', '--node-id', '6').ended).status).toBe(1);
  expect(await new Command('kafka-server-stop', '--node-id', '5').ended).toEqual({ status: 0, stdout: '', stderr: '' });
  expect(readdirSync(join(directory, 'run'))).toEqual([]);
});

test('in front it logs to standard output and stops on a signal', async () => {
  writeFileSync(
    join(directory, 'server.properties'),
    `listeners=PLAINTEXT://localhost:0\nlog.dirs=${join(directory, 'data')}\n`,
  );
  const broker = new Command('kafka-server-start', 'server.properties', '--override', 'node.id=9');
  await broker.says(/ INFO broker\.started: .*nodeId=9/);
  const { status, stdout } = await broker.interrupt();
  expect([status, stdout]).toEqual([0, expect.stringContaining('broker.stopped')]);
});

test.each([
  [
    ['server.properties', '--override', 'nodes.id=3'],
    '--override: nodes.id=3: no such setting; did you mean node.id?\n',
  ],
  [['server.properties', 'more'], 'more: only --override property=value may follow the file.\n'],
  [['nothing.properties'], 'nothing.properties: cannot be read (ENOENT).\n'],
  [[], 'USAGE: bin/kafka-server-start.sh [-daemon] server.properties [--override property=value]*\n'],
])('kafka-server-start %j says why not', async (args, message) => {
  writeFileSync(join(directory, 'server.properties'), '');
  const { status, stderr } = await new Command('kafka-server-start', ...args).ended;
  expect([status, stderr.startsWith(message)]).toEqual([1, true]);
});
