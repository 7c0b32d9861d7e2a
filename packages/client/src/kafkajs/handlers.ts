// Calls the application's eachMessage or eachBatch for records in hand, and keeps account of what it resolves.
import type { PartitionOffset } from '../consumer/consumer-model.ts';
import type { TopicPartition } from '../topic-partition.ts';
import { batchOf } from './batch.ts';
import { KafkaJSProtocolError } from './errors.ts';
import type { Logger } from './logging.ts';
import type { ConsumerRunConfig, Offsets } from './model.ts';
import { asOffsets, type Progress } from './progress.ts';
import type { Work } from './work.ts';

export interface HandlerHooks {
  readonly run: ConsumerRunConfig;
  readonly progress: Progress;
  readonly logger: Logger;
  isRunning(): boolean;
  isPaused(where: TopicPartition): boolean;
  /** Returns what resumes. */
  pause(where: TopicPartition): () => void;
  heartbeat(): void;
  /** Commits when autoCommitInterval or autoCommitThreshold say so; undefined when they say nothing. */
  commitIfDue(): Promise<void> | undefined;
  commit(offsets: readonly PartitionOffset[]): Promise<void>;
}

export class Handlers {
  readonly #hooks: HandlerHooks;

  constructor(hooks: HandlerHooks) {
    this.#hooks = hooks;
  }

  /** The payload of the events around a batch. */
  about(work: Work) {
    const batch = batchOf(work, work.messages, work.end);
    return {
      topic: work.topic,
      partition: work.partition,
      highWatermark: batch.highWatermark,
      offsetLag: batch.offsetLag(),
      offsetLagLow: batch.offsetLagLow(),
      batchSize: work.messages.length,
      firstOffset: batch.firstOffset(),
      lastOffset: batch.lastOffset(),
    };
  }

  /** From the first unresolved record on. Throws what the handler throws. */
  async handle(work: Work): Promise<void> {
    const { eachBatch, eachMessage } = this.#hooks.run;
    try {
      if (eachBatch) await this.#batch(work, eachBatch);
      else if (eachMessage) await this.#messages(work, eachMessage);
      else this.#resolve(work, work.messages.length);
    } catch (error) {
      if (work.state === 'live') {
        const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
        this.#hooks.logger.error(`The ${eachBatch ? 'eachBatch' : 'eachMessage'} handler failed: ${message}`, {
          topic: work.topic,
          partition: work.partition,
          offset: work.messages[work.next]?.offset,
          stack,
        });
      }
      throw error;
    }
  }

  async #messages(work: Work, eachMessage: NonNullable<ConsumerRunConfig['eachMessage']>): Promise<void> {
    const { topic, partition, messages } = work;
    const heartbeat = async () => this.#hooks.heartbeat();
    const pause = () => this.#hooks.pause({ topic, partition });
    while (work.state === 'live' && this.#hooks.isRunning()) {
      const message = messages[work.next];
      if (!message) return;
      await eachMessage({ topic, partition, message, heartbeat, pause });
      // Sought elsewhere or taken away in the meantime: the message counts no more.
      if ((work.state as Work['state']) === 'stale') return;
      this.#resolve(work, work.next + 1);
      const committing = this.#hooks.commitIfDue();
      if (committing !== undefined) await committing;
      if (this.#hooks.isPaused(work)) return;
    }
  }

  async #batch(work: Work, eachBatch: NonNullable<ConsumerRunConfig['eachBatch']>): Promise<void> {
    const { topic, partition, messages } = work;
    const { run, progress, isRunning } = this.#hooks;
    const mustEnd = () => {
      if (work.state !== 'live') work.toldToEnd = true;
      return work.state !== 'live';
    };
    await eachBatch({
      batch: batchOf(work, messages.slice(work.next), work.end),
      resolveOffset: (offset) => {
        if (work.state === 'stale') return;
        const index = messages.findIndex((message) => Number(message.offset) > Number(offset));
        this.#resolve(work, index < 0 ? messages.length : index);
      },
      heartbeat: async () => {
        if (work.state === 'halting' && isRunning()) {
          work.toldToEnd = true;
          throw rebalancing();
        }
        this.#hooks.heartbeat();
      },
      pause: () => this.#hooks.pause({ topic, partition }),
      commitOffsetsIfNecessary: (offsets) =>
        offsets ? this.#hooks.commit(fromOffsets(offsets)) : (this.#hooks.commitIfDue() ?? Promise.resolve()),
      uncommittedOffsets: () => asOffsets(progress.uncommitted()),
      isRunning: () => {
        if (!isRunning()) work.toldToEnd = true;
        return isRunning();
      },
      isStale: mustEnd,
    });
    // A handler that was told to end has left records out, and only it knows which.
    if (work.state === 'stale' || work.toldToEnd || run.eachBatchAutoResolve === false) return;
    this.#resolve(work, messages.length);
  }

  #resolve(work: Work, next: number): void {
    const last = work.messages[next - 1];
    work.next = next;
    if (last) this.#hooks.progress.resolve(work, Number(last.offset) + 1);
  }
}

function rebalancing(): KafkaJSProtocolError {
  const message = 'The group is rebalancing; the rest of the batch goes to whoever has the partition next.';
  return new KafkaJSProtocolError(
    Object.assign(new Error(message), { type: 'REBALANCE_IN_PROGRESS', code: 27, retriable: false }),
  );
}

function fromOffsets({ topics }: Offsets): PartitionOffset[] {
  return topics.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, offset }) => ({ topic, partition, offset: Number(offset) })),
  );
}
