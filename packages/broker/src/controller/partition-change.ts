// One partition after something happened to it: members of its ISR came or went, replicas are asked for, a leader is wanted.
// The one place where leaders, ISRs, ELRs and epochs are worked out, for every road that changes a partition (Kafka's
// PartitionChangeBuilder). Pure.
//
// A leader comes from the ISR, in the order of the replicas; when nobody of it lives, from the eligible leader replicas
// (KIP-966: they left while the ISR was below min.insync.replicas, when nothing more could be committed, so they have all
// that ever was); when none of them lives either, only where `unclean.leader.election.enable` says so from any replica that
// lives, which may lose records and is marked as such.
//
// Always: leader ∈ ISR; ISR ⊆ replicas; ELR is disjoint from the ISR and empty when the ISR has min.insync.replicas; the
// leader epoch grows with every change of leader and every restart of one, the partition epoch with every change.
import { NO_LEADER, type PartitionState } from '@moldau/metadata';

export interface PartitionFacts {
  /** Alive and staying: may be elected. */
  mayLead(brokerId: number): boolean;
  /** Alive, perhaps on its way out: may be elected when nobody else can. */
  lives(brokerId: number): boolean;
  /** min.insync.replicas of the topic. */
  readonly minInSync: number;
  readonly uncleanAllowed: boolean;
}

export interface PartitionChange {
  /** The in-sync set as it is to be, before what follows from it. Default: as it is. */
  readonly isr?: readonly number[];
  readonly replicas?: readonly number[];
  readonly addingReplicas?: readonly number[];
  readonly removingReplicas?: readonly number[];
  readonly leaderRecoveryState?: PartitionState['leaderRecoveryState'];
  /** Brokers that came back from an unclean stop and may lack what they had: none of them stays in ISR or ELR if another does. */
  readonly uncleanlyRestarted?: ReadonlySet<number>;
  /**
   * `needed` (default): a leader if there is none. `preferred`: the first replica, if it is in the ISR. `unclean`: as needed,
   * and if nobody clean is there any replica that lives. `never`: no leader anew.
   */
  readonly election?: 'needed' | 'preferred' | 'unclean' | 'never';
  /** The leader is another run of its broker: a new epoch even if it stays. */
  readonly leaderRestarted?: boolean;
}

export interface ChangedPartition {
  readonly state: PartitionState;
  /** The leader was elected from outside ISR and ELR. */
  readonly unclean: boolean;
}

/** The partition after the change; undefined when nothing changes. */
export function changePartition(
  state: PartitionState,
  change: PartitionChange,
  facts: PartitionFacts,
): ChangedPartition | undefined {
  const next = completed({
    ...state,
    isr: change.isr ?? state.isr,
    replicas: change.replicas ?? state.replicas,
    addingReplicas: change.addingReplicas ?? state.addingReplicas,
    removingReplicas: change.removingReplicas ?? state.removingReplicas,
    leaderRecoveryState: change.leaderRecoveryState ?? state.leaderRecoveryState,
  });
  let { isr } = next;
  let elr = eligible(state, next, facts);
  let lastKnownElr = lastKnown(state, next, elr, facts);
  for (const id of change.uncleanlyRestarted ?? []) {
    // The last one that may have everything keeps its place: without it nobody could ever lead again.
    if (isr.length + elr.length < 2) break;
    if (!isr.includes(id) && !elr.includes(id)) continue;
    isr = isr.filter((other) => other !== id);
    elr = elr.filter((other) => other !== id);
    lastKnownElr = [...lastKnownElr.filter((other) => other !== id), id];
  }
  const elected = elect({ ...next, isr, elr }, change, facts);
  if (elected.leader !== NO_LEADER && !isr.includes(elected.leader)) {
    isr = [elected.leader];
    elr = elected.unclean ? [] : elr.filter((id) => id !== elected.leader);
    if (elected.unclean) lastKnownElr = [];
  }
  const removed = state.replicas.some((id) => !next.replicas.includes(id));
  const newEpoch =
    elected.leader !== state.leader || removed || (change.leaderRestarted === true && elected.leader !== NO_LEADER);
  const result: PartitionState = {
    ...next,
    ...{ isr, elr, lastKnownElr, leader: elected.leader },
    leaderRecoveryState: elected.unclean ? 'recovering' : next.leaderRecoveryState,
    leaderEpoch: newEpoch ? state.leaderEpoch + 1 : state.leaderEpoch,
  };
  if (!newEpoch && isSame(result, state)) return undefined;
  return { state: { ...result, partitionEpoch: state.partitionEpoch + 1 }, unclean: elected.unclean };
}

