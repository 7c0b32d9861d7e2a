// KafkaJS's configuration in the native client's settings. What cannot be honoured is refused with the reason, rather
// than taken and ignored.
import type { Assignor } from '../consumer/assignors/assignor.ts';
import { assignorsOf } from '../consumer/assignors/assignors.ts';
import type { AdminOptions } from '../settings/admin-settings.ts';
import type { ConsumerSettingOptions } from '../settings/consumer-settings.ts';
import type { ProducerSettingOptions } from '../settings/producer-settings.ts';
import { uncheckedTlsOptions } from '../settings/security-settings.ts';
import { KafkaJSNonRetriableError, KafkaJSNotImplemented } from './errors.ts';
import type { Logger } from './logging.ts';
import type { ConsumerConfig, KafkaConfig, PartitionAssigner, ProducerConfig, RetryOptions } from './model.ts';
import { ownAssigner } from './own-assigner.ts';
import { isOwn } from './own-mechanism.ts';

export type Retry = Required<Omit<RetryOptions, 'restartOnFailure'>>;

export function retryOf(...given: (RetryOptions | undefined)[]): Retry {
  const merged: RetryOptions = Object.assign({}, ...given);
  return {
    maxRetryTime: merged.maxRetryTime ?? 30_000,
    initialRetryTime: merged.initialRetryTime ?? 300,
    factor: merged.factor ?? 0.2,
    multiplier: merged.multiplier ?? 2,
    retries: merged.retries ?? 5,
  };
}

export function checkKafkaConfig(config: KafkaConfig): void {
  const { brokers } = config;
  if (typeof brokers !== 'function' && !(Array.isArray(brokers) && brokers.length > 0)) {
    throw new KafkaJSNonRetriableError('brokers must be a list of host:port that is not empty, or a function of one.');
  }
  if (config.socketFactory !== undefined && typeof config.socketFactory !== 'function') {
    throw new KafkaJSNonRetriableError('socketFactory must be a function that opens a socket.');
  }
  const { sasl } = config;
  if (sasl && !isOwn(sasl) && !MECHANISMS.includes(String(sasl.mechanism).toLowerCase())) {
    const known = MECHANISMS.join(', ');
    throw new KafkaJSNotImplemented(
      `sasl takes ${known}, or an authenticationProvider with a mechanism of its own; not ${sasl.mechanism}.`,
    );
  }
}

const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer', 'aws'];

function security({ ssl, sasl }: KafkaConfig): Pick<AdminOptions, 'ssl' | 'sasl'> {
  return {
    ...(ssl ? { ssl: typeof ssl === 'object' ? uncheckedTlsOptions(ssl) : true } : {}),
    // What the native client does not take was replaced when the configuration came in.
    ...(sasl ? { sasl: sasl as NonNullable<AdminOptions['sasl']> } : {}),
  };
}

export async function serversOf(config: KafkaConfig): Promise<string[]> {
  const { brokers } = config;
  const servers = typeof brokers === 'function' ? await brokers() : [...brokers];
  if (!Array.isArray(servers) || servers.length === 0) {
    throw new KafkaJSNonRetriableError('The brokers function answered no list of host:port.');
  }
  return servers;
}

function shared(config: KafkaConfig, servers: readonly string[], retry: Retry): AdminOptions {
  return {
    bootstrapServers: servers,
    ...security(config),
    clientId: config.clientId ?? 'kafkajs',
    socketConnectionSetupTimeoutMs: config.connectionTimeout ?? 1000,
    requestTimeoutMs: config.requestTimeout ?? 30_000,
    retryBackoffMs: retry.initialRetryTime,
    retryBackoffMaxMs: Math.max(retry.initialRetryTime, retry.maxRetryTime),
  };
}

export function adminOptions(config: KafkaConfig, servers: readonly string[], retry: Retry): AdminOptions {
  return { ...shared(config, servers, retry), retries: retry.retries };
}

