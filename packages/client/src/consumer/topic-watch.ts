// What a consumer was told to read, and what metadata says of it: which topics are asked for, patterns applied to them,
// topics that are not there yet asked for again soon. Owns the subscription. Changes of metadata and of connections come in
// through `note`, and are looked at once per turn of the event loop.
import type { Cluster, Interest } from '../cluster/cluster.ts';
import type { TopicQuestions } from '../cluster/topic-questions.ts';
import { KafkaError } from '../errors.ts';
import type { Member } from './member.ts';
import type { Positions } from './positions.ts';
import { listenerOf, matched, type Subscription } from './subscription.ts';

export class TopicWatch {
  readonly #cluster: Cluster;
  readonly #positions: Positions;
  readonly #questions: TopicQuestions;
  readonly #member: () => Member | undefined;
  readonly #excludeInternal: boolean;
  readonly #isClosed: () => boolean;
  readonly #onNews: () => void;
  #subscription: Subscription = { kind: 'none' };
  #noted = false;
  #revision = -1;

  constructor(o: {
    cluster: Cluster;
    positions: Positions;
    questions: TopicQuestions;
    member: () => Member | undefined;
    excludeInternal: boolean;
    isClosed: () => boolean;
    /** Metadata or a connection changed: look what can be fetched, and let a poll that waits look. */
    onNews: () => void;
  }) {
    this.#cluster = o.cluster;
    this.#positions = o.positions;
    this.#questions = o.questions;
    this.#member = o.member;
    this.#excludeInternal = o.excludeInternal;
    this.#isClosed = o.isClosed;
    this.#onNews = o.onNews;
  }

  get subscription(): Subscription {
    return this.#subscription;
  }

  /** A pattern is applied to the topics known by now; the member hears of it from the caller. */
  set subscription(subscription: Subscription) {
    this.#subscription = subscription;
    this.#matchPattern();
  }

  /** Partitions come from the group, not from `assign`. */
  get isManaged(): boolean {
    return listenerOf(this.#subscription) !== undefined;
  }

  /** Topics subscribed to, as far as they are known by name. */
  topics(): string[] {
    if (this.#subscription.kind === 'serverPattern') {
      return [...new Set(this.#positions.partitions().map(({ topic }) => topic))];
    }
    const { kind } = this.#subscription;
    return kind === 'topics' || kind === 'pattern' ? [...this.#subscription.topics] : [];
  }

  interest(): Interest {
    // Assignments by a pattern of the coordinator's name topics by id only: any may come.
    if (this.#subscription.kind === 'pattern' || this.#subscription.kind === 'serverPattern') return { kind: 'all' };
    const groupTopics = this.#member()?.groupTopics ?? [];
    const names = new Set([...this.topics(), ...groupTopics, ...this.#questions.topics()]);
    for (const { topic } of this.#positions.all()) names.add(topic);
    return names.size === 0 ? { kind: 'none' } : { kind: 'topics', names };
  }

  /** A topic that will not come by waiting. */
  throwIfRefused(): void {
    for (const topic of this.topics()) {
      const error = this.#cluster.metadata.topicError(topic);
      if (error === 'INVALID_TOPIC_EXCEPTION' || error === 'TOPIC_AUTHORIZATION_FAILED') {
        throw new KafkaError(error, { topic });
      }
    }
  }

  /** For the leader of the group. A topic that is not there is left out, and asked for again with the next metadata. */
  async partitionCounts(topics: readonly string[]): Promise<Map<string, number>> {
    const { metadata } = this.#cluster;
    const missing = topics.filter((topic) => !metadata.topic(topic));
    if (missing.length > 0) await this.#questions.asking(missing, () => this.#cluster.refresh());
    const counts = new Map<string, number>();
    for (const topic of topics) {
      const known = metadata.topic(topic);
      if (known) counts.set(topic, known.partitions.length);
    }
    return counts;
  }

  /** Metadata or a connection changed: look at what it means once this turn is over. */
  note(): void {
    if (this.#noted || this.#isClosed()) return;
    this.#noted = true;
    this.#cluster.ports.timers.afterTurn(() => {
      this.#noted = false;
      if (this.#isClosed()) return;
      const { revision } = this.#cluster.metadata;
      if (this.#revision !== revision) {
        this.#revision = revision;
        if (this.#matchPattern()) this.#member()?.onSubscription();
        this.#member()?.onMetadata();
        this.#askAgain();
      }
      this.#onNews();
    });
  }

  /** True when there is a pattern. */
  #matchPattern(): boolean {
    if (this.#subscription.kind !== 'pattern') return false;
    this.#subscription = matched(this.#subscription, this.#cluster.metadata.topics(), this.#excludeInternal);
    return true;
  }

  /** Topics that are not there yet, or have no leader yet, are asked for again soon and not in five minutes. */
  #askAgain(): void {
    const names = new Set([...this.topics(), ...this.#positions.partitions().map(({ topic }) => topic)]);
    for (const name of names) {
      const error = this.#cluster.metadata.topicError(name);
      if (error === 'UNKNOWN_TOPIC_OR_PARTITION' || error === 'LEADER_NOT_AVAILABLE') {
        this.#cluster.requestRefresh();
        return;
      }
    }
  }
}
