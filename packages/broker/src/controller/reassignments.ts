// Decides moves of partitions to other brokers (AlterPartitionReassignments, KIP-455). A move keeps the old replicas until
// the new ones are in sync; a cancelled one goes back to where it began. Pure.
import type { ClusterImage, PartitionState } from '@moldau/metadata';
import type { BrokerConfig } from '../config/broker-config.ts';
import { type Decision, DONE, type Outcome, refused } from './decision.ts';
import { PartitionChanges, type UncleanElection } from './partition-changes.ts';

export interface ReassignmentWish {
  readonly topic: string;
  readonly partition: number;
  /** Where it shall be; null: cancel the move under way. */
  readonly replicas: readonly number[] | null;
}

export interface ReassignmentOptions {
  /** False: a target of another size than the present replication factor is refused (KIP-860). */
  readonly allowReplicationFactorChange: boolean;
}

export function decideReassignments(
  image: ClusterImage,
  config: BrokerConfig,
  wishes: readonly ReassignmentWish[],
  options: ReassignmentOptions,
): Decision<{ readonly outcomes: Outcome[]; readonly unclean: readonly UncleanElection[] }> {
  const changes = new PartitionChanges(image, config);
  const outcomes = wishes.map((wish): Outcome => {
    const topic = image.topic(wish.topic);
    const state = topic && changes.stateOf(topic, wish.partition);
    if (!topic || !state) return refused('UNKNOWN_TOPIC_OR_PARTITION', 'Unable to find the partition.');
    if (wish.replicas === null) return cancel(changes, topic, state);
    const wrong = judge(image, state, wish.replicas, options);
    if (wrong) return wrong;
    changes.change(topic, wish.partition, moveTo(state, wish.replicas));
    return DONE;
  });
  return { records: changes.records(), result: { outcomes, unclean: changes.unclean } };
}

/** The replicas before the move under way, in their order. */
function originalReplicas({ replicas, addingReplicas }: PartitionState): readonly number[] {
  return replicas.filter((id) => !addingReplicas.includes(id));
}

function moveTo(state: PartitionState, target: readonly number[]) {
  const current = originalReplicas(state);
  const removingReplicas = current.filter((id) => !target.includes(id));
  return {
    replicas: [...target, ...removingReplicas],
    addingReplicas: target.filter((id) => !current.includes(id)),
    removingReplicas,
    // Who came for a move that this one replaces is no replica any more.
    isr: state.isr.filter((id) => target.includes(id) || current.includes(id)),
  };
}

function cancel(
  changes: PartitionChanges,
  topic: Parameters<PartitionChanges['change']>[0],
  state: PartitionState,
): Outcome {
  const { addingReplicas, removingReplicas, partition } = state;
  if (addingReplicas.length === 0 && removingReplicas.length === 0) {
    return refused('NO_REASSIGNMENT_IN_PROGRESS', null);
  }
  const replicas = originalReplicas(state);
  const isr = state.isr.filter((id) => replicas.includes(id));
  if (isr.length === 0) {
    const detail = `The partition ${topic.name}-${partition} has no in-sync replica among those it would go back to.`;
    return refused('INVALID_REPLICA_ASSIGNMENT', detail);
  }
  changes.change(topic, partition, { replicas, isr, addingReplicas: [], removingReplicas: [] });
  return DONE;
}

function judge(
  image: ClusterImage,
  state: PartitionState,
  replicas: readonly number[],
  { allowReplicationFactorChange }: ReassignmentOptions,
): Outcome | undefined {
  if (replicas.length === 0) {
    return refused('INVALID_REPLICA_ASSIGNMENT', 'The manual partition assignment includes an empty replica list.');
  }
  if (new Set(replicas).size !== replicas.length) {
    return refused(
      'INVALID_REPLICA_ASSIGNMENT',
      `The manual partition assignment includes the broker ${replicas.find((id, at) => replicas.indexOf(id) !== at)} more than once.`,
    );
  }
  const unknown = replicas.find((id) => !image.broker(id));
  if (unknown !== undefined) {
    return refused(
      'INVALID_REPLICA_ASSIGNMENT',
      `The manual partition assignment includes broker ${unknown}, but no such broker is registered.`,
    );
  }
  if (!allowReplicationFactorChange && replicas.length !== originalReplicas(state).length) {
    return refused(
      'INVALID_REPLICATION_FACTOR',
      `The replication factor is changed from ${originalReplicas(state).length} to ${replicas.length}`,
    );
  }
  return undefined;
}
