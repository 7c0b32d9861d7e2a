// A broker as an operating-system process of its own: started, stopped, killed, started again over the same directory.
// Both peers (apache-kafka.ts, moldau.ts) are this with a different command line. Its output goes to a file beside its
// data, and the tail of that file is part of every error, because a broker that does not start says why there.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dyingWithUs } from './command-line.ts';
import { whenServing } from './readiness.ts';

/** Where one process of a cluster runs when that is not simply this machine. */
export interface Place {
  /** Its own address. */
  readonly host: string;
  /** Words before its command line, such as those that enter a network namespace; they must end in an exec. */
  readonly prefix: readonly string[];
  /** For its data, on a file system of its own; kept by `close`. */
  readonly dataDirectory?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface BrokerCommand {
  /** Shown in messages: `Apache Kafka 4.3.1`, `Moldau`. */
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly host: string;
  readonly port: number;
  /** Own directory of this broker: output file, properties, data. Removed by `close`. */
  readonly directory: string;
  readonly startTimeoutMs: number;
  readonly place?: Place;
}

/** What a suite or a bench may do with a broker, whichever it is. */
export interface Peer {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** `host:port`. */
  readonly bootstrap: string;
  /** The directory that `log.dirs` names. */
  readonly dataDirectory: string;
  readonly running: boolean;
  /** Process id of the running broker. Throws when it is down. */
  readonly pid: number;
  /** Starts the process and resolves when it serves, or at once after the spawn when `wait` is false. */
  start(o?: { wait?: boolean }): Promise<void>;
  /** SIGTERM, then waits for the end; SIGKILL after a minute. */
  stop(): Promise<void>;
  /** SIGKILL, then waits for the end. */
  kill(): Promise<void>;
  /** Stops if need be and removes the directory. */
  close(): Promise<void>;
  /** The last lines of what the broker printed. */
  output(lines?: number): string;
}

/** Brokers of this process: whatever ends it takes them and their data along. */
const running = new Set<ChildProcess>();
const directories = new Set<string>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  for (const directory of directories) rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
});

let removesWhenClosed = true;

/**
 * For benches that measure one peer after the other: what `close` would remove goes at the end of this process. ext4 without a
 * journal does not give out the inodes of files that were removed within the last minutes, and searches past them: after a
 * cluster of ten thousand partitions went, making a file takes five times as long.
 */
export function keepFilesUntilExit(): void {
  removesWhenClosed = false;
}

/** For programs that start peers: Ctrl-C and SIGTERM become an orderly exit, so that the above happens. */
export function exitOnSignals(): void {
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  process.once('SIGHUP', () => process.exit(129));
}

/** Without what the runner tells its suites: a broker takes variables that begin with MOLDAU_ for settings. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('MOLDAU_CONFORMANCE_')));
}

export class BrokerProcess implements Peer {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly dataDirectory: string;
  readonly #command: BrokerCommand;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(command: BrokerCommand, dataDirectory: string) {
    this.#command = command;
    directories.add(command.directory);
    this.name = command.name;
    this.host = command.host;
    this.port = command.port;
    this.dataDirectory = dataDirectory;
  }

  get bootstrap(): string {
    return `${this.host}:${this.port}`;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error(`${this.name} is not running`);
    return pid;
  }

  async start(o: { wait?: boolean } = {}): Promise<void> {
    if (this.#child) throw new Error(`${this.name} is running already (pid ${this.#child.pid})`);
    const { file, args, env, directory, host, port, startTimeoutMs, place } = this.#command;
    const out = openSync(join(directory, 'output.log'), 'a');
    const [first, ...rest] = [...dyingWithUs, ...(place?.prefix ?? []), file, ...args];
    const child = spawn(first!, rest, {
      cwd: directory,
      env: { ...environment(), ...env, ...place?.env },
      stdio: ['ignore', out, out],
    });
    closeSync(out);
    this.#child = child;
    running.add(child);
    this.#ended = new Promise((resolve) => {
      const gone = (): void => {
        running.delete(child);
        if (this.#child === child) this.#child = undefined;
        resolve();
      };
      child.once('exit', gone);
      child.once('error', gone);
    });
    if (o.wait === false) return;
    try {
      await whenServing(host, port, { timeoutMs: startTimeoutMs, alive: () => this.#child === child });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const output = this.output();
      await this.kill();
      throw new Error(`${this.name} did not start: ${reason}\n${output}`);
    }
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    child.kill('SIGTERM');
    const impatience = setTimeout(() => child.kill('SIGKILL'), 60_000);
    await this.#ended;
    clearTimeout(impatience);
  }

  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  async close(): Promise<void> {
    await this.kill();
    if (!removesWhenClosed) return;
    directories.delete(this.#command.directory);
    rmSync(this.#command.directory, { recursive: true, force: true });
  }

  output(lines = 40): string {
    try {
      return readFileSync(join(this.#command.directory, 'output.log'), 'utf8')
        .trimEnd()
        .split('\n')
        .slice(-lines)
        .join('\n');
    } catch {
      return '';
    }
  }
}

/** `key=value` lines as a `server.properties` file wants them. */
export function propertiesText(properties: Readonly<Record<string, string | number | boolean>>): string {
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}
