// What the group machine has to tell people: the coordinator turns each into a log event and a metric (observing.ts).
import type { Rebalance, RebalanceCause } from './rebalance-history.ts';

export type GroupNotice =
  | {
      readonly kind: 'rebalanceStarted';
      readonly groupId: string;
      readonly generation: number;
      readonly memberCount: number;
      readonly cause: RebalanceCause;
    }
  | { readonly kind: 'rebalanceFinished'; readonly rebalance: Rebalance }
  /** The rebalance timeout passed and not one member has come back. */
  | { readonly kind: 'rebalanceStalled'; readonly groupId: string; readonly memberCount: number }
  | {
      readonly kind: 'staticMemberReplaced';
      readonly groupId: string;
      readonly instanceId: string;
      readonly oldMemberId: string;
      readonly newMemberId: string;
      readonly rebalances: boolean;
    }
  | { readonly kind: 'memberFenced'; readonly groupId: string; readonly memberId: string; readonly instanceId: string }
  /** The leader forgot somebody: that member idles until the next rebalance. */
  | {
      readonly kind: 'assignmentMissing';
      readonly groupId: string;
      readonly generation: number;
      readonly memberIds: readonly string[];
    }
  | { readonly kind: 'groupCreated'; readonly groupId: string }
  | { readonly kind: 'groupRemoved'; readonly groupId: string; readonly why: 'deleted' | 'expired' }
  | { readonly kind: 'offsetsCommitted'; readonly count: number }
  | { readonly kind: 'offsetsExpired'; readonly groupId: string; readonly count: number }
  | {
      readonly kind: 'offsetsDeleted';
      readonly groupId: string;
      readonly count: number;
      readonly why: 'request' | 'topicDeleted' | 'groupDeleted';
    }
  | { readonly kind: 'boundReached'; readonly bound: string; readonly limit: number; readonly groupId: string }
  /** Wall clock and monotonic clock disagree since the last sweep: nothing is expired this time. */
  | { readonly kind: 'sweepPostponed'; readonly disagreementMs: number };
