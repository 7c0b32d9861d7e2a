// A member of a group of the classic protocol: joining, syncing, staying by heartbeats, being thrown out. Pure: answers of
// the coordinator come in, the next wishes go out; no socket, no clock.
//
//   outside ──join──> joining ──answer──> syncing ──answer──> stable ──"rebalance"──> (asked to rejoin, still stable)
//      ^                 │                   │                   │                           │ join
//      └───── errors: thrown out, coordinator gone ──────────────┘                           └──> joining
//
// Always: `generationId` is valid (>= 0) exactly in `stable`, and then commits carry it; a member that was thrown out has
// `lost` set until it joins again, so that its partitions are handed back as lost and not as revoked.
import type { WireError } from '@moldau/protocol';

export type MemberState = 'outside' | 'joining' | 'syncing' | 'stable';

export interface Membership {
  readonly state: MemberState;
  /** '' until the coordinator has given one. */
  readonly memberId: string;
  readonly generationId: number;
  /** The assignor that the coordinator chose; of the generation at hand. */
  readonly protocol: string;
  readonly isLeader: boolean;
  /** Why the member has to join again, or undefined. Goes to the coordinator's log with the next JoinGroup. */
  readonly rejoin: string | undefined;
  /** Thrown out since the last assignment: what it owned is not its own any more. */
  readonly lost: boolean;
}

export const OUTSIDE: Membership = {
  state: 'outside',
  memberId: '',
  generationId: -1,
  protocol: '',
  isLeader: false,
  rejoin: 'joining the group',
  lost: false,
};

/** What to do about an answer. */
export type Verdict =
  /** Nothing; or, to JoinGroup and SyncGroup, go on. */
  | { readonly kind: 'proceed' }
  /** Send JoinGroup again, at once. */
  | { readonly kind: 'joinAgain' }
  /** Send JoinGroup again after a pause. */
  | { readonly kind: 'joinLater' }
  /** Find the coordinator anew, then go on. */
  | { readonly kind: 'coordinatorGone' }
  /** It will not get better by itself; tell the application. */
  | { readonly kind: 'fatal'; readonly error: WireError };

export type Step = readonly [Membership, Verdict];

const PROCEED: Verdict = { kind: 'proceed' };
const JOIN_AGAIN: Verdict = { kind: 'joinAgain' };
const COORDINATOR_GONE: Verdict = { kind: 'coordinatorGone' };

export function joinSent(member: Membership): Membership {
  return { ...member, state: 'joining', generationId: -1, isLeader: false };
}

export interface JoinAnswer {
  readonly error: WireError;
  readonly memberId: string;
  readonly generationId: number;
  readonly leader: string;
  readonly protocolName: string | null;
}

export function joinAnswered(member: Membership, answer: JoinAnswer): Step {
  switch (answer.error) {
    case 'NONE':
      return [
        {
          state: 'syncing',
          memberId: answer.memberId,
          generationId: answer.generationId,
          protocol: answer.protocolName ?? '',
          isLeader: answer.leader === answer.memberId,
          rejoin: undefined,
          lost: member.lost,
        },
        PROCEED,
      ];
    case 'MEMBER_ID_REQUIRED':
      // KIP-394: the first JoinGroup only fetches an id, so that members that never come back leave nothing behind.
      return [
        { ...outsideAgain(member, 'need to join with the given member id'), memberId: answer.memberId },
        JOIN_AGAIN,
      ];
    case 'UNKNOWN_MEMBER_ID':
      return [{ ...thrownOut(member, 'the member id was unknown to the coordinator'), memberId: '' }, JOIN_AGAIN];
    case 'ILLEGAL_GENERATION':
    case 'REBALANCE_IN_PROGRESS':
      return [outsideAgain(member, 'the group is rebalancing'), JOIN_AGAIN];
    default:
      return other(member, answer.error);
  }
}

export function syncAnswered(member: Membership, error: WireError): Step {
  switch (error) {
    case 'NONE':
      return [{ ...member, state: 'stable', lost: false }, PROCEED];
    case 'ILLEGAL_GENERATION':
      return [thrownOut(member, 'the generation ended while the member synced'), JOIN_AGAIN];
    case 'REBALANCE_IN_PROGRESS':
      return [outsideAgain(member, 'the group rebalanced while the member synced'), JOIN_AGAIN];
    case 'UNKNOWN_MEMBER_ID':
      return [{ ...thrownOut(member, 'the member id was unknown to the coordinator'), memberId: '' }, JOIN_AGAIN];
    default:
      return other(member, error);
  }
}

/** Also for the errors of commits, which tell the same things. */
export function heartbeatAnswered(member: Membership, error: WireError): Step {
  switch (error) {
    case 'NONE':
      return [member, PROCEED];
    case 'REBALANCE_IN_PROGRESS':
      return [askedToRejoin(member, 'the group is rebalancing'), PROCEED];
    case 'ILLEGAL_GENERATION':
      return [thrownOut(member, 'the generation is over'), PROCEED];
    case 'UNKNOWN_MEMBER_ID':
      return [{ ...thrownOut(member, 'the member was removed from the group'), memberId: '' }, PROCEED];
    default:
      return other(member, error);
  }
}

/** Something changed here or was seen in the metadata: join again with it. Keeps the member stable until it does. */
export function askedToRejoin(member: Membership, reason: string): Membership {
  return member.rejoin === undefined ? { ...member, rejoin: reason } : member;
}

/** The application stayed away too long (max.poll.interval.ms), or left. */
export function left(member: Membership, reason: string): Membership {
  return { ...thrownOut(member, reason), memberId: '' };
}

function outsideAgain(member: Membership, reason: string): Membership {
  return { ...member, state: 'outside', generationId: -1, protocol: '', isLeader: false, rejoin: reason };
}

function thrownOut(member: Membership, reason: string): Membership {
  return { ...outsideAgain(member, reason), lost: true };
}

function other(member: Membership, error: WireError): Step {
  switch (error) {
    case 'COORDINATOR_LOAD_IN_PROGRESS':
      return [unlessStable(member), { kind: 'joinLater' }];
    case 'NOT_COORDINATOR':
    case 'COORDINATOR_NOT_AVAILABLE':
    case 'NETWORK_EXCEPTION':
    case 'REQUEST_TIMED_OUT':
      return [unlessStable(member), COORDINATOR_GONE];
    case 'FENCED_INSTANCE_ID':
      return [
        { ...thrownOut(member, 'fenced by another member with the same group.instance.id'), memberId: '' },
        { kind: 'fatal', error },
      ];
    default:
      return [unlessStable(member), { kind: 'fatal', error }];
  }
}

/** A stable member stays one while its coordinator moves; one that was joining starts over. */
function unlessStable(member: Membership): Membership {
  return member.state === 'stable' ? member : outsideAgain(member, member.rejoin ?? 'joining was interrupted');
}