/** Bytes of one batch: the messages of one `send` to a partition mostly go as one, as with KafkaJS. */
const BATCH_BYTES = 262_144;
/** How large a record may be is left to the broker (message.max.bytes), as with KafkaJS; this is its largest request. */
const REQUEST_BYTES_MAX = 104_857_600;

export function producerOptions(
  config: KafkaConfig,
  own: ProducerConfig,
  servers: readonly string[],
  retry: Retry,
): ProducerSettingOptions {
  return {
    ...shared(config, servers, retry),
    retries: retry.retries,
    lingerMs: 0,
    batchSize: BATCH_BYTES,
    maxRequestSize: REQUEST_BYTES_MAX,
    bufferMemory: REQUEST_BYTES_MAX * 2,
    metadataMaxAgeMs: own.metadataMaxAge ?? 300_000,
    ...(own.idempotent ? { enableIdempotence: true, retries: 2_147_483_647 } : {}),
    ...(own.maxInFlightRequests ? { maxInFlightRequestsPerConnection: own.maxInFlightRequests } : {}),
  };
}

export const DEFAULT_REBALANCE_TIMEOUT_MS = 60_000;

export function consumerOptions(
  config: KafkaConfig,
  own: ConsumerConfig,
  servers: readonly string[],
  retry: Retry,
): ConsumerSettingOptions {
  const named = assignersOf(own.partitionAssigners);
  return {
    ...shared(config, servers, retry),
    ...(named.length > 0 ? { partitionAssignmentStrategy: named } : {}),
    groupId: own.groupId,
    sessionTimeoutMs: own.sessionTimeout ?? 30_000,
    heartbeatIntervalMs: own.heartbeatInterval ?? 3000,
    maxPollIntervalMs: own.rebalanceTimeout ?? DEFAULT_REBALANCE_TIMEOUT_MS,
    maxPartitionFetchBytes: own.maxBytesPerPartition ?? 1_048_576,
    fetchMinBytes: own.minBytes ?? 1,
    fetchMaxBytes: own.maxBytes ?? 10_485_760,
    fetchMaxWaitMs: own.maxWaitTimeInMs ?? 5000,
    metadataMaxAgeMs: own.metadataMaxAge ?? 300_000,
    clientRack: own.rackId ?? '',
    allowAutoCreateTopics: own.allowAutoTopicCreation ?? true,
    isolationLevel: own.readUncommitted ? 'read_uncommitted' : 'read_committed',
    enableAutoCommit: false,
    // A batch is what one fetch brought of a partition.
    maxPollRecords: 1_000_000,
  };
}

/**
 * KafkaJS's one assigner; the name on the wire is the one that KafkaJS members of the same group say, so that a group
 * may be moved member by member. The others are the client's own, for groups with Java members.
 */
export const PartitionAssigners = {
  roundRobin: { assignerName: 'RoundRobinAssigner' },
  range: { assignerName: 'range' },
  sticky: { assignerName: 'sticky' },
} as const satisfies { [name: string]: PartitionAssigner };

/** Names for those that are the client's own; functions are the application's. */
function assignersOf(given: ConsumerConfig['partitionAssigners']): string[] {
  const assigners = given?.length ? given : [PartitionAssigners.roundRobin];
  return assigners.flatMap((assigner) => {
    if (typeof assigner === 'function') return [];
    if (typeof assigner?.assignerName === 'string') return [assigner.assignerName];
    throw new KafkaJSNonRetriableError('partitionAssigners takes entries of PartitionAssigners and functions.');
  });
}

/** All of them as assignors, when there is one of the application's among them; else undefined. */
export function ownAssigners(own: ConsumerConfig, logger: Logger): Assignor[] | undefined {
  const { partitionAssigners: given = [], groupId } = own;
  if (!given.some((assigner) => typeof assigner === 'function')) return undefined;
  return given.flatMap((assigner) =>
    typeof assigner === 'function'
      ? [ownAssigner(assigner, { groupId, logger })]
      : assignorsOf([assigner.assignerName]),
  );
}
