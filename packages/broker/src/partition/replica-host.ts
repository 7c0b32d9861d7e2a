// What a partition asks of the broker around it to play its role in the cluster. `replica-manager.ts` is the real one.
import type { Partition } from './partition.ts';
import type { IsrProposal, ReplicaFacts } from './partition-leader.ts';

export interface ReplicaHost {
  readonly nodeId: number;
  readonly facts: ReplicaFacts;
  /** Monotonic milliseconds. */
  now(): number;
  /** replica.lag.time.max.ms. */
  lagMaxMs(): number;
  /** Whether a broker is registered and not fenced. */
  lives(brokerId: number): boolean;
  /** Asks the controller for another ISR; answered by a new state, or by `partition.proposalRefused`. */
  propose(partition: Partition, wish: IsrProposal): void;
  /** Copies from the leader of the partition's present epoch, from now on. */
  copy(partition: Partition): void;
  /** Copies no more. Ignored for a partition that is not copied. */
  stopCopying(partition: Partition): void;
  /** When a follower last fetched anything from here; 0 when it never did. */
  lastFetchAtMs(brokerId: number): number;
  /** The picture names an older leader epoch than the log has seen: the partition is neither led nor copied. */
  epochsWentBack(partition: Partition, logEpoch: number): void;
  /** The confirmed ISR of a partition led here changed; `wish` is what was asked for, if anything was. */
  isrChanged(
    partition: Partition,
    before: readonly number[],
    after: readonly number[],
    wish: IsrProposal | undefined,
  ): void;
}
