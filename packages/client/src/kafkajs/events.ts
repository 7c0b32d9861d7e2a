// Instrumentation events: KafkaJS's names and envelope, and the list of those who listen.
import type { Clock } from '@moldau/kernel';
import { KafkaJSNonRetriableError } from './errors.ts';
import type { Logger } from './logging.ts';

export interface InstrumentationEvent<T> {
  /** Counts the events of one client. */
  readonly id: number;
  readonly type: string;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly payload: T;
}

const network = <const K extends string>(kind: K) =>
  ({
    REQUEST: `${kind}.network.request`,
    REQUEST_TIMEOUT: `${kind}.network.request_timeout`,
    REQUEST_QUEUE_SIZE: `${kind}.network.request_queue_size`,
  }) as const;

export const PRODUCER_EVENTS = {
  CONNECT: 'producer.connect',
  DISCONNECT: 'producer.disconnect',
  ...network('producer'),
} as const;

export const ADMIN_EVENTS = { CONNECT: 'admin.connect', DISCONNECT: 'admin.disconnect', ...network('admin') } as const;

export const CONSUMER_EVENTS = {
  HEARTBEAT: 'consumer.heartbeat',
  COMMIT_OFFSETS: 'consumer.commit_offsets',
  GROUP_JOIN: 'consumer.group_join',
  FETCH_START: 'consumer.fetch_start',
  FETCH: 'consumer.fetch',
  START_BATCH_PROCESS: 'consumer.start_batch_process',
  END_BATCH_PROCESS: 'consumer.end_batch_process',
  CONNECT: 'consumer.connect',
  DISCONNECT: 'consumer.disconnect',
  STOP: 'consumer.stop',
  CRASH: 'consumer.crash',
  REBALANCING: 'consumer.rebalancing',
  RECEIVED_UNSUBSCRIBED_TOPICS: 'consumer.received_unsubscribed_topics',
  ...network('consumer'),
} as const;

/** What a listener is handed; its payload depends on the event (docs/coming-from-kafkajs.md lists them). */
// biome-ignore lint/suspicious/noExplicitAny: KafkaJS types the payload by event name; applications read fields of it
export type EventListener = (event: InstrumentationEvent<any>) => void | Promise<void>;

export class Emitter {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #names: ReadonlySet<string>;
  readonly #listeners = new Map<string, Set<EventListener>>();
  #sent = 0;

  constructor(clock: Clock, logger: Logger, events: { readonly [key: string]: string }) {
    this.#clock = clock;
    this.#logger = logger;
    this.#names = new Set(Object.values(events));
  }

  /** Returns what takes the listener off again. */
  on(name: string, listener: EventListener): () => void {
    if (!this.#names.has(name)) {
      throw new KafkaJSNonRetriableError(`There is no event ${name}; there are ${[...this.#names].join(', ')}.`);
    }
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    // Its own entry for each call, as one function may be added twice.
    const entry: EventListener = (event) => listener(event);
    listeners.add(entry);
    return () => {
      listeners.delete(entry);
    };
  }

  /** A listener that throws is logged; it disturbs neither the client nor other listeners. */
  emit(name: string, payload: unknown = null): void {
    const listeners = this.#listeners.get(name);
    if (!listeners || listeners.size === 0) return;
    const event = { id: this.#sent++, type: name, timestamp: this.#clock.now(), payload };
    const failed = (error: unknown) =>
      this.#logger.error(`A listener of ${name} failed: ${error instanceof Error ? error.message : String(error)}`);
    for (const listener of [...listeners]) {
      try {
        void Promise.resolve(listener(event)).catch(failed);
      } catch (error) {
        failed(error);
      }
    }
  }
}
