// A broker's way out of the cluster: it asks the controller to be let go, and asks again where the controller could not be
// had or leadership could not be handed over yet, until the settings say to stop without. Pure: `leaving` asks and waits,
// this says what is next.
// Always: it ends. `controlled.shutdown.max.retries` is Kafka's number of attempts in all, with
// `controlled.shutdown.retry.backoff.ms` between two of them. News ends a wait early without using up an attempt (another
// controller than the one that failed; a replica in sync that could lead what is kept), and everything together ends at
// a deadline.
import type { ClusterImage } from '@moldau/metadata';

export interface ShutdownSettings {
  readonly maxRetries: number;
  readonly retryBackoffMs: number;
}

/** What became of one question. `keeps`: this broker leads what another may be able to lead soon. */
export type ShutdownAnswer =
  | { readonly kind: 'letGo' }
  | { readonly kind: 'keeps' }
  | { readonly kind: 'failed'; readonly detail: string };

export interface ShutdownOutcome {
  /** Nothing is led here that another broker could have taken. */
  readonly handedOver: boolean;
  /** Questions asked. */
  readonly attempts: number;
  /** Replicated partitions that it leads to the end. */
  readonly kept: number;
  /** Why it goes on; for logs. */
  readonly reason: string;
}

export type ShutdownStep =
  /** An answer that takes longer is a failure. */
  | { readonly kind: 'ask'; readonly limitMs: number }
  /** Until then, or until the next picture of the cluster. */
  | { readonly kind: 'wait'; readonly untilMs: number }
  | { readonly kind: 'goOn'; readonly outcome: ShutdownOutcome };

/** A controller that lives answers at once; a frozen one is replaced when its session has expired. */
export const ANSWER_MS_MAX = 10_000;

export class ControlledShutdown {
  readonly #nodeId: number;
  readonly #settings: ShutdownSettings;
  #deadlineMs: number | undefined;
  #attempts = 0;
  /** Attempts that were not owed to news: these are the ones that the settings bound. */
  #counted = 0;
  #last: ShutdownAnswer | undefined;
  #askedController = -1;
  #nextMs = 0;

  constructor(nodeId: number, settings: ShutdownSettings) {
    this.#nodeId = nodeId;
    this.#settings = settings;
  }

  /** After `ask` comes `answered`, then this again. */
  next(nowMs: number, image: ClusterImage): ShutdownStep {
    const { maxRetries, retryBackoffMs } = this.#settings;
    this.#deadlineMs ??= nowMs + maxRetries * (ANSWER_MS_MAX + retryBackoffMs);
    if (this.#last?.kind === 'letGo') return this.#letGo(image);
    if (!image.liveBrokers().some(({ brokerId }) => brokerId !== this.#nodeId)) {
      return this.#goOn(image, 'no other broker is alive');
    }
    const isLast = this.#counted >= maxRetries;
    if (isLast || nowMs >= this.#deadlineMs) return this.#goOn(image, this.#why(maxRetries));
    const isDue = this.#last === undefined || nowMs >= this.#nextMs;
    if (!isDue && !this.#hasNews(image)) return { kind: 'wait', untilMs: Math.min(this.#nextMs, this.#deadlineMs) };
    this.#attempts++;
    if (isDue) this.#counted++;
    this.#askedController = image.controllerId;
    return { kind: 'ask', limitMs: Math.min(ANSWER_MS_MAX, this.#deadlineMs - nowMs) };
  }

  answered(nowMs: number, answer: ShutdownAnswer): void {
    this.#last = answer;
    this.#nextMs = nowMs + this.#settings.retryBackoffMs;
  }

  #hasNews(image: ClusterImage): boolean {
    if (this.#last?.kind === 'failed') return image.controllerId >= 0 && image.controllerId !== this.#askedController;
    return ledPartitions(image, this.#nodeId).some(({ isr }) =>
      isr.some((id) => id !== this.#nodeId && image.isActive(id)),
    );
  }

  #why(maxRetries: number): string {
    const after = `after ${this.#attempts} attempt(s) (controlled.shutdown.max.retries=${maxRetries})`;
    if (this.#last?.kind === 'failed') return `the controller could not be asked, ${after}: ${this.#last.detail}`;
    if (this.#last?.kind === 'keeps') return `no other replica came in sync, ${after}`;
    return `it was not to ask (controlled.shutdown.max.retries=${maxRetries})`;
  }

  /** What it was let go from may still be on its way into this picture: only what nobody else could lead is counted. */
  #letGo(image: ClusterImage): ShutdownStep {
    const kept = ledPartitions(image, this.#nodeId).filter(
      ({ replicas }) => !replicas.some((id) => id !== this.#nodeId && image.isActive(id)),
    ).length;
    const reason = kept === 0 ? 'the controller let it go' : 'no other replica of what it leads is there to take over';
    return { kind: 'goOn', outcome: { handedOver: kept === 0, attempts: this.#attempts, kept, reason } };
  }

  #goOn(image: ClusterImage, reason: string): ShutdownStep {
    const kept = ledPartitions(image, this.#nodeId).length;
    return { kind: 'goOn', outcome: { handedOver: false, attempts: this.#attempts, kept, reason } };
  }
}

/** Partitions that this broker leads and that have other replicas. */
function ledPartitions(image: ClusterImage, nodeId: number) {
  return [...image.topics()].flatMap(({ partitions }) =>
    partitions.filter(({ leader, replicas }) => leader === nodeId && replicas.length > 1),
  );
}
