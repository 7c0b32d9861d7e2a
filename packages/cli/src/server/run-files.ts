// Which brokers of this user run on this machine: one small file for each, so that kafka-server-stop.sh finds them as it
// finds Kafka's Java processes. A file whose process is gone counts for nothing and is removed.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

export interface RunningBroker {
  readonly pid: number;
  readonly nodeId: number;
  /** What it was started from; a properties file, or the data directory of `moldau start`. */
  readonly source: string;
  /** When the process began, in the system's own count; absent where the system does not tell. */
  readonly began?: string;
}

/** Where the files are; `MOLDAU_RUN_DIR` says otherwise. */
export function runDirectory(): string {
  return process.env.MOLDAU_RUN_DIR ?? join(tmpdir(), `moldau-run-${userInfo().uid}`);
}

/** Writes the file of this process; answers how to remove it. */
export function announceBroker({ pid, nodeId, source }: Omit<RunningBroker, 'began'>): () => void {
  const directory = runDirectory();
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, `${pid}.json`);
  const began = beginningOf(pid);
  writeFileSync(path, JSON.stringify({ pid, nodeId, source, began }), { mode: 0o600 });
  return () => rmSync(path, { force: true });
}

/** The brokers that are alive, by process id. */
export function runningBrokers(): RunningBroker[] {
  const directory = runDirectory();
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch {
    return [];
  }
  const running: RunningBroker[] = [];
  for (const name of names) {
    const path = join(directory, name);
    const broker = readBroker(path);
    if (broker && isBroker(broker)) running.push(broker);
    else rmSync(path, { force: true });
  }
  return running.sort((a, b) => a.pid - b.pid);
}

function readBroker(path: string): RunningBroker | undefined {
  try {
    const broker = JSON.parse(readFileSync(path, 'utf8')) as RunningBroker;
    return Number.isInteger(broker.pid) ? broker : undefined;
  } catch {
    return undefined;
  }
}

/** Is the process running? One that has ended and whose parent has not looked yet does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.charAt(stat.lastIndexOf(')') + 2) !== 'Z';
  } catch {
    return true;
  }
}

/** A process id is given to somebody else in time; who began at another moment is somebody else. */
function isBroker({ pid, began }: RunningBroker): boolean {
  return isAlive(pid) && (began === undefined || began === beginningOf(pid));
}

/** Clock ticks from the start of the system to that of the process (Linux, field 22 of its stat); undefined elsewhere. */
function beginningOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the name, which may hold spaces and brackets.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
