// What every coordinator is: commands are decided, records are applied. Groups use it now; transactions and the
// controller have the same shape. Pure: no clock, disk or socket; time comes in, wishes go out as data.
//
// The road of a command (runtime.ts): decide → append the records as one atomic batch → apply each → answer, once the
// log is persisted that far. Always: durable state changes in `apply` only, live and on replay; whatever `decide` itself
// notes (who waits, who is expected back) is lost with the broker, and that must be harmless.

/** Both clocks, read once per command. */
export interface Now {
  /** `Clock.monotonic`: for deadlines and durations. */
  readonly monotonicMs: number;
  /** `Clock.now`: for what is written into records. */
  readonly wallMs: number;
}

/** Names the asker of one command until the answer is given. Every ticket is answered exactly once. */
export type Ticket = number;

/** An answer to somebody who asked: now, or long ago and parked since. */
export interface Reply<Answer> {
  readonly ticket: Ticket;
  readonly answer: Answer;
}

/** A wish to be called back: `expired` with this name at this time. A name has one deadline; setting it again moves it. */
export type TimerChange =
  | { readonly name: string; readonly atMs: number /* Now.monotonicMs */ }
  | { readonly name: string; readonly cancel: true };

/** Where a record lies, and which producer wrote its batch (transactions write coordinator records as producers). */
export interface RecordPlace {
  readonly offset: number;
  /** -1: nobody's transaction. */
  readonly producerId: number;
}

/** What a command comes to. */
export interface Decision<LogRecord, Answer, Notice> {
  /** Appended as one atomic batch, unless `divisible`. */
  readonly records: readonly LogRecord[];
  /** Held until everything appended so far, these records included, is persisted. */
  readonly replies: readonly Reply<Answer>[];
  readonly timers: readonly TimerChange[];
  /** What happened, for logs and metrics. */
  readonly notices: readonly Notice[];
  /** The records mean the same in several batches, each complete in itself (clean-up): may be split where too large. */
  readonly divisible?: boolean;
}

/** Why a shard or its log says no; goes on the wire as it stands. */
export interface Refusal<Error extends string = string> {
  readonly kind: 'refused';
  readonly error: Error;
  readonly detail?: string;
}

/** One coordinator's state machine over one log partition. */
export interface ReplicatedMachine<Command, LogRecord, Answer, Notice> {
  /** Reads durable state; may note who waits. */
  decide(command: Command, ticket: Ticket, now: Now): Decision<LogRecord, Answer, Notice>;
  /** The deadline of this name has passed. */
  expired(timer: string, now: Now): Decision<LogRecord, Answer, Notice>;
  /** The only door to durable state. */
  apply(record: LogRecord, place: RecordPlace): void;
  /** A transaction that wrote records here has ended (its marker was read or written). */
  transactionEnded(producerId: number, committed: boolean, place: RecordPlace): void;
  /**
   * The log refused the records of the last decision. None was applied, its timers were not set, and its replies went out
   * as refusals; this takes back what `decide` noted and says how to go on.
   */
  refused(records: readonly LogRecord[], now: Now): Decision<LogRecord, Answer, Notice>;
  /** Replay has ended: set the timers that the state wants. */
  loaded(now: Now): Decision<LogRecord, Answer, Notice>;
  /** This machine ends (the log failed or moved). The runtime refuses whoever still waits. */
  unload(): void;
}

/** How a machine's records lie in the log. */
export interface RecordCodec<LogRecord> {
  encode(record: LogRecord): { readonly key: Buffer; readonly value: Buffer | null };
  /** Undefined for a kind of record this machine does not know: it is counted, named once and left alone. */
  decode(key: Buffer, value: Buffer | null): LogRecord | undefined;
}

/** A decision that changes nothing. Frozen: shared by all who have nothing to say. */
export const NOTHING: Decision<never, never, never> = Object.freeze({
  records: Object.freeze([]),
  replies: Object.freeze([]),
  timers: Object.freeze([]),
  notices: Object.freeze([]),
});
