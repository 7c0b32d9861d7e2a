import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodePorts } from '@moldau/kernel/node/ports';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ZooKeeperEngine, type ZooKeeperEngineOptions } from '../../src/engines/zookeeper.ts';
import { type Ensemble, startEnsemble } from './zookeeper-process.ts';

let ensemble: Ensemble;
let roots = 0;
const closers: (() => Promise<unknown> | unknown)[] = [];
beforeAll(async () => {
  ensemble = await startEnsemble();
});
afterAll(() => ensemble?.stop());
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function open(o: Partial<ZooKeeperEngineOptions> & { connect: string }) {
  const directory = o.directory ?? mkdtempSync(join(tmpdir(), 'moldau-r3-'));
  closers.push(() => rmSync(directory, { recursive: true, force: true }));
  const events: unknown[] = [];
  const engine = await ZooKeeperEngine.open({
    ports: nodePorts,
    sessionTimeoutMs: 1_000,
    directory,
    onEvent: (e) => events.push(e),
    ...o,
  });
  closers.push(() => engine.close());
  return { engine, events, directory };
}

test('two engines', async () => {
  const connect = `${ensemble.connect}/t${++roots}`;
  const a = await open({ connect });
  expect(a.engine.fresh).toBe(true);
  expect(await a.engine.form('one')).toBe('one');
  const b = await open({ connect });
  expect(await b.engine.form('two')).toBe('one');
  const registration = {
    brokerId: 1,
    incarnationId: 'i',
    endpoints: [{ listener: 'PLAINTEXT', host: 'h', port: 9092, protocol: 'PLAINTEXT' }],
    rack: null,
    previousBrokerEpoch: -1,
  };
  const ra = await a.engine.register(registration);
  const rb = await b.engine.register({ ...registration, brokerId: 2 });
  expect(rb.brokerEpoch).toBeGreaterThan(ra.brokerEpoch);
  const la = await a.engine.elect(1);
  expect(la.epoch).toBe(1);
  const lb = b.engine.elect(2);
  await a.engine.append(1, a.engine.pending.offset, [{ kind: 'topicCreated', name: 't', topicId: 'x' }]);
  while (!b.engine.image.topic('t')) await new Promise((r) => setTimeout(r, 5));
  expect(a.engine.aliveBrokers().map((x) => x.brokerId)).toEqual([1, 2]);
  await a.engine.leave(1);
  expect((await lb).epoch).toBe(2);
  await b.engine.append(2, b.engine.pending.offset, [{ kind: 'topicCreated', name: 't2', topicId: 'x2' }]);
  expect(a.events.filter((e) => (e as { kind: string }).kind === 'troubled')).toEqual([]);
});
