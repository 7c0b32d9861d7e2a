// Connections to other brokers: kept, opened again, told apart by purpose.
import { nodePorts } from '@moldau/kernel/node/ports';
import type { ClusterImage } from '@moldau/metadata';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { apply, configOf, picture } from '../test/cluster-picture.ts';
import { TestBroker } from '../test/test-broker.ts';
import { Peers, PeerUnreachable } from './peers.ts';

let other: TestBroker;
let image: ClusterImage;
let peers: Peers;

beforeAll(async () => {
  other = await TestBroker.start();
});
afterAll(() => other.stop());
afterEach(() => peers.close());

function start(port: number): void {
  const endpoints = [{ listener: 'PLAINTEXT', host: '127.0.0.1', port, protocol: 'PLAINTEXT' }];
  const broker = { brokerId: 2, brokerEpoch: 2, incarnationId: 'i2', endpoints, rack: null };
  image = apply(picture({ brokers: [1, 2] }), [{ kind: 'brokerRegistered', ...broker } as never]);
  peers = new Peers({ nodeId: 1, ports: nodePorts, config: configOf(), image: () => image });
}

test('one connection per purpose, shared by all who ask, opened again when it broke', async () => {
  start(other.endpoint.port);
  const [first, same, fetcher] = await Promise.all([
    peers.connect(2, 'control'),
    peers.connect(2, 'control'),
    peers.connect(2, 'fetcher-0'),
  ]);
  expect(same).toBe(first);
  expect(fetcher).not.toBe(first);
  first.close();
  const again = await peers.connect(2, 'control');
  expect(again).not.toBe(first);
  expect(again.isOpen).toBe(true);
});

test('a broker that is not there, or not known, is said to be unreachable, and may be there later', async () => {
  start(1);
  await expect(peers.connect(2, 'control')).rejects.toThrow(PeerUnreachable);
  await expect(peers.connect(7, 'control')).rejects.toThrow(/broker 7 cannot be reached: no broker of that id/);
  const kept = peers;
  start(other.endpoint.port);
  kept.close();
  expect((await peers.connect(2, 'control')).isOpen).toBe(true);
});

test('after close nobody connects, and a connection that is being opened ends', async () => {
  start(other.endpoint.port);
  const opening = peers.connect(2, 'control');
  peers.close();
  await expect(opening).rejects.toThrow(PeerUnreachable);
  await expect(peers.connect(2, 'control')).rejects.toThrow(PeerUnreachable);
});
