// An eye on other brokers, the controller's on all, the others' on the controller: an idle connection to each. When one
// ends, the broker is called again at once: an address that refuses the call belongs to a process that is gone, and the
// broker is fenced, or another controller elected, without waiting for its session to expire. Any other failure (a cut cable, a frozen host) says nothing, and is left to the session.
// Fencing early costs no record: like every fence it is by epoch, and a broker that lives registers again.
// Always: one watch for each live broker under its present epoch, and none for ourselves.
import type { Timers } from '@moldau/kernel';
import type { BrokerImage } from '@moldau/metadata';

export interface BrokerWatchParts {
  readonly nodeId: number;
  readonly timers: Timers;
  /** Opens a connection and answers what tells of its end; rejects when there is none to be had. */
  connect(brokerId: number): Promise<{ onClose(listener: () => void): void }>;
  /** Nobody listens at the broker's address any more. */
  gone(broker: BrokerImage): void;
}

/** Pause before a broker that could not be called, but did not refuse either, is called again. */
const AGAIN_MS = 500;

export class BrokerWatch {
  readonly #p: BrokerWatchParts;
  /** Broker epoch under which each is watched. */
  readonly #watched = new Map<number, number>();
  #closed = false;

  constructor(parts: BrokerWatchParts) {
    this.#p = parts;
  }

  /** The brokers to be watched, by a new picture. */
  follow(brokers: readonly BrokerImage[]): void {
    if (this.#closed) return;
    const live = new Map(brokers.map((broker) => [broker.brokerId, broker]));
    for (const brokerId of this.#watched.keys()) if (!live.has(brokerId)) this.#watched.delete(brokerId);
    for (const broker of live.values()) {
      if (broker.brokerId === this.#p.nodeId || this.#watched.get(broker.brokerId) === broker.brokerEpoch) continue;
      this.#watched.set(broker.brokerId, broker.brokerEpoch);
      void this.#call(broker);
    }
  }

  close(): void {
    this.#closed = true;
    this.#watched.clear();
  }

  #isWatched({ brokerId, brokerEpoch }: BrokerImage): boolean {
    return !this.#closed && this.#watched.get(brokerId) === brokerEpoch;
  }

  async #call(broker: BrokerImage): Promise<void> {
    try {
      const connection = await this.#p.connect(broker.brokerId);
      connection.onClose(() => {
        if (this.#isWatched(broker)) void this.#call(broker);
      });
    } catch (error) {
      if (!this.#isWatched(broker)) return;
      if (isRefused(error)) this.#p.gone(broker);
      // Fenced under this epoch, the next picture ends the watch; until then it is called on.
      this.#p.timers.set(AGAIN_MS, () => {
        if (this.#isWatched(broker)) void this.#call(broker);
      });
    }
  }
}

/** The host answered that nobody listens there. */
function isRefused(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ((at as { code?: unknown }).code === 'ECONNREFUSED') return true;
  }
  return false;
}
