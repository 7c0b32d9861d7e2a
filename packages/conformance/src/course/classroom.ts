// Where the course is given: a broker of its own, and a directory with `bin/` (Moldau's scripts, or scripts of the same
// names that run Kafka's own tools) in which the lines are typed.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApacheKafka } from '../peer/apache-kafka.ts';
import { freePorts } from '../peer/free-ports.ts';
import { repository } from '../peer/paths.ts';
import { toolCommand, toolNames } from '../peer/tools.ts';
import { type Place, Running, type Typed, type } from './shell.ts';

export interface Classroom extends Place {
  readonly bootstrap: string;
  /** The directory that `log.dirs` names. */
  readonly dataDirectory: string;
  /** Types a line; `localhost:9092` in it is the broker, wherever that really listens. */
  type(line: string): Promise<Typed>;
  /** Types a line that goes on. */
  start(line: string): Running;
  close(): Promise<void>;
}

class Room implements Classroom {
  readonly bootstrap: string;
  readonly dataDirectory: string;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly #running: Running[] = [];
  readonly #stop: () => Promise<unknown>;

  constructor(o: Place & { bootstrap: string; dataDirectory: string; stop: () => Promise<unknown> }) {
    this.bootstrap = o.bootstrap;
    this.dataDirectory = o.dataDirectory;
    this.directory = o.directory;
    this.environment = o.environment;
    this.#stop = o.stop;
  }

  #here(line: string): string {
    return line.replaceAll('localhost:9092', this.bootstrap);
  }

  type(line: string): Promise<Typed> {
    return type(this, this.#here(line));
  }

  start(line: string): Running {
    const running = new Running(this, `exec ${this.#here(line)}`);
    this.#running.push(running);
    return running;
  }

  async close(): Promise<void> {
    for (const running of this.#running) running.kill();
    await this.#stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Moldau, started as a course does: `bin/kafka-server-start.sh -daemon server.properties`. */
export async function moldauClassroom(settings: Readonly<Record<string, string>> = {}): Promise<Classroom> {
  const directory = mkdtempSync(join(tmpdir(), 'moldau-course-'));
  symlinkSync(join(repository, 'bin'), join(directory, 'bin'));
  const [port] = await freePorts(1);
  const dataDirectory = join(directory, 'data');
  // The file that is shipped, but for where it listens and puts its data.
  const properties = readFileSync(join(repository, 'config/server.properties'), 'utf8')
    .replace(/^listeners=.*$/m, `listeners=PLAINTEXT://localhost:${port}`)
    .replace(/^log\.dirs=.*$/m, `log.dirs=${dataDirectory}`);
  const further = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(join(directory, 'server.properties'), `${properties}\n${further.join('')}`);
  const environment = { LOG_DIR: join(directory, 'logs'), MOLDAU_RUN_DIR: join(directory, 'run') };
  const place = { directory, environment };
  // The way of Kafka 4's quickstart.
  const formatted = await type(
    place,
    'bin/kafka-storage.sh format --standalone -t "$(bin/kafka-storage.sh random-uuid)" -c server.properties',
  );
  if (formatted.status !== 0) throw new Error(`kafka-storage did not format: ${formatted.stderr}`);
  const started = await type(place, 'bin/kafka-server-start.sh -daemon server.properties');
  if (started.status !== 0) throw new Error(`the broker did not start: ${started.stderr}`);
  return new Room({
    ...place,
    bootstrap: `localhost:${port}`,
    dataDirectory,
    stop: () => type(place, 'bin/kafka-server-stop.sh'),
  });
}

const TOOLS_LOGGING = `
status = error
appender.err.type = Console
appender.err.name = err
appender.err.target = SYSTEM_ERR
appender.err.layout.type = PatternLayout
appender.err.layout.pattern = [%d] %p %m (%c)%n
rootLogger.level = warn
rootLogger.appenderRef.err.ref = err
`;

/** Apache Kafka with its own tools, in a directory that looks like its distribution. */
export async function apacheClassroom(): Promise<Classroom> {
  const directory = mkdtempSync(join(tmpdir(), 'apache-course-'));
  mkdirSync(join(directory, 'bin'));
  // As Kafka's own scripts set it: the log of a tool goes to standard error, from WARN up.
  const logging = join(directory, 'tools-log4j2.properties');
  writeFileSync(logging, TOOLS_LOGGING);
  const jvm = ['-Xmx512M', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto'];
  for (const tool of toolNames()) {
    const words = toolCommand(tool, { jvm: [...jvm, `-Dlog4j2.configurationFile=${logging}`] }).map(
      (word) => `'${word.replaceAll("'", "'\\''")}'`,
    );
    writeFileSync(join(directory, 'bin', `${tool}.sh`), `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`, { mode: 0o755 });
  }
  const peer = await startApacheKafka({ properties: { 'log.segment.bytes': 1_073_741_824 } });
  return new Room({
    directory,
    environment: {},
    bootstrap: peer.bootstrap,
    dataDirectory: peer.dataDirectory,
    stop: () => peer.close(),
  });
}

/** Names of the files of a partition. */
export function partitionFiles(room: Classroom, partition: string): string[] {
  return readdirSync(join(room.dataDirectory, partition)).sort();
}
