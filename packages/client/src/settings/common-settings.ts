// What all three clients have in common. Names and defaults are Kafka's.
import { SECURITY_SETTINGS } from './security-settings.ts';
import { custom, disallowed, integer, oneOf, text } from './setting.ts';

/** A server to start from. */
export interface BootstrapServer {
  readonly host: string;
  readonly port: number;
}

/** 'host:port', '[v6]:port', with or without a protocol before ('PLAINTEXT://host:port'), joined by commas or in a list. */
export function parseServers(value: unknown): BootstrapServer[] {
  const parts = typeof value === 'string' ? value.split(',') : value;
  const allowed = 'a list of host:port';
  if (!Array.isArray(parts)) throw disallowed(allowed);
  const servers = parts
    .map((part: unknown) => (typeof part === 'string' ? part.trim() : disallowedPart(allowed)))
    .filter((part) => part !== '')
    .map((part) => {
      const match = /^(?:[A-Za-z_]+:\/\/)?(\[[^\]]+\]|[^:/\s]+):(\d{1,5})$/.exec(part);
      const port = Number(match?.[2]);
      if (!match || port < 1 || port > 65535) throw disallowed(`${allowed}, and "${part}" is not one`);
      return { host: match[1]!.replace(/^\[|\]$/g, ''), port };
    });
  if (servers.length === 0) throw disallowed(allowed);
  return servers;
}

function disallowedPart(allowed: string): never {
  throw disallowed(allowed);
}

export const COMMON_SETTINGS = {
  bootstrapServers: custom<string | readonly string[]>({
    kafka: 'bootstrap.servers',
    default: 'localhost:9092',
    doc: 'Where to find the cluster: host:port of some of its brokers, joined by commas or as a list.',
    check: (value) => {
      parseServers(value);
      return value as string | readonly string[];
    },
  }),
  clientId: text({
    kafka: 'client.id',
    default: '',
    doc: 'A name for this client in the logs and metrics of brokers.',
  }),
  requestTimeoutMs: integer({
    kafka: 'request.timeout.ms',
    default: 30_000,
    min: 1,
    doc: 'How long to wait for the answer to one request.',
  }),
  defaultApiTimeoutMs: integer({
    kafka: 'default.api.timeout.ms',
    default: 60_000,
    min: 1,
    doc: 'How long a call may take in all, retries included, when it names no time of its own.',
  }),
  retryBackoffMs: integer({ kafka: 'retry.backoff.ms', default: 100, doc: 'Pause before the first retry.' }),
  retryBackoffMaxMs: integer({
    kafka: 'retry.backoff.max.ms',
    default: 1000,
    doc: 'Longest pause between retries; pauses double, with a random fifth more or less.',
  }),
  reconnectBackoffMs: integer({
    kafka: 'reconnect.backoff.ms',
    default: 50,
    doc: 'Pause before the first new attempt to connect to a broker.',
  }),
  reconnectBackoffMaxMs: integer({
    kafka: 'reconnect.backoff.max.ms',
    default: 1000,
    doc: 'Longest pause between attempts to connect to a broker.',
  }),
  connectionsMaxIdleMs: integer({
    kafka: 'connections.max.idle.ms',
    default: 540_000,
    min: -1,
    doc: 'A connection without traffic is closed after this; -1 never.',
  }),
  socketConnectionSetupTimeoutMs: integer({
    kafka: 'socket.connection.setup.timeout.ms',
    default: 10_000,
    min: 1,
    doc: 'How long connecting to one address may take; doubled after each failure in a row, with a random fifth more or less.',
  }),
  socketConnectionSetupTimeoutMaxMs: integer({
    kafka: 'socket.connection.setup.timeout.max.ms',
    default: 30_000,
    min: 1,
    doc: 'The longest that it becomes.',
  }),
  metadataMaxAgeMs: integer({
    kafka: 'metadata.max.age.ms',
    default: 300_000,
    doc: 'What is known of the cluster is asked for anew after this at the latest.',
  }),
  metadataRecoveryStrategy: oneOf({
    kafka: 'metadata.recovery.strategy',
    default: 'rebootstrap',
    values: ['rebootstrap', 'none'],
    doc: 'When no known broker can be reached: rebootstrap starts again from bootstrap.servers, none keeps trying those that are known.',
  }),
  metadataRecoveryRebootstrapTriggerMs: integer({
    kafka: 'metadata.recovery.rebootstrap.trigger.ms',
    default: 300_000,
    doc: 'Without metadata for so long although it was wanted, the client starts again from bootstrap.servers.',
  }),
  clientDnsLookup: oneOf({
    kafka: 'client.dns.lookup',
    default: 'use_all_dns_ips',
    values: ['use_all_dns_ips', 'resolve_canonical_bootstrap_servers_only'],
    doc: 'use_all_dns_ips: every address of a name is tried in turn. The other one also replaces each bootstrap server by the full names of its addresses.',
  }),
  ...SECURITY_SETTINGS,
};
