// Records of one partition on their way through the application's handler, and the line of those that wait.
// Always: one partition is in one handler at a time, in the order of its offsets.
import type { TopicPartition } from '../topic-partition.ts';
import type { KafkaMessage } from './model.ts';

export interface Work extends TopicPartition {
  readonly messages: KafkaMessage[];
  /** Index of the first message that is not resolved. */
  next: number;
  /** One past the last record of the partition, as of the fetch. */
  readonly end: number;
  /**
   * 'live'; 'halting': the partition goes or the consumer stops, so the handler is to come to an end, and what it has
   * done counts; 'stale': what it does counts no more (sought elsewhere, or given to another member).
   */
  state: 'live' | 'halting' | 'stale';
  /** The handler was told that it should end. */
  toldToEnd: boolean;
}

export class WorkLine {
  readonly #waiting: Work[] = [];
  readonly #active = new Map<Work, Promise<void>>();
  readonly #concurrency: number;
  readonly #process: (work: Work) => Promise<void>;

  constructor(concurrency: number, process: (work: Work) => Promise<void>) {
    this.#concurrency = concurrency;
    this.#process = process;
  }

  add(work: Work): void {
    this.#waiting.push(work);
  }

  isActive(where: TopicPartition): boolean {
    return [...this.#active.keys()].some((work) => isAt(work, where));
  }

  /** Starts what may run. `process` must not throw. */
  pump(): void {
    while (this.#active.size < this.#concurrency) {
      const index = this.#waiting.findIndex((work) => !this.isActive(work));
      const [work] = index < 0 ? [] : this.#waiting.splice(index, 1);
      if (!work) return;
      // Active before its handler is called, which may at once seek or stop.
      const done = Promise.resolve()
        .then(() => this.#process(work))
        .finally(() => {
          this.#active.delete(work);
          this.pump();
        });
      this.#active.set(work, done);
    }
  }

  /** Takes what waits out of the line and marks what is active; undefined: all partitions. */
  end(partitions: readonly TopicPartition[] | undefined, state: 'halting' | 'stale'): void {
    const concerned = (work: Work) => !partitions || partitions.some((where) => isAt(work, where));
    for (const work of this.#waiting.filter(concerned)) {
      work.state = 'stale';
      this.#waiting.splice(this.#waiting.indexOf(work), 1);
    }
    for (const work of this.#active.keys()) {
      if (concerned(work) && work.state !== 'stale') work.state = state;
    }
  }

  /** Answers when no handler is active for these partitions; undefined: for any. */
  async idle(partitions?: readonly TopicPartition[]): Promise<void> {
    await Promise.all(
      [...this.#active]
        .filter(([work]) => !partitions || partitions.some((where) => isAt(work, where)))
        .map(([, done]) => done),
    );
  }
}

function isAt(a: TopicPartition, b: TopicPartition): boolean {
  return a.partition === b.partition && a.topic === b.topic;
}
