// The bounds of the group coordinator that no setting names, and what happens at each. Kafka has the settings
// (group.max.size, offset.metadata.max.bytes, session timeouts, max.message.bytes of __consumer_offsets) and no others;
// these only keep a client that means ill, or loops, from taking memory without end.

/** Members of one group, whatever group.max.size allows: further ones get GROUP_MAX_SIZE_REACHED. */
export const MEMBERS_MAX = 50_000;
/** Member ids of one group that were handed out (MEMBER_ID_REQUIRED) and not used yet: further ones get GROUP_MAX_SIZE_REACHED. */
export const PENDING_MEMBERS_MAX = 10_000;
/** Groups of one partition of __consumer_offsets: a further one is not made, its client gets COORDINATOR_NOT_AVAILABLE. */
export const GROUPS_MAX = 200_000;
/** Protocols that one member may offer: more get INCONSISTENT_GROUP_PROTOCOL. Kafka's consumer offers one or two. */
export const PROTOCOLS_MAX = 256;
/** Bytes of metadata of all protocols of one member: more get INCONSISTENT_GROUP_PROTOCOL; they could never be stored. */
export const MEMBER_METADATA_BYTES_MAX = 1024 * 1024;
/** Partitions in one commit: more get INVALID_COMMIT_OFFSET_SIZE. One batch of a megabyte holds fewer anyway. */
export const OFFSETS_PER_COMMIT_MAX = 50_000;
/** Offsets looked at in one turn of the expiry sweep; the rest waits for the next turn of the event loop. */
export const OFFSETS_SWEPT_PER_TURN = 20_000;

/** Characters of a client's reason for joining or leaving that are kept; the rest is cut (KIP-800 cuts in the client). */
export const REASON_LENGTH_MAX = 255;
/** Causes kept of one rebalance; further ones are counted only. */
export const CAUSES_MAX = 32;
/** Finished rebalances kept of one group; the oldest goes. */
export const REBALANCES_KEPT = 20;
