// What a record's key and value say, by the decoder that was asked for.
import { decodeVersioned } from '@moldau/protocol';
import type { RecordView } from '@moldau/protocol/records/batch-reader';
import { type Json, messageJson } from '../coordinator-records/message-json.ts';
import { recordJson } from '../coordinator-records/record-json.ts';
import { type InternalTopic, recordTypes } from '../coordinator-records/record-types.ts';

export interface DecodedRecord {
  readonly key: string | undefined;
  readonly value: string | undefined;
}

export type RecordDecoder = (record: RecordView) => DecodedRecord;

const WORDS: Readonly<Record<string, (bytes: Buffer) => string>> = {
  String: (bytes) => bytes.toString(),
  Default: (bytes) => bytes.toString(),
  Integer: (bytes) => String(bytes.readInt32BE(0)),
  Long: (bytes) => String(bytes.readBigInt64BE(0)),
};

/** By the class names of Kafka's decoders (`org.apache.kafka.tools.api.LongDecoder`) or their short forms. Throws on others. */
export function wordDecoder(keyClass: string, valueClass: string): RecordDecoder {
  const [key, value] = [keyClass, valueClass].map((name) => {
    const short = name.replace(/^.*\./, '').replace(/Decoder$/, '');
    const found = Object.hasOwn(WORDS, short) ? WORDS[short] : undefined;
    if (!found) throw new Error(`${name}: no such decoder; there are StringDecoder, IntegerDecoder and LongDecoder`);
    return found;
  });
  return (record) => ({
    key: record.key === null ? undefined : key!(record.key),
    value: record.value === null ? undefined : value!(record.value),
  });
}

/** Records of an internal topic as JSON; what cannot be read becomes a note in place of the key. */
export async function internalTopicDecoder(topic: InternalTopic): Promise<RecordDecoder> {
  const types = await recordTypes(topic);
  const subscriptions = topic === '__consumer_offsets' ? await consumerProtocol() : undefined;
  return ({ key, value, offset }) => {
    if (key === null) {
      throw new Error(
        `Failed to decode message at offset ${offset} using the specified decoder (message had a missing key)`,
      );
    }
    try {
      const json = recordJson(types, key, value);
      if (!json)
        return { key: `Unknown record type ${key.readInt16BE(0)} at offset ${offset}, skipping.`, value: undefined };
      const data = json.type === 2 && subscriptions && json.value ? subscriptions(json.value.data) : json.value?.data;
      return {
        key: JSON.stringify({ type: String(json.type), data: json.key }),
        value: json.value ? JSON.stringify({ version: String(json.value.version), data }) : '<DELETE>',
      };
    } catch (error) {
      return { key: `Error at offset ${offset}, skipping. ${(error as Error).message}`, value: undefined };
    }
  };
}

/** Opens what members of a classic consumer group keep in their group's record: subscription and assignment. */
async function consumerProtocol(): Promise<(group: Json) => Json> {
  const { ConsumerProtocolSubscription, ConsumerProtocolAssignment } = await import(
    '@moldau/protocol/messages/consumer-protocol'
  );
  const opened = (
    base64: Json | undefined,
    message: typeof ConsumerProtocolSubscription | typeof ConsumerProtocolAssignment,
  ) => {
    if (typeof base64 !== 'string') return base64 ?? null;
    try {
      const bytes = Buffer.from(base64, 'base64');
      return messageJson(message, bytes.readInt16BE(0), decodeVersioned(message, bytes));
    } catch {
      return base64;
    }
  };
  return (group) => {
    const fields = group as { [name: string]: Json };
    if (fields.protocolType !== 'consumer' || !Array.isArray(fields.members)) return group;
    const members = (fields.members as { [name: string]: Json }[]).map((member) => ({
      ...member,
      subscription: opened(member.subscription, ConsumerProtocolSubscription),
      assignment: opened(member.assignment, ConsumerProtocolAssignment),
    }));
    return { ...fields, members };
  };
}
