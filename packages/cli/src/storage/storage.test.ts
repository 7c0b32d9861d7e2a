import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { recordingTerminal } from '../../test/recording-terminal.ts';
import { storage } from './storage.ts';

const directory = mkdtempSync(join(tmpdir(), 'moldau-storage-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const data = join(directory, 'data');
const config = join(directory, 'server.properties');
writeFileSync(config, `node.id=7\nlog.dirs=${data}\n`);

async function run(...args: string[]) {
  const terminal = recordingTerminal();
  const status = await storage.run(args, terminal);
  return { status, stdout: terminal.stdout, stderr: terminal.stderr };
}

const ID = 'MkU3OEVBNTcwNTJENDM2Qg';

test('the steps of a course: an id, format, info', async () => {
  expect((await run('random-uuid')).stdout).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{21}\n$/);
  expect(await run('info', '-c', config)).toEqual({
    status: 1,
    stdout: `Found problem:\n  ${data} does not exist\n\n`,
    stderr: '',
  });
  expect(await run('format', '--standalone', '-t', ID, '-c', config)).toEqual({
    status: 0,
    stdout: `Formatting ${data} with cluster id ${ID}.\n`,
    stderr: '',
  });
  expect(readFileSync(join(data, 'meta.properties'), 'utf8')).toMatch(
    new RegExp(`^cluster.id=${ID}\ndirectory.id=[\\w-]{22}\nnode.id=7\nversion=1\n$`),
  );
  expect((await run('info', '--config', config)).stdout).toMatch(
    new RegExp(`^Found log directory:\n {2}${data}\n\nFound metadata: \\{cluster.id=${ID}, .*, version=1\\}\n\n$`),
  );
});

test('a directory is formatted once, and for one cluster', async () => {
  expect((await run('format', '-t', ID, '-c', config)).stderr).toContain(
    'is already formatted. Use --ignore-formatted',
  );
  expect(await run('format', '-t', ID, '-c', config, '-g')).toMatchObject({
    status: 0,
    stdout: 'All of the log directories are already formatted.\n',
  });
  const other = await run('format', '-t', 'AkU3OEVBNTcwNTJENDM2Qg', '-c', config, '--ignore-formatted');
  expect([other.status, other.stderr]).toEqual([
    1,
    `kafka-storage: error: Invalid cluster.id in: ${join(data, 'meta.properties')}. Expected AkU3OEVBNTcwNTJENDM2Qg, but read ${ID}\n`,
  ]);
});

test.each([
  [['format', '-c', 'x'], 'argument --cluster-id is required'],
  [['format', '-t', 'abc', '-c', 'x'], 'Cluster ID string abc does not appear to be a valid UUID'],
  [['info', '-c', join(directory, 'nothing')], 'cannot be read (ENOENT)'],
  [['tidy'], "invalid choice: 'tidy'"],
])('%j is refused', async (args, message) => {
  const { status, stderr } = await run(...args);
  expect([status, stderr.includes(message)]).toEqual([1, true]);
});
