// Finds where to start reading: the committed offset, else what auto.offset.reset says, looked up at the partition's
// leader. Runs in the background while poll waits; one round at a time.
import type { Cluster } from '../cluster/cluster.ts';
import { EARLIEST, LATEST, listOffsets } from '../cluster/list-offsets.ts';
import { asKafkaError, KafkaError } from '../errors.ts';
import { fetchedOffsets, fetchRequest, OFFSET_FETCH_NEWEST } from '../group/committed-offsets.ts';
import { durationMs } from '../settings/consumer-settings.ts';
import type { TopicPartition } from '../topic-partition.ts';
import type { PartitionOffset } from './consumer-model.ts';
import type { Member } from './member.ts';
import type { AssignedPartition, Positions, ResetTo } from './positions.ts';

export interface StartingSettings {
  readonly autoOffsetReset: ResetTo | 'none';
  readonly readCommitted: boolean;
  readonly requestTimeoutMs: number;
}

/** What is committed for these partitions; those without are left out. One request, not retried. */
export async function committedOffsets(
  member: Member,
  partitions: readonly TopicPartition[],
): Promise<PartitionOffset[]> {
  const { link } = member;
  const answer = await link.ask(
    'OffsetFetch',
    (version) => {
      const standing = member.protocol === 'consumer' ? member.standing : undefined;
      return fetchRequest(link.groupId, partitions, version >= 7, version, standing);
    },
    OFFSET_FETCH_NEWEST,
  );
  const fetched = fetchedOffsets(answer);
  const error = fetched.error ?? fetched.partitions.find((entry) => entry.error)?.error;
  if (error) {
    if (error === 'NOT_COORDINATOR' || error === 'COORDINATOR_NOT_AVAILABLE') link.moved();
    if (error === 'STALE_MEMBER_EPOCH' || error === 'UNKNOWN_MEMBER_ID' || error === 'FENCED_MEMBER_EPOCH') {
      // The membership is learnt anew by a heartbeat; the question is asked again then.
      member.commitRefused(error);
      throw new KafkaError('REQUEST_TIMED_OUT', {
        message: `The coordinator says ${error} to a question for offsets.`,
      });
    }
    throw new KafkaError(error);
  }
  return fetched.partitions
    .filter(({ offset }) => offset >= 0)
    .map(({ topic, partition, offset, leaderEpoch, metadata }) => ({
      topic,
      partition,
      offset,
      leaderEpoch,
      metadata,
    }));
}

export class StartingPositions {
  readonly #cluster: Cluster;
  readonly #positions: Positions;
  readonly #settings: StartingSettings;
  /** Undefined without a group: there are no committed offsets then. */
  readonly #member: Member | undefined;
  readonly #onError: (error: KafkaError) => void;
  readonly #onDone: () => void;
  #round: Promise<void> | undefined;
  #notBefore = 0;

  constructor(o: {
    cluster: Cluster;
    positions: Positions;
    settings: StartingSettings;
    member: Member | undefined;
    onError: (error: KafkaError) => void;
    /** A round is over, well or not. */
    onDone: () => void;
  }) {
    this.#cluster = o.cluster;
    this.#positions = o.positions;
    this.#settings = o.settings;
    this.#member = o.member;
    this.#onError = o.onError;
    this.#onDone = o.onDone;
  }

  /** Some assigned partition does not know where to start. */
  get areMissing(): boolean {
    for (const { position } of this.#positions.all()) if (position === undefined) return true;
    return false;
  }

  get isRunning(): boolean {
    return this.#round !== undefined;
  }

  /** When it is worth calling `run` again, in milliseconds from now; 0 at once. */
  get pauseMs(): number {
    return Math.max(0, this.#notBefore - this.#cluster.ports.clock.monotonic());
  }

  /** Starts a round, unless one is under way or the last one failed just now; answers when the round is over. */
  run(): Promise<void> | undefined {
    if (this.#round || !this.areMissing || this.pauseMs > 0) return this.#round;
    this.#round = this.#findAll()
      .catch((thrown: unknown) => {
        const error = asKafkaError(thrown);
        if (!error.retriable) this.#onError(error);
        this.#later();
      })
      .finally(() => {
        this.#round = undefined;
        this.#onDone();
      });
    return this.#round;
  }

  #later(): void {
    this.#notBefore = this.#cluster.ports.clock.monotonic() + this.#cluster.settings.retryBackoffMs;
  }

  async #findAll(): Promise<void> {
    const open = [...this.#positions.all()].filter(({ position, reset }) => position === undefined && !reset);
    if (open.length > 0) await this.#fromCommitted(open);
    const resets = [...this.#positions.all()].filter(({ position, reset }) => position === undefined && reset);
    if (resets.length > 0) await this.#fromEnds(resets);
  }

  async #fromCommitted(entries: readonly AssignedPartition[]): Promise<void> {
    const committed = this.#member ? await committedOffsets(this.#member, entries) : [];
    const without: AssignedPartition[] = [];
    for (const entry of entries) {
      if (!this.#positions.isCurrent(entry)) continue;
      const found = committed.find(({ topic, partition }) => topic === entry.topic && partition === entry.partition);
      if (found) this.#positions.moveTo(entry, found.offset, found.leaderEpoch);
      else without.push(entry);
    }
    const { autoOffsetReset } = this.#settings;
    for (const entry of without) {
      if (autoOffsetReset !== 'none') {
        this.#positions.resetTo(entry, autoOffsetReset);
        continue;
      }
      const { topic, partition } = entry;
      throw new KafkaError('NO_OFFSET_FOR_PARTITION', {
        message: `There is no committed offset for ${topic}-${partition}, and auto.offset.reset is none.`,
        topic,
        partition,
      });
    }
  }

  #timeOf(reset: ResetTo): number {
    if (reset === 'earliest') return EARLIEST;
    if (reset === 'latest') return LATEST;
    return Math.max(0, this.#cluster.ports.clock.now() - (durationMs(reset) ?? 0));
  }

  async #fromEnds(entries: readonly AssignedPartition[]): Promise<void> {
    const { metadata } = this.#cluster;
    if (entries.some(({ topic }) => !metadata.topic(topic))) await this.#cluster.refresh();
    const questions = entries.map(({ topic, partition, reset }) => ({
      topic,
      partition,
      timestamp: this.#timeOf(reset!),
    }));
    const asked = {
      readCommitted: this.#settings.readCommitted,
      timeoutMs: this.#settings.requestTimeoutMs,
    };
    const answers = await listOffsets(this.#cluster, questions, asked);
    // No record is that young: then from the end on.
    const ends = questions.filter(({ topic, partition }) => {
      const answer = answers.get(topic, partition)!;
      return !(answer instanceof KafkaError) && answer.offset < 0;
    });
    if (ends.length > 0) {
      const latest = ends.map((question) => ({ ...question, timestamp: LATEST }));
      for (const [topic, partition, answer] of (await listOffsets(this.#cluster, latest, asked)).entries()) {
        answers.set(topic, partition, answer);
      }
    }
    let failed: KafkaError | undefined;
    for (const entry of entries) {
      const answer = answers.get(entry.topic, entry.partition)!;
      if (answer instanceof KafkaError) failed = answer;
      else if (this.#positions.isCurrent(entry)) this.#positions.moveTo(entry, answer.offset, answer.leaderEpoch);
    }
    if (!failed) return;
    this.#cluster.requestRefresh();
    throw failed;
  }
}
