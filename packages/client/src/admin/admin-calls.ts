// What every admin call stands on: the cluster, the time it may take, and the loop that goes on with the items that are
// not settled yet.
import type { Cluster } from '../cluster/cluster.ts';
import { retrying } from '../cluster/retry.ts';
import { KafkaError } from '../errors.ts';
import type { ADMIN_SETTINGS } from '../settings/admin-settings.ts';
import type { SettingsOf } from '../settings/setting.ts';
import type { CallOptions, Outcome } from './admin-model.ts';

/** For calls to partition leaders: an unknown topic may be new and not everywhere yet, but mostly it is wrong. */
export const UNKNOWN_TOPIC_RETRIES = 3;

export class AdminCalls {
  readonly cluster: Cluster;
  readonly #settings: SettingsOf<typeof ADMIN_SETTINGS>;
  /** Topics that calls under way want metadata of, and how many such calls. */
  readonly #wanted = new Map<string, number>();

  constructor(cluster: (interest: () => ReadonlySet<string>) => Cluster, settings: SettingsOf<typeof ADMIN_SETTINGS>) {
    this.cluster = cluster(() => new Set(this.#wanted.keys()));
    this.#settings = settings;
  }

  timeoutMs(options: CallOptions | undefined): number {
    return options?.timeoutMs ?? this.#settings.defaultApiTimeoutMs;
  }

  /** Retries the whole call while its error may pass; metadata is asked for anew in between. `what`: 'listing topics'. */
  run<T>(what: string, options: CallOptions | undefined, attempt: (leftMs: number) => Promise<T>): Promise<T> {
    const budget = { timeoutMs: this.timeoutMs(options), what };
    return retrying(this.cluster.ports, this.#settings, budget, attempt, () => this.cluster.refresh());
  }

  /**
   * Runs `attempt` for the items and again for those whose error may pass, until the time is over: then the last error
   * is the item's outcome. An error thrown concerns all; it is retried or thrown. Answers outcomes by `keyOf`.
   * An unknown topic is final, unless `unknownTopicRetries` says how often to ask again.
   */
  async each<Item, T>(
    what: string,
    options: CallOptions | undefined,
    items: readonly Item[],
    keyOf: (item: Item) => string,
    attempt: (items: readonly Item[], leftMs: number) => Promise<Map<string, Outcome<T>>>,
    unknownTopicRetries = 0,
  ): Promise<Map<string, Outcome<T>>> {
    const settled = new Map<string, Outcome<T>>();
    for (const item of items) settled.set(keyOf(item), new KafkaError('REQUEST_TIMED_OUT'));
    if (items.length === 0) return settled;
    let left = items;
    let attempts = 0;
    let someAnswered = false;
    try {
      await this.run(what, options, async (leftMs) => {
        const outcomes = await attempt(left, leftMs);
        someAnswered = true;
        let retriable: KafkaError | undefined;
        const open: Item[] = [];
        for (const item of left) {
          const key = keyOf(item);
          const outcome =
            outcomes.get(key) ??
            new KafkaError('UNKNOWN_SERVER_ERROR', { message: 'The broker did not answer for it.' });
          settled.set(key, outcome);
          if (!(outcome instanceof KafkaError) || !outcome.retriable) continue;
          const unknown = outcome.error === 'UNKNOWN_TOPIC_OR_PARTITION' || outcome.error === 'UNKNOWN_TOPIC_ID';
          if (unknown && attempts >= unknownTopicRetries) continue;
          open.push(item);
          retriable = outcome;
        }
        attempts++;
        left = open;
        if (retriable) throw retriable;
      });
    } catch (error) {
      // Where brokers have answered, the items' own last errors say more than that the time is over.
      if (!someAnswered) throw error;
    }
    return settled;
  }

  /** Has metadata of these topics, asked for now. Topics that do not exist are left out, with their error noted there. */
  async describe(topics: Iterable<string>): Promise<void> {
    const names = new Set(topics);
    for (const name of names) this.#wanted.set(name, (this.#wanted.get(name) ?? 0) + 1);
    try {
      await this.cluster.refresh();
    } finally {
      for (const name of names) {
        const left = this.#wanted.get(name)! - 1;
        if (left === 0) this.#wanted.delete(name);
        else this.#wanted.set(name, left);
      }
    }
  }

  /** Has the addresses of all brokers, asked for if need be. */
  async brokers(): Promise<void> {
    if (this.cluster.metadata.brokers.size > 0) return;
    await this.cluster.refresh();
  }
}
