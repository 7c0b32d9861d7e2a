// The shards of one coordinator on this broker: one for each partition of its internal topic that is led here. Loads them
// by replay, a few at a time, and loads one anew that failed.
// Always: at most one shard of a partition is alive; a shard that is gone answers nobody any more.
import type { Clock } from '@moldau/kernel';
import type { Codec } from '@moldau/protocol/compression/codec';
import type { RecordCodec, ReplicatedMachine } from './machine.ts';
import type { NamedTimers, TimerScope } from './named-timers.ts';
import { refusal, Shard, type ShardObserver, type ShardRefusal } from './shard.ts';
import type { ShardLog } from './shard-log.ts';

export interface ShardsObserver<Notice> extends ShardObserver<Notice> {
  loaded(partition: number, facts: { recordCount: number; unknownCount: number; loadMs: number }): void;
  /** It is tried again in `retryMs`. */
  loadFailed(partition: number, error: Error, retryMs: number): void;
}

export interface ShardsOptions<LogRecord, Notice, Machine> {
  readonly newMachine: () => Machine;
  readonly codec: RecordCodec<LogRecord>;
  /** The log of a partition that is led here; undefined when its disk or its leadership is gone. */
  readonly logOf: (partition: number) => ShardLog | undefined;
  readonly clock: Clock;
  readonly timers: NamedTimers<unknown>;
  readonly observer: ShardsObserver<Notice>;
  readonly commitTimeoutMs: () => number;
  /** How batches are compressed. */
  readonly compression: () => Codec;
  /** Bytes read at a time while loading. */
  readonly loadBufferBytes: () => number;
}

/** Shards loaded at the same time: loading is mostly reading, and must leave room for those who are served already. */
const LOADS_MAX = 4;
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 60_000;

export class Shards<
  Command,
  LogRecord,
  Answer,
  Notice,
  Machine extends ReplicatedMachine<Command, LogRecord, Answer, Notice>,
> {
  readonly #o: ShardsOptions<LogRecord, Notice, Machine>;
  readonly #shards = new Map<number, { shard: Shard<Command, LogRecord, Answer, Notice>; machine: Machine }>();
  /** Partitions led here, and the leader epoch that their shard belongs to. */
  readonly #wanted = new Map<number, number>();
  readonly #queue: number[] = [];
  readonly #retries = new Map<number, number>();
  readonly #retryTimers: TimerScope<unknown>;
  #loading = 0;

  constructor(options: ShardsOptions<LogRecord, Notice, Machine>) {
    this.#o = options;
    this.#retryTimers = options.timers.scope();
  }

  /** Shards that serve, with their machines: for reading only. */
  *active(): Generator<{ partition: number; machine: Machine }> {
    for (const { shard, machine } of this.#shards.values()) {
      if (shard.state === 'active') yield { partition: shard.partition, machine };
    }
  }

  /** Partitions led here, loaded or not. */
  get partitions(): readonly number[] {
    return [...this.#wanted.keys()];
  }

  submit(partition: number, command: Command): Promise<Answer | ShardRefusal> {
    const entry = this.#shards.get(partition);
    if (entry) return entry.shard.submit(command);
    // Led here, but its turn to load has not come, or it failed and is tried again.
    const error = this.#wanted.has(partition) ? 'COORDINATOR_LOAD_IN_PROGRESS' : 'NOT_COORDINATOR';
    return Promise.resolve(refusal(error));
  }

  /**
   * This broker leads the partition from now on, in this leader epoch. What a shard of an earlier epoch knows may have been
   * written anew elsewhere meanwhile: it is dropped whole (KAFKA-5600).
   */
  open(partition: number, leaderEpoch = 0): void {
    if (this.#wanted.get(partition) === leaderEpoch) return;
    if (this.#wanted.has(partition)) this.close(partition);
    this.#wanted.set(partition, leaderEpoch);
    this.#enqueue(partition);
  }

  /** This broker leads it no more. */
  close(partition: number): void {
    this.#wanted.delete(partition);
    this.#retries.delete(partition);
    this.#retryTimers.cancel(String(partition));
    this.#drop(partition);
  }

  /** Waits until what was appended is persisted and answered; for an orderly stop. */
  async drain(): Promise<void> {
    await Promise.all([...this.#shards.values()].map(({ shard }) => shard.drained()));
  }

  closeAll(): void {
    for (const partition of this.partitions) this.close(partition);
  }

  #enqueue(partition: number): void {
    if (!this.#queue.includes(partition)) this.#queue.push(partition);
    this.#loadNext();
  }

  #loadNext(): void {
    while (this.#loading < LOADS_MAX) {
      const partition = this.#queue.shift();
      if (partition === undefined) return;
      if (!this.#wanted.has(partition) || this.#shards.has(partition)) continue;
      this.#loading++;
      void this.#load(partition).finally(() => {
        this.#loading--;
        this.#loadNext();
      });
    }
  }

  async #load(partition: number): Promise<void> {
    const { newMachine, codec, clock, timers, commitTimeoutMs, compression, observer } = this.#o;
    const log = this.#o.logOf(partition);
    if (!log) {
      this.#retry(partition, new Error('its log is not there'));
      return;
    }
    const machine = newMachine();
    const shard = new Shard<Command, LogRecord, Answer, Notice>({
      partition,
      machine,
      codec,
      log,
      clock,
      timers,
      commitTimeoutMs,
      compression,
      observer: {
        noticed: (at, notice) => observer.noticed(at, notice),
        appendRefused: (at, error, detail) => observer.appendRefused(at, error, detail),
        failed: (at, error) => {
          observer.failed(at, error);
          if (this.#shards.get(partition)?.shard === shard) this.#shards.delete(partition);
          this.#retryLater(partition);
        },
      },
    });
    this.#shards.set(partition, { shard, machine });
    try {
      const facts = await shard.load(this.#o.loadBufferBytes());
      if (!facts) return;
      this.#retries.delete(partition);
      observer.loaded(partition, facts);
    } catch (error) {
      if (this.#shards.get(partition)?.shard !== shard) return;
      this.#drop(partition);
      this.#retry(partition, error instanceof Error ? error : new Error(String(error)));
    }
  }

  #drop(partition: number): void {
    const entry = this.#shards.get(partition);
    this.#shards.delete(partition);
    entry?.shard.close();
  }

  #retry(partition: number, error: Error): void {
    this.#o.observer.loadFailed(partition, error, this.#retryLater(partition));
  }

  #retryLater(partition: number): number {
    const retryMs = Math.min((this.#retries.get(partition) ?? RETRY_MS_MIN / 2) * 2, RETRY_MS_MAX);
    this.#retries.set(partition, retryMs);
    if (this.#wanted.has(partition)) {
      this.#retryTimers.set(String(partition), this.#o.clock.monotonic() + retryMs, () => this.#enqueue(partition));
    }
    return retryMs;
  }
}
