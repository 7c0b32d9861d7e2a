// Carries wishes for another ISR to the controller (AlterPartition, KIP-497): all of a turn in one request, one request
// under way, a wish again and again until it is decided. In the flow: partition-leader wishes, this asks, the answer or
// the next picture of the cluster settles it; until then the leader counts both sets.
// Always: a wish is dropped only when it is decided or the partition no longer wishes it; a lost answer is asked again,
// because the wish may have been granted (C6), and the state that comes back is taken (C5).
import type { Clock, Timers } from '@moldau/kernel';
import type { WireError } from '@moldau/protocol/errors';
import type { ControllerAccess, IsrOutcome, IsrWish } from '../controller/controller-access.ts';
import type { Partition } from './partition.ts';
import type { IsrProposal } from './partition-leader.ts';

/** The road to the controller, as far as this needs it. */
export type IsrController = Pick<ControllerAccess, 'alterPartitions'>;

export interface IsrProposalsParts {
  readonly nodeId: number;
  readonly controller: IsrController;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly brokerEpoch: () => number;
  readonly observer: {
    /** Asked again in `retryMs`. */
    failed(error: unknown, wishes: number, retryMs: number): void;
    refused(partition: Partition, wish: IsrProposal, error: WireError): void;
  };
}

const retryMsMin = 20;
const retryMsMax = 1_000;
/** Wishes in one request: about a hundred bytes each. */
const wishesMax = 5_000;

export class IsrProposals {
  readonly #p: IsrProposalsParts;
  readonly #waiting = new Map<Partition, IsrProposal>();
  #underWay = false;
  #scheduled = false;
  #retryMs = 0;
  #closed = false;

  constructor(parts: IsrProposalsParts) {
    this.#p = parts;
  }

  /** Wishes not decided yet. */
  get size(): number {
    return this.#waiting.size;
  }

  propose(partition: Partition, wish: IsrProposal): void {
    this.#waiting.set(partition, wish);
    this.#schedule();
  }

  close(): void {
    this.#closed = true;
    this.#waiting.clear();
  }

  #schedule(): void {
    if (this.#scheduled || this.#underWay || this.#closed) return;
    this.#scheduled = true;
    const run = () => {
      this.#scheduled = false;
      void this.#send();
    };
    if (this.#retryMs === 0) this.#p.timers.afterTurn(run);
    else this.#p.timers.set(this.#retryMs, run);
  }

  async #send(): Promise<void> {
    if (this.#closed) return;
    const asked: [Partition, IsrProposal][] = [];
    for (const [partition, wish] of this.#waiting) {
      if (asked.length >= wishesMax) break;
      if (partition.leading?.proposal === wish) asked.push([partition, wish]);
      else this.#waiting.delete(partition);
    }
    if (asked.length === 0) return;
    this.#underWay = true;
    try {
      const wishes = asked.map(([partition, wish]) => this.#onWire(partition, wish));
      const outcomes = await this.#p.controller.alterPartitions(wishes);
      this.#retryMs = 0;
      asked.forEach(([partition, wish], index) => {
        const outcome = outcomes[index];
        if (outcome) this.#settle(partition, wish, outcome);
      });
    } catch (error) {
      this.#backOff();
      this.#p.observer.failed(error, asked.length, this.#retryMs);
    }
    this.#underWay = false;
    if (this.#waiting.size > 0) this.#schedule();
  }

  #settle(partition: Partition, wish: IsrProposal, { error, state }: IsrOutcome): void {
    // Decided meanwhile by a picture, or wished anew: the answer is about something that is no more.
    if (partition.leading?.proposal !== wish) return;
    if (state) partition.follow(state);
    if (partition.leading?.proposal !== wish) {
      if (this.#waiting.get(partition) === wish) this.#waiting.delete(partition);
      if (error !== 'NONE') this.#p.observer.refused(partition, wish, error);
      return;
    }
    switch (error) {
      case 'NONE':
        // Granted; the state comes with the picture.
        this.#waiting.delete(partition);
        return;
      case 'OPERATION_NOT_ATTEMPTED':
      case 'INELIGIBLE_REPLICA':
        this.#waiting.delete(partition);
        this.#p.observer.refused(partition, wish, error);
        partition.proposalRefused(wish);
        return;
      case 'INVALID_UPDATE_VERSION':
      case 'FENCED_LEADER_EPOCH':
      case 'NEW_LEADER_ELECTED':
      case 'NOT_LEADER_OR_FOLLOWER':
      case 'UNKNOWN_TOPIC_ID':
      case 'UNKNOWN_TOPIC_OR_PARTITION':
      case 'INVALID_REQUEST':
        // The controller knows something that has not reached us. Both sets count until the picture says what holds.
        this.#waiting.delete(partition);
        this.#p.observer.refused(partition, wish, error);
        return;
      default:
        this.#backOff();
        this.#p.observer.failed(new Error(error), 1, this.#retryMs);
    }
  }

  #onWire(partition: Partition, wish: IsrProposal): IsrWish {
    const leading = partition.leading!;
    return {
      topicId: partition.topicId,
      partition: partition.index,
      leaderEpoch: leading.leaderEpoch,
      partitionEpoch: wish.partitionEpoch,
      newIsr: wish.members.map((brokerId) => ({
        brokerId,
        brokerEpoch:
          brokerId === this.#p.nodeId
            ? this.#p.brokerEpoch()
            : (leading.followers.find(({ id }) => id === brokerId)?.brokerEpoch ?? -1),
      })),
      leaderRecoveryState: 'recovered',
    };
  }

  #backOff(): void {
    this.#retryMs = Math.min(Math.max(this.#retryMs * 2, retryMsMin), retryMsMax);
  }
}
