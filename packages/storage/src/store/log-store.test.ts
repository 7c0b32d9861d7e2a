import { expect, test } from 'vitest';
import { batch } from '../test/batches.ts';
import { FaultDisk } from '../test/fault-disk.ts';
import { readBatches } from '../test/model.ts';
import { logConfig, openStore, TOPIC_ID } from '../test/stores.ts';

const config = logConfig({ segmentBytes: 1_000, indexIntervalBytes: 100, maxMessageBytes: 1_000 });
const NOW = Date.now();
const bytes = () => batch({ values: ['v'], timestamp: NOW });

test('a deleted log is renamed at once and removed after a while; its topic can be made again', async () => {
  const disk = new FaultDisk();
  const { store } = await openStore('/d', { disk, config: { ...config, fileDeleteDelayMs: 0 } });
  const settings = { ...config, fileDeleteDelayMs: 0 };
  const log = store.create({ topic: 't', topicId: TOPIC_ID, partition: 0, config: settings });
  log.append(bytes(), { leaderEpoch: 0, origin: 'client', now: NOW });
  const waiting = new Promise((resolve) => log.whenPersisted(1, resolve));
  const deleted = store.delete('t', 0);
  expect(store.get('t', 0)).toBeUndefined();
  expect(disk.listNamesSync('/d').some((name) => /^t-0\.[0-9a-f]{32}-delete$/.test(name))).toBe(true);
  expect(await waiting).toMatchObject({ code: 'STORAGE_CLOSED' });
  await deleted;
  const again = store.create({ topic: 't', topicId: TOPIC_ID, partition: 0, config: settings });
  expect(again.endOffset).toBe(0);
  expect(log.append(bytes(), { leaderEpoch: 0, origin: 'client', now: NOW })).toMatchObject({ kind: 'refused' });
  await expect.poll(() => disk.listNamesSync('/d').filter((name) => name.endsWith('-delete'))).toEqual([]);
  await store.close();
});

test('a log that metadata does not know is set aside and stays', async () => {
  const disk = new FaultDisk();
  const first = await openStore('/d', { disk, config });
  first.store.create({ topic: 't', topicId: TOPIC_ID, partition: 0, config });
  await first.store.quarantine('t', 0, 'no such topic');
  await first.store.close();
  const { store, events } = await openStore('/d', { disk, config });
  expect(store.logCount).toBe(0);
  expect(events).toContainEqual(expect.objectContaining({ kind: 'ignored' }));
  expect(disk.listNamesSync('/d').filter((name) => name.endsWith('-stray'))).toHaveLength(1);
  await store.close();
});

test('a directory of another broker or cluster is refused with what to do', async () => {
  const disk = new FaultDisk();
  const { store } = await openStore('/d', { disk, config, clusterId: 'one' });
  await store.close();
  await expect(openStore('/d', { disk, config, clusterId: 'two' })).rejects.toThrow(/belongs to cluster one/);
  await expect(openStore('/d', { disk, config, brokerId: 2 })).rejects.toThrow(/Set node.id \(broker.id\) to 1/);
  const again = await openStore('/d', { disk, config });
  expect(again.store.clusterId).toBe('one');
  await expect(openStore('/d', { disk, config })).rejects.toMatchObject({ code: 'LOCKED' });
  await again.store.close();
});

test('one partition in two directories is refused', async () => {
  const disk = new FaultDisk();
  for (const directory of ['/a', '/b']) {
    const { store } = await openStore(directory, { disk, config, clusterId: 'c' });
    store.create({ topic: 't', topicId: TOPIC_ID, partition: 0, config });
    await store.close();
  }
  await expect(openStore('/a', { disk, config, directories: ['/a', '/b'] })).rejects.toThrow(
    /lies in two log directories/,
  );
});

test('an idempotent producer is recognised after a clean stop and after a kill, five batches back', async () => {
  for (const stop of ['clean', 'kill'] as const) {
    let disk = new FaultDisk();
    const { store } = await openStore('/d', { disk, config });
    const log = store.create({ topic: 't', topicId: TOPIC_ID, partition: 0, config });
    const send = (target: typeof log, sequence: number) =>
      target.append(batch({ values: ['v'], timestamp: NOW, producerId: 1, producerEpoch: 0, baseSequence: sequence }), {
        leaderEpoch: 0,
        origin: 'client',
        now: NOW,
      });
    for (let sequence = 0; sequence < 9; sequence++) expect(send(log, sequence)).toMatchObject({ duplicate: false });
    expect(send(log, 11)).toMatchObject({ error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' });
    await log.flush();
    if (stop === 'clean') await store.close();
    else disk = disk.afterProcessKill();
    const again = await openStore('/d', { disk, config });
    const reopened = again.store.get('t', 0)!;
    for (let sequence = 4; sequence < 9; sequence++) {
      expect(send(reopened, sequence), `${stop} ${sequence}`).toMatchObject({ duplicate: true, baseOffset: sequence });
    }
    expect(send(reopened, 3)).toMatchObject({ error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' });
    expect(send(reopened, 9)).toMatchObject({ duplicate: false, baseOffset: 9 });
    await again.store.close();
  }
});

test('an interrupted swap of compaction is finished, what was on its way out goes', async () => {
  const disk = new FaultDisk();
  const { store } = await openStore('/d', { disk, config });
  const log = store.create({ topic: 't', topicId: TOPIC_ID, partition: 0, config });
  for (let i = 0; i < 60; i++) log.append(bytes(), { leaderEpoch: 0, origin: 'client', now: NOW });
  await log.flush();
  const bases = log.segments.all.map((segment) => segment.baseOffset);
  const whole = await readBatches(log, 0);
  await store.close();
  expect(bases.length).toBeGreaterThan(3);
  const file = (base: number, suffix: string) => `/d/t-0/${String(base).padStart(20, '0')}.${suffix}`;
  // The first two segments merged into one, complete, not yet in place; and the output of another run that never finished.
  const merged = Buffer.concat([disk.peek(file(bases[0]!, 'log')), disk.peek(file(bases[1]!, 'log'))]);
  disk.writeFileSync(file(bases[0]!, 'log.swap'), merged);
  disk.writeFileSync(file(bases[2]!, 'log.cleaned'), 'half');
  disk.writeFileSync(file(bases[2]!, 'index.deleted'), 'old');
  const again = await openStore('/d', { disk, config });
  const reopened = again.store.get('t', 0)!;
  expect(reopened.segments.all.map((segment) => segment.baseOffset)).toEqual([bases[0], ...bases.slice(2)]);
  expect((await readBatches(reopened, 0)).map((one) => one.bytes.toString('hex'))).toEqual(
    whole.map((one) => one.bytes.toString('hex')),
  );
  expect(disk.listNamesSync('/d/t-0').filter((name) => /swap|cleaned|deleted/.test(name))).toEqual([]);
  await again.store.close();
});
