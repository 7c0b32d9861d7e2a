// What a log remembers of its idempotent and transactional producers, so that a batch sent twice is in it once (Kafka's
// ProducerStateManager). Pure: time comes in, no disk.
//
// The rules on an append from a client, in order:
//   the same epoch and the same first and last sequence as one of the last five batches → a duplicate
//   an epoch below the known one                                                        → INVALID_PRODUCER_EPOCH
//   a new epoch that does not start at sequence 0                                       → OUT_OF_ORDER_SEQUENCE_NUMBER
//   a first sequence that is not the one after the last                                 → OUT_OF_ORDER_SEQUENCE_NUMBER
//   a producer nobody remembers (expired, or its records are deleted): any sequence is taken
// Coordinators write without sequences: only the epoch is looked at. Replicas repeat what the leader decided.
//
// Always: an entry is changed only by `apply`, after its batch has got its offsets (KAFKA-6683); open transactions are
// never forgotten by time (KAFKA-9144).
import type { LogRefusal } from '../log-answers.ts';

/** How many batches back a duplicate is recognised: as many as a producer may have in flight. */
export const BATCHES_REMEMBERED = 5;

export interface ProducerBatch {
  lastSequence: number;
  lastOffset: number;
  /** Last offset minus first. */
  offsetDelta: number;
  timestamp: number;
}

export interface ProducerEntry {
  readonly producerId: number;
  /** -1 when only a coordinator has written so far. */
  epoch: number;
  coordinatorEpoch: number;
  lastTimestamp: number;
  /** -1 without an open transaction. */
  transactionFirstOffset: number;
  /** Oldest first, at most five. */
  readonly batches: ProducerBatch[];
  /** When this broker last saw it write: expiry does not trust the clock of a client alone (S10). */
  seenMs: number;
}

/** The facts of one batch that producer state goes by. */
export interface ProducerBatchFacts {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly lastSequence: number;
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly maxTimestamp: number;
  readonly transactional: boolean;
  /** Set for a control batch that ends a transaction. */
  readonly endTransaction?: { readonly abort: boolean; readonly coordinatorEpoch: number } | undefined;
}

export interface CompletedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
  /** Offset of the marker. */
  readonly lastOffset: number;
  readonly aborted: boolean;
}

const REMEMBERED: ReadonlyMap<number, ProducerEntry> = new Map();

export class ProducerState {
  // Most logs never see an idempotent producer; the maps are made when one comes.
  #entries: Map<number, ProducerEntry> | undefined;
  /** Open transactions: first offset → producer id. Few at a time. */
  #open: Map<number, number> | undefined;
  /** Ended, with the marker still above the high watermark: first offset → marker offset. */
  #unreplicated: Map<number, number> | undefined;
  /** The state covers the log up to here. */
  endOffset = 0;

  get size(): number {
    return this.#entries?.size ?? 0;
  }

