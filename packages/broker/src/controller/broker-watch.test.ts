import type { BrokerImage } from '@moldau/metadata';
import { expect, test } from 'vitest';
import { VirtualTime } from '../replicated-machine/test/virtual-time.ts';
import { BrokerWatch } from './broker-watch.ts';

function broker(brokerId: number, brokerEpoch = 1): BrokerImage {
  const facts = { incarnationId: '', endpoints: [], rack: null, previousBrokerEpoch: -1 };
  return { brokerId, brokerEpoch, ...facts, fenced: false, shuttingDown: false, cordoned: false };
}
function refusal(code: string): Error {
  return new Error('cannot be reached', { cause: Object.assign(new Error(code), { code }) });
}

/** Brokers by id: their open connection's end, or why there is none. */
function setUp() {
  const time = new VirtualTime();
  const calls: number[] = [];
  const gone: string[] = [];
  const failing = new Map<number, Error>();
  const ends = new Map<number, () => void>();
  const watch = new BrokerWatch({
    nodeId: 1,
    timers: time.timers,
    connect: async (brokerId) => {
      calls.push(brokerId);
      const error = failing.get(brokerId);
      if (error) throw error;
      return { onClose: (listener) => ends.set(brokerId, listener) };
    },
    gone: ({ brokerId, brokerEpoch }) => gone.push(`${brokerId} under ${brokerEpoch}`),
  });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { time, watch, calls, gone, failing, ends, turn };
}

test('a connection that ends is called again; only a refusal says that the process is gone', async () => {
  const { time, watch, calls, gone, failing, ends, turn } = setUp();
  watch.follow([broker(1), broker(2), broker(3)]);
  await turn();
  expect(calls).toEqual([2, 3]); // never ourselves
  ends.get(2)!();
  await turn();
  expect([calls, gone]).toEqual([[2, 3, 2], []]); // it answers: nothing happened
  failing.set(2, refusal('ETIMEDOUT'));
  ends.get(2)!();
  await turn();
  expect(gone).toEqual([]); // silence is the session's business
  failing.set(2, refusal('ECONNREFUSED'));
  time.advance(500);
  await turn();
  expect(gone).toEqual(['2 under 1']);
});

test('each run of a broker is watched by itself, and who is no more asked about is let be', async () => {
  const { watch, calls, gone, failing, ends, turn } = setUp();
  watch.follow([broker(2, 1)]);
  await turn();
  const endOfFirst = ends.get(2)!;
  watch.follow([broker(2, 5)]);
  await turn();
  expect(calls).toEqual([2, 2]);
  failing.set(2, refusal('ECONNREFUSED'));
  endOfFirst(); // the run before: long fenced
  await turn();
  expect([calls.length, gone]).toEqual([2, []]);
  watch.follow([]);
  ends.get(2)!();
  await turn();
  expect(gone).toEqual([]);
});
