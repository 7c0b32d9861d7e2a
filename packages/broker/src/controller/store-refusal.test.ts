import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TestBroker } from '../test/test-broker.ts';
import { createTopic, fetchFrom, produceTo } from '../test/topic-client.ts';
import { METADATA_DIRECTORY } from './open-cluster.ts';

test('a metadata store that is gone or old stops the start and costs nothing; the right one starts', async () => {
  const broker = await TestBroker.start();
  const store = join(broker.directory, 'logs', METADATA_DIRECTORY);
  const copies = { old: join(broker.directory, 'old'), newest: join(broker.directory, 'newest') };
  const produce = async (value: string) => produceTo(await broker.connect(), [value], { topic: 't' });
  const replaceStore = async (copy?: string) => {
    await rm(store, { recursive: true, force: true });
    if (copy) await cp(copy, store, { recursive: true });
  };
  try {
    await createTopic(await broker.connect(), 't');
    await produce('first');
    await broker.restart();
    await produce('second');
    await cp(store, copies.old, { recursive: true });
    await broker.restart();
    await produce('third');
    await broker.broker.stop('the store is exchanged');
    await cp(store, copies.newest, { recursive: true });

    await replaceStore();
    await expect(broker.restart()).rejects.toThrow('is missing');
    await replaceStore(copies.old);
    await expect(broker.restart()).rejects.toThrow('it is older than the data');
    await replaceStore(copies.newest);
    await broker.restart();
    const { values } = await fetchFrom(await broker.connect(), { topic: 't' });
    expect(values).toEqual(['0:first', '1:second', '2:third']);
  } finally {
    await broker.stop();
  }
});
