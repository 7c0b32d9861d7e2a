import { expect, test } from 'vitest';
import { KafkaError } from '../errors.ts';
import { Producer } from '../producer/producer.ts';
import { parseServers } from './common-settings.ts';
import { CONSUMER_SETTINGS, durationMs } from './consumer-settings.ts';
import { PRODUCER_SETTINGS } from './producer-settings.ts';
import { resolveSettings, settingsFromProperties } from './setting.ts';

const refusal = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(KafkaError);
    expect((error as KafkaError).error).toBe('INVALID_SETTING');
    return (error as KafkaError).message;
  }
  throw new Error('it was taken');
};

test('defaults are Kafka’s', () => {
  expect(resolveSettings(PRODUCER_SETTINGS, {})).toMatchObject({
    acks: 'all',
    lingerMs: 5,
    batchSize: 16_384,
    bufferMemory: 33_554_432,
    maxRequestSize: 1_048_576,
    deliveryTimeoutMs: 120_000,
    maxInFlightRequestsPerConnection: 5,
  });
  expect(resolveSettings(CONSUMER_SETTINGS, {})).toMatchObject({
    sessionTimeoutMs: 45_000,
    heartbeatIntervalMs: 3000,
    maxPollRecords: 500,
    autoOffsetReset: 'latest',
    fetchMaxBytes: 52_428_800,
  });
});

test('an unknown setting is refused with the one that was meant', () => {
  expect(refusal(() => resolveSettings(PRODUCER_SETTINGS, { 'linger.ms': 5 } as never))).toContain('lingerMs');
  expect(refusal(() => resolveSettings(PRODUCER_SETTINGS, { lingerms: 5 } as never))).toContain('lingerMs');
});

test('an impossible value is refused with what is allowed', () => {
  expect(refusal(() => resolveSettings(PRODUCER_SETTINGS, { lingerMs: -1 }))).toContain('at least 0');
  expect(refusal(() => resolveSettings(PRODUCER_SETTINGS, { acks: 2 as never }))).toContain('0, 1 or all');
  expect(refusal(() => resolveSettings(PRODUCER_SETTINGS, { compressionType: 'brotli' as never }))).toContain('zstd');
  expect(refusal(() => resolveSettings(PRODUCER_SETTINGS, { bootstrapServers: 'localhost' }))).toContain('host:port');
});

test('idempotence contradicts weaker settings only when it is asked for', () => {
  expect(refusal(() => new Producer({ enableIdempotence: true, acks: 1 }))).toContain('acks must be all');
  expect(() => new Producer({ acks: 1 })).not.toThrow();
});

test('properties are read by Kafka’s names; strange ones are told', () => {
  const { options, unknown } = settingsFromProperties(CONSUMER_SETTINGS, {
    'auto.offset.reset': 'earliest',
    'max.poll.records': ' 7 ',
    'enable.auto.commit': 'false',
    'key.deserializer': 'org.apache.kafka.common.serialization.StringDeserializer',
  });
  expect(options).toEqual({ autoOffsetReset: 'earliest', maxPollRecords: 7, enableAutoCommit: false });
  expect(unknown).toEqual(['key.deserializer']);
  expect(refusal(() => settingsFromProperties(CONSUMER_SETTINGS, { 'max.poll.records': 'many' }))).toContain(
    'max.poll.records',
  );
});

test('bootstrap servers in the ways people write them', () => {
  expect(parseServers('a:1, PLAINTEXT://b:2,[::1]:3')).toEqual([
    { host: 'a', port: 1 },
    { host: 'b', port: 2 },
    { host: '::1', port: 3 },
  ]);
});

test('auto.offset.reset by duration', () => {
  expect(durationMs('by_duration:P1DT2H3M4.5S')).toBe((((24 + 2) * 60 + 3) * 60 + 4.5) * 1000);
  expect(resolveSettings(CONSUMER_SETTINGS, { autoOffsetReset: 'by_duration:PT1H' }).autoOffsetReset).toBe(
    'by_duration:PT1H',
  );
  for (const wrong of ['by_duration:P', 'by_duration:PT', 'by_duration:-PT1H', 'by_duration:1h', 'toString']) {
    expect(() => resolveSettings(CONSUMER_SETTINGS, { autoOffsetReset: wrong as 'none' })).toThrow('by_duration');
  }
});
