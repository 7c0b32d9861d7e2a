import { expect, test } from 'vitest';
import { decodeProducerSnapshot, encodeProducerSnapshot } from './producer-snapshot.ts';
import { type ProducerBatchFacts, ProducerState } from './producer-state.ts';

const PID = 9;

/** A state that has seen `count` batches of one record from sequence 0 on, in `epoch`. */
function seen(count: number, epoch = 3): ProducerState {
  const state = new ProducerState();
  for (let i = 0; i < count; i++)
    state.apply(facts({ producerEpoch: epoch, baseSequence: i, baseOffset: i }), 1_000 + i);
  return state;
}

function facts(o: Partial<ProducerBatchFacts> & { baseSequence: number; baseOffset: number }): ProducerBatchFacts {
  return {
    producerId: PID,
    producerEpoch: 3,
    lastSequence: o.baseSequence,
    lastOffset: o.baseOffset,
    maxTimestamp: 500 + o.baseOffset,
    transactional: false,
    ...o,
  };
}

test.each([
  ['a producer nobody remembers may start anywhere', 0, 3, 41, undefined],
  ['the next sequence', 7, 3, 7, undefined],
  ['a gap', 7, 3, 8, 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
  ['an old sequence beyond the five remembered', 7, 3, 1, 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
  ['an older epoch', 7, 2, 7, 'INVALID_PRODUCER_EPOCH'],
  ['a newer epoch from 0', 7, 4, 0, undefined],
  ['a newer epoch from elsewhere', 7, 4, 7, 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
] as const)('%s', (_, count, epoch, sequence, error) => {
  expect(seen(count).check(PID, epoch, sequence, false, 'client')?.error).toBe(error);
});

test('a coordinator writes without sequences: only its epoch is looked at', () => {
  expect(seen(3).check(PID, 3, -1, false, 'coordinator')).toBeUndefined();
  expect(seen(3).check(PID, 2, -1, false, 'coordinator')?.error).toBe('INVALID_PRODUCER_EPOCH');
});

test('the last five batches are recognised when they come again, by their first and last sequence and epoch', () => {
  const state = seen(7);
  expect([0, 1, 2, 3, 4, 5, 6].map((sequence) => state.duplicateOf(PID, 3, sequence, sequence)?.lastOffset)).toEqual([
    undefined,
    undefined,
    2,
    3,
    4,
    5,
    6,
  ]);
  expect(state.duplicateOf(PID, 2, 6, 6)).toBeUndefined();
  expect(state.duplicateOf(PID, 3, 5, 6)).toBeUndefined();
});

test('sequences start over after 2^31-1', () => {
  const state = new ProducerState();
  state.apply(facts({ baseSequence: 0x7ffffffe, lastSequence: 1, baseOffset: 0, lastOffset: 3 }), 1);
  expect(state.duplicateOf(PID, 3, 0x7ffffffe, 1)?.lastOffset).toBe(3);
  expect(state.check(PID, 3, 2, false, 'client')).toBeUndefined();
  state.apply(facts({ baseSequence: 2, lastSequence: 0x7fffffff, baseOffset: 4 }), 1);
  expect(state.check(PID, 3, 0, false, 'client')).toBeUndefined();
});

test('an open transaction holds the stable offset until its marker is replicated, and is never expired', () => {
  const state = new ProducerState();
  state.apply(facts({ baseSequence: 0, baseOffset: 10, transactional: true }), 1);
  state.apply(facts({ producerId: 10, baseSequence: 0, baseOffset: 12, transactional: true }), 1);
  expect(state.firstUnstableOffset).toBe(10);
  expect(state.check(PID, 3, 1, false, 'client')?.error).toBe('INVALID_TXN_STATE');
  state.expire(10 ** 12, 1);
  expect(state.size).toBe(2);
  const marker = { abort: true, coordinatorEpoch: 5 };
  const completed = state.apply(facts({ baseSequence: -1, baseOffset: 14, endTransaction: marker }), 2);
  expect(completed).toEqual({ producerId: PID, firstOffset: 10, lastOffset: 14, aborted: true });
  expect(state.lastStableOffsetAfter(completed!)).toBe(12);
  expect(state.firstUnstableOffset).toBe(10);
  state.onHighWatermark(15);
  expect(state.firstUnstableOffset).toBe(12);
  expect(state.checkMarker(PID, 3, 4)?.error).toBe('TRANSACTION_COORDINATOR_FENCED');
  expect(state.checkMarker(PID, 2, 5)?.error).toBe('INVALID_PRODUCER_EPOCH');
});

test('a silent producer is forgotten by our clock, not by the time of its records alone', () => {
  const state = seen(1);
  state.expire(1_500, 600);
  expect(state.size).toBe(1);
  state.expire(1_600, 600);
  expect(state.size).toBe(0);
});

test('a snapshot keeps what fits in it, byte for byte as Kafka writes it', () => {
  const state = new ProducerState();
  state.apply(
    facts({
      producerId: 4000,
      producerEpoch: 2,
      baseSequence: 286,
      lastSequence: 289,
      baseOffset: 286,
      lastOffset: 289,
      maxTimestamp: 1_795_237_860_194,
    }),
    1,
  );
  const bytes = encodeProducerSnapshot(state.entries(), state.size);
  expect(bytes.subarray(6).toString('hex')).toBe(
    '00000001' +
      '0000000000000fa0' +
      '0002' +
      '00000121' +
      '0000000000000121' +
      '00000003' +
      '000001a1fc83d362' +
      'ffffffff' +
      'ffffffffffffffff',
  );
  const [entry] = decodeProducerSnapshot(bytes);
  expect(entry).toMatchObject({ producerId: 4000, epoch: 2, coordinatorEpoch: -1, transactionFirstOffset: -1 });
  expect(entry!.batches).toEqual([
    { lastSequence: 289, lastOffset: 289, offsetDelta: 3, timestamp: 1_795_237_860_194 },
  ]);
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes);
    damaged[at]! ^= 0x10;
    expect(() => decodeProducerSnapshot(damaged)).toThrow();
    expect(() => decodeProducerSnapshot(bytes.subarray(0, at))).toThrow();
  }
});
