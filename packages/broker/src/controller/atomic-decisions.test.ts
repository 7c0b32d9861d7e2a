// A decision larger than one batch of the store takes effect as a whole or not at all (decision 014): over a store that
// takes little at a time, with a refusal or the controller's death between its parts.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodePorts } from '@moldau/kernel/node/ports';
import { EmbeddedStore, EngineError, type MetadataEngine, type MetadataRecord } from '@moldau/metadata';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { configOf } from '../test/cluster-picture.ts';
import { Controller } from './controller.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'moldau-atomic-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const endpoints = [{ listener: 'PLAINTEXT', host: 'localhost', port: 9092, protocol: 'PLAINTEXT' }];
const validateOnly = false;
const large = (name: string) => ({
  ...{ name, numPartitions: 100, replicationFactor: 1, assignments: [] },
  configs: [{ name: 'retention.ms', value: '1' }],
});

/** A store of one broker that takes 4,000 bytes a batch; `refuse` says to which batches it says no. */
async function open() {
  const store = await EmbeddedStore.open({ ports: nodePorts, directory });
  const member = store.member({ closesStore: true });
  if (store.fresh) store.form('cluster');
  const kept: MetadataRecord[][] = [];
  const refuse = { part: 0 };
  const append: MetadataEngine['append'] = (epoch, after, records) => {
    const [first] = records;
    if (first?.kind === 'transactionPart' && first.part === refuse.part)
      return Promise.reject(new EngineError('FULL', 'no room'));
    kept.push([...records]);
    return member.append(epoch, after, records);
  };
  const engine: MetadataEngine = new Proxy(member, {
    get: (target, name) => {
      if (name === 'batchBytesMax') return 4_000;
      if (name === 'append') return append;
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const leadership = await engine.elect(1);
  await engine.register({ brokerId: 1, incarnationId: 'i', endpoints, rack: null, previousBrokerEpoch: -1 });
  const controller = new Controller({ engine, leadership, config: configOf(), ports: nodePorts });
  await controller.reconcile();
  kept.length = 0;
  return { store, engine, controller, refuse, kept };
}

/** How many partitions the topic had in each picture that the broker was shown. */
function sizes(engine: MetadataEngine, name: string): (number | undefined)[] {
  const seen: (number | undefined)[] = [];
  engine.follow((image) => seen.push(image.topic(name)?.partitions.length));
  return seen;
}

test('a topic of many batches appears with all its partitions and settings at once', async () => {
  const { store, engine, controller, kept } = await open();
  const seen = sizes(engine, 'large');
  const [created] = await controller.createTopics([large('large')], { validateOnly });
  expect(created).toMatchObject({ error: 'NONE', numPartitions: 100 });
  expect(kept.length).toBeGreaterThan(3);
  expect(seen).toEqual([...kept.slice(1).map(() => undefined), 100]);
  expect(engine.image.configs('topic', 'large').get('retention.ms')).toBe('1');
  await store.close();
});

test.each([1, 2, 3])(
  'the store has no room for part %i: an error, no topic, and the next attempt succeeds',
  async (part) => {
    const { store, engine, controller, refuse } = await open();
    refuse.part = part;
    await expect(controller.createTopics([large('large')], { validateOnly })).rejects.toMatchObject({
      error: 'KAFKA_STORAGE_ERROR',
    });
    expect(engine.image.topic('large')).toBeUndefined();
    refuse.part = 0;
    const seen = sizes(engine, 'large');
    await controller.createTopics([large('large')], { validateOnly });
    expect(new Set(seen)).toEqual(new Set([undefined, 100]));
    await store.close();
  },
);

test('a controller that dies between two parts leaves nothing of the decision to the next', async () => {
  const { store, controller, refuse } = await open();
  refuse.part = 3;
  await expect(controller.createTopics([large('large')], { validateOnly })).rejects.toThrow(/no room/);
  await store.close();
  const next = await open();
  expect(next.engine.image.topic('large')).toBeUndefined();
  expect(next.engine.image.openTransaction).toBeUndefined();
  const [created] = await next.controller.createTopics([large('large')], { validateOnly });
  expect(created?.error).toBe('NONE');
  expect(next.engine.image.topic('large')?.partitions).toHaveLength(100);
  await next.store.close();
});

test('what comes after a decision that was broken off is not drawn into it', async () => {
  const { store, engine, controller, refuse } = await open();
  refuse.part = 2;
  await expect(controller.createTopics([large('large')], { validateOnly })).rejects.toThrow();
  const [small] = await controller.createTopics([{ ...large('small'), numPartitions: 2 }], { validateOnly });
  expect(small?.error).toBe('NONE');
  expect([...engine.image.topics()].map(({ name }) => name)).toEqual(['small']);
  await store.close();
});
