// Our client under every runtime that we say it runs on, from its sources: the same program (program.ts) with Node's two
// older lines, with the pinned Node, with Bun and with Deno.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { runtimeFile, runtimes } from '../../install.ts';
import { node } from '../../peer/paths.ts';
import { bootstrap, fresh } from '../../suite/target.ts';

const program = join(import.meta.dirname, 'program.ts');
const all = [
  { name: 'the pinned Node', file: node, args: [] as readonly string[] },
  ...runtimes.map((runtime) => ({ name: runtime.name, file: runtimeFile(runtime), args: runtime.args })),
];

describe('topics, sends with every codec, and a group that reads them back', () => {
  test.each(all)('$name', { timeout: 60_000 }, async ({ file, args }) => {
    const run = promisify(execFile)(file, [...args, program, bootstrap, fresh('runtimes')], { timeout: 50_000 });
    expect((await run).stdout).toBe('ok\n');
  });
});