/** A reassignment is over when those who come are in sync: those who go are let go (KIP-455). */
function completed(state: PartitionState): PartitionState {
  const { addingReplicas, removingReplicas, isr, replicas } = state;
  if (addingReplicas.length === 0 && removingReplicas.length === 0) return state;
  if (!addingReplicas.every((id) => isr.includes(id))) return state;
  const staying = isr.filter((id) => !removingReplicas.includes(id));
  if (staying.length === 0) return state;
  return {
    ...state,
    isr: staying,
    replicas: replicas.filter((id) => !removingReplicas.includes(id)),
    addingReplicas: [],
    removingReplicas: [],
  };
}

function minInSync(state: PartitionState, facts: PartitionFacts): number {
  return Math.min(facts.minInSync, state.replicas.length);
}

/** Who left the ISR and has all that was ever committed, because nothing could be without them. */
function eligible(before: PartitionState, after: PartitionState, facts: PartitionFacts): readonly number[] {
  if (after.isr.length >= minInSync(after, facts)) return [];
  return [...new Set([...before.elr, ...before.isr])].filter(
    (id) => !after.isr.includes(id) && after.replicas.includes(id),
  );
}

function lastKnown(
  before: PartitionState,
  after: PartitionState,
  elr: readonly number[],
  facts: PartitionFacts,
): readonly number[] {
  if (after.isr.length >= minInSync(after, facts)) return [];
  return before.lastKnownElr.filter(
    (id) => !after.isr.includes(id) && !elr.includes(id) && after.replicas.includes(id),
  );
}

function elect(
  state: PartitionState,
  { election = 'needed' }: PartitionChange,
  facts: PartitionFacts,
): { readonly leader: number; readonly unclean: boolean } {
  const { leader, replicas, isr, elr } = state;
  const stands = isr.includes(leader) && facts.lives(leader);
  const [preferred] = replicas;
  if (election === 'preferred' && preferred !== undefined && isr.includes(preferred) && facts.mayLead(preferred)) {
    return { leader: preferred, unclean: false };
  }
  if (stands || election === 'never') return { leader: stands ? leader : NO_LEADER, unclean: false };
  const clean =
    replicas.find((id) => isr.includes(id) && facts.mayLead(id)) ??
    replicas.find((id) => elr.includes(id) && facts.mayLead(id)) ??
    replicas.find((id) => (isr.includes(id) || elr.includes(id)) && facts.lives(id));
  if (clean !== undefined) return { leader: clean, unclean: false };
  const unclean = facts.uncleanAllowed || election === 'unclean' ? replicas.find((id) => facts.mayLead(id)) : undefined;
  return unclean === undefined ? { leader: NO_LEADER, unclean: false } : { leader: unclean, unclean: true };
}

function isSame(a: PartitionState, b: PartitionState): boolean {
  return (
    a.leader === b.leader &&
    a.leaderRecoveryState === b.leaderRecoveryState &&
    sameIds(a.isr, b.isr) &&
    sameIds(a.replicas, b.replicas) &&
    sameIds(a.addingReplicas, b.addingReplicas) &&
    sameIds(a.removingReplicas, b.removingReplicas) &&
    sameIds(a.elr, b.elr) &&
    sameIds(a.lastKnownElr, b.lastKnownElr)
  );
}

function sameIds(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((id, index) => id === b[index]);
}
