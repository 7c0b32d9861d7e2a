// kcat as Debian has it (1.7.1 over librdkafka 2.0.2), run as people run it: arguments, standard input, standard output.
import { spawn } from 'node:child_process';
import { finished, type ToolRun } from '../../peer/tools.ts';
import { bootstrap } from '../../suite/target.ts';

/** Runs kcat against the broker to its end. Throws with what it said when it fails, unless `fails` expects that. */
export async function kcat(
  args: readonly string[],
  o: { input?: string | Buffer; fails?: boolean } = {},
): Promise<ToolRun> {
  const run = await finished(spawn('kcat', ['-b', bootstrap, ...args]), { input: o.input ?? '', timeoutMs: 40_000 });
  if ((run.status !== 0) !== (o.fails ?? false)) {
    throw new Error(`kcat ${args.join(' ')} ended with ${run.status}: ${run.stderr}`);
  }
  return run;
}

export interface KcatRecord {
  readonly partition: number;
  readonly offset: number;
  readonly ts: number;
  readonly tstype: string;
  readonly key: string | null;
  readonly payload: string | null;
  readonly headers?: readonly string[];
}

/** Everything in a topic from its beginning to its end. */
export async function kcatRead(topic: string, ...more: string[]): Promise<KcatRecord[]> {
  const { stdout } = await kcat(['-C', '-t', topic, '-o', 'beginning', '-e', '-q', '-J', ...more]);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as KcatRecord);
}
