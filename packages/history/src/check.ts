// Judges a history against the logs as they stand at the end (Jepsen's words where it has them). Pure, and linear in the
// length of the history.
//
//   lost          acknowledged with acks=all, but not in the log
//   moved         acknowledged at one offset, found at another
//   duplicate     a value of an ordered writer stands at two offsets
//   reordered     values of an ordered writer stand out of their order
//   inconsistent  one offset was seen with two values, by readers, in acknowledgements or in the end
//   phantom       a value that nobody sent to this partition
//   unseen        a reader went past a record without being handed it
//   nonmonotonic  a reader was handed offsets that go back
//   endRegressed  a reader was told an end of the partition that lies before one it was told earlier
//   commitLost    a group's committed offset is behind an acknowledged commit
//   commitForged  a group's committed offset is one that nobody handed over
//   twoOwners     one generation of a group gave a partition to two members
import type { FinalLog, History, HistoryEvent, PartitionKey } from './history.ts';

export type ViolationKind =
  | 'lost'
  | 'moved'
  | 'duplicate'
  | 'reordered'
  | 'inconsistent'
  | 'phantom'
  | 'unseen'
  | 'nonmonotonic'
  | 'endRegressed'
  | 'commitLost'
  | 'commitForged'
  | 'twoOwners';

export interface Violation {
  readonly kind: ViolationKind;
  readonly detail: string;
}

/** What was found, and how much was looked at: a verdict over nothing says nothing. */
export interface Verdict {
  readonly violations: readonly Violation[];
  readonly sent: number;
  readonly acked: number;
  readonly failed: number;
  readonly polled: number;
  readonly commits: number;
}

type Report = (kind: ViolationKind, detail: string) => void;

/**
 * A commit that took so long was perhaps sent more than once, and the first request may have been on its way still: commits
 * carry no sequence, so one that arrives late puts the group back, in Kafka as here.
 */
const SENT_AGAIN_MS = 1_000;
/** Violations kept per kind; one defect breaks a thousand records in the same way. */
const KEPT_PER_KIND = 5;

export function check(history: History, finals: readonly FinalLog[]): Verdict {
  const violations: Violation[] = [];
  const counts = new Map<ViolationKind, number>();
  const report: Report = (kind, detail) => {
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    if (count <= KEPT_PER_KIND) violations.push({ kind, detail });
  };
  const abandoned = new Set<string>();
  for (const event of history.events) if (event.kind === 'abandoned') abandoned.add(event.topic);

  const partitions = new PartitionLedgers();
  for (const final of finals) partitions.of(final).close(final);
  const tally = { sent: 0, acked: 0, failed: 0, polled: 0, commits: 0 };
  for (const event of history.events) {
    switch (event.kind) {
      case 'sent':
        tally.sent++;
        partitions.of(event).sent(event.value, event.ordered, event.acks);
        break;
      case 'acked':
        tally.acked++;
        partitions.of(event).acked.push(event);
        break;
      case 'failed':
        tally.failed++;
        break;
      case 'polled':
        tally.polled++;
        partitions.of(event).polled.push(event);
        break;
      case 'end':
        partitions.of(event).ends.push(event);
        break;
      case 'commitAcked':
        tally.commits++;
        break;
      case 'commit':
      case 'committed':
      case 'assigned':
      case 'abandoned':
        break;
    }
  }
  for (const [key, ledger] of partitions.all()) ledger.judge(key, abandoned.has(ledger.topic), report);
  judgeGroups(history.events, abandoned, report);
  return { violations, ...tally };
}

class PartitionLedgers {
  readonly #ledgers = new Map<string, PartitionLedger>();

  of({ topic, partition }: PartitionKey): PartitionLedger {
    const key = `${topic}-${partition}`;
    let ledger = this.#ledgers.get(key);
    if (!ledger) {
      ledger = new PartitionLedger(topic);
      this.#ledgers.set(key, ledger);
    }
    return ledger;
  }

  all(): IterableIterator<[string, PartitionLedger]> {
    return this.#ledgers.entries();
  }
}

class PartitionLedger {
  readonly topic: string;
  readonly acked: Extract<HistoryEvent, { kind: 'acked' }>[] = [];
  readonly polled: Extract<HistoryEvent, { kind: 'polled' }>[] = [];
  readonly ends: Extract<HistoryEvent, { kind: 'end' }>[] = [];
  readonly #sent = new Map<string, { ordered: boolean; acks: number }>();
  #final: FinalLog | undefined;

  constructor(topic: string) {
    this.topic = topic;
  }

  sent(value: string, ordered: boolean, acks: number): void {
    this.#sent.set(value, { ordered, acks });
  }

  close(final: FinalLog): void {
    this.#final = final;
  }

