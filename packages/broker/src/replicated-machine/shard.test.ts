import { describe, expect, it } from 'vitest';
import { Deadlines } from '../partition/deadlines.ts';
import { type Decision, NOTHING, type Now, type RecordCodec, type ReplicatedMachine, type Ticket } from './machine.ts';
import { NamedTimers } from './named-timers.ts';
import { Shard } from './shard.ts';
import { MemoryLog } from './test/memory-log.ts';
import { VirtualTime } from './test/virtual-time.ts';

// A machine small enough to see through: a map of names, and people who wait for a name to be set.
type Command =
  | { set: string; to: string; large?: number }
  | { get: string }
  | { wait: string }
  | { many: string[] }
  | { bad: true };
interface Set_ {
  name: string;
  value: string;
}
type Answer = { value: string | undefined };

class Names implements ReplicatedMachine<Command, Set_, Answer, string> {
  readonly values = new Map<string, string>();
  readonly waiting = new Map<string, Ticket[]>();
  readonly log: string[] = [];

  decide(command: Command, ticket: Ticket, now: Now): Decision<Set_, Answer, string> {
    if ('bad' in command) throw new Error('a defect');
    if ('get' in command) return { ...NOTHING, replies: [{ ticket, answer: { value: this.values.get(command.get) } }] };
    if ('wait' in command) {
      this.waiting.set(command.wait, [...(this.waiting.get(command.wait) ?? []), ticket]);
      return { ...NOTHING, timers: [{ name: command.wait, atMs: now.monotonicMs + 1_000 }] };
    }
    if ('many' in command) {
      const records = command.many.map((name) => ({ name, value: 'x'.repeat(100) }));
      return { ...NOTHING, records, replies: [{ ticket, answer: { value: 'many' } }], divisible: true };
    }
    const waiters = this.waiting.get(command.set) ?? [];
    this.waiting.delete(command.set);
    const value = command.to + 'x'.repeat(command.large ?? 0);
    return {
      records: [{ name: command.set, value }],
      replies: [ticket, ...waiters].map((to) => ({ ticket: to, answer: { value } })),
      timers: [{ name: command.set, cancel: true }],
      notices: [`${command.set} was set`],
    };
  }
  expired(name: string): Decision<Set_, Answer, string> {
    this.log.push(`expired ${name}`);
    const waiters = this.waiting.get(name) ?? [];
    this.waiting.delete(name);
    return { ...NOTHING, replies: waiters.map((ticket) => ({ ticket, answer: { value: undefined } })) };
  }
  apply(record: Set_): void {
    this.values.set(record.name, record.value);
  }
  transactionEnded(): void {}
  refused(records: readonly Set_[]): Decision<Set_, Answer, string> {
    this.log.push(`refused ${records.map((record) => record.name).join()}`);
    return NOTHING;
  }
  loaded(): Decision<Set_, Answer, string> {
    return { ...NOTHING, notices: ['loaded'] };
  }
  unload(): void {
    this.log.push('unloaded');
  }
}

const CODEC: RecordCodec<Set_> = {
  encode: ({ name, value }) => ({ key: Buffer.from(name), value: Buffer.from(value) }),
  decode: (key, value) => (key[0] === 0x21 ? undefined : { name: key.toString(), value: value?.toString() ?? '' }),
};

async function setUp(log = new MemoryLog(), batchBytesMax = 512 * 1024) {
  const time = new VirtualTime();
  const machine = new Names();
  const seen: string[] = [];
  const shard = new Shard<Command, Set_, Answer, string>({
    partition: 7,
    machine,
    codec: CODEC,
    log,
    clock: time.clock,
    timers: new NamedTimers<unknown>(time.clock, new Deadlines(time.clock, time.timers) as never),
    observer: {
      noticed: (_, notice) => seen.push(notice),
      failed: (_, error) => seen.push(`failed: ${error.message}`),
      appendRefused: (_, error) => seen.push(`append refused: ${error}`),
    },
    commitTimeoutMs: () => 5_000,
    batchBytesMax,
  });
  const loading = shard.load(1_000_000);
  return { time, machine, seen, shard, log, loading, loaded: await loading };
}

