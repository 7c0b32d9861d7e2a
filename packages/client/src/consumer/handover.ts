// Partitions changing hands, inside poll: what goes is drained, committed and told to the listener before it leaves
// `Positions`; what comes is entered and told after. Commits and listeners are waited for, so that the application is never
// in the middle of a record of a partition that somebody else reads. Where that takes longer than the group waits, the member
// is out of it by the end of the wait: then nothing is committed any more, and the listener hears of a loss.
import type { Cluster } from '../cluster/cluster.ts';
import { partitionText, type TopicPartition } from '../topic-partition.ts';
import type { Commits } from './commits.ts';
import type { RebalanceListener } from './consumer-model.ts';
import type { Positions } from './positions.ts';
import type { WorkLines } from './work-lines.ts';

export class Handover {
  readonly #cluster: Cluster;
  readonly #positions: Positions;
  readonly #commits: Commits;
  readonly #lines: () => WorkLines | undefined;
  readonly #listener: () => RebalanceListener | undefined;
  readonly #hasLost: () => boolean;
  readonly #apiTimeoutMs: number;
  readonly #onChanged: () => void;
  /** Assignments taken. */
  rebalances = 0;

  constructor(o: {
    cluster: Cluster;
    positions: Positions;
    commits: Commits;
    /** Handlers at work. */
    lines: () => WorkLines | undefined;
    /** Of the subscription at hand; undefined when there is none any more. */
    listener: () => RebalanceListener | undefined;
    /** What the member has is lost by now. */
    hasLost: () => boolean;
    apiTimeoutMs: number;
    /** Partitions have gone: buffers may be let go of. */
    onChanged: () => void;
  }) {
    this.#cluster = o.cluster;
    this.#positions = o.positions;
    this.#commits = o.commits;
    this.#lines = o.lines;
    this.#listener = o.listener;
    this.#hasLost = o.hasLost;
    this.#apiTimeoutMs = o.apiTimeoutMs;
    this.#onChanged = o.onChanged;
  }

  /** Gives up all; `lost`: others have it already. */
  async revoke(lost: boolean, timeoutMs = this.#apiTimeoutMs): Promise<void> {
    const listener = this.#listener();
    if (!listener) return;
    const partitions = this.#positions.partitions();
    if (!lost) await this.#lines()?.drain();
    if (!lost && !this.#hasLost()) await this.#commits.autoCommitNow(timeoutMs);
    try {
      if (partitions.length > 0) {
        if (lost || this.#hasLost())
          await (listener.onPartitionsLost ?? listener.onPartitionsRevoked)?.call(listener, partitions);
        else await listener.onPartitionsRevoked?.(partitions);
      }
    } finally {
      this.#positions.assign([]);
      this.#onChanged();
    }
  }

  /** Takes what the group gave, in the place of all there was. */
  async assign(partitions: readonly TopicPartition[]): Promise<void> {
    const listener = this.#listener();
    if (!listener) return;
    this.rebalances++;
    this.#positions.assign(partitions, false);
    this.#refreshFor(partitions);
    await listener.onPartitionsAssigned?.(partitions);
  }

  /** Cooperative: only what goes and what comes is touched and told; nothing, if the member has lost it all by then. */
  async change(partitions: readonly TopicPartition[]): Promise<void> {
    const listener = this.#listener();
    if (!listener) return;
    this.rebalances++;
    const next = new Set(partitions.map(partitionText));
    const gone = this.#positions.partitions().filter((where) => !next.has(partitionText(where)));
    const added = partitions.filter(({ topic, partition }) => !this.#positions.get(topic, partition));
    if (gone.length > 0) {
      await this.#lines()?.drain(new Set(gone.map((where) => this.#positions.get(where.topic, where.partition)!)));
      if (this.#hasLost()) return;
    }
    try {
      if (gone.length > 0) {
        await this.#commits.autoCommitNow(this.#apiTimeoutMs);
        await listener.onPartitionsRevoked?.(gone);
      }
    } finally {
      this.#positions.assign(partitions);
      this.#onChanged();
    }
    this.#refreshFor(added);
    await listener.onPartitionsAssigned?.(added);
  }

  /** A topic that metadata does not have yet cannot be fetched. */
  #refreshFor(partitions: readonly TopicPartition[]): void {
    if (partitions.some(({ topic, partition }) => !this.#cluster.metadata.partition(topic, partition))) {
      this.#cluster.requestRefresh();
    }
  }
}
