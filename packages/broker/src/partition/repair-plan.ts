// Pure: what is done about damage in the log of a replica: whom to ask for what is missing, when to ask again, what readers
// of the damaged range are told meanwhile. In the flow: `repairs.ts` asks and obeys.
//
// Naive way: drop everything from the damage on and be copied anew, out of the ISR. It gives up records that perhaps only
// this replica has (everything behind the damage), and moves a terabyte for a bit. Chosen way: replicas hold the same bytes,
// so that what is missing is fetched from whichever of them has it and is put where it was. Nothing is cut, nobody has to
// leave the ISR or give up the lead, and it makes no difference whether the damaged replica leads or follows.
//
// Always: only what lies below the high watermark is asked for: that is the same everywhere and for good; what lies above
// may yet be cut. Damaged bytes are never told to anybody.
import type { PartitionState } from '@moldau/metadata';
import type { WireError } from '@moldau/protocol/errors';

/** A stretch of offsets that is missing, `endOffset` exclusive. */
export interface MissingRange {
  readonly offset: number;
  readonly endOffset: number;
}

/** The log, as far as it decides. */
export interface DamagedLogFacts {
  readonly startOffset: number;
  readonly highWatermark: number;
}

/** Whom to ask, in this order: the leader, who is in sync, the others. Those that are down cannot answer. */
export function sourcesOf(state: PartitionState, self: number, lives: (brokerId: number) => boolean): number[] {
  const order = [state.leader, ...state.isr, ...state.replicas];
  return [...new Set(order)].filter((id) => id >= 0 && id !== self && lives(id));
}

/** Whether a missing range is to be fetched now, later, or never because retention takes it. */
export function judgeRange(range: MissingRange, log: DamagedLogFacts): 'ask' | 'wait' | 'forget' {
  if (range.endOffset <= log.startOffset) return 'forget';
  return range.endOffset <= log.highWatermark ? 'ask' : 'wait';
}

/** How often it has been tried in vain. */
export interface RepairRecord {
  readonly failures: number;
}

/** From the first failure on, doubled with each. */
const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 30_000;
/** After so many failures readers are told that there is no hope for now: some three seconds. */
const HOPEFUL_FAILURES = 5;

export function retryMs({ failures }: RepairRecord): number {
  return Math.min(RETRY_MS_MIN * 2 ** Math.min(failures - 1, 20), RETRY_MS_MAX);
}

/**
 * What a reader of the damaged range is told. KAFKA_STORAGE_ERROR has every client ask again without a word to its user:
 * what is damaged is mostly mended by then. CORRUPT_MESSAGE is told to the user.
 */
export function errorOfDamage(record: RepairRecord | undefined, sources: number): WireError {
  const hope = sources > 0 && (record?.failures ?? 0) < HOPEFUL_FAILURES;
  return hope ? 'KAFKA_STORAGE_ERROR' : 'CORRUPT_MESSAGE';
}
