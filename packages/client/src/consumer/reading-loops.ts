// The ways of reading besides poll: `for await` over records and batches, eachMessage, eachBatch. All are loops around the
// consumer's poll; what differs is when a record counts as handled, which is where its partition's `position` is moved to.
// Always: one loop with handlers at a time; a loop that is left puts back what the application has not come back from.
import type { Clock, Timers } from '@moldau/kernel';
import { KafkaError } from '../errors.ts';
import { partitionText } from '../topic-partition.ts';
import type { ConsumerBatch, ConsumerRecord, EachMessageOptions, EachOptions } from './consumer-model.ts';
import type { AssignedPartition, Positions } from './positions.ts';
import type { Watchman } from './watchman.ts';
import { WorkLines } from './work-lines.ts';

/** How often a poll that waits looks at what has no event of its own. */
export const LOOK_AGAIN_MS = 1000;

/** Handlers at work beside a poll, and whether the loop is to end. */
export interface WorkBeside {
  readonly lines: WorkLines;
  over(): boolean;
}

export class ReadingLoops<K, V> {
  readonly #positions: Positions;
  readonly #watchman: Watchman;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #poll: (timeoutMs: number, work?: WorkBeside) => Promise<ConsumerRecord<K, V>[]>;
  readonly #notify: () => void;
  readonly #life: () => 'open' | 'closing' | 'closed';
  #lines: WorkLines | undefined;

  constructor(o: {
    positions: Positions;
    watchman: Watchman;
    clock: Clock;
    timers: Timers;
    poll: (timeoutMs: number, work?: WorkBeside) => Promise<ConsumerRecord<K, V>[]>;
    /** Wakes a poll that waits. */
    notify: () => void;
    life: () => 'open' | 'closing' | 'closed';
  }) {
    this.#positions = o.positions;
    this.#watchman = o.watchman;
    this.#clock = o.clock;
    this.#timers = o.timers;
    this.#poll = o.poll;
    this.#notify = o.notify;
    this.#life = o.life;
  }

  /** At work while eachMessage or eachBatch runs. */
  get lines(): WorkLines | undefined {
    return this.#lines;
  }

