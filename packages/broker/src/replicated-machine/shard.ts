// One machine over one log partition: the runtime of every coordinator.
//
// A command is decided, its records are appended as one batch, applied, and its replies leave once the log is persisted up
// to where it stood at that moment. Appending does not wait (the log's tail is in memory), so there is nothing to await
// between reading state and changing it, and the order of commands is the order of calls.
//
// Always: memory is never ahead of the log. Records are applied only after the log took them; a refused append changes
// nothing and the machine is told (`refused`); when the log later fails to persist what it took, the whole shard is
// dropped with all it knows, every waiting caller is refused, and a new shard is loaded from the log by replay.
import { AssertionFailure, assert, type Clock } from '@moldau/kernel';
import type { Codec } from '@moldau/protocol/compression/codec';
import type { WireError } from '@moldau/protocol/errors';
import { writeBatch } from '@moldau/protocol/records/batch-writer';
import { coordinatorErrorOf } from './append-errors.ts';
import type { Decision, Now, RecordCodec, Refusal, ReplicatedMachine, Reply, Ticket } from './machine.ts';
import type { NamedTimers, TimerScope } from './named-timers.ts';
import { type Replayed, replay } from './replay.ts';
import type { ShardLog } from './shard-log.ts';

/** What a shard refuses with. */
export type ShardRefusal = Refusal<WireError>;

/** What the world around a shard wants to hear. Called within the turn in which it happened. */
export interface ShardObserver<Notice> {
  noticed(partition: number, notice: Notice): void;
  /** The shard is gone for good; somebody may load another one in its place. */
  failed(partition: number, error: Error): void;
  /** The log refused an append of the machine's own making or of a client's. */
  appendRefused(partition: number, error: WireError, detail: string): void;
}

export interface ShardOptions<Command, LogRecord, Answer, Notice> {
  readonly partition: number;
  readonly machine: ReplicatedMachine<Command, LogRecord, Answer, Notice>;
  readonly codec: RecordCodec<LogRecord>;
  readonly log: ShardLog;
  readonly clock: Clock;
  readonly timers: NamedTimers<unknown>;
  readonly observer: ShardObserver<Notice>;
  /** How long a reply may wait for its records to be safe; then COORDINATOR_NOT_AVAILABLE (offsets.commit.timeout.ms). */
  readonly commitTimeoutMs: () => number;
  /** How batches are compressed (offsets.topic.compression.codec). Default: not at all. */
  readonly compression?: () => Codec;
  /** Largest batch to append in one piece where a decision allows splitting. */
  readonly batchBytesMax?: number;
}

/** Default of `batchBytesMax`: below every sane max.message.bytes. */
const BATCH_BYTES_MAX = 512 * 1024;

/** Name of the one timer for replies that are held too long. */
const COMMIT = 'commit timeout';

type State = 'loading' | 'active' | 'closed';

interface HeldReplies<Answer> {
  readonly endOffset: number;
  readonly heldAtMs: number;
  readonly replies: readonly Reply<Answer>[];
}

export class Shard<Command, LogRecord, Answer, Notice> {
  readonly partition: number;
  readonly machine: ReplicatedMachine<Command, LogRecord, Answer, Notice>;
  readonly #o: ShardOptions<Command, LogRecord, Answer, Notice>;
  readonly #timers: TimerScope<unknown>;
  readonly #commitTimer: TimerScope<unknown>;
  readonly #expired = (name: string): void => this.#onTimer(name);
  readonly #waiting = new Map<Ticket, (answer: Answer | ShardRefusal) => void>();
  #held: HeldReplies<Answer>[] = [];
  #state: State = 'loading';
  #lastTicket = 0;
  /** One past the last record of this machine; replies wait for it. */
  #endOffset = 0;
  #persistedEnd = 0;
  #running = false;

  constructor(options: ShardOptions<Command, LogRecord, Answer, Notice>) {
    this.#o = options;
    this.partition = options.partition;
    this.machine = options.machine;
    this.#timers = options.timers.scope();
    this.#commitTimer = options.timers.scope();
  }

  get state(): State {
    return this.#state;
  }

