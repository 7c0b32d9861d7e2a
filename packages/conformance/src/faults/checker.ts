// Judges a history against the log as it stands at the end (Jepsen's words where it has them). Pure; linear in the length
// of the history.
//
//   lost          acknowledged, but not in the log
//   moved         acknowledged at one offset, found at another
//   duplicate     a value of an idempotent producer stands at two offsets
//   reordered     values of one producer in one partition stand out of their order
//   inconsistent  a reader saw a value at an offset that now holds another, or nothing
//   phantom       a value nobody sent
//   gap           offsets that do not follow each other
//   regressed     a group's committed offset went back behind an acknowledged commit, or beyond anything it attempted
//   skipped       a group was handed records beyond the one it had to resume at
import type { Batch, History, Sighting } from './history.ts';

export interface Violation {
  readonly kind:
    | 'lost'
    | 'moved'
    | 'duplicate'
    | 'reordered'
    | 'inconsistent'
    | 'phantom'
    | 'gap'
    | 'regressed'
    | 'skipped'
    | 'refused';
  readonly detail: string;
}

/** `log` holds every record of every partition, in the order of offsets within each. */
export function check(history: History, log: readonly Sighting[]): Violation[] {
  const violations: Violation[] = [];
  const report = (kind: Violation['kind'], detail: string): void => {
    violations.push({ kind, detail });
  };
  const idempotent = new Map<string, boolean>();
  const sentUpTo = new Map<string, number>();
  for (const batch of history.batches) {
    const writer = writerOf(batch);
    idempotent.set(writer, batch.idempotent);
    sentUpTo.set(writer, Math.max(sentUpTo.get(writer) ?? 0, batch.n + batch.count));
  }

  const valueAt = new Map<string, string>();
  const offsetsOf = new Map<string, number[]>();
  const lastOffset = new Map<number, number>();
  const lastN = new Map<string, number>();
  for (const { partition, offset, value } of log) {
    valueAt.set(`${partition}@${offset}`, value);
    const before = lastOffset.get(partition);
    if (before !== undefined && offset !== before + 1)
      report('gap', `partition ${partition}: ${before} is followed by ${offset}`);
    lastOffset.set(partition, offset);
    const seen = offsetsOf.get(value);
    if (seen) {
      seen.push(offset);
      if (idempotent.get(value.slice(0, value.lastIndexOf('/')))) {
        report('duplicate', `${value} stands at ${seen.join(' and ')} of partition ${partition}`);
      }
      continue; // the order is judged by first appearances
    }
    offsetsOf.set(value, [offset]);
    const writer = value.slice(0, value.lastIndexOf('/'));
    const n = Number(value.slice(value.lastIndexOf('/') + 1));
    if (!(n < (sentUpTo.get(writer) ?? 0)))
      report('phantom', `${value} at ${offset} of partition ${partition} was never sent`);
    const previous = lastN.get(writer) ?? -1;
    if (n < previous) report('reordered', `${value} stands behind ${writer}/${previous} (offset ${offset})`);
    lastN.set(writer, Math.max(previous, n));
  }

  for (const batch of history.batches) {
    if (!batch.acknowledged) continue;
    for (let i = 0; i < batch.count; i++) {
      const value = `${writerOf(batch)}/${batch.n + i}`;
      const offsets = offsetsOf.get(value);
      if (!offsets) report('lost', `${value}, acknowledged at ${batch.baseOffset ?? '?'}`);
      else if (batch.baseOffset !== undefined && !offsets.includes(batch.baseOffset + i)) {
        report('moved', `${value}, acknowledged at ${batch.baseOffset + i}, stands at ${offsets.join(', ')}`);
      }
    }
  }
  for (const { partition, offset, value } of history.sightings) {
    const now = valueAt.get(`${partition}@${offset}`);
    if (now !== value)
      report('inconsistent', `partition ${partition} offset ${offset}: read ${value}, now ${now ?? 'nothing'}`);
  }
  for (const refusal of history.refusals) report('refused', refusal);
  checkCommits(history, report);
  return violations;
}

function checkCommits(history: History, report: (kind: Violation['kind'], detail: string) => void): void {
  interface Progress {
    attempted: number;
    acknowledged: number;
    /** One past the last record handed to the group. */
    delivered: number;
  }
  const progress = new Map<number, Progress>();
  for (const event of history.commits) {
    const held = progress.get(event.partition) ?? { attempted: 0, acknowledged: 0, delivered: 0 };
    progress.set(event.partition, held);
    switch (event.kind) {
      case 'attempt':
        held.attempted = Math.max(held.attempted, event.offset);
        break;
      case 'acknowledged':
        held.acknowledged = Math.max(held.acknowledged, event.offset);
        break;
      case 'observed':
        if (event.offset < held.acknowledged || event.offset > held.attempted) {
          const span = `acknowledged ${held.acknowledged}, attempted ${held.attempted}`;
          report('regressed', `partition ${event.partition}: committed is ${event.offset} (${span})`);
        }
        break;
      case 'delivered':
        if (event.first < held.acknowledged) {
          report(
            'regressed',
            `partition ${event.partition}: resumed at ${event.first}, committed ${held.acknowledged}`,
          );
        }
        if (event.first > held.delivered) {
          report(
            'skipped',
            `partition ${event.partition}: handed ${event.first}, expected ${held.delivered} or earlier`,
          );
        }
        held.delivered = Math.max(held.delivered, event.last + 1);
    }
  }
}

function writerOf(batch: Batch): string {
  return `${batch.producer}/${batch.partition}`;
}
