// The ZooKeeper engine as the settings describe it, and what it tells as log events and metrics.
import type { Ports, TlsClientOptions } from '@moldau/kernel';
import { ZooKeeperEngine, type ZooKeeperEvent } from '@moldau/metadata';
import { parseConnectString } from '@moldau/metadata/zookeeper';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { EventLog } from '../events.ts';
import type { MetricsOf } from '../metrics.ts';
import { ZOOKEEPER_EVENTS, type ZOOKEEPER_METRICS } from './zookeeper-events.ts';

export interface ZooKeeperParts {
  readonly ports: Ports;
  readonly config: BrokerConfig;
  readonly events: EventLog;
  readonly metrics?: MetricsOf<typeof ZOOKEEPER_METRICS>;
  /** Where what was seen of the store is remembered. */
  readonly directory: string;
}

/** Whether the metadata of the cluster is kept in ZooKeeper. */
export function usesZooKeeper(config: BrokerConfig): boolean {
  return (config.zookeeperConnect ?? '').trim() !== '';
}

/** How the settings reach ZooKeeper. Throws Error for settings that do not go together, or files that cannot be used. */
export function clientOptions(ports: Ports, config: BrokerConfig) {
  const credentials = config.zookeeperDigestCredentials;
  if (config.zookeeperSetAcl && credentials === null) {
    throw new Error(
      'zookeeper.set.acl needs zookeeper.digest.credentials: without them nobody could change the znodes again',
    );
  }
  if (credentials !== null && !credentials.includes(':')) {
    throw new Error('zookeeper.digest.credentials is not of the form user:password');
  }
  const tls = tlsOf(ports, config);
  let connect: ReturnType<typeof parseConnectString>;
  try {
    connect = parseConnectString(config.zookeeperConnect ?? '');
  } catch (cause) {
    throw new Error(`zookeeper.connect=${config.zookeeperConnect}: ${(cause as Error).message}`, { cause });
  }
  return {
    ports,
    connect,
    sessionTimeoutMs: config.zookeeperSessionTimeoutMs,
    inFlightMax: config.zookeeperMaxInFlightRequests,
    ...(credentials !== null && { credentials: [{ scheme: 'digest', auth: Buffer.from(credentials) }] }),
    ...(tls && { tls }),
  };
}

/** Throws EngineError FAILED when no server lets us in, FOREIGN when the store is not ours; Error for settings. */
export async function openZooKeeper(parts: ZooKeeperParts): Promise<ZooKeeperEngine> {
  const { ports, config, directory } = parts;
  return ZooKeeperEngine.open({
    ...clientOptions(ports, config),
    ports,
    connect: config.zookeeperConnect!,
    connectionTimeoutMs: config.zookeeperConnectionTimeoutMs ?? config.zookeeperSessionTimeoutMs,
    setAcl: config.zookeeperSetAcl,
    directory,
    snapshotBytes: Math.min(config.metadataLogMaxRecordBytesBetweenSnapshots, SNAPSHOT_BYTES_MAX),
    onEvent: teller(parts),
  });
}

/** ZooKeeper keeps everything in memory; a log of Kafka's 20 MiB is more than it should. */
const SNAPSHOT_BYTES_MAX = 4 * 1024 * 1024;

