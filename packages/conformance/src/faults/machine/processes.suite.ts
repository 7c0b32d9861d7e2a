// A fault has to strike the broker itself, and nothing of a run may outlive it.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dyingWithUs, moldauCommand } from '../../peer/command-line.ts';
import { repository } from '../../peer/paths.ts';
import { eventually } from '../../suite/eventually.ts';

test('a broker of a run is the very process that bin/kafka-server-start.sh becomes', () => {
  const traced = spawnSync('sh', ['-x', join(repository, 'bin/moldau'), 'kafka-server-start', '--version'], {
    encoding: 'utf8',
  });
  const last = traced.stderr
    .split('\n')
    .filter((line) => line.startsWith('+ exec '))
    .at(-1)!;
  const shown = last.slice('+ exec '.length).split(' ');
  // With packages older than the lock file the script goes through another process; a run does not.
  if (shown[1]?.endsWith('bootstrap.mjs')) expect(shown[0]).toBe('node');
  else expect(shown).toEqual(moldauCommand('kafka-server-start', '--version'));
});

test('a runner that is killed with SIGKILL takes its processes along', async () => {
  const words = JSON.stringify([...dyingWithUs, process.execPath, '-e', 'setInterval(() => {}, 1000)']);
  const program = `
    const [file, ...args] = ${words};
    const child = require('node:child_process').spawn(file, args);
    child.once('spawn', () => console.log(child.pid));
    setInterval(() => {}, 1000);`;
  const runner = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = (await once(runner.stdout!, 'data')) as [Buffer];
  const pid = Number(String(said));
  await eventually('the child is the program itself', () =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(process.execPath),
  );
  runner.kill('SIGKILL');
  await eventually('it is gone', () => !existsSync(`/proc/${pid}`) || isZombie(pid));
});

/** Ended, and its new parent has not asked yet. */
function isZombie(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
}
