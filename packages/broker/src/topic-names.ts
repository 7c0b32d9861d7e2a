// Topics that the platform keeps for itself. Clients read them like any other and do not write or create them.

export const CONSUMER_OFFSETS_TOPIC = '__consumer_offsets';
export const TRANSACTION_STATE_TOPIC = '__transaction_state';
export const SHARE_GROUP_STATE_TOPIC = '__share_group_state';

const internalTopics: ReadonlySet<string> = new Set([
  CONSUMER_OFFSETS_TOPIC,
  TRANSACTION_STATE_TOPIC,
  SHARE_GROUP_STATE_TOPIC,
]);

/** Kafka's `Topic.isInternal`. */
export function isInternalTopic(name: string): boolean {
  return internalTopics.has(name);
}
