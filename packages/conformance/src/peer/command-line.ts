// How processes of a run are started: the program itself, with nothing between it and this process, so that its pid is the
// one that a fault strikes; and so that it dies with this process, however that ends.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from './paths.ts';

/**
 * What `bin/moldau WORDS` comes to in the end, without its shell, and without its bootstrap script where the packages are
 * older than the lock file.
 */
export function moldauCommand(...words: readonly [command: string, ...rest: string[]]): [string, ...string[]] {
  const modules = join(repository, 'node_modules');
  const pinned = readdirSync(modules)
    .filter((name) => name.startsWith('node-'))
    .map((name) => join(modules, name, 'bin/node'))
    .find((file) => existsSync(file));
  // As in bin/moldau: a broker's young objects die at once.
  const heap = ['kafka-server-start', 'server-start', 'start'].includes(words[0]) ? ['--max-semi-space-size=8'] : [];
  return [pinned ?? process.execPath, ...heap, join(repository, 'packages/cli/src/moldau.ts'), ...words];
}

/** Words before a command that has to die with this process. The kernel's own means; a runner may be killed with SIGKILL. */
export const dyingWithUs: readonly string[] =
  process.platform === 'linux' && existsSync('/usr/bin/setpriv')
    ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL', '--']
    : [];
