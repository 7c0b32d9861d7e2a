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
}

/** Where the files are; `MOLDAU_RUN_DIR` says otherwise. */
export function runDirectory(): string {
  return process.env.MOLDAU_RUN_DIR ?? join(tmpdir(), `moldau-run-${userInfo().uid}`);
}

/** Writes the file of this process; answers how to remove it. */
export function announceBroker(broker: RunningBroker): () => void {
  const directory = runDirectory();
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, `${broker.pid}.json`);
  writeFileSync(path, JSON.stringify(broker), { mode: 0o600 });
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
    if (broker && isBroker(broker.pid)) running.push(broker);
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

/** A process id is given to somebody else in time: where the system tells, look at what the process runs. */
function isBroker(pid: number): boolean {
  if (!isAlive(pid)) return false;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('moldau');
  } catch {
    return true;
  }
}
