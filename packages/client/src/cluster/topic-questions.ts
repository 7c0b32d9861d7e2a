// Questions about topics that a client does not (yet) read or write: metadata is kept of them while the question runs.
import type { Cluster } from './cluster.ts';
import { type CallBudget, type RetrySettings, retrying } from './retry.ts';

export class TopicQuestions {
  readonly #cluster: Cluster;
  readonly #retry: RetrySettings;
  /** Topics asked about, and by how many questions. */
  readonly #asked = new Map<string, number>();

  constructor(cluster: Cluster, retry: RetrySettings) {
    this.#cluster = cluster;
    this.#retry = retry;
  }

  /** What the client's interest in metadata has to include. */
  topics(): Iterable<string> {
    return this.#asked.keys();
  }

  /** Runs a question once, with metadata of the topics wanted while it runs. */
  async asking<T>(topics: readonly string[], run: () => Promise<T>): Promise<T> {
    for (const topic of topics) this.#asked.set(topic, (this.#asked.get(topic) ?? 0) + 1);
    try {
      return await run();
    } finally {
      for (const topic of topics) {
        const left = this.#asked.get(topic)! - 1;
        if (left > 0) this.#asked.set(topic, left);
        else this.#asked.delete(topic);
      }
    }
  }

  /** Runs a question that needs metadata of the topics, and again with fresh metadata while its error may pass. */
  ask<T>(topics: readonly string[], budget: CallBudget, question: () => Promise<T>): Promise<T> {
    return retrying(this.#cluster.ports, this.#retry, budget, () =>
      this.asking(topics, async () => {
        if (topics.some((topic) => !this.#cluster.metadata.topic(topic))) await this.#cluster.refresh();
        try {
          return await question();
        } catch (error) {
          await this.#cluster.refresh();
          throw error;
        }
      }),
    );
  }
}
