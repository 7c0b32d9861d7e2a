// Which topics the members of a consumer group have subscribed to, read out of the metadata that they join with. The broker
// needs it for two things only: not to expire or delete the offsets of topics that are being read (KIP-211, KIP-496).
import { type MemberTable, metadataOf } from './member-table.ts';

/** Protocol type of Kafka's consumers. Connect says `connect`, others what they like; their metadata stays opaque. */
export const CONSUMER_PROTOCOL_TYPE = 'consumer';

/**
 * All topics that any member subscribed to under `protocol`; empty for a group without members. Undefined when that cannot
 * be known: not consumers, no protocol chosen yet, or metadata that does not read as a subscription.
 */
export function subscribedTopicsOf(
  protocolType: string | undefined,
  protocol: string | undefined,
  members: MemberTable,
): ReadonlySet<string> | undefined {
  if (protocolType !== CONSUMER_PROTOCOL_TYPE) return undefined;
  const topics = new Set<string>();
  if (members.size === 0) return topics;
  if (protocol === undefined) return undefined;
  for (const member of members.values()) {
    const subscribed = subscriptionTopics(metadataOf(member, protocol));
    if (!subscribed) return undefined;
    for (const topic of subscribed) topics.add(topic);
  }
  return topics;
}

/**
 * The topics of one ConsumerProtocolSubscription, undefined when the bytes are none. Every version begins with the fields
 * of version 0, so these are read whatever the version says: a newer client must not blind an older broker.
 */
export function subscriptionTopics(metadata: Buffer): readonly string[] | undefined {
  if (metadata.length < 6 || metadata.readInt16BE(0) < 0) return undefined;
  const count = metadata.readInt32BE(2);
  let position = 6;
  if (count < 0 || count > (metadata.length - position) / 2) return undefined;
  const topics: string[] = [];
  for (let i = 0; i < count; i++) {
    if (position + 2 > metadata.length) return undefined;
    const length = metadata.readInt16BE(position);
    position += 2;
    if (length < 0 || position + length > metadata.length) return undefined;
    topics.push(metadata.toString('utf8', position, position + length));
    position += length;
  }
  return topics;
}
