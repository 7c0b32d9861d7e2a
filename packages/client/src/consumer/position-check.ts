// Asks leaders whether positions still lie on their log (OffsetForLeaderEpoch) after the leader epoch has changed; the
// judgement is truncation.ts. One request at a time to each leader, for all its partitions that wait; meanwhile these are
// not fetched from (`entry.checking`).
import { errorName } from '@moldau/protocol';
import type { Cluster } from '../cluster/cluster.ts';
import { asKafkaError, KafkaError } from '../errors.ts';
import { byTopic } from '../topic-partition.ts';
import type { AssignedPartition, Positions } from './positions.ts';
import { type Divergence, judged } from './truncation.ts';

/** The first version that consumers may use. */
const OFFSET_FOR_LEADER_EPOCH_OLDEST = 3;

export class PositionCheck {
  readonly #cluster: Cluster;
  readonly #positions: Positions;
  readonly #retryBackoffMs: number;
  readonly #onTruncated: (entry: AssignedPartition, at: Divergence | undefined) => void;
  readonly #onError: (error: KafkaError) => void;
  readonly #onDone: () => void;
  readonly #asking = new Set<number>();

  constructor(o: {
    cluster: Cluster;
    positions: Positions;
    retryBackoffMs: number;
    onTruncated: (entry: AssignedPartition, at: Divergence | undefined) => void;
    onError: (error: KafkaError) => void;
    /** Some entry may be fetched from again, or checked again. */
    onDone: () => void;
  }) {
    this.#cluster = o.cluster;
    this.#positions = o.positions;
    this.#retryBackoffMs = o.retryBackoffMs;
    this.#onTruncated = o.onTruncated;
    this.#onError = o.onError;
    this.#onDone = o.onDone;
  }

  /** `entries` are led by this broker, as far as we know. Those that cannot be asked for now are brought again by a pump. */
  ask(leader: number, entries: readonly AssignedPartition[]): void {
    if (this.#asking.has(leader)) return;
    const connection = this.#cluster.connectionNow(leader);
    if (!connection) return;
    const epochs = entries.map(({ topic, partition }) => this.#leaderEpochOf(topic, partition));
    const version = connection.versions.find('OffsetForLeaderEpoch');
    if (version === undefined || version < OFFSET_FOR_LEADER_EPOCH_OLDEST) {
      // A broker that old has no such question: what it is fetched from is trusted, as ever.
      for (const [index, entry] of entries.entries()) entry.checkedEpoch = epochs[index]!;
      this.#cluster.ports.timers.afterTurn(() => this.#onDone());
      return;
    }
    this.#asking.add(leader);
    for (const entry of entries) entry.checking = true;
    const asked = entries.map((entry, index) => ({ ...entry, entry, currentLeaderEpoch: epochs[index]! }));
    connection
      .send(
        'OffsetForLeaderEpoch',
        {
          replicaId: -1,
          topics: [...byTopic(asked)].map(([topic, items]) => ({
            topic,
            partitions: items.map(({ partition, currentLeaderEpoch, fetchedEpoch }) => ({
              partition,
              currentLeaderEpoch,
              leaderEpoch: fetchedEpoch,
            })),
          })),
        },
        { version },
      )
      .then(
        (answer) => {
          for (const { topic, partitions } of answer.topics) {
            for (const { partition, errorCode, leaderEpoch, endOffset } of partitions) {
              const question = asked.find((item) => item.topic === topic && item.partition === partition);
              if (!question || !this.#positions.isCurrent(question.entry)) continue;
              const end = { error: errorName(errorCode), leaderEpoch, endOffset };
              this.#conclude(question.entry, question.currentLeaderEpoch, judged(question.entry, end));
            }
          }
        },
        (thrown: unknown) => {
          const error = asKafkaError(thrown);
          if (!error.retriable && error.error !== 'CLIENT_CLOSED') this.#onError(error);
          for (const entry of entries) this.#later(entry);
        },
      )
      .finally(() => {
        this.#asking.delete(leader);
        for (const entry of entries) entry.checking = false;
        this.#onDone();
      });
  }

  #leaderEpochOf(topic: string, partition: number): number {
    return this.#cluster.metadata.partition(topic, partition)?.leaderEpoch ?? -1;
  }

  #conclude(entry: AssignedPartition, checkedAgainst: number, verdict: ReturnType<typeof judged>): void {
    const { topic, partition } = entry;
    switch (verdict.kind) {
      case 'valid':
        entry.checkedEpoch = checkedAgainst;
        return;
      case 'truncated':
        this.#onTruncated(entry, verdict.at);
        return;
      case 'refused':
        this.#onError(new KafkaError(verdict.error, { topic, partition }));
        this.#later(entry);
        return;
      case 'later':
        this.#later(entry);
    }
  }

  #later(entry: AssignedPartition): void {
    entry.retryAt = this.#cluster.ports.clock.monotonic() + this.#retryBackoffMs;
    this.#cluster.requestRefresh();
  }
}
