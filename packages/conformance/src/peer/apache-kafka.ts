// The real Apache Kafka as a peer: one process that is broker and controller (KRaft), on free ports, with its data in a
// directory of its own. Heap and collector are what Kafka's own start script sets, so figures measured against it are
// those of Kafka as shipped.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apacheVersion, classPath } from './apache-jars.ts';
import { BrokerProcess, type Peer, type Place, propertiesText } from './broker-process.ts';
import { freePorts } from './free-ports.ts';

export interface PeerOptions {
  /** Settings of server.properties beyond what the peer needs to run on one machine. */
  readonly properties?: Readonly<Record<string, string | number | boolean>>;
  /** Defaults to a free port. */
  readonly port?: number;
}

/** As Kafka's own start script has them, at this much heap. */
const jvm = (heap: string): string[] => [
  ...[`-Xms${heap}`, `-Xmx${heap}`, '-server', '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20'],
  ...['-XX:InitiatingHeapOccupancyPercent=35', '-XX:+ExplicitGCInvokesConcurrent', '-Djava.awt.headless=true'],
];

const logging = `
status = error
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = [%d] %p %m (%c)%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
`;

/** For 3.9, which logs through log4j 1. */
const oldLogging = `
log4j.rootLogger=WARN, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=[%d] %p %m (%c)%n
`;

/** A cluster id as StorageTool takes it. */
export function newClusterId(): string {
  const random = randomBytes(16);
  random[0] = 0x30; // an id that began with a dash would be taken for an option
  return random.toString('base64url');
}

/** Starts a fresh Apache Kafka broker and resolves when it serves. `close()` stops it and removes its data. */
export async function startApacheKafka(o: PeerOptions & { version?: string; wait?: boolean } = {}): Promise<Peer> {
  const [free, controllerPort] = await freePorts(2);
  const port = o.port ?? free;
  if (port === undefined) throw new Error('no free port');
  const broker = apacheProcess({
    version: o.version ?? apacheVersion,
    port,
    clusterId: newClusterId(),
    heap: '1G',
    settings: {
      'node.id': 1,
      'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
      listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
      'offsets.topic.replication.factor': 1,
      'transaction.state.log.replication.factor': 1,
      'transaction.state.log.min.isr': 1,
      'share.coordinator.state.topic.replication.factor': 1,
      'share.coordinator.state.topic.min.isr': 1,
      ...o.properties,
    },
  });
  if (o.wait !== false) await broker.start();
  return broker;
}

/** A formatted directory and the process over it, broker and controller in one, not started yet. */
export function apacheProcess(o: {
  readonly version: string;
  readonly port: number;
  readonly clusterId: string;
  /** Of the JVM: `1G`. */
  readonly heap: string;
  /** Beyond what is the same for all; node.id, voters and listeners at least. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  readonly place?: Place;
}): Peer {
  const { version, port } = o;
  const host = o.place?.host ?? '127.0.0.1';
  const directory = mkdtempSync(join(tmpdir(), 'apache-kafka-'));
  const data = o.place?.dataDirectory ?? join(directory, 'data');
  mkdirSync(data, { recursive: true });
  const properties = join(directory, 'server.properties');
  const settings = {
    'process.roles': 'broker,controller',
    'advertised.listeners': `PLAINTEXT://${host}:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': data,
    'group.initial.rebalance.delay.ms': 0,
    ...o.settings,
  };
  writeFileSync(properties, propertiesText(settings));
  const logFile = join(directory, 'log4j2.properties');
  writeFileSync(logFile, logging);
  const oldLogFile = join(directory, 'log4j.properties');
  writeFileSync(oldLogFile, oldLogging);
  const configuration = [`-Dlog4j2.configurationFile=${logFile}`, `-Dlog4j.configuration=file:${oldLogFile}`];
  const java = [...configuration, '-cp', classPath(version)];
  const quick = ['-Xmx256M', '-XX:TieredStopAtLevel=1'];
  const format = ['kafka.tools.StorageTool', 'format', '-t', o.clusterId, '-c', properties];
  const formatted = spawnSync('java', [...quick, ...java, ...format], { encoding: 'utf8' });
  if (formatted.status !== 0) throw new Error(`StorageTool format failed: ${formatted.stdout}${formatted.stderr}`);
  return new BrokerProcess(
    {
      name: `Apache Kafka ${version}`,
      file: 'java',
      args: [...jvm(o.heap), ...java, 'kafka.Kafka', properties],
      host,
      port,
      directory,
      startTimeoutMs: 120_000,
      ...(o.place ? { place: o.place } : {}),
    },
    data,
  );
}
