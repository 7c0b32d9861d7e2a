// The records of Kafka's internal topics, by the type in their key. Loaded when a tool is asked for them only.
import type { Message } from '@moldau/protocol';

export interface RecordType {
  readonly key: Message;
  readonly value: Message;
}

/** Of which topic the records are. */
export type InternalTopic = '__consumer_offsets' | '__transaction_state' | '__share_group_state';

const GROUP_FILES = [
  'legacy-offset-commit',
  'offset-commit',
  'group-metadata',
  'consumer-group-metadata',
  'consumer-group-partition-metadata',
  'consumer-group-member-metadata',
  'consumer-group-target-assignment-metadata',
  'consumer-group-target-assignment-member',
  'consumer-group-current-member-assignment',
  'consumer-group-regular-expression',
  'share-group-member-metadata',
  'share-group-metadata',
  'share-group-target-assignment-metadata',
  'share-group-target-assignment-member',
  'share-group-current-member-assignment',
  'share-group-state-partition-metadata',
  'streams-group-metadata',
  'streams-group-member-metadata',
  'streams-group-target-assignment-metadata',
  'streams-group-target-assignment-member',
  'streams-group-current-member-assignment',
  'streams-group-topology',
];

const FILES: Readonly<Record<InternalTopic, readonly string[]>> = {
  __consumer_offsets: GROUP_FILES,
  __transaction_state: ['transaction-log'],
  __share_group_state: ['share-snapshot', 'share-update'],
};

/** Every record type of a topic, by its number. */
export async function recordTypes(topic: InternalTopic): Promise<ReadonlyMap<number, RecordType>> {
  const types = new Map<number, RecordType>();
  for (const file of FILES[topic]) {
    const module = (await import(`@moldau/protocol/coordinator-records/${file}`)) as Record<string, Message>;
    const described = Object.values(module);
    const key = described.find(({ kind }) => kind === 'recordKey')!;
    const value = described.find(({ kind }) => kind === 'recordValue')!;
    types.set(key.id!, { key, value });
  }
  return types;
}