/** What a promise has come to, without waiting. */
async function settled<T>(promise: Promise<T>): Promise<T | 'waiting'> {
  for (let i = 0; i < 5; i++) await Promise.resolve();
  return Promise.race([promise, Promise.resolve('waiting' as const)]);
}

describe('a shard', () => {
  it('answers when the record is persisted, not before', async () => {
    const { shard, log, machine } = await setUp();
    log.holdsPersisting = true;
    const answer = shard.submit({ set: 'a', to: '1' });
    expect(await settled(answer)).toBe('waiting');
    expect(machine.values.get('a')).toBe('1'); // in the log, so in memory
    log.persist();
    expect(await answer).toEqual({ value: '1' });
  });

  it('holds answers that only read, too: they must not tell of what may yet be lost', async () => {
    const { shard, log } = await setUp();
    log.holdsPersisting = true;
    void shard.submit({ set: 'a', to: '1' });
    const read = shard.submit({ get: 'a' });
    expect(await settled(read)).toBe('waiting');
    log.persist();
    expect(await read).toEqual({ value: '1' });
    expect(await settled(shard.submit({ get: 'a' }))).toEqual({ value: '1' });
  });

  it('answers those who were parked together with the one who released them', async () => {
    const { shard } = await setUp();
    const parked = [shard.submit({ wait: 'a' }), shard.submit({ wait: 'a' })];
    expect(await settled(parked[0]!)).toBe('waiting');
    await shard.submit({ set: 'a', to: '1' });
    expect(await Promise.all(parked)).toEqual([{ value: '1' }, { value: '1' }]);
    expect(shard.waitingCount).toBe(0);
  });

  it('fires named timers of the machine, and only those not cancelled', async () => {
    const { shard, time, machine } = await setUp();
    const timedOut = shard.submit({ wait: 'a' });
    const released = shard.submit({ wait: 'b' });
    await shard.submit({ set: 'b', to: '2' });
    time.advance(2_000);
    expect(machine.log).toEqual(['expired a']);
    expect(await timedOut).toEqual({ value: undefined });
    expect(await released).toEqual({ value: '2' });
  });

  it('serves once what it loaded is safe: the last leader may not have lived to see it so', async () => {
    const before = await setUp();
    await before.shard.submit({ set: 'a', to: '1' });
    before.log.holdsPersisting = true;
    const opening = setUp(before.log);
    expect(await settled(opening)).toBe('waiting');
    before.log.persist();
    const { shard } = await opening;
    expect(shard.state).toBe('active');
  });

  it('leaves no trace of an append that was refused', async () => {
    const { shard, log, machine, seen } = await setUp();
    log.refuses = 'NOT_ENOUGH_REPLICAS';
    const parked = shard.submit({ wait: 'a' });
    expect(await shard.submit({ set: 'a', to: '1' })).toMatchObject({
      kind: 'refused',
      error: 'COORDINATOR_NOT_AVAILABLE',
    });
    expect(await parked).toMatchObject({ kind: 'refused' });
    expect(machine.values.size).toBe(0);
    expect(log.endOffset).toBe(0);
    expect(machine.log).toEqual(['refused a']);
    expect(seen).toEqual(['loaded', 'append refused: NOT_ENOUGH_REPLICAS']);
    log.refuses = undefined;
    expect(await shard.submit({ set: 'a', to: '2' })).toEqual({ value: '2' });
  });

  it('tells a client the coordinator errors that belong to the errors of a log', async () => {
    const { shard, log } = await setUp();
    log.batchBytesMax = 500;
    expect(await shard.submit({ set: 'a', to: '1', large: 1_000 })).toMatchObject({ error: 'UNKNOWN_SERVER_ERROR' });
    log.refuses = 'KAFKA_STORAGE_ERROR';
    expect(await shard.submit({ set: 'a', to: '1' })).toMatchObject({ error: 'NOT_COORDINATOR' });
  });

  it('splits what may be split, and keeps the pieces that got in', async () => {
    const { shard, log, machine } = await setUp(new MemoryLog(), 300);
    const names = Array.from({ length: 10 }, (_, i) => `n${i}`);
    expect(await shard.submit({ many: names })).toEqual({ value: 'many' });
    expect(log.batchCount).toBe(4);
    expect([...machine.values.keys()]).toEqual(names);
  });

  it('is dropped whole when the log cannot persist what it took', async () => {
    const { shard, log, machine, seen, time } = await setUp();
    const parked = shard.submit({ wait: 'z' });
    log.holdsPersisting = true;
    const set = shard.submit({ set: 'a', to: '1' });
    log.fail(new Error('EIO'));
    expect(await set).toMatchObject({ error: 'NOT_COORDINATOR' });
    expect(await parked).toMatchObject({ error: 'NOT_COORDINATOR' });
    expect(await shard.submit({ get: 'a' })).toMatchObject({ error: 'NOT_COORDINATOR' });
    expect(seen).toContain('failed: EIO');
    time.advance(10_000);
    expect(machine.log).toEqual(['unloaded']); // its timers went with it
  });

  it('fails alone when its machine does', async () => {
    const { shard, seen } = await setUp();
    expect(await shard.submit({ bad: true })).toMatchObject({ error: 'NOT_COORDINATOR' });
    expect(seen).toContain('failed: a defect');
  });

  it('stops waiting for a slow log after the commit timeout; the change stands', async () => {
    const { shard, log, time } = await setUp();
    log.holdsPersisting = true;
    const first = shard.submit({ set: 'a', to: '1' });
    time.advance(3_000);
    const second = shard.submit({ set: 'b', to: '2' });
    time.advance(2_500);
    expect(await settled(first)).toMatchObject({ error: 'COORDINATOR_NOT_AVAILABLE' });
    expect(await settled(second)).toBe('waiting');
    log.persist();
    expect(await second).toEqual({ value: '2' });
    expect(await shard.submit({ get: 'a' })).toEqual({ value: '1' });
  });

  it('refuses while it loads, then knows what the log knows', async () => {
    const before = await setUp();
    await before.shard.submit({ set: 'a', to: '1' });
    await before.shard.submit({ set: 'b', to: '2' });
    await before.shard.submit({ set: 'a', to: '3' });
    await before.shard.submit({ set: '!other', to: 'not ours' });
    before.log.holdsPersisting = true;
    void before.shard.submit({ set: 'lost', to: '4' });

    const log = MemoryLog.survivorOf(before.log);
    const time = new VirtualTime();
    const machine = new Names();
    const observer = { noticed: () => {}, failed: () => {}, appendRefused: () => {} };
    const timers = new NamedTimers<unknown>(time.clock, new Deadlines(time.clock, time.timers) as never);
    const shard = new Shard<Command, Set_, Answer, string>({
      partition: 7,
      machine,
      codec: CODEC,
      log,
      clock: time.clock,
      timers,
      observer,
      commitTimeoutMs: () => 5_000,
    });
    const loading = shard.load(100);
    expect(await shard.submit({ get: 'a' })).toMatchObject({ error: 'COORDINATOR_LOAD_IN_PROGRESS' });
    expect(await loading).toMatchObject({ recordCount: 4, unknownCount: 1, endOffset: 4 });
    expect([...machine.values]).toEqual([
      ['a', '3'],
      ['b', '2'],
    ]);
    expect(await shard.submit({ set: 'c', to: '5' })).toEqual({ value: '5' });
  });

  it('throws away what it loads when it is closed meanwhile', async () => {
    const before = await setUp();
    await before.shard.submit({ set: 'a', to: '1' });
    const after = await setUp(MemoryLog.survivorOf(before.log));
    after.shard.close();
    expect(after.shard.state).toBe('closed');
    const shard = new Shard<Command, Set_, Answer, string>({
      partition: 1,
      machine: new Names(),
      codec: CODEC,
      log: MemoryLog.survivorOf(before.log),
      clock: after.time.clock,
      timers: new NamedTimers<unknown>(after.time.clock, new Deadlines(after.time.clock, after.time.timers) as never),
      observer: { noticed: () => {}, failed: () => {}, appendRefused: () => {} },
      commitTimeoutMs: () => 5_000,
    });
    const loading = shard.load(100);
    shard.close();
    expect(await loading).toBeUndefined();
    expect(shard.state).toBe('closed');
  });
});
