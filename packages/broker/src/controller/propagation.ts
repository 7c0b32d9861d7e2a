// Who has applied the metadata log how far, as the controller knows it: an admin call is answered once every live broker
// has applied what it decided, so that whichever broker a client asks next knows of it. Pure but for the callbacks.
// Always: a broker counts under the epoch it reported in; one that is fenced or silent holds nobody up past the deadline,
// which is the caller's.
import type { ClusterImage } from '@moldau/metadata';

interface Reported {
  readonly brokerEpoch: number;
  offset: number;
}

interface Waiter {
  readonly offset: number;
  readonly done: () => void;
}

export class Propagation {
  readonly #nodeId: number;
  readonly #reported = new Map<number, Reported>();
  #waiters: Waiter[] = [];

  constructor(nodeId: number) {
    this.#nodeId = nodeId;
  }

  /** A broker told how far it is. */
  reported(image: ClusterImage, brokerId: number, brokerEpoch: number, offset: number): void {
    const known = this.#reported.get(brokerId);
    if (known?.brokerEpoch === brokerEpoch) known.offset = Math.max(known.offset, offset);
    else if (!known || brokerEpoch > known.brokerEpoch) this.#reported.set(brokerId, { brokerEpoch, offset });
    this.settle(image);
  }

  /** Whether every live broker has applied `offset`. */
  isThere(image: ClusterImage, offset: number): boolean {
    for (const { brokerId, brokerEpoch } of image.liveBrokers()) {
      if (brokerId === this.#nodeId) continue;
      const known = this.#reported.get(brokerId);
      if (!known || known.brokerEpoch !== brokerEpoch || known.offset < offset) return false;
    }
    return true;
  }

  /** Calls `done` once every live broker has applied `offset`, possibly at once. Answers how to give up. */
  when(image: ClusterImage, offset: number, done: () => void): () => void {
    if (this.isThere(image, offset)) {
      done();
      return () => {};
    }
    const waiter = { offset, done };
    this.#waiters.push(waiter);
    return () => {
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
    };
  }

  /** Somebody reported, or the live brokers are others now. */
  settle(image: ClusterImage): void {
    if (this.#waiters.length === 0) return;
    const due = this.#waiters.filter(({ offset }) => this.isThere(image, offset));
    if (due.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => !due.includes(waiter));
    for (const { done } of due) done();
  }
}
