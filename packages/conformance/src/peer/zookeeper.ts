// A real ZooKeeper (Debian's package) as processes of this run: one server, or an ensemble of three, each with its own
// directory and ports. Ticks are short, so that a test may ask for session time-outs of a second.
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BrokerProcess, type Place } from './broker-process.ts';
import { freePorts } from './free-ports.ts';

const JAR = '/usr/share/java/zookeeper.jar';
/** Sessions may last from two of these to twenty. */
const TICK_MS = 500;

export interface ZooKeeperServer {
  /** `host:port`. */
  readonly address: string;
  readonly host: string;
  readonly port: number;
  readonly running: boolean;
  readonly pid: number;
  start(): Promise<void>;
  /** SIGTERM. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** While it is down: puts its data aside, so that it comes back with nothing. */
  wipe(): void;
  /** While it is down: brings back what `wipe` put aside, in place of what came since. */
  unwipe(): void;
  output(): string;
}

export interface ZooKeeperEnsemble {
  readonly servers: readonly ZooKeeperServer[];
  /** As `zookeeper.connect` takes it, without a chroot. */
  readonly connect: string;
  close(): Promise<void>;
}

/** Starts a fresh ensemble and resolves when every server serves. */
export async function startZooKeeper(
  o: { readonly servers?: number; readonly places?: readonly Place[] } = {},
): Promise<ZooKeeperEnsemble> {
  const count = o.servers ?? 1;
  const ports = await freePorts(count * 3);
  const ids = Array.from({ length: count }, (_, index) => index);
  const host = (id: number) => o.places?.[id]?.host ?? '127.0.0.1';
  const members = ids.map((id) => `server.${id + 1}=${host(id)}:${ports[count + id]}:${ports[2 * count + id]}\n`);
  const servers = ids.map((id) => new Server(id + 1, host(id), ports[id]!, count > 1 ? members : [], o.places?.[id]));
  try {
    await Promise.all(servers.map((server) => server.start()));
  } catch (error) {
    await Promise.all(servers.map((server) => server.close()));
    throw error;
  }
  return {
    servers,
    connect: servers.map(({ address }) => address).join(),
    close: async () => {
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}

class Server implements ZooKeeperServer {
  readonly host: string;
  readonly port: number;
  readonly #id: number;
  readonly #data: string;
  readonly #process: BrokerProcess;

  constructor(id: number, host: string, port: number, members: readonly string[], place: Place | undefined) {
    this.host = host;
    this.port = port;
    this.#id = id;
    const directory = mkdtempSync(join(tmpdir(), 'zookeeper-'));
    this.#data = join(directory, 'data');
    this.#makeData();
    const config = join(directory, 'zoo.cfg');
    writeFileSync(
      config,
      `tickTime=${TICK_MS}\ninitLimit=20\nsyncLimit=4\ndataDir=${this.#data}\nclientPort=${port}\nclientPortAddress=${host}\n` +
        `admin.enableServer=false\n4lw.commands.whitelist=*\nmaxClientCnxns=0\n${members.join('')}`,
    );
    const java = ['-Xmx256M', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Dzookeeper.jmx.log4j.disable=true'];
    this.#process = new BrokerProcess(
      {
        name: `ZooKeeper ${id}`,
        file: 'java',
        args: [...java, '-cp', JAR, 'org.apache.zookeeper.server.quorum.QuorumPeerMain', config],
        host,
        port,
        directory,
        startTimeoutMs: 60_000,
        ...(place ? { place } : {}),
      },
      this.#data,
    );
  }

  get address(): string {
    return `${this.host}:${this.port}`;
  }
  get running(): boolean {
    return this.#process.running;
  }
  get pid(): number {
    return this.#process.pid;
  }

  /** Resolves when it serves; a member of an ensemble does only when a majority is there. */
  async start(): Promise<void> {
    await this.#process.start({ wait: false });
    const deadline = performance.now() + 60_000;
    while (!(await serves(this.host, this.port))) {
      if (!this.#process.running) throw new Error(`ZooKeeper ${this.#id} ended:\n${this.output()}`);
      if (performance.now() > deadline) throw new Error(`ZooKeeper ${this.#id} does not serve:\n${this.output()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  stop(): Promise<void> {
    return this.#process.stop();
  }
  kill(): Promise<void> {
    return this.#process.kill();
  }
  wipe(): void {
    renameSync(this.#data, `${this.#data}.aside`);
    this.#makeData();
  }
  unwipe(): void {
    rmSync(this.#data, { recursive: true, force: true });
    renameSync(`${this.#data}.aside`, this.#data);
  }
  close(): Promise<void> {
    return this.#process.close();
  }
  output(): string {
    return this.#process.output(20);
  }

  #makeData(): void {
    mkdirSync(this.#data, { recursive: true });
    writeFileSync(join(this.#data, 'myid'), `${this.#id}\n`);
  }
}

/** Asks by one of its four-letter words; false on refusal, silence, or a server without its ensemble. */
function serves(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1_000 });
    let answer = '';
    const settle = (): void => {
      socket.destroy();
      resolve(/^Mode: /m.test(answer));
    };
    socket.on('timeout', settle);
    socket.on('error', settle);
    socket.on('close', settle);
    socket.on('connect', () => socket.write('srvr'));
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
    });
  });
}
