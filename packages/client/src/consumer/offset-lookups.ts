// Questions about offsets that a consumer asks beside reading: ends, offsets by time, partitions of a topic. Whole calls with
// retries; topics need not be subscribed to.
import type { Cluster } from '../cluster/cluster.ts';
import { EARLIEST, LATEST, listOffsets, type OffsetAnswer } from '../cluster/list-offsets.ts';
import type { TopicQuestions } from '../cluster/topic-questions.ts';
import { KafkaError } from '../errors.ts';
import type { TopicPartition } from '../topic-partition.ts';
import type { OffsetAndTimestamp } from './consumer-model.ts';

export class OffsetLookups {
  readonly #cluster: Cluster;
  readonly #questions: TopicQuestions;
  readonly #settings: {
    readonly readCommitted: boolean;
    readonly requestTimeoutMs: number;
    readonly defaultApiTimeoutMs: number;
  };

  constructor(
    cluster: Cluster,
    questions: TopicQuestions,
    settings: { readCommitted: boolean; requestTimeoutMs: number; defaultApiTimeoutMs: number },
  ) {
    this.#cluster = cluster;
    this.#questions = questions;
    this.#settings = settings;
  }

  beginnings(partitions: readonly TopicPartition[]) {
    return this.#ends(partitions, EARLIEST);
  }

  ends(partitions: readonly TopicPartition[]) {
    return this.#ends(partitions, LATEST);
  }

  async forTimes(
    times: readonly (TopicPartition & { readonly timestamp: number })[],
  ): Promise<(OffsetAndTimestamp | undefined)[]> {
    const answers = await this.#offsets(times);
    return answers.map((answer) => (answer.offset < 0 ? undefined : answer));
  }

  async partitionsFor(topic: string): Promise<number[]> {
    const counts = await this.#about([topic], 'Looking up the topic', async () => {
      const known = this.#cluster.metadata.topic(topic);
      if (known) return known.partitions.map(({ partition }) => partition);
      throw new KafkaError(this.#cluster.metadata.topicError(topic) ?? 'UNKNOWN_TOPIC_OR_PARTITION', { topic });
    });
    return counts;
  }

  async #ends(
    partitions: readonly TopicPartition[],
    timestamp: number,
  ): Promise<(TopicPartition & { readonly offset: number })[]> {
    const answers = await this.#offsets(partitions.map((where) => ({ ...where, timestamp })));
    return partitions.map(({ topic, partition }, index) => ({ topic, partition, offset: answers[index]!.offset }));
  }

  async #offsets(questions: readonly (TopicPartition & { readonly timestamp: number })[]): Promise<OffsetAnswer[]> {
    const topics = questions.map(({ topic }) => topic);
    return this.#about(topics, 'Looking up offsets', async () => {
      const answers = await listOffsets(this.#cluster, questions, {
        readCommitted: this.#settings.readCommitted,
        timeoutMs: this.#settings.requestTimeoutMs,
      });
      return questions.map(({ topic, partition }) => {
        const answer = answers.get(topic, partition)!;
        if (answer instanceof KafkaError) throw answer;
        return answer;
      });
    });
  }

  #about<T>(topics: readonly string[], what: string, question: () => Promise<T>): Promise<T> {
    return this.#questions.ask(topics, { timeoutMs: this.#settings.defaultApiTimeoutMs, what }, question);
  }
}