function tlsOf({ disk }: Ports, config: BrokerConfig): TlsClientOptions | undefined {
  if (!config.zookeeperSslClientEnable) return undefined;
  const read = (setting: string, path: string): Buffer => {
    let content: Buffer;
    try {
      content = disk.readFileSync(path);
    } catch (cause) {
      throw new Error(`${setting}: ${path} cannot be read (${(cause as Error).message})`, { cause });
    }
    // The magic of Java's own format.
    if (content.length >= 4 && content.readUInt32BE(0) === 0xfeedfeed) {
      throw new Error(
        `${setting}: ${path} is a JKS key store; convert it (keytool -importkeystore -deststoretype pkcs12) or give PEM`,
      );
    }
    return content;
  };
  /** PEM or PKCS#12: by the content, which has to be what is said, if something is. */
  const stored = (name: string, path: string | null, said: string | null) => {
    const form = said?.toUpperCase() ?? null;
    if (form !== null && form !== 'PEM' && form !== 'PKCS12') {
      throw new Error(`zookeeper.ssl.${name}.type=${said}: only PEM and PKCS12 can be read; convert the store`);
    }
    if (path === null) return undefined;
    const content = read(`zookeeper.ssl.${name}.location`, path);
    const isPem = content.includes('-----BEGIN');
    // A DER sequence begins so.
    if (!isPem && content[0] !== 0x30) {
      throw new Error(`zookeeper.ssl.${name}.location: ${path} is neither PEM nor PKCS#12`);
    }
    if (form !== null && (form === 'PEM') !== isPem) {
      throw new Error(`zookeeper.ssl.${name}.type=${said}, but ${path} is ${isPem ? 'PEM' : 'not PEM'}`);
    }
    return { content, isPem };
  };
  const trust = stored('truststore', config.zookeeperSslTruststoreLocation, config.zookeeperSslTruststoreType);
  const key = stored('keystore', config.zookeeperSslKeystoreLocation, config.zookeeperSslKeystoreType);
  const trustPassword = config.zookeeperSslTruststorePassword;
  const password = config.zookeeperSslKeystorePassword;
  const versions = config.zookeeperSslEnabledProtocols;
  const ciphers = config.zookeeperSslCipherSuites;
  return {
    ...(trust?.isPem && { ca: [trust.content] }),
    ...(trust && !trust.isPem && { caStore: { pkcs12: trust.content, passphrase: trustPassword ?? '' } }),
    ...(key && (key.isPem ? { cert: key.content, key: key.content } : { pfx: key.content })),
    ...(password !== null && { passphrase: password }),
    ...(ciphers !== null && { ciphers: ciphers.join(':') }),
    minVersion: versions === null ? config.zookeeperSslProtocol : versions.includes('TLSv1.2') ? 'TLSv1.2' : 'TLSv1.3',
    ...(versions !== null && { maxVersion: versions.includes('TLSv1.3') ? 'TLSv1.3' : 'TLSv1.2' }),
    verifyName: config.zookeeperSslEndpointIdentificationAlgorithm !== '',
  };
}

function teller({ events, metrics }: ZooKeeperParts): (event: ZooKeeperEvent) => void {
  let connected = false;
  if (metrics) metrics.zooKeeperConnected.read = () => (connected ? 1 : 0);
  return (event) => {
    switch (event.kind) {
      case 'sessionState': {
        const was = connected;
        connected = event.state === 'connected';
        if (connected) {
          if (metrics) metrics.zooKeeperSyncConnects.value++;
          events.emit(ZOOKEEPER_EVENTS.connected, { server: event.server, detail: event.why });
        } else if (was) {
          if (metrics) metrics.zooKeeperDisconnects.value++;
          if (event.state === 'away') events.emit(ZOOKEEPER_EVENTS.disconnected, { detail: event.why });
        }
        return;
      }
      case 'sessionOver':
        if (metrics && event.why === 'expired') metrics.zooKeeperExpires.value++;
        if (metrics && event.why === 'authFailed') metrics.zooKeeperAuthFailures.value++;
        events.emit(ZOOKEEPER_EVENTS.sessionOver, { reason: event.why });
        return;
      case 'storeRefused':
        events.emit(ZOOKEEPER_EVENTS.storeRefused, { detail: event.detail });
        return;
      case 'registrationWaits':
        events.emit(ZOOKEEPER_EVENTS.registrationWaits, { brokerId: event.brokerId, waitMs: event.waitMs });
        return;
      case 'deposed':
        events.emit(ZOOKEEPER_EVENTS.deposed, { epoch: event.epoch, reason: event.why });
        return;
      case 'snapshotLoaded':
        events.emit(ZOOKEEPER_EVENTS.snapshotLoaded, { fromOffset: event.fromOffset, offset: event.offset });
        return;
      case 'snapshotTaken':
        events.emit(ZOOKEEPER_EVENTS.snapshotTaken, { offset: event.offset, sizeBytes: event.bytes });
        return;
      case 'snapshotFailed':
        events.emit(ZOOKEEPER_EVENTS.snapshotFailed, { error: event.error });
        return;
      case 'topicsNotPublished':
        events.emit(ZOOKEEPER_EVENTS.topicsNotPublished, { error: event.error });
        return;
      case 'troubled':
        events.emit(ZOOKEEPER_EVENTS.troubled, { what: event.what, error: event.error });
        return;
    }
  };
}