  /** Commands that wait for an answer, parked ones included. */
  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** Runs one command. The promise never rejects: the world's failures are refusals. */
  submit(command: Command): Promise<Answer | ShardRefusal> {
    if (this.#state === 'loading') return Promise.resolve(refusal('COORDINATOR_LOAD_IN_PROGRESS'));
    if (this.#state === 'closed') return Promise.resolve(refusal('NOT_COORDINATOR'));
    return new Promise((resolve) => {
      const ticket = ++this.#lastTicket;
      this.#waiting.set(ticket, resolve);
      this.#run((now) => this.machine.decide(command, ticket, now));
    });
  }

  /**
   * Replays the log into the machine and opens for commands. Undefined when the shard was closed on the way. Throws what
   * the log or an unreadable record throws; the caller then closes the shard.
   */
  async load(bufferBytes: number): Promise<(Replayed & { loadMs: number }) | undefined> {
    const startedAtMs = this.#o.clock.monotonic();
    const { log, machine, codec } = this.#o;
    const replayed = await replay(log, machine, codec, bufferBytes, () => this.#state === 'loading');
    if (!replayed) return undefined;
    // What the last leader wrote and did not live to see safe must not be told as fact: were it lost with this broker, an
    // offset once answered would go back (invariant 29).
    await new Promise<void>((resolve, reject) => {
      log.whenPersisted(replayed.endOffset, (error) => (error ? reject(error) : resolve()));
    });
    if (this.#state !== 'loading') return undefined;
    this.#endOffset = replayed.endOffset;
    this.#persistedEnd = replayed.endOffset;
    this.#state = 'active';
    this.#run((now) => machine.loaded(now));
    return { ...replayed, loadMs: this.#o.clock.monotonic() - startedAtMs };
  }

  /** Settles when every reply so far has left: at once when nothing is held. */
  drained(): Promise<void> {
    if (this.#state !== 'active' || this.#held.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#o.log.whenPersisted(this.#endOffset, () => resolve()));
  }

  /** Ends this shard: its memory is dropped, everybody who waits is refused. */
  close(error: WireError = 'NOT_COORDINATOR'): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#held = [];
    this.#commitTimer.close();
    this.#timers.close();
    this.machine.unload();
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const answer of waiting) answer(refusal(error));
  }

  #onTimer(name: string): void {
    if (this.#state !== 'active') return;
    this.#run((now) => this.machine.expired(name, now));
  }

  #run(decide: (now: Now) => Decision<LogRecord, Answer, Notice>): void {
    // Observers and resolved promises run after us, never inside: a machine that is re-entered has two truths.
    assert(!this.#running, `shard ${this.partition} was entered while it decides`);
    this.#running = true;
    try {
      const now = { monotonicMs: this.#o.clock.monotonic(), wallMs: this.#o.clock.now() };
      this.#o.timers.noticeStall(now.monotonicMs);
      this.#carryOut(decide(now), now);
    } catch (error) {
      // A defect of ours: what this machine believes can no longer be trusted. Its log can.
      this.#running = false;
      this.#fail(error instanceof Error ? error : new AssertionFailure(String(error)));
    } finally {
      this.#running = false;
    }
  }

  #carryOut(decision: Decision<LogRecord, Answer, Notice>, now: Now): void {
    if (decision.records.length > 0) {
      const refused = decision.divisible
        ? this.#appendDivisible(decision.records, now)
        : this.#appendWhole(decision.records, now);
      if (refused) {
        this.#o.observer.appendRefused(this.partition, refused.error, refused.detail);
        const answer = refusal(coordinatorErrorOf(refused.error), refused.detail);
        for (const reply of decision.replies) this.#answer(reply.ticket, answer);
        this.#carryOut(this.machine.refused(refused.records, now), now);
        return;
      }
    }
    for (const timer of decision.timers) {
      if ('cancel' in timer) this.#timers.cancel(timer.name);
      else this.#timers.set(timer.name, timer.atMs, this.#expired);
    }
    if (decision.replies.length > 0) this.#reply(decision.replies, now);
    for (const notice of decision.notices) this.#o.observer.noticed(this.partition, notice);
  }

  #appendWhole(records: readonly LogRecord[], now: Now) {
    return this.#append(records, this.#encode(records), now);
  }

  /** In pieces below the batch bound. A refused piece ends it: what was appended before it stands. */
  #appendDivisible(records: readonly LogRecord[], now: Now) {
    const bytesMax = this.#o.batchBytesMax ?? BATCH_BYTES_MAX;
    const encoded = this.#encode(records);
    let start = 0;
    while (start < records.length) {
      let end = start;
      let bytes = 0;
      do {
        const { key, value } = encoded[end]!;
        bytes += key.length + (value?.length ?? 0) + 30;
        end++;
      } while (end < records.length && bytes < bytesMax);
      const refused = this.#append(records.slice(start, end), encoded.slice(start, end), now);
      if (refused) return { ...refused, records: records.slice(start) };
      start = end;
    }
    return undefined;
  }

  #encode(records: readonly LogRecord[]) {
    return records.map((record) => this.#o.codec.encode(record));
  }

  #append(records: readonly LogRecord[], encoded: readonly { key: Buffer; value: Buffer | null }[], now: Now) {
    const timestamp = now.wallMs;
    const batch = writeBatch({
      records: encoded.map(({ key, value }) => ({ key, value, timestamp })),
      codec: this.#o.compression?.() ?? 'none',
    });
    const result = this.#o.log.append(batch);
    if (result.kind === 'refused') return { error: result.error, detail: result.detail, records };
    assert(
      result.endOffset - result.baseOffset === records.length && result.baseOffset >= this.#endOffset,
      `shard ${this.partition} appended ${records.length} records at ${result.baseOffset}..${result.endOffset}, after ${this.#endOffset}`,
    );
    this.#endOffset = result.endOffset;
    records.forEach((record, index) => {
      this.machine.apply(record, { offset: result.baseOffset + index, producerId: -1 });
    });
    return undefined;
  }

  #reply(replies: readonly Reply<Answer>[], now: Now): void {
    if (this.#persistedEnd >= this.#endOffset) {
      for (const reply of replies) this.#answer(reply.ticket, reply.answer);
      return;
    }
    const endOffset = this.#endOffset;
    const alreadyAsked = this.#held.at(-1)?.endOffset === endOffset;
    this.#held.push({ endOffset, heldAtMs: now.monotonicMs, replies });
    if (this.#held.length === 1) this.#armCommitTimeout(now.monotonicMs);
    if (!alreadyAsked) this.#o.log.whenPersisted(endOffset, (error) => this.#persisted(endOffset, error));
  }

  #persisted(endOffset: number, error: Error | undefined): void {
    if (this.#state !== 'active') return;
    if (error) {
      this.#fail(error);
      return;
    }
    if (endOffset <= this.#persistedEnd) return;
    this.#persistedEnd = endOffset;
    let ready = 0;
    while (ready < this.#held.length && this.#held[ready]!.endOffset <= endOffset) ready++;
    const released = this.#held.splice(0, ready);
    if (this.#held.length === 0) this.#commitTimer.cancel(COMMIT);
    for (const held of released) for (const reply of held.replies) this.#answer(reply.ticket, reply.answer);
  }

  #armCommitTimeout(heldAtMs: number): void {
    this.#commitTimer.set(COMMIT, heldAtMs + this.#o.commitTimeoutMs(), this.#commitExpired);
  }

  /** The records stay in the log and in the machine; only the askers stop waiting, and may ask again (KIP-98's rule for producers). */
  readonly #commitExpired = (): void => {
    const now = this.#o.clock.monotonic();
    const limit = now - this.#o.commitTimeoutMs();
    const late = refusal('COORDINATOR_NOT_AVAILABLE', 'the log of this coordinator did not persist the change in time');
    let count = 0;
    while (count < this.#held.length && this.#held[count]!.heldAtMs <= limit) {
      for (const reply of this.#held[count]!.replies) this.#answer(reply.ticket, late);
      count++;
    }
    this.#held.splice(0, count);
    const first = this.#held[0];
    if (first) this.#armCommitTimeout(first.heldAtMs);
  };

  #answer(ticket: Ticket, answer: Answer | ShardRefusal): void {
    const resolve = this.#waiting.get(ticket);
    assert(resolve !== undefined, `ticket ${ticket} of shard ${this.partition} is answered twice`);
    this.#waiting.delete(ticket);
    resolve(answer);
  }

  #fail(error: Error): void {
    if (this.#state === 'closed') return;
    this.close();
    this.#o.observer.failed(this.partition, error);
  }
}

export function refusal(error: WireError, detail?: string): ShardRefusal {
  return detail === undefined ? { kind: 'refused', error } : { kind: 'refused', error, detail };
}

/** Whether a shard said no instead of the machine answering. */
export function isRefusal<Answer>(answer: Answer | ShardRefusal): answer is ShardRefusal {
  return typeof answer === 'object' && answer !== null && 'kind' in answer && answer.kind === 'refused';
}