  /** What was handed out counts as handled. */
  settle(): void {
    for (const entry of this.#positions.all()) if (entry.position !== undefined) entry.position = entry.collected;
  }

  /**
   * Records one after the other, for as long as the loop runs. A record counts as handled when the loop asks for the
   * next one: `commitSync()` inside the body covers the record at hand and all before it.
   */
  async *records(): AsyncGenerator<ConsumerRecord<K, V>, undefined> {
    this.assertAlone();
    let records: ConsumerRecord<K, V>[] = [];
    let next = 0;
    try {
      for (;;) {
        for (; next < records.length; next++) {
          const record = records[next]!;
          const entry = this.#positions.get(record.topic, record.partition);
          // Sought or revoked from inside the body: what was read ahead does not count.
          if (entry?.position === undefined || entry.position > record.offset || entry.collected <= record.offset)
            continue;
          entry.position = record.offset + 1;
          this.#watchman.handling('the body of the for await loop', record);
          yield record;
        }
        this.settle();
        records = await this.#poll(LOOK_AGAIN_MS);
        next = 0;
      }
    } finally {
      this.#rewind();
    }
  }

  async *batches(): AsyncGenerator<ConsumerBatch<K, V>, undefined> {
    this.assertAlone();
    try {
      for (;;) {
        this.settle();
        for (const batch of this.#batched(await this.#poll(LOOK_AGAIN_MS))) {
          const entry = this.#positions.get(batch.topic, batch.partition);
          const [first, last] = [batch.records[0]!, batch.records.at(-1)!];
          // Sought or revoked from inside the body: what was read ahead does not count.
          if (entry?.position === undefined || entry.position > first.offset || entry.collected <= last.offset)
            continue;
          entry.position = last.offset + 1;
          this.#watchman.handling('the body of the for await loop', last);
          yield batch;
        }
      }
    } finally {
      this.#rewind();
    }
  }

  eachMessage(
    handler: (record: ConsumerRecord<K, V>) => void | Promise<void>,
    options: EachMessageOptions = {},
  ): Promise<void> {
    const name = handler.name || 'the handler of eachMessage';
    const byKey = options.orderedBy === 'key';
    return this.#each(options, (entry, batch, lines) => {
      const line = partitionText(entry);
      const { records } = batch;
      const handle = (record: ConsumerRecord<K, V>) => {
        this.#watchman.handling(name, record);
        return handler(record);
      };
      if (!byKey) {
        const offsetOf = (step: number) => records[step]!.offset;
        const run = (step: number) => handle(records[step]!);
        const bytes = bytesOf(records);
        lines.add({ entry, line, steps: records.length, recordsPerStep: 1, bytes, offsetOf, run });
        return;
      }
      for (const record of records) {
        const offsetOf = () => record.offset;
        const run = () => handle(record);
        lines.add({
          entry,
          line: `${line} ${this.#lineOfKey(record)}`,
          steps: 1,
          recordsPerStep: 1,
          bytes: record.payloadBytes,
          offsetOf,
          run,
        });
      }
    });
  }

  eachBatch(handler: (batch: ConsumerBatch<K, V>) => void | Promise<void>, options: EachOptions = {}): Promise<void> {
    const name = handler.name || 'the handler of eachBatch';
    return this.#each(options, (entry, batch, lines) => {
      const run = () => {
        this.#watchman.handling(name, batch.records[0]);
        return handler(batch);
      };
      const offsetOf = () => batch.records[0]!.offset;
      const recordsPerStep = batch.records.length;
      const bytes = bytesOf(batch.records);
      lines.add({ entry, line: partitionText(entry), steps: 1, recordsPerStep, bytes, offsetOf, run });
    });
  }

  #lineOfKey({ key, offset }: ConsumerRecord<K, V>): string {
    if (key === null) return `at ${offset}`;
    return key instanceof Uint8Array ? `of ${Buffer.from(key).toString('latin1')}` : `of ${JSON.stringify(key)}`;
  }

  /** The loop behind eachMessage and eachBatch: polls on while handlers are at work, so the group's wishes are heard. */
  async #each(
    { concurrency = 1, signal }: EachOptions,
    take: (entry: AssignedPartition, batch: ConsumerBatch<K, V>, lines: WorkLines) => void,
  ): Promise<void> {
    this.assertAlone();
    if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
      throw new KafkaError('INVALID_ARGUMENT', { message: 'concurrency must be a whole number of at least 1.' });
    }
    const nextTurn = () => new Promise<void>((resolve) => this.#timers.afterTurn(resolve));
    const lines = new WorkLines({
      concurrency,
      isCurrent: (entry) => this.#positions.isCurrent(entry),
      now: () => this.#clock.monotonic(),
      nextTurn,
      onProgress: () => this.#notify(),
    });
    this.#lines = lines;
    const stop = () => {
      lines.halt();
      this.#notify();
    };
    signal?.addEventListener('abort', stop);
    const over = () => signal?.aborted || lines.failure !== undefined;
    try {
      while (!over()) {
        for (const batch of this.#batched(await this.#poll(LOOK_AGAIN_MS, { lines, over }))) {
          take(this.#positions.get(batch.topic, batch.partition)!, batch, lines);
        }
        lines.pump();
        // A turn between polls: fast handlers come back with whole batches, not with room for one record more each time.
        await nextTurn();
      }
    } catch (error) {
      // Closed from elsewhere: the ordinary end of a loop that was given no signal.
      if (!(this.#life() !== 'open' && error instanceof KafkaError)) {
        // Calls for earlier records are made first: who is told of an unreadable record seeks past it, and so past them.
        await lines.finish();
        // A handler's error is about an earlier record, so it is the one to tell. Where an abort kept earlier calls from
        // being made, the loop just ends: the next reader meets the same record again.
        if (!lines.failure && !(signal?.aborted && this.#standsBefore(error))) throw error;
      }
    } finally {
      signal?.removeEventListener('abort', stop);
      await lines.stop();
      this.#lines = undefined;
      if (this.#life() !== 'closed') this.#rewind();
    }
    if (lines.failure) throw lines.failure.error;
  }

  /** Whether records before the one that the error names are still to be handled. */
  #standsBefore(error: unknown): boolean {
    if (!(error instanceof KafkaError) || error.topic === undefined || error.partition === undefined) return false;
    const position = this.#positions.get(error.topic, error.partition)?.position;
    return position !== undefined && error.offset !== undefined && position < error.offset;
  }

  #batched(records: readonly ConsumerRecord<K, V>[]): ConsumerBatch<K, V>[] {
    const runs: ConsumerRecord<K, V>[][] = [];
    let last: ConsumerRecord<K, V> | undefined;
    for (const record of records) {
      if (last?.topic === record.topic && last.partition === record.partition) runs.at(-1)!.push(record);
      else runs.push([record]);
      last = record;
    }
    return runs.map((run) => {
      const { topic, partition } = run[0]!;
      return {
        topic,
        partition,
        records: run,
        highWatermark: this.#positions.get(topic, partition)?.highWatermark ?? -1,
      };
    });
  }

  /** A loop was left: what it has not come back from is to be read again. */
  #rewind(): void {
    for (const entry of [...this.#positions.all()]) {
      if (entry.position !== undefined && entry.position < entry.collected) {
        this.#positions.moveTo(entry, entry.position, entry.positionEpoch);
      }
    }
  }

  /** Throws CLIENT_CLOSED, or ILLEGAL_STATE while handlers are at work. */
  assertAlone(): void {
    if (this.#life() === 'closed') throw new KafkaError('CLIENT_CLOSED');
    if (!this.#lines) return;
    throw new KafkaError('ILLEGAL_STATE', {
      message: 'eachMessage or eachBatch is running already; a consumer has one reader.',
    });
  }
}

function bytesOf(records: readonly { readonly payloadBytes: number }[]): number {
  let sum = 0;
  for (const { payloadBytes } of records) sum += payloadBytes;
  return sum;
}
