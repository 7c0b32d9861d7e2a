// What follows from a producer's settings where they depend on each other, and from names in them. Pure.
import { KafkaError } from '../errors.ts';
import type { PRODUCER_SETTINGS } from '../settings/producer-settings.ts';
import type { SettingsOf } from '../settings/setting.ts';
import { type Partitioner, type PartitionerFunction, RoundRobinPartitioner } from './partitioning.ts';

export function ownPartitioner<K, V>(
  given: PartitionerFunction<K, V> | Partitioner<K, V> | undefined,
  named: 'default' | 'roundRobin',
): Partitioner<never, never> | undefined {
  if (given === undefined) return named === 'roundRobin' ? new RoundRobinPartitioner() : undefined;
  if (typeof given === 'function') return { partition: given };
  if (typeof given?.partition === 'function') return given;
  throw new KafkaError('INVALID_SETTING', {
    message: 'partitioner must be a function, or an object with a method partition.',
  });
}

/** Errors of a topic that waiting does not mend. */
export function isFinal(error: string): boolean {
  return error === 'INVALID_TOPIC_EXCEPTION' || error === 'TOPIC_AUTHORIZATION_FAILED';
}

export function decideIdempotence(settings: SettingsOf<typeof PRODUCER_SETTINGS>): boolean {
  const { enableIdempotence, transactionalId, acks, retries, maxInFlightRequestsPerConnection } = settings;
  const obstacle =
    acks !== 'all'
      ? 'acks must be all'
      : retries === 0
        ? 'retries must not be 0'
        : maxInFlightRequestsPerConnection > 5
          ? 'maxInFlightRequestsPerConnection must be at most 5'
          : undefined;
  if (transactionalId !== undefined && (obstacle || enableIdempotence === false)) {
    const message = `transactionalId is set; for that ${obstacle ?? 'enableIdempotence must not be false'}.`;
    throw new KafkaError('INVALID_SETTING', { message });
  }
  if (enableIdempotence === true && obstacle) {
    throw new KafkaError('INVALID_SETTING', { message: `enableIdempotence is true; for that ${obstacle}.` });
  }
  return enableIdempotence ?? obstacle === undefined;
}

export function levelOf(settings: SettingsOf<typeof PRODUCER_SETTINGS>): number | undefined {
  if (settings.compressionType === 'zstd') return settings.compressionZstdLevel;
  if (settings.compressionType === 'gzip' && settings.compressionGzipLevel >= 0) return settings.compressionGzipLevel;
  return undefined;
}
