// Which leader epoch starts at which offset of a log: what a follower asks to find where its log and the leader's part
// (KIP-101, KIP-279). Kept in `leader-epoch-checkpoint`, lines of `epoch startOffset`.
// Always: epochs and start offsets both increase.
import { parseCheckpointLines } from './offset-checkpoint.ts';

export interface EpochEntry {
  readonly epoch: number;
  readonly startOffset: number;
}

export class LeaderEpochs {
  #entries: EpochEntry[];
  /** Differs from the file. */
  dirty = false;

  constructor(entries: readonly EpochEntry[] = []) {
    this.#entries = [...entries];
  }

  get entries(): readonly EpochEntry[] {
    return this.#entries;
  }

  get latest(): EpochEntry | undefined {
    return this.#entries[this.#entries.length - 1];
  }

  /** `epoch` leads from `startOffset` on. Entries that contradict it (a later epoch, or a start past this one) go. */
  assign(epoch: number, startOffset: number): void {
    const latest = this.latest;
    if (latest && latest.epoch === epoch && latest.startOffset <= startOffset) return;
    let keep = this.#entries.length;
    while (keep > 0) {
      const entry = this.#entries[keep - 1]!;
      if (entry.epoch < epoch && entry.startOffset < startOffset) break;
      keep--;
    }
    this.#entries.length = keep;
    this.#entries.push({ epoch, startOffset });
    this.dirty = true;
  }

  /** A batch of `epoch` was found to start at `offset`, in the middle of the log. What does not fit in is left out. */
  learn(epoch: number, offset: number): void {
    const entries = this.#entries;
    let at = entries.findIndex((entry) => entry.epoch >= epoch);
    if (at < 0) at = entries.length;
    const before = entries[at - 1];
    const same = entries[at]?.epoch === epoch ? entries[at] : undefined;
    if (same && same.startOffset <= offset) return;
    if (before && before.startOffset >= offset) return;
    const after = entries[same ? at + 1 : at];
    if (after && after.startOffset <= offset) return;
    entries.splice(at, same ? 1 : 0, { epoch, startOffset: offset });
    this.dirty = true;
  }

  /** The log was cut at `endOffset`. */
  truncateFromEnd(endOffset: number): void {
    let keep = this.#entries.length;
    while (keep > 0 && this.#entries[keep - 1]!.startOffset >= endOffset) keep--;
    if (keep === this.#entries.length) return;
    this.#entries.length = keep;
    this.dirty = true;
  }

  /** The log starts at `startOffset` now. The epoch that covers it stays, from there on. */
  truncateFromStart(startOffset: number): void {
    let covering = -1;
    while (covering + 1 < this.#entries.length && this.#entries[covering + 1]!.startOffset <= startOffset) covering++;
    if (covering < 0 || (covering === 0 && this.#entries[0]!.startOffset === startOffset)) return;
    const { epoch } = this.#entries[covering]!;
    this.#entries.splice(0, covering + 1, { epoch, startOffset });
    this.dirty = true;
  }

  clear(): void {
    if (this.#entries.length === 0) return;
    this.#entries = [];
    this.dirty = true;
  }

  /** Where the largest epoch at or below `epoch` ends. Both -1 when `epoch` is larger than any known, or -1. */
  endOffset(epoch: number, logEndOffset: number): { epoch: number; endOffset: number } {
    const latest = this.latest;
    if (!latest || epoch < 0 || epoch > latest.epoch) return { epoch: -1, endOffset: -1 };
    if (epoch === latest.epoch) return { epoch, endOffset: logEndOffset };
    let higher = 0;
    while (this.#entries[higher]!.epoch <= epoch) higher++;
    const endOffset = this.#entries[higher]!.startOffset;
    return { epoch: higher === 0 ? epoch : this.#entries[higher - 1]!.epoch, endOffset };
  }

  /** The epoch that an offset was written in; undefined before the first entry. */
  epochOf(offset: number): number | undefined {
    for (let i = this.#entries.length - 1; i >= 0; i--) {
      if (this.#entries[i]!.startOffset <= offset) return this.#entries[i]!.epoch;
    }
    return undefined;
  }
}

/** Throws when the text is not a whole checkpoint. */
export function parseLeaderEpochs(text: string): EpochEntry[] {
  let before: EpochEntry = { epoch: -1, startOffset: -1 };
  return parseCheckpointLines(text, 2).map(([epochText, offsetText]) => {
    const entry = { epoch: Number(epochText), startOffset: Number(offsetText) };
    if (!Number.isInteger(entry.epoch) || !Number.isSafeInteger(entry.startOffset)) {
      throw new Error(`not an epoch and an offset: ${epochText} ${offsetText}`);
    }
    if (entry.epoch <= before.epoch || entry.startOffset <= before.startOffset) {
      throw new Error(
        `epoch ${entry.epoch} at ${entry.startOffset} does not follow ${before.epoch} at ${before.startOffset}`,
      );
    }
    before = entry;
    return entry;
  });
}

export function formatLeaderEpochs(entries: readonly EpochEntry[]): Buffer {
  const lines = entries.map(({ epoch, startOffset }) => `${epoch} ${startOffset}\n`);
  return Buffer.from(`0\n${entries.length}\n${lines.join('')}`);
}
