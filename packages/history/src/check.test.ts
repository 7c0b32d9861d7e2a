// Each way of going wrong is found by its name, and a history in which all is well gives nothing.
import { describe, expect, test } from 'vitest';
import { check, type ViolationKind } from './check.ts';
import { type FinalLog, History, type HistoryEvent } from './history.ts';

const where = { topic: 't', partition: 0 };
const sent = (value: string, more: { acks?: 0 | 1 | -1; ordered?: boolean } = {}): HistoryEvent => ({
  kind: 'sent',
  at: 0,
  ...where,
  value,
  acks: -1,
  ordered: true,
  ...more,
});
const acked = (value: string, offset: number): HistoryEvent => ({ kind: 'acked', at: 1, ...where, value, offset });
const polled = (offset: number, value: string, session = 1): HistoryEvent => ({
  kind: 'polled',
  at: 2,
  ...where,
  reader: 'r',
  session,
  offset,
  value,
});
const end = (offset: number): HistoryEvent => ({ kind: 'end', at: 2, ...where, reader: 'r', offset });
const group = { group: 'g', member: 'm', ...where };
const final = (...values: string[]): FinalLog => ({
  ...where,
  startOffset: 0,
  records: values.map((value, offset) => [offset, value] as const),
});
const a = 'w/0';
const b = 'w/1';

const cases: readonly (readonly [what: string, events: HistoryEvent[], log: FinalLog, kinds: ViolationKind[]])[] = [
  ['all is well', [sent(a), acked(a, 0), sent(b), acked(b, 1), polled(0, a), polled(1, b), end(2)], final(a, b), []],
  [
    'a failed record may be there or not',
    [sent(a), sent(b), { kind: 'failed', at: 1, ...where, value: a, error: 'X' }],
    final(b),
    [],
  ],
  ['acks=all and not there', [sent(a), acked(a, 0), sent(b)], final(b), ['inconsistent', 'lost']],
  ['acks=all, gone from the end', [sent(a), acked(a, 1), sent(b)], final(b), ['lost']],
  ['acks=1 may be lost', [sent(a, { acks: 1 }), acked(a, 1), sent(b)], final(b), []],
  ['deleted by retention is not lost', [sent(a), acked(a, 0)], { ...where, startOffset: 1, records: [] }, []],
  ['acknowledged elsewhere', [sent(a), acked(a, 5)], final(a), ['moved']],
  ['twice in the log', [sent(a)], final(a, a), ['duplicate']],
  ['twice without idempotence', [sent(a, { ordered: false })], final(a, a), []],
  ['out of order', [sent(a), sent(b)], final(b, a), ['reordered']],
  ['read what is not there any more', [sent(a), sent(b), polled(0, b)], final(a, b), ['inconsistent']],
  ['never sent', [sent(a)], final(a, b), ['phantom']],
  ['handed what was never sent', [polled(0, a)], final(), ['phantom']],
  ['passed over', [sent(a), sent(b), sent('w/2'), polled(0, a), polled(2, 'w/2')], final(a, b, 'w/2'), ['unseen']],
  ['back', [sent(a), sent(b), polled(1, b), polled(0, a)], final(a, b), ['nonmonotonic']],
  ['back in a new session', [sent(a), sent(b), polled(1, b), polled(0, a, 2)], final(a, b), []],
  ['the end goes back', [end(5), end(4)], final(), ['endRegressed']],
  [
    'a commit is lost',
    [
      { kind: 'commit', at: 1, ...group, offset: 5 },
      { kind: 'commitAcked', at: 2, ...group, offset: 5 },
      { kind: 'committed', at: 4, since: 3, ...group, offset: 3 },
    ],
    final(),
    ['commitLost'],
  ],
  [
    'a commit that was under way when asked may be there or not',
    [
      { kind: 'commit', at: 1, ...group, offset: 5 },
      { kind: 'commitAcked', at: 4, ...group, offset: 5 },
      { kind: 'committed', at: 5, since: 3, ...group, offset: -1 },
    ],
    final(),
    [],
  ],
  [
    'a coordinator that was replaced and could not know it tells of before',
    [
      { kind: 'commit', at: 1, ...group, offset: 5 },
      { kind: 'commitAcked', at: 2, ...group, offset: 5 },
      { kind: 'committed', at: 4, since: 3, dethroned: true, ...group, offset: 3 },
    ],
    final(),
    [],
  ],
  [
    'a commit that was sent again, and whose first request came late',
    [
      { kind: 'commit', at: 1, ...group, offset: 5 },
      { kind: 'commitAcked', at: 3_001, ...group, offset: 5 },
      { kind: 'commit', at: 3_002, ...group, offset: 6 },
      { kind: 'commitAcked', at: 3_003, ...group, offset: 6 },
      { kind: 'committed', at: 4_002, since: 4_001, ...group, offset: 5 },
    ],
    final(),
    [],
  ],
  [
    'a commit that was sent once is back',
    [
      { kind: 'commit', at: 1, ...group, offset: 5 },
      { kind: 'commitAcked', at: 101, ...group, offset: 5 },
      { kind: 'commit', at: 3_002, ...group, offset: 6 },
      { kind: 'commitAcked', at: 3_003, ...group, offset: 6 },
      { kind: 'committed', at: 4_002, since: 4_001, ...group, offset: 5 },
    ],
    final(),
    ['commitLost'],
  ],
  ['a commit of nobody', [{ kind: 'committed', at: 4, since: 3, ...group, offset: 3 }], final(), ['commitForged']],
  [
    'two owners',
    [
      { kind: 'assigned', at: 1, ...group, generation: 3 },
      { kind: 'assigned', at: 2, ...group, member: 'n', generation: 3 },
    ],
    final(),
    ['twoOwners'],
  ],
  [
    'nothing is promised for a deleted topic, but foreign records',
    [sent(a), acked(a, 0), { kind: 'abandoned', at: 3, topic: 't' }, polled(0, b)],
    final(),
    ['phantom'],
  ],
];

describe('check', () => {
  test.each(cases)('%s', (_what, events, log, kinds) => {
    const history = new History();
    for (const event of events) history.add(event);
    expect(
      check(history, [log])
        .violations.map(({ kind }) => kind)
        .sort(),
    ).toEqual([...kinds].sort());
  });

  test('a history is the same from its lines', () => {
    const history = new History();
    history.add(sent(a));
    history.add(end(3));
    expect(History.fromLines(history.toLines()).events).toEqual(history.events);
  });
});
