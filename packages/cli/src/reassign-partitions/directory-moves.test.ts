// kafka-reassign-partitions with log_dirs against a broker with two directories: executed, looked at, completed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrokerProcess, startBrokerProcess } from '@moldau/broker/node/main';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { recordingTerminal } from '../../test/recording-terminal.ts';
import { TOOLS } from '../tools.ts';

const directory = mkdtempSync(join(tmpdir(), 'moldau-directory-moves-'));
const [a, b] = [join(directory, 'a'), join(directory, 'b')];
let broker: BrokerProcess;

beforeAll(async () => {
  broker = await startBrokerProcess({
    overrides: ['listeners=PLAINTEXT://127.0.0.1:0', `log.dirs=${a},${b}`, 'log.durability=os'],
    log: { format: 'text', fd: 2, level: 'error' },
  });
});
afterAll(async () => {
  await broker?.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function run(name: string, words: string, input = '') {
  const { host, port } = broker.endpoints[0]!;
  const terminal = recordingTerminal(input);
  const args = ['--bootstrap-server', `${host}:${port}`, ...words.split(' ')];
  const status = await (await TOOLS[name]!.load()).run(args, terminal);
  return { status, stdout: terminal.stdout, stderr: terminal.stderr };
}

test('a replica goes into the directory that log_dirs names', async () => {
  await run('kafka-topics', '--create --topic moves --partitions 1');
  await run('kafka-console-producer', '--topic moves', 'one\ntwo\n');
  const plan = join(directory, 'plan.json');
  const partitions = [{ topic: 'moves', partition: 0, replicas: [1], log_dirs: [b] }];
  writeFileSync(plan, JSON.stringify({ version: 1, partitions }));
  const executed = await run('kafka-reassign-partitions', `--execute --reassignment-json-file ${plan}`);
  expect(executed.status).toBe(0);
  expect(executed.stdout).toContain(
    `Successfully started moving log directory to ${b} for replica moves-0 with broker 1`,
  );
  let verified = '';
  for (let tries = 0; tries < 600 && !verified.includes('completed successfully'); tries++) {
    verified = (await run('kafka-reassign-partitions', `--verify --reassignment-json-file ${plan}`)).stdout;
  }
  expect(verified).toContain('Reassignment of replica moves-0-1 completed successfully.');
  const described = await run('kafka-log-dirs', '--describe --topic-list moves');
  const shown = JSON.parse(described.stdout.split('\n').find((line) => line.startsWith('{'))!);
  const where = shown.brokers[0].logDirs.map(
    ({ logDir, partitions: held }: { logDir: string; partitions: object[] }) => [logDir, held.length],
  );
  expect(where).toEqual([
    [a, 0],
    [b, 1],
  ]);
  const read = await run('kafka-console-consumer', '--topic moves --from-beginning --max-messages 2');
  expect(read.stdout).toBe('one\ntwo\n');
});
