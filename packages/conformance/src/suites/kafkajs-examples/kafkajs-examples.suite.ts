// Programs as KafkaJS's documentation teaches to write them, run twice with the same text: with KafkaJS, and with our
// client in its place. Both have to print the same.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { node } from '../../peer/paths.ts';
import { finished } from '../../peer/tools.ts';
import { bootstrap, fresh } from '../../suite/target.ts';
import { offered } from '../transactions/offered.ts';

const folder = join(import.meta.dirname, 'programs');
const { transactions } = await offered();

/** What the program prints, with its names made the same for every run. */
async function printed(program: string, flags: readonly string[]): Promise<string> {
  const prefix = fresh('example');
  const child = spawn(node, [...flags, join(folder, program), bootstrap, prefix], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, KAFKAJS_NO_PARTITIONER_WARNING: '1' },
  });
  const { status, stdout, stderr } = await finished(child, { timeoutMs: 60_000 });
  expect(status, `${stdout}\n${stderr}`).toBe(0);
  return stdout.replaceAll(prefix, 'PREFIX');
}

for (const program of readdirSync(folder)) {
  if (program === 'transacting.cjs' && !transactions) continue;
  // Side by side: most of their time is KafkaJS waiting for fetches to come back before it leaves a group.
  test.concurrent(`${program}: our client prints what KafkaJS prints`, async () => {
    const instead = ['--import', '@moldau/client/node/instead-of-kafkajs'];
    const [theirs, ours] = await Promise.all([printed(program, []), printed(program, instead)]);
    expect(ours).toBe(theirs);
    expect(theirs).not.toBe('');
  });
}
