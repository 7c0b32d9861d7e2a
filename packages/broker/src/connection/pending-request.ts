// One request between its last byte and its answer. The connection keeps them in order of arrival; the pipeline fills in
// what it decodes and finishes them in any order.
import type { Call } from '../context.ts';
import type { ClientConnection } from './connection.ts';

/** What becomes of the connection when this request's turn to answer comes. */
export type Outcome =
  | { readonly kind: 'answered'; readonly chunks: readonly Buffer[] }
  /** Nothing is sent (Produce with acks 0). */
  | { readonly kind: 'silent' }
  /** The connection ends after everything before has been sent. */
  | { readonly kind: 'close'; readonly reason: string };

export const SILENT: Outcome = { kind: 'silent' };

export class PendingRequest implements Call {
  apiKey = -1;
  apiVersion = 0;
  correlationId = 0;
  clientId: string | null = null;
  /** May start while others of its kind are unanswered. */
  pipelined = false;
  readonly connection: ClientConnection;
  readonly receivedAtMs: number;
  /** Bytes taken from the request budget. */
  readonly frameBytes: number;
  outcome: Outcome | undefined;
  #onAbort: (() => void) | undefined;
  #onFollowed: (() => void) | undefined;
  #onSent: (() => void)[] | undefined;

  constructor(connection: ClientConnection, receivedAtMs: number, frameBytes: number) {
    this.connection = connection;
    this.receivedAtMs = receivedAtMs;
    this.frameBytes = frameBytes;
  }

  get principal(): string {
    return this.connection.principal;
  }

  get host(): string {
    return this.connection.remoteHost;
  }

  aborted(): boolean {
    return this.connection.closed;
  }

  onAbort(run: () => void): void {
    this.#onAbort = run;
  }

  onFollowed(run: () => void): void {
    this.#onFollowed = run;
  }

  /** The next request of the connection is here and waits for this one. */
  followed(): void {
    const run = this.#onFollowed;
    this.#onFollowed = undefined;
    run?.();
  }

  onSent(run: () => void): void {
    this.#onSent ??= [];
    this.#onSent.push(run);
  }

  throttle(throttleMs: number): void {
    this.connection.throttle(throttleMs, this.apiKey);
  }

  /** Somebody waits for the answer to have left. */
  get lends(): boolean {
    return this.#onSent !== undefined;
  }

  /** The answer's memory is no longer looked at: it was sent, or never will be. */
  sent(): void {
    const waiting = this.#onSent;
    this.#onSent = undefined;
    if (waiting) for (const run of waiting) run();
  }

  /** Gives the outcome. The first counts. */
  finish(outcome: Outcome): void {
    if (this.outcome !== undefined) return;
    this.outcome = outcome;
    this.#onAbort = undefined;
    this.#onFollowed = undefined;
    this.connection.requestFinished(outcome);
  }

  /** The connection closed before the answer: whoever parked this request may drop it. */
  abort(): void {
    const run = this.#onAbort;
    this.#onAbort = undefined;
    run?.();
  }
}
