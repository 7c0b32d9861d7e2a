// What waits for the brokers' word must not stand in the way of that word: a forwarded request is answered when every broker
// has told that it knows of the change, and a connection's requests are answered one after the other.
import type { BrokerConnection } from '@moldau/client/connection';
import { nodePorts } from '@moldau/kernel/node/ports';
import { expect, test } from 'vitest';
import { configOf, picture } from '../test/cluster-picture.ts';
import { RemoteController } from './remote-controller.ts';

test('a heartbeat is answered while a forwarded request waits', async () => {
  const image = picture({ brokers: [1, 2] });
  const controlled = Object.create(image, { controllerId: { value: 1 } });
  const forwarded: (() => void)[] = [];
  /** Answers in order: a request that waits holds up those behind it, as on a socket. */
  const lines = new Map<string, Promise<unknown>>();
  const connect = async (_: number, purpose: string) => {
    const send = (api: string) => {
      const before = lines.get(purpose) ?? Promise.resolve();
      const answer =
        api === 'Envelope'
          ? new Promise((resolve) => forwarded.push(() => resolve({ errorCode: 0, responseData: Buffer.from('done') })))
          : Promise.resolve({ errorCode: 0, isFenced: false });
      const inOrder = before.then(() => answer);
      lines.set(purpose, inOrder);
      return inOrder;
    };
    return { send } as unknown as BrokerConnection;
  };
  const remote = new RemoteController({
    nodeId: 2,
    config: configOf(),
    clock: nodePorts.clock,
    timers: nodePorts.timers,
    image: () => controlled,
    brokerEpoch: () => 1,
    connect,
    onRefused: () => {},
  });
  const answer = remote.forward(Buffer.from('request'), 'User:ANONYMOUS', '127.0.0.1');
  const word = { currentMetadataOffset: 7, wantShutDown: false, cordoned: false };
  expect(await remote.heartbeat(word)).toMatchObject({ errorCode: 0 });
  for (const release of forwarded) release();
  expect(String(await answer)).toBe('done');
});

test('what may be asked twice is asked again soon, over a new connection; the rest waits for its answer', async () => {
  const controlled = Object.create(picture({ brokers: [1, 2] }), { controllerId: { value: 1 } });
  const asked: { api: string; timeoutMs: number }[] = [];
  const send = async (api: string, _body: object, { timeoutMs }: { timeoutMs: number }) => {
    asked.push({ api, timeoutMs });
    // Nothing came: the cable is cut, and the connection is none the wiser.
    if (asked.length === 1) throw new Error('no answer');
    return { errorCode: 0, topics: [], responseData: null };
  };
  const remote = new RemoteController({
    nodeId: 2,
    config: configOf(),
    clock: nodePorts.clock,
    timers: nodePorts.timers,
    image: () => controlled,
    brokerEpoch: () => 1,
    connect: async () => ({ send }) as unknown as BrokerConnection,
    onRefused: () => {},
  });
  await remote.alterPartitions([]);
  await remote.forward(Buffer.from('request'), 'User:ANONYMOUS', '127.0.0.1');
  expect(asked.map(({ api }) => api)).toEqual(['AlterPartition', 'AlterPartition', 'Envelope']);
  expect(asked.slice(0, 2).map(({ timeoutMs }) => timeoutMs)).toEqual([5_000, 5_000]);
  expect(asked[2]!.timeoutMs).toBeGreaterThan(20_000);
});
