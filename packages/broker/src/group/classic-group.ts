// One group of the classic protocol: what it is and in which phase. Data and questions only; what happens to it is decided
// in join.ts, rebalance.ts, sync.ts and membership.ts, and what is durable of it comes in through group-machine's apply.
//
//   Empty ──join──▶ PreparingRebalance ──all joined, or timeout──▶ CompletingRebalance ──leader's assignment stored──▶ Stable
//     ▲                 │      ▲                                          │  somebody joins, leaves, dies                │
//     └──nobody left────┘      └──────────────────────────────────────────┴─────────────────────────────────────────────┘
//
// Durable: generation, protocol type, protocol, leader, members and their assignments as of the last Stable or Empty. The
// phases in between live in memory only, as in Kafka: after a crash a group is back in the last stored one, and its
// members find out by ILLEGAL_GENERATION or UNKNOWN_MEMBER_ID.
import type { Ticket } from '../replicated-machine/machine.ts';
import { type Member, MemberTable } from './member-table.ts';
import type { Rebalance, RebalanceInProgress } from './rebalance-history.ts';

/** Nobody is in the group; it stays for its offsets. */
export interface Empty {
  readonly kind: 'Empty';
}

/** Members are called back together. Heartbeats are told so; joins are parked here until all are back. */
export interface PreparingRebalance {
  readonly kind: 'PreparingRebalance';
  readonly members: MemberTable;
  /** Whose join is parked. A member that is not in here has not come back yet. */
  readonly waiting: Map<string, Ticket>;
  /** The one that will be asked for assignments, if it comes back. */
  leader: string | undefined;
  /** The first rebalance of a group that was empty waits for more members, whoever is there already. */
  readonly initial: { newMemberAdded: boolean; delayMs: number; remainingMs: number } | undefined;
  /** True until the joins that began it were parked. */
  justEntered: boolean;
  rebalance: RebalanceInProgress;
}

/** All are back and know the generation; the leader has been asked who shall own what. */
export interface CompletingRebalance {
  readonly kind: 'CompletingRebalance';
  readonly members: MemberTable;
  readonly protocol: string;
  readonly leader: string;
  /** Whose sync is parked until the leader's comes. */
  readonly waiting: Map<string, Ticket>;
  /** Who has not asked for its assignment yet. */
  readonly pendingSync: Set<string>;
  rebalance: RebalanceInProgress;
}

/** Everybody has an assignment that is in the log. */
export interface Stable {
  readonly kind: 'Stable';
  readonly members: MemberTable;
  readonly protocol: string;
  readonly leader: string;
  readonly pendingSync: Set<string>;
}

/** The shard that held it is gone. */
export interface Dead {
  readonly kind: 'Dead';
}

export type Phase = Empty | PreparingRebalance | CompletingRebalance | Stable | Dead;

export interface ClassicGroup {
  readonly groupId: string;
  phase: Phase;
  generation: number;
  /** Set by the first member ever; undefined in a group that only ever committed offsets (a simple group). */
  protocolType: string | undefined;
  /** Topics its members read, as of the newest generation; undefined when not known (not consumers). */
  subscribedTopics: ReadonlySet<string> | undefined;
  /** Member ids that were handed out and not joined with yet (KIP-394), each with a session timer. */
  readonly pendingMembers: Set<string>;
  /** Wall clock of the last change of phase; undefined when an old record did not say. */
  stateSinceMs: number | undefined;
  /** Whether a record of it is in the log. */
  durable: boolean;
  /** Oldest first. In memory only: a restart forgets them. */
  readonly recentRebalances: Rebalance[];
}

/** A phase with members. */
export type Peopled = PreparingRebalance | CompletingRebalance | Stable;

export function newGroup(groupId: string, wallMs: number | undefined): ClassicGroup {
  return {
    groupId,
    phase: { kind: 'Empty' },
    generation: 0,
    protocolType: undefined,
    subscribedTopics: undefined,
    pendingMembers: new Set(),
    stateSinceMs: wallMs,
    durable: false,
    recentRebalances: [],
  };
}

export function peopled(group: ClassicGroup): Peopled | undefined {
  return group.phase.kind === 'Empty' || group.phase.kind === 'Dead' ? undefined : group.phase;
}

const NO_MEMBERS = new MemberTable();

export function membersOf(group: ClassicGroup): MemberTable {
  return peopled(group)?.members ?? NO_MEMBERS;
}

/** Whether everybody who is expected is there: every member's join is parked and no handed-out id is outstanding. */
export function allJoined(group: ClassicGroup, phase: PreparingRebalance): boolean {
  return phase.waiting.size === phase.members.size && group.pendingMembers.size === 0;
}

/** What is wrong with a request that names this member, or undefined. Kafka's order: the instance first. */
export function memberRefusal(
  group: ClassicGroup,
  memberId: string,
  instanceId: string | null,
): 'UNKNOWN_MEMBER_ID' | 'FENCED_INSTANCE_ID' | undefined {
  const members = membersOf(group);
  if (instanceId !== null) {
    const holder = members.memberIdOf(instanceId);
    if (holder === undefined) return 'UNKNOWN_MEMBER_ID';
    if (holder !== memberId) return 'FENCED_INSTANCE_ID';
  }
  return members.has(memberId) ? undefined : 'UNKNOWN_MEMBER_ID';
}

/** Whether the group reads this topic now. A consumer group that cannot be read counts as reading everything. */
export function readsTopic(group: ClassicGroup, topic: string): boolean {
  return group.subscribedTopics ? group.subscribedTopics.has(topic) : group.protocolType === 'consumer';
}

/** A group that nobody ever joined: it holds offsets committed by hand. */
export function isSimpleGroup(group: ClassicGroup): boolean {
  return group.protocolType === undefined && group.phase.kind === 'Empty' && group.pendingMembers.size === 0;
}

/** Timer names. The id's length goes in front, so that no group id can be mistaken for another's member. */
export function sessionTimer(groupId: string, memberId: string): string {
  return `session/${groupId.length}/${groupId}/${memberId}`;
}
export function joinTimer(groupId: string): string {
  return `join/${groupId.length}/${groupId}`;
}
export function syncTimer(groupId: string): string {
  return `sync/${groupId.length}/${groupId}`;
}

/** Reads a timer name back. */
export function timerTarget(name: string): { kind: string; groupId: string; memberId: string } {
  const first = name.indexOf('/');
  const second = name.indexOf('/', first + 1);
  const length = Number(name.slice(first + 1, second));
  const groupId = name.slice(second + 1, second + 1 + length);
  return { kind: name.slice(0, first), groupId, memberId: name.slice(second + 2 + length) };
}

/** A member with its session timer named. */
export function memberOf(groupId: string, member: Omit<Member, 'sessionTimer'>): Member {
  return { ...member, sessionTimer: sessionTimer(groupId, member.memberId) };
}