  entries(): Iterable<ProducerEntry> {
    return (this.#entries ?? REMEMBERED).values();
  }

  get(producerId: number): ProducerEntry | undefined {
    return this.#entries?.get(producerId);
  }

  /** The earlier append of this very batch, if it is among the last five. */
  duplicateOf(
    producerId: number,
    epoch: number,
    baseSequence: number,
    lastSequence: number,
  ): ProducerBatch | undefined {
    const entry = this.#entries?.get(producerId);
    if (!entry || entry.epoch !== epoch) return undefined;
    for (let i = entry.batches.length - 1; i >= 0; i--) {
      const batch = entry.batches[i]!;
      if (batch.lastSequence === lastSequence && firstSequenceOf(batch) === baseSequence) return batch;
    }
    return undefined;
  }

  /** Whether a data batch may follow; a refusal otherwise. Ask `duplicateOf` first. */
  check(
    producerId: number,
    epoch: number,
    baseSequence: number,
    transactional: boolean,
    origin: 'client' | 'coordinator',
  ): LogRefusal | undefined {
    const entry = this.#entries?.get(producerId);
    if (!entry || entry.epoch < 0) return undefined;
    if (epoch < entry.epoch) {
      return refuse(
        'INVALID_PRODUCER_EPOCH',
        `epoch ${epoch} of producer ${producerId} is behind the last seen epoch ${entry.epoch}`,
      );
    }
    if (origin === 'client') {
      if (epoch !== entry.epoch) {
        if (baseSequence !== 0) {
          return refuse(
            'OUT_OF_ORDER_SEQUENCE_NUMBER',
            `new epoch ${epoch} of producer ${producerId} starts at sequence ${baseSequence}, must be 0 (known epoch ${entry.epoch})`,
          );
        }
      } else {
        const last = entry.batches[entry.batches.length - 1]?.lastSequence ?? -1;
        if (baseSequence !== nextSequence(last)) {
          return refuse(
            'OUT_OF_ORDER_SEQUENCE_NUMBER',
            `sequence ${baseSequence} of producer ${producerId} where ${nextSequence(last)} is due`,
          );
        }
      }
    }
    if (entry.transactionFirstOffset >= 0 && !transactional) {
      return refuse(
        'INVALID_TXN_STATE',
        `producer ${producerId} has an open transaction here and sent a batch outside of it`,
      );
    }
    return undefined;
  }

  /** Whether a marker may end a transaction. */
  checkMarker(producerId: number, epoch: number, coordinatorEpoch: number): LogRefusal | undefined {
    const entry = this.#entries?.get(producerId);
    if (!entry) return undefined;
    if (epoch < entry.epoch) {
      return refuse(
        'INVALID_PRODUCER_EPOCH',
        `marker with epoch ${epoch} of producer ${producerId} is behind the last seen epoch ${entry.epoch}`,
      );
    }
    if (coordinatorEpoch < entry.coordinatorEpoch) {
      return refuse(
        'TRANSACTION_COORDINATOR_FENCED',
        `marker of coordinator epoch ${coordinatorEpoch} for producer ${producerId}, ${entry.coordinatorEpoch} is known`,
      );
    }
    return undefined;
  }

  /** Takes over a batch that has its offsets. Answers the transaction that it ended, if it did. */
  apply(batch: ProducerBatchFacts, nowMs: number): CompletedTransaction | undefined {
    this.#entries ??= new Map();
    let entry = this.#entries.get(batch.producerId);
    if (!entry) {
      entry = newEntry(batch.producerId, nowMs);
      this.#entries.set(batch.producerId, entry);
    }
    entry.seenMs = nowMs;
    if (batch.producerEpoch !== entry.epoch) {
      entry.epoch = batch.producerEpoch;
      entry.batches.length = 0;
    }
    if (batch.endTransaction) {
      entry.coordinatorEpoch = batch.endTransaction.coordinatorEpoch;
      entry.lastTimestamp = batch.maxTimestamp;
      const firstOffset = entry.transactionFirstOffset;
      if (firstOffset < 0) return undefined;
      entry.transactionFirstOffset = -1;
      this.#open?.delete(firstOffset);
      this.#unreplicated ??= new Map();
      this.#unreplicated.set(firstOffset, batch.lastOffset);
      const { producerId, lastOffset } = batch;
      return { producerId, firstOffset, lastOffset, aborted: batch.endTransaction.abort };
    }
    const { batches } = entry;
    const remembered =
      batches.length === BATCHES_REMEMBERED
        ? batches.shift()!
        : { lastSequence: 0, lastOffset: 0, offsetDelta: 0, timestamp: 0 };
    remembered.lastSequence = batch.lastSequence;
    remembered.lastOffset = batch.lastOffset;
    remembered.offsetDelta = batch.lastOffset - batch.baseOffset;
    remembered.timestamp = batch.maxTimestamp;
    batches.push(remembered);
    entry.lastTimestamp = batch.maxTimestamp;
    if (batch.transactional && entry.transactionFirstOffset < 0) {
      entry.transactionFirstOffset = batch.baseOffset;
      this.#open ??= new Map();
      this.#open.set(batch.baseOffset, batch.producerId);
    }
    return undefined;
  }

  /** Takes over an entry of a snapshot. */
  restore(entry: ProducerEntry): void {
    this.#entries ??= new Map();
    this.#entries.set(entry.producerId, entry);
    if (entry.transactionFirstOffset >= 0) {
      this.#open ??= new Map();
      this.#open.set(entry.transactionFirstOffset, entry.producerId);
    }
  }

  /** Where the log would be stable up to once `completed` is: the first open transaction of anybody else, or after it. */
  lastStableOffsetAfter(completed: CompletedTransaction): number {
    let least = completed.lastOffset + 1;
    for (const firstOffset of this.#open?.keys() ?? []) least = Math.min(least, firstOffset);
    return least;
  }

  /** First offset that is not decided, or decided but maybe not replicated; undefined when all is. */
  get firstUnstableOffset(): number | undefined {
    let least: number | undefined;
    if (this.#open?.size) for (const offset of this.#open.keys()) least = Math.min(least ?? offset, offset);
    if (this.#unreplicated?.size) {
      for (const offset of this.#unreplicated.keys()) least = Math.min(least ?? offset, offset);
    }
    return least;
  }

  onHighWatermark(highWatermark: number): void {
    if (!this.#unreplicated?.size) return;
    for (const [firstOffset, markerOffset] of this.#unreplicated) {
      if (markerOffset < highWatermark) this.#unreplicated.delete(firstOffset);
    }
  }

  /** Forgets producers that were silent for `expirationMs`. */
  expire(nowMs: number, expirationMs: number): void {
    for (const entry of this.entries()) {
      const lastMs = Math.max(entry.lastTimestamp, entry.seenMs);
      if (entry.transactionFirstOffset < 0 && nowMs - lastMs >= expirationMs) this.#entries!.delete(entry.producerId);
    }
  }

  clear(endOffset: number): void {
    this.#entries = undefined;
    this.#open = undefined;
    this.#unreplicated = undefined;
    this.endOffset = endOffset;
  }
}

export function newEntry(producerId: number, seenMs: number): ProducerEntry {
  return {
    producerId,
    epoch: -1,
    coordinatorEpoch: -1,
    lastTimestamp: -1,
    transactionFirstOffset: -1,
    batches: [],
    seenMs,
  };
}

/** Sequences count 0 .. 2^31-1 and start over. */
function nextSequence(last: number): number {
  return last === 0x7fffffff ? 0 : last + 1;
}

function firstSequenceOf(batch: ProducerBatch): number {
  const first = batch.lastSequence - batch.offsetDelta;
  return first < 0 ? first + 0x80000000 : first;
}

function refuse(error: LogRefusal['error'], detail: string): LogRefusal {
  return { kind: 'refused', error, detail };
}
