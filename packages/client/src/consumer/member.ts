// A member of a group as the rest of the consumer sees it, whichever protocol it takes part by: classic (group-member.ts) or
// KIP-848 (consumer-group-member.ts).
import type { WireError } from '@moldau/protocol';
import type { CoordinatorLink } from '../group/coordinator-link.ts';
import type { TopicPartition } from '../topic-partition.ts';

/** As what commits are signed. */
export interface Standing {
  /** Of KIP-848: the member epoch. */
  readonly generationId: number;
  readonly memberId: string;
  /** The generation is being left by joining the next: still good while the group gathers, refused when it has. */
  readonly isPast: boolean;
}

export interface MemberHooks {
  /** The topics to subscribe to now. */
  topics(): readonly string[];
  /** A regular expression that the coordinator applies; undefined without. */
  serverPattern(): string | undefined;
  /** What the member has now. */
  owned(): readonly TopicPartition[];
  /** Gives up what is owned: commits and tells the application, unless it is lost already. Inside poll. */
  revoke(lost: boolean): Promise<void>;
  /** Takes what the group gave. Inside poll. */
  assign(partitions: readonly TopicPartition[]): Promise<void>;
  /** Keeps what it has of these, gives up the rest, takes what is new. Inside poll. */
  change(partitions: readonly TopicPartition[]): Promise<void>;
  /** Partition counts of topics that exist; for the leader, with all topics of the group. */
  partitionCounts(topics: readonly string[]): Promise<Map<string, number>>;
  /** How long the application has not been in poll, in milliseconds; 0 while it is. */
  pollIdleMs(): number;
  /** Out of the group without having asked for it. */
  left(reason: string): void;
}

/**
 * The application has been away for max.poll.interval.ms. Of eachMessage and eachBatch this can be so inside poll, which they
 * call beside a handler that is stuck: a member that joined then would leave again with its next heartbeat, and each time
 * the whole group would rebalance.
 */
export function isAway(hooks: MemberHooks, settings: { readonly maxPollIntervalMs: number }): boolean {
  return hooks.pollIdleMs() > settings.maxPollIntervalMs;
}

export interface Member {
  readonly link: CoordinatorLink;
  readonly protocol: 'classic' | 'consumer';
  /** For transactions that commit offsets on behalf of the member; -1 and '' outside the group. */
  readonly identity: { readonly generationId: number; readonly memberId: string };
  /** Undefined: at the moment the group would refuse any commit of this member. */
  readonly standing: Standing | undefined;
  /** Has partitions, is joining again with them, and has not lost them. */
  readonly keepsWhileJoining: boolean;
  /** What the member has was lost: the group may have given it to others. */
  readonly hasLost: boolean;
  /** Why the member is not at work, in words. */
  readonly trouble: string;
  /** Topics that metadata is wanted of besides the subscribed ones. */
  readonly groupTopics: readonly string[];
  /** Takes part; true when the member is in and has taken its partitions, false when the time is over first. */
  ensureActive(deadline: number, interrupted: () => boolean): Promise<boolean>;
  /** The subscription may have changed. */
  onSubscription(): void;
  /** There is new metadata. */
  onMetadata(): void;
  /** What an error in an answer to a commit says about the membership. */
  commitRefused(error: WireError): void;
  /** Leaves the group and forgets the membership. */
  leave(reason: string, timeoutMs: number): Promise<void>;
}
