// A member of a group of the consumer protocol (KIP-848): the coordinator computes who reads what and tells each member its
// part by heartbeats; the member gives up what is not its own any more, says so, and takes what is new. Pure: answers come
// in, the next heartbeat goes out; no socket, no clock.
//
//   outside ──beat (epoch 0)──> joining ──answer──> stable ──beat──> stable (new target? reconcile in poll, then say so)
//      ^                           │                  │
//      └── fenced, unknown, left ──┴──────────────────┘
//
// Always: `epoch` is that of the coordinator (> 0) exactly in `stable`, and then commits carry it. What the coordinator has
// been told is left out of the next heartbeat; after any failure it is believed to know nothing, and is told all again.
// `owned` is what the member reads, and is reported only after what went is committed and given up: the coordinator hands a
// partition on when its last owner has stopped to report it, so no partition has two readers.
import type { WireError } from '@moldau/protocol';
import type { RequestOf } from '../connection/broker-connection.ts';

export interface IdPartition {
  readonly topicId: string;
  readonly partition: number;
}

export interface ConsumerMembership {
  readonly state: 'outside' | 'joining' | 'stable';
  /** Of the member's own making (KIP-1082), for as long as it lives; '' where the broker makes it (version 0). */
  readonly memberId: string;
  readonly epoch: number;
  /** As the coordinator wants it; 0 before it has said so. */
  readonly heartbeatIntervalMs: number;
  /** What the coordinator wants the member to have; undefined before it has said so. */
  readonly target: readonly IdPartition[] | undefined;
  readonly owned: readonly IdPartition[];
  /** What the coordinator knows of this member; undefined: nothing for certain. */
  readonly told: Told | undefined;
  /** Why the member is outside, or was last. */
  readonly reason: string;
}

/** What a member says of itself, in a form that can be compared. */
export interface Told {
  readonly topics: string;
  readonly pattern: string | undefined;
  readonly owned: string;
}

/** What the application wants. */
export interface Wishes {
  readonly groupId: string;
  readonly topics: readonly string[];
  /** A regular expression in RE2 syntax that the coordinator applies. */
  readonly pattern: string | undefined;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly rebalanceTimeoutMs: number;
  /** The coordinator's assignor; null: its first. */
  readonly assignor: string | null;
}

export type HeartbeatRequest = RequestOf<'ConsumerGroupHeartbeat'>;

/** What to do about an answer. */
export type Verdict =
  | { readonly kind: 'proceed' }
  /** The same coordinator, after a pause. */
  | { readonly kind: 'later' }
  | { readonly kind: 'coordinatorGone' }
  /** The member is out; what it had is lost. It may join again once that is handed back. */
  | { readonly kind: 'fenced' }
  /** Tell the application, and go on: somebody may put it right. */
  | { readonly kind: 'refused'; readonly error: WireError }
  /** It will not get better by itself; tell the application. */
  | { readonly kind: 'fatal'; readonly error: WireError };

const JOIN_EPOCH = 0;
const LEAVE_EPOCH = -1;
/** A static member that comes back finds its partitions waiting. */
const STATIC_LEAVE_EPOCH = -2;

export function newMembership(memberId: string): ConsumerMembership {
  return {
    state: 'outside',
    memberId,
    epoch: JOIN_EPOCH,
    heartbeatIntervalMs: 0,
    target: undefined,
    owned: [],
    told: undefined,
    reason: 'it has not joined the group yet',
  };
}

/** The next heartbeat; the first one joins. `version` 0 has no pattern, and wants no member id before it gave one. */
export function nextHeartbeat(
  member: ConsumerMembership,
  wishes: Wishes,
  version: number,
): { member: ConsumerMembership; request: HeartbeatRequest; telling: Told } {
  const state = member.state === 'outside' ? 'joining' : member.state;
  const telling = tellable(member, wishes);
  const { told } = member;
  const all = told === undefined;
  const topicsChanged = all || told.topics !== telling.topics || told.pattern !== telling.pattern;
  const request: HeartbeatRequest = {
    groupId: wishes.groupId,
    memberId: version === 0 && member.epoch === JOIN_EPOCH && !member.heartbeatIntervalMs ? '' : member.memberId,
    memberEpoch: member.epoch,
    instanceId: wishes.instanceId,
    rackId: all ? wishes.rackId : null,
    rebalanceTimeoutMs: all ? wishes.rebalanceTimeoutMs : -1,
    serverAssignor: all ? wishes.assignor : null,
    // A pattern that was there and is no more is told as '', a missing field would say that nothing has changed.
    subscribedTopicNames: topicsChanged ? [...wishes.topics].sort() : null,
    ...(version >= 1 ? { subscribedTopicRegex: patternFor(topicsChanged, told, wishes) } : {}),
    topicPartitions: all || told.owned !== telling.owned ? byTopicId(member.owned) : null,
  };
  return { member: { ...member, state }, request, telling };
}

