// One callback at the end of an event-loop turn writes what every log got in that turn: many requests, one write a log.

export interface TurnWriter {
  /** Set while it waits here. */
  scheduled: boolean;
  /** `syncBytesMax`: how much may be written without going through the thread pool. */
  writeQueued(syncBytesMax: number): void;
  readonly queuedBytes: number;
}

/** Half a millisecond of the loop at most; a trip through the thread pool costs 25 us of CPU, and more for each piece. */
const SYNC_WRITE_BYTES_MAX = 2 << 20;
/** Per turn and over all logs; past it only trifles are written on the loop. */
const SYNC_TURN_BYTES_MAX = 4 << 20;
const SYNC_TRIFLE_BYTES_MAX = 16 * 1024;
/** A turn's writes that took longer were throttled by the kernel: leave them to the pool for a while. */
const SLOW_TURN_MS = 20;
const SLOW_HOLD_MS = 1_000;

export class TurnFlusher {
  readonly #afterTurn: (run: () => void) => void;
  readonly #monotonic: () => number;
  #writers: TurnWriter[] = [];
  #slowUntilMs = Number.NEGATIVE_INFINITY;

  constructor(afterTurn: (run: () => void) => void, monotonic: () => number) {
    this.#afterTurn = afterTurn;
    this.#monotonic = monotonic;
  }

  /** What may be written on the loop now, outside of a turn's end. */
  get syncBytesMax(): number {
    return this.#monotonic() < this.#slowUntilMs ? 0 : SYNC_WRITE_BYTES_MAX;
  }

  schedule(writer: TurnWriter): void {
    if (writer.scheduled) return;
    writer.scheduled = true;
    this.#writers.push(writer);
    if (this.#writers.length === 1) this.#afterTurn(() => this.#run());
  }

  #run(): void {
    const writers = this.#writers;
    this.#writers = [];
    const startedAt = this.#monotonic();
    const slow = startedAt < this.#slowUntilMs;
    let left = SYNC_TURN_BYTES_MAX;
    for (const writer of writers) {
      writer.scheduled = false;
      const bytes = writer.queuedBytes;
      const allowed = slow ? 0 : left >= bytes ? SYNC_WRITE_BYTES_MAX : SYNC_TRIFLE_BYTES_MAX;
      if (bytes <= allowed) left -= bytes;
      writer.writeQueued(allowed);
    }
    const endedAt = this.#monotonic();
    if (endedAt - startedAt > SLOW_TURN_MS) this.#slowUntilMs = endedAt + SLOW_HOLD_MS;
  }
}
