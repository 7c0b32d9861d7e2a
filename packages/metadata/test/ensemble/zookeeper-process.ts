// Real ZooKeeper servers of Debian's package as processes of a test: one alone or an ensemble, each with its own folder
// and ports, killed and brought back as the test likes.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** `apt-get install zookeeper`: its jar names all others in its manifest. */
export const ZOOKEEPER_JAR = '/usr/share/java/zookeeper.jar';
// Netty's last two are missing in Debian's manifest; TLS needs them.
export const CLASS_PATH = ['zookeeper', 'slf4j-nop', 'netty-codec', 'netty-resolver']
  .map((name) => `/usr/share/java/${name}.jar`)
  .join(':');

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || !address) throw new Error('no port');
  return address.port;
}

export class ZooKeeperProcess {
  readonly folder: string;
  readonly port: number;
  #child: ChildProcess | undefined;

  constructor(folder: string, port: number) {
    this.folder = folder;
    this.port = port;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const memory = ['-Xmx192m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
    const main = ['org.apache.zookeeper.server.quorum.QuorumPeerMain', join(this.folder, 'zoo.cfg')];
    const child = spawn('java', [...memory, '-cp', CLASS_PATH, ...main], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk).slice(-2_000);
    });
    this.#child = child;
    for (let attempt = 0; ; attempt++) {
      if (child.exitCode !== null) throw new Error(`ZooKeeper ended with ${child.exitCode}: ${said}`);
      if ((await this.ask('ruok')) === 'imok') return;
      if (attempt > 300) throw new Error(`ZooKeeper on ${this.port} does not answer: ${said}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** A four-letter word; '' when there is no answer. */
  ask(word: string): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1');
      let answer = '';
      socket.setTimeout(1_000, () => socket.destroy());
      socket.on('connect', () => socket.write(word));
      socket.on('data', (chunk: Buffer) => {
        answer += chunk;
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve(answer));
    });
  }

  /** Answers once it serves clients, which in an ensemble takes a quorum. */
  async serving(): Promise<void> {
    while (!(await this.ask('srvr')).includes('Mode:')) await new Promise((resolve) => setTimeout(resolve, 100));
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** SIGSTOP and SIGCONT. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Forgets everything it kept; not while it runs. */
  wipe(): void {
    rmSync(join(this.folder, 'data/version-2'), { recursive: true, force: true });
  }
}

export interface Ensemble {
  readonly servers: readonly ZooKeeperProcess[];
  readonly connect: string;
  stop(): Promise<void>;
}

/** Sessions may be as short as 500 ms here. */
export async function startEnsemble(count = 1, lines: readonly string[] = []): Promise<Ensemble> {
  if (!existsSync(ZOOKEEPER_JAR)) {
    throw new Error('ZooKeeper is missing; run: node packages/conformance/src/install.ts zookeeper');
  }
  const folder = mkdtempSync(join(tmpdir(), 'moldau-zookeeper-'));
  const members: { port: number; peer: number; elect: number }[] = [];
  for (let i = 0; i < count; i++) {
    members.push({ port: await freePort(), peer: await freePort(), elect: await freePort() });
  }
  const peers = count === 1 ? [] : members.map(({ peer, elect }, i) => `server.${i + 1}=127.0.0.1:${peer}:${elect}`);
  const servers = members.map(({ port }, index) => {
    const own = join(folder, String(index + 1));
    mkdirSync(join(own, 'data'), { recursive: true });
    writeFileSync(join(own, 'data/myid'), `${index + 1}\n`);
    const config = [
      'tickTime=250',
      'initLimit=20',
      'syncLimit=8',
      `dataDir=${own}/data`,
      `clientPort=${port}`,
      'clientPortAddress=127.0.0.1',
      'admin.enableServer=false',
      '4lw.commands.whitelist=*',
      'minSessionTimeout=500',
      'maxSessionTimeout=60000',
      'maxClientCnxns=0',
      ...peers,
      ...lines,
    ];
    writeFileSync(join(own, 'zoo.cfg'), `${config.join('\n')}\n`);
    return new ZooKeeperProcess(own, port);
  });
  const stop = async () => {
    for (const server of servers) {
      server.signal('SIGCONT');
      await server.kill();
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all(servers.map((server) => server.start()));
    for (const server of servers) await server.serving();
  } catch (error) {
    await stop();
    throw error;
  }
  return { servers, connect: servers.map((server) => server.address).join(','), stop };
}
