// How an idempotent producer numbers its batches so that a broker can tell a retry from a new batch and notices what is
// missing. Pure: works on one partition's line at a time.
//
// A broker takes batch n+1 of a producer only after batch n, and answers a batch it has already with success. So:
//   - batches get consecutive sequences when they are first sent, and keep them for every retry;
//   - a retry goes out alone: when nothing of the partition is on the wire, and nothing follows it until it is answered.
//     The broker knows only the last five batches again, so no more than four may ever come after one whose fate is open,
//     also when that one waits for a leader of before and the others are answered by the next;
//   - a batch whose fate is unknown (no answer) is never renumbered: it may be in the log, and under a new number it
//     would be there twice. It is retried as it was until the broker says "have it" or refuses it for certain.
// Where a sequenced batch is given up (its time is over, or the broker will never take it), those after it could never
// follow: the line has a *gap*. Once the fate of every sequenced batch is certain, the epoch is raised and numbering
// starts at 0 again: the first batch of a new epoch may follow anything. Certain is also the fate of all that come after
// one that was refused: without it they cannot have been taken.
// Always: sequences of batches in the line and on the wire, under one identity, are consecutive in the order of the line.
import { addToSequence } from '@moldau/protocol/records/batch-header';
import type { ProducerBatch, ProducerIdentity } from './producer-batch.ts';

/** A broker knows the last five batches again. */
const FOLLOWERS_MAX = 4;
/** Epochs are int16; past this a new producer id is asked for. */
const EPOCH_MAX = 0x7fff;

/** What the numbering needs of a partition's line. */
export interface SequencedLine {
  /** Not on the wire, in order: first the retries, then those never sent. */
  readonly waiting: readonly ProducerBatch[];
  /** On the wire, in order. */
  readonly onWire: readonly ProducerBatch[];
  identity: ProducerIdentity | undefined;
  nextSequence: number;
  hasGap: boolean;
}

export class Sequences {
  /** Undefined: to be asked for. */
  #identity: ProducerIdentity | undefined;
  readonly #raisesEpoch: boolean;

  /** `raisesEpoch` false: a transactional producer, whose epochs its coordinator gives; a gap lasts until the next one. */
  constructor(o: { readonly raisesEpoch: boolean } = { raisesEpoch: true }) {
    this.#raisesEpoch = o.raisesEpoch;
  }

  get identity(): ProducerIdentity | undefined {
    return this.#identity;
  }

  /** The broker gave an id. */
  identified(identity: ProducerIdentity): void {
    this.#identity = identity;
  }

  /** The id is of no use any more: ask for another. */
  forget(): void {
    this.#identity = undefined;
  }

  /**
   * May the first waiting batch go out now? Gives it its number when it has none. False: something on the wire has to be
   * answered first, or (when `identity` is undefined) an id has to come.
   */
  prepare(line: SequencedLine): boolean {
    if (line.hasGap && !this.#closeGap(line)) return this.#isRetryable(line);
    const batch = line.waiting[0];
    if (!batch) return false;
    if (batch.sequence >= 0) return line.onWire.length === 0;
    if (line.onWire.some(({ attempts, followers }) => attempts > 1 || followers >= FOLLOWERS_MAX)) return false;
    const identity = this.#identity;
    if (!identity) return false;
    if (line.identity !== identity) {
      if (line.onWire.length > 0) return false;
      line.identity = identity;
      line.nextSequence = 0;
    }
    for (const open of line.onWire) open.followers++;
    batch.followers = 0;
    batch.sequence = line.nextSequence;
    batch.identity = identity;
    line.nextSequence = addToSequence(line.nextSequence, batch.recordCount);
    return true;
  }

  /** The broker refused a batch of the line in this attempt. Says what that means for the numbering. */
  refused(line: SequencedLine, batch: ProducerBatch, error: 'outOfOrder' | 'unknownProducer' | 'other'): void {
    // Brokers look at sizes, rights and replicas before they look whether they have the batch already: such a refusal
    // says nothing about earlier attempts.
    if (error === 'other' && batch.outcome === 'unknown') return;
    batch.outcome = 'refused';
    if (error === 'other') return;
    // One that comes after others that are still open is only early. The first of all has lost its predecessor.
    const first = [...line.onWire, ...line.waiting].every((other) => other === batch || !isBefore(other, batch));
    if (first || error === 'unknownProducer') line.hasGap = true;
  }

  /** The application has been told that the batch failed; it leaves the line. */
  givenUp(line: SequencedLine, batch: ProducerBatch): void {
    if (batch.sequence < 0 || batch.identity !== line.identity) return;
    const last = addToSequence(batch.sequence, batch.recordCount) === line.nextSequence;
    // The last one numbered and certainly not in the log: its number is free again.
    if (last && batch.outcome === 'refused' && !line.hasGap) line.nextSequence = batch.sequence;
    else line.hasGap = true;
  }

  /** A sequenced batch that waits may be sent as it is, gap or not, when its fate is unknown. */
  #isRetryable(line: SequencedLine): boolean {
    const batch = line.waiting[0];
    return batch !== undefined && batch.sequence >= 0 && batch.outcome === 'unknown' && line.onWire.length === 0;
  }

  /** Starts numbering anew, if nothing is uncertain. True when the line has no gap any more. */
  #closeGap(line: SequencedLine): boolean {
    if (line.onWire.length > 0) return false;
    const first = line.waiting[0];
    if (first && first.sequence >= 0 && first.outcome === 'unknown') return false;
    if (line.identity === this.#identity && !this.#raisesEpoch) return false;
    for (const batch of line.waiting) {
      batch.sequence = -1;
      batch.identity = undefined;
    }
    // Another partition's gap may have raised the epoch already; then this line only takes it over.
    if (line.identity === this.#identity) this.#raiseEpoch();
    line.identity = undefined;
    line.hasGap = false;
    return true;
  }

  #raiseEpoch(): void {
    const identity = this.#identity;
    if (!identity) return;
    this.#identity =
      identity.epoch >= EPOCH_MAX ? undefined : { producerId: identity.producerId, epoch: identity.epoch + 1 };
  }
}

function isBefore(other: ProducerBatch, batch: ProducerBatch): boolean {
  return other.sequence >= 0 && other.identity === batch.identity && other.order < batch.order;
}
