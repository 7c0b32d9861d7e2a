// What a run that was killed with SIGKILL left on this machine: file systems that are mounted, namespaces, bridges. Their
// names carry the id of the process that made them; what belongs to no process any more goes. Needs root.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand, tryCommand } from './run-command.ts';

/** Names of this process's machines and folders end in it, or go on after it with a letter or a dash. */
export const owner = String(process.pid);

const FOLDER = /^faults-(\d+)-/;
const NAMESPACE = /^mon(\d+)x\d+-\d+/;
const BRIDGE = /^mob(\d+)x\d+$/;

const isGone = (pid: string | undefined): boolean => pid !== undefined && !existsSync(`/proc/${pid}`);

export function clearLeftovers(): void {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return;
  for (const name of readdirSync(tmpdir())) {
    if (!isGone(FOLDER.exec(name)?.[1])) continue;
    const folder = join(tmpdir(), name);
    for (const line of readFileSync('/proc/mounts', 'utf8').split('\n')) {
      const path = line.split(' ')[1];
      if (path?.startsWith(`${folder}/`)) tryCommand('umount', '-l', path);
    }
    rmSync(folder, { recursive: true, force: true });
  }
  if (!existsSync('/run/netns')) return;
  for (const name of readdirSync('/run/netns')) {
    if (isGone(NAMESPACE.exec(name)?.[1])) tryCommand('ip', 'netns', 'del', name);
  }
  const bridges = runCommand('ip', '-o', 'link', 'show', 'type', 'bridge');
  for (const [, name = ''] of bridges.matchAll(/^\d+: ([^:@]+)/gm)) {
    if (isGone(BRIDGE.exec(name)?.[1])) tryCommand('ip', 'link', 'del', name);
  }
}
