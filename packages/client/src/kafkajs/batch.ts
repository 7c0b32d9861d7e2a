// What handlers of the KafkaJS face are given: messages and batches made of native records.
import type { ConsumerRecord } from '../consumer/consumer-model.ts';
import type { TopicPartition } from '../topic-partition.ts';
import type { Batch, IHeaders, KafkaMessage } from './model.ts';

export function messageOf(record: ConsumerRecord): KafkaMessage {
  const headers: IHeaders = {};
  for (const { key, value } of record.headers) {
    const before = Object.hasOwn(headers, key) ? headers[key] : undefined;
    const bytes = value ?? undefined;
    if (before === undefined) headers[key] = bytes;
    else if (bytes !== undefined) headers[key] = Array.isArray(before) ? [...before, bytes] : [before, bytes];
  }
  const message = {
    magicByte: 2,
    attributes: 0,
    timestamp: String(record.timestamp),
    offset: String(record.offset),
    key: record.key,
    value: record.value,
    headers,
    isControlRecord: false,
  };
  return message;
}

/** `end`: one past the last record of the partition, as of the fetch. */
export function batchOf({ topic, partition }: TopicPartition, messages: KafkaMessage[], end: number): Batch {
  const first = messages[0];
  const last = messages.at(-1);
  const behind = (message: KafkaMessage | undefined) =>
    String(message ? Math.max(0, end - 1 - Number(message.offset)) : 0);
  return {
    topic,
    partition,
    highWatermark: String(end),
    messages,
    isEmpty: () => messages.length === 0,
    firstOffset: () => first?.offset ?? null,
    lastOffset: () => last?.offset ?? String(end - 1),
    offsetLag: () => behind(last),
    offsetLagLow: () => behind(first),
  };
}
