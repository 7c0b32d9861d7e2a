// A command of the system, run to its end. What breaks and mends machines is a handful of such commands.
import { spawnSync } from 'node:child_process';

/** Standard output. Throws with what was said when the status is not 0. */
export function runCommand(file: string, ...args: readonly string[]): string {
  const done = spawnSync(file, args, { encoding: 'utf8' });
  if (done.status !== 0) {
    throw new Error(`${file} ${args.join(' ')}: ${done.error?.message ?? `${done.stdout}${done.stderr}`.trim()}`);
  }
  return done.stdout;
}

/** The same for what may be gone already. */
export function tryCommand(file: string, ...args: readonly string[]): boolean {
  return spawnSync(file, args, { stdio: 'ignore' }).status === 0;
}
