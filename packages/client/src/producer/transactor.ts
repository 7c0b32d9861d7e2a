// Carries the transaction manager's wishes out: sends what it wants asked, one request at a time, tells it what came back,
// and keeps the promises of the producer's transactional calls. Runs when something happened, never waits.
// Owns: the manager, the request under way, the timer.
import type { TimerHandle } from '@moldau/kernel';
import type { Cluster } from '../cluster/cluster.ts';
import { backoffMs } from '../connection/backoff.ts';
import { asKafkaError, KafkaError } from '../errors.ts';
import { TransactionManager } from './transaction-manager.ts';
import { ask, featuresOf, type TransactionSettings } from './transaction-requests.ts';
import type { TransactionRequest } from './transaction-steps.ts';

export interface TransactorSettings extends TransactionSettings {
  readonly maxBlockMs: number;
  readonly retryBackoffMs: number;
  readonly retryBackoffMaxMs: number;
}

export class Transactor {
  readonly manager: TransactionManager;
  readonly #cluster: Cluster;
  readonly #settings: TransactorSettings;
  readonly #hasIncomplete: () => boolean;
  readonly #onChange: () => void;
  #scheduled = false;
  #timer: TimerHandle | undefined;

  constructor(o: {
    cluster: Cluster;
    settings: TransactorSettings;
    /** Records were appended or held and are not settled yet. */
    hasIncomplete: () => boolean;
    /** The state, the identity or what may be sent may have changed. */
    onChange: () => void;
  }) {
    this.#cluster = o.cluster;
    this.#settings = o.settings;
    this.#hasIncomplete = o.hasIncomplete;
    this.#onChange = o.onChange;
    const { retryBackoffMs: firstMs, retryBackoffMaxMs: maxMs } = o.settings;
    this.manager = new TransactionManager(o.settings.transactionalId, (failures) =>
      backoffMs(failures, { firstMs, maxMs }, o.cluster.ports.random),
    );
  }

  /**
   * Runs one of the manager's operations; answers when it is done. After max.block.ms the caller is told so, and the
   * operation goes on: what was begun with a coordinator cannot be taken back.
   */
  perform(what: string, begin: (done: (error: KafkaError | undefined) => void) => void): Promise<void> {
    const { maxBlockMs } = this.#settings;
    const { timers } = this.#cluster.ports;
    return new Promise<void>((resolve, reject) => {
      const timer = timers.set(maxBlockMs, () => {
        const message = `${what} did not finish within ${maxBlockMs} ms (max.block.ms); it goes on. Call it again to wait on.`;
        reject(new KafkaError('REQUEST_TIMED_OUT', { message }));
      });
      try {
        begin((error) => {
          timers.clear(timer);
          if (error) reject(error);
          else resolve();
        });
      } catch (error) {
        timers.clear(timer);
        reject(error);
        return;
      }
      this.#onChange();
      this.wake();
    });
  }

  /** Looks for what is to be asked once this turn is over. */
  wake(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#cluster.ports.timers.afterTurn(() => {
      this.#scheduled = false;
      this.#run();
    });
  }

  stop(error: KafkaError): void {
    if (this.#timer) this.#cluster.ports.timers.clear(this.#timer);
    this.#timer = undefined;
    this.manager.stop(error);
  }

  #run(): void {
    if (this.#cluster.isClosed) return;
    const { clock, timers } = this.#cluster.ports;
    const now = clock.monotonic();
    const request = this.manager.next(now, this.#hasIncomplete());
    this.#onChange();
    if (request) {
      void this.#carry(request);
      return;
    }
    const waitMs = this.manager.wakeAt - now;
    if (waitMs <= 0 || this.#timer) return;
    this.#timer = timers.set(waitMs, () => {
      this.#timer = undefined;
      this.#run();
    });
  }

  async #carry(request: TransactionRequest): Promise<void> {
    const { clock } = this.#cluster.ports;
    try {
      if (typeof request.to === 'number' && request.kind !== 'commitOffsets') {
        this.manager.learn(await featuresOf(this.#cluster, request.to));
      }
      const answer = await ask(this.#cluster, this.#settings, request);
      this.manager.answered(answer, clock.monotonic());
    } catch (thrown) {
      const error = asKafkaError(thrown);
      // A search that the broker answered with an error is an answer like others.
      if (request.kind === 'findCoordinator' && isAnswer(error)) {
        this.manager.answered({ error: error.error as never, message: error.message }, clock.monotonic());
      } else {
        this.manager.lost(error, clock.monotonic());
      }
    }
    this.#onChange();
    this.wake();
  }
}

/** Of the broker, about the question; not of the way to it. */
function isAnswer(error: KafkaError): boolean {
  return (
    error.code !== undefined &&
    error.error !== 'NETWORK_EXCEPTION' &&
    error.error !== 'REQUEST_TIMED_OUT' &&
    error.error !== 'UNSUPPORTED_VERSION' &&
    error.error !== 'UNKNOWN_SERVER_ERROR'
  );
}