function patternFor(changed: boolean, told: Told | undefined, { pattern }: Wishes): string | null {
  if (!changed) return null;
  return pattern ?? (told?.pattern === undefined ? null : '');
}

function tellable(member: ConsumerMembership, wishes: Wishes): Told {
  return { topics: [...wishes.topics].sort().join(), pattern: wishes.pattern, owned: keyOf(member.owned) };
}

/** There is something to tell before the next heartbeat is due. */
export function hasNews(member: ConsumerMembership, wishes: Wishes): boolean {
  if (member.state !== 'stable' || !member.told) return false;
  const now = tellable(member, wishes);
  const { told } = member;
  return told.topics !== now.topics || told.pattern !== now.pattern || told.owned !== now.owned;
}

export interface HeartbeatAnswer {
  readonly error: WireError;
  readonly memberId: string | null;
  readonly memberEpoch: number;
  readonly heartbeatIntervalMs: number;
  /** null: as before. */
  readonly assignment: {
    readonly topicPartitions: readonly { readonly topicId: string; readonly partitions: readonly number[] }[];
  } | null;
}

export function answered(
  member: ConsumerMembership,
  telling: Told,
  answer: HeartbeatAnswer,
): readonly [ConsumerMembership, Verdict] {
  const { error } = answer;
  switch (error) {
    case 'NONE':
      return [
        {
          ...member,
          state: 'stable',
          memberId: answer.memberId ?? member.memberId,
          epoch: answer.memberEpoch,
          heartbeatIntervalMs: answer.heartbeatIntervalMs,
          target: answer.assignment ? flat(answer.assignment.topicPartitions) : member.target,
          told: telling,
        },
        { kind: 'proceed' },
      ];
    case 'FENCED_MEMBER_EPOCH':
      return [outside(member, 'the coordinator has fenced its epoch'), { kind: 'fenced' }];
    case 'UNKNOWN_MEMBER_ID':
      return [outside(member, 'the coordinator has removed it'), { kind: 'fenced' }];
    case 'COORDINATOR_LOAD_IN_PROGRESS':
      return [unheard(member), { kind: 'later' }];
    case 'NOT_COORDINATOR':
    case 'COORDINATOR_NOT_AVAILABLE':
    case 'NETWORK_EXCEPTION':
    case 'REQUEST_TIMED_OUT':
      return [unheard(member), { kind: 'coordinatorGone' }];
    case 'TOPIC_AUTHORIZATION_FAILED':
      return [unheard(member), { kind: 'refused', error }];
    default:
      return [outside(member, `the coordinator refused it: ${error}`), { kind: 'fatal', error }];
  }
}

/** No answer came, or one that says nothing about the member: it may or may not have been heard. */
export function unheard(member: ConsumerMembership): ConsumerMembership {
  return { ...member, told: undefined };
}

/** Thrown out, or gone by itself. Keeps its id, as the protocol wants it. */
export function outside(member: ConsumerMembership, reason: string): ConsumerMembership {
  return { ...member, state: 'outside', epoch: JOIN_EPOCH, target: undefined, owned: [], told: undefined, reason };
}

/** What differs between what the coordinator wants and what the member has; undefined when nothing does. */
export function unreconciled(
  member: ConsumerMembership,
): { readonly gone: readonly IdPartition[]; readonly added: readonly IdPartition[] } | undefined {
  if (member.state !== 'stable' || !member.target) return undefined;
  const target = new Set(member.target.map(textOf));
  const owned = new Set(member.owned.map(textOf));
  const gone = member.owned.filter((where) => !target.has(textOf(where)));
  const added = member.target.filter((where) => !owned.has(textOf(where)));
  return gone.length + added.length === 0 ? undefined : { gone, added };
}

/** What the member reads from now on; the next heartbeat says so. */
export function reconciled(member: ConsumerMembership, owned: readonly IdPartition[]): ConsumerMembership {
  return { ...member, owned };
}

export function leaveRequest(
  { memberId }: ConsumerMembership,
  { groupId, instanceId }: Pick<Wishes, 'groupId' | 'instanceId'>,
): HeartbeatRequest {
  return { groupId, memberId, instanceId, memberEpoch: instanceId === null ? LEAVE_EPOCH : STATIC_LEAVE_EPOCH };
}

export function textOf({ topicId, partition }: IdPartition): string {
  return `${topicId} ${partition}`;
}

function keyOf(partitions: readonly IdPartition[]): string {
  return partitions.map(textOf).sort().join();
}

function flat(topics: readonly { topicId: string; partitions: readonly number[] }[]): IdPartition[] {
  return topics.flatMap(({ topicId, partitions }) => partitions.map((partition) => ({ topicId, partition })));
}

function byTopicId(owned: readonly IdPartition[]): { topicId: string; partitions: number[] }[] {
  const topics = new Map<string, number[]>();
  for (const { topicId, partition } of owned) {
    const partitions = topics.get(topicId) ?? [];
    topics.set(topicId, partitions);
    partitions.push(partition);
  }
  return [...topics].map(([topicId, partitions]) => ({ topicId, partitions }));
}
