// The controller of the cluster as this broker reaches it: in this process when it was elected here, by request otherwise.
import type { LeaderRecoveryState, PartitionState } from '@moldau/metadata';
import type { WireError } from '@moldau/protocol';
import type { Controller } from './controller.ts';
import type { Outcome } from './decision.ts';
import type { ProducerIdBlock } from './producer-ids.ts';

/** What a partition's leader wishes its in-sync set to be (AlterPartition, KIP-497). */
export interface IsrWish {
  readonly topicId: string;
  readonly partition: number;
  readonly leaderEpoch: number;
  /** The state that the wish rests on: a newer one refuses it. */
  readonly partitionEpoch: number;
  /** With the broker epochs under which they fetched (KIP-903). */
  readonly newIsr: readonly { readonly brokerId: number; readonly brokerEpoch: number }[];
  readonly leaderRecoveryState: LeaderRecoveryState;
}

export interface IsrOutcome {
  /** NONE, or Kafka's: INVALID_UPDATE_VERSION, FENCED_LEADER_EPOCH, INELIGIBLE_REPLICA, NEW_LEADER_ELECTED, … */
  readonly error: WireError;
  /** The partition as it stands now; undefined where there is none. A leader whose wish was refused reads itself back from it. */
  readonly state: PartitionState | undefined;
}

export interface ControllerAccess {
  /** The controller, while it runs in this process. */
  readonly local: Controller | undefined;
  /** Creates the topics that are not there. NONE also for those that were. Throws ControllerUnavailable. */
  ensureTopics(names: readonly string[]): Promise<Map<string, Outcome>>;
  ensureTopic(name: string): Promise<Outcome>;
  /** 1000 ids, durable before this answers. Throws ControllerUnavailable. */
  allocateProducerIds(): Promise<ProducerIdBlock>;
  /** One outcome for each wish, in their order. Throws ControllerUnavailable: try again later. */
  alterPartitions(wishes: readonly IsrWish[]): Promise<readonly IsrOutcome[]>;
}