  judge(key: string, isAbandoned: boolean, report: Report): void {
    const valueAt = new Map<number, string>();
    const saw = (offset: number, value: string, who: string): void => {
      const before = valueAt.get(offset);
      if (before === undefined) valueAt.set(offset, value);
      else if (before !== value) report('inconsistent', `${key}@${offset} is ${value} for ${who}, and was ${before}`);
    };
    if (!isAbandoned) this.#judgeFinal(key, saw, report);
    for (const { offset, value } of this.acked) {
      // What acks=0 or 1 was told may be cut away by the next leader before anybody saw it.
      if (offset >= 0 && this.#sent.get(value)?.acks === -1 && !isAbandoned) saw(offset, value, 'its producer');
    }
    for (const { offset, value, reader } of this.polled) {
      if (!isAbandoned) saw(offset, value, reader);
      if (!this.#sent.has(value))
        report('phantom', `${key}@${offset}: ${reader} was handed ${value}, which nobody sent here`);
    }
    if (isAbandoned) return;
    this.#judgeReaders(key, report);
    const told = new Map<string, number>();
    for (const { reader, offset } of this.ends) {
      const before = told.get(reader) ?? -1;
      if (offset < before) report('endRegressed', `${key}: ${reader} was told ${offset}, and before that ${before}`);
      told.set(reader, Math.max(before, offset));
    }
  }

  #judgeFinal(key: string, saw: (offset: number, value: string, who: string) => void, report: Report): void {
    const final = this.#final;
    if (!final) return;
    const offsetOf = new Map<string, number>();
    const lastOf = new Map<string, number>();
    for (const [offset, value] of final.records) {
      saw(offset, value, 'the last reader');
      const sent = this.#sent.get(value);
      if (!sent) {
        report('phantom', `${key}@${offset}: ${value} stands there, which nobody sent here`);
        continue;
      }
      const first = offsetOf.get(value);
      if (first !== undefined) {
        if (sent.ordered) report('duplicate', `${key}: ${value} stands at ${first} and at ${offset}`);
        continue;
      }
      offsetOf.set(value, offset);
      if (!sent.ordered) continue;
      const { writer, n } = placeOf(value);
      const last = lastOf.get(writer) ?? -1;
      if (n < last) report('reordered', `${key}@${offset}: ${value} stands behind ${writer}/${last}`);
      else lastOf.set(writer, n);
    }
    for (const { value, offset } of this.acked) {
      if (this.#sent.get(value)?.acks !== -1) continue;
      const found = offsetOf.get(value);
      if (found === undefined) {
        if (offset >= final.startOffset) report('lost', `${key}: ${value}, acknowledged at ${offset}`);
        else if (offset === -1 && final.startOffset === 0) report('lost', `${key}: ${value}, acknowledged`);
      } else if (offset >= 0 && found !== offset && this.#sent.get(value)?.ordered) {
        report('moved', `${key}: ${value}, acknowledged at ${offset}, stands at ${found}`);
      }
    }
  }

  #judgeReaders(key: string, report: Report): void {
    const finalOffsets = this.#final?.records.map(([offset]) => offset) ?? [];
    const indexOf = new Map(finalOffsets.map((offset, index) => [offset, index]));
    const lastOf = new Map<string, number>();
    for (const { reader, session, offset } of this.polled) {
      const name = `${reader} (session ${session})`;
      const last = lastOf.get(name);
      lastOf.set(name, offset);
      if (last === undefined) continue;
      if (offset <= last) report('nonmonotonic', `${key}: ${name} was handed ${offset} after ${last}`);
      const index = indexOf.get(offset);
      const between = index === undefined ? undefined : finalOffsets[index - 1];
      if (between !== undefined && between > last) {
        report('unseen', `${key}: ${name} went from ${last} to ${offset} past ${between}`);
      }
    }
  }
}

function judgeGroups(events: readonly HistoryEvent[], abandoned: ReadonlySet<string>, report: Report): void {
  interface Progress {
    /** Highest offset handed over. */
    attempted: number;
    /** By time: the highest offset acknowledged until then. */
    readonly acked: { readonly at: number; readonly highest: number }[];
    /** What each member has handed over and not been told of. */
    readonly open: Map<string, { readonly at: number; readonly offset: number }>;
    /** Offsets that may have been sent twice. */
    readonly sentAgain: Set<number>;
  }
  const progress = new Map<string, Progress>();
  const of = (event: PartitionKey & { group: string }): Progress => {
    const key = `${event.group} ${event.topic}-${event.partition}`;
    let held = progress.get(key);
    if (!held) {
      held = { attempted: -1, acked: [], open: new Map(), sentAgain: new Set() };
      progress.set(key, held);
    }
    return held;
  };
  const owners = new Map<string, string>();
  for (const event of events) {
    if (event.kind === 'commit') {
      const held = of(event);
      held.attempted = Math.max(held.attempted, event.offset);
      held.open.set(event.member, event);
    } else if (event.kind === 'commitAcked') {
      const { acked, open, sentAgain } = of(event);
      const handed = open.get(event.member);
      if (handed?.offset === event.offset && event.at - handed.at >= SENT_AGAIN_MS) sentAgain.add(event.offset);
      acked.push({ at: event.at, highest: Math.max(event.offset, acked.at(-1)?.highest ?? -1) });
    } else if (event.kind === 'assigned') {
      const key = `${event.group}, generation ${event.generation}: ${event.topic}-${event.partition}`;
      const owner = owners.get(key);
      if (owner !== undefined && owner !== event.member) {
        report('twoOwners', `${key} belongs to ${owner} and to ${event.member}`);
      }
      owners.set(key, event.member);
    } else if (event.kind === 'committed' && !abandoned.has(event.topic)) {
      const held = of(event);
      const acknowledged = highestAt(held.acked, event.since);
      const where = `${event.group} ${event.topic}-${event.partition}`;
      if (event.offset < acknowledged && !event.dethroned && !held.sentAgain.has(event.offset)) {
        report('commitLost', `${where}: committed is ${event.offset}, acknowledged was ${acknowledged}`);
      }
      if (event.offset > held.attempted) {
        report('commitForged', `${where}: committed is ${event.offset}, handed over at most ${held.attempted}`);
      }
    }
  }
}

/** By halving: what was acknowledged last at or before `time`; -1 nothing. */
function highestAt(acked: readonly { readonly at: number; readonly highest: number }[], time: number): number {
  let low = 0;
  let high = acked.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (acked[middle]!.at <= time) low = middle + 1;
    else high = middle;
  }
  return acked[low - 1]?.highest ?? -1;
}

function placeOf(value: string): { writer: string; n: number } {
  const at = value.lastIndexOf('/');
  return { writer: value.slice(0, at), n: Number(value.slice(at + 1)) };
}
