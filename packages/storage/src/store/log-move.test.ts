// Moves between two log directories (KIP-113): served meanwhile, whole afterwards, and after a crash at any point the log is
// once there, with everything that was acknowledged.
import { DiskError } from '@moldau/kernel';
import { describe, expect, test } from 'vitest';
import type { LogConfig } from '../log-config.ts';
import type { PartitionLog } from '../partition-log.ts';
import { batch } from '../test/batches.ts';
import { FaultDisk } from '../test/fault-disk.ts';
import { readBatches } from '../test/model.ts';
import { logConfig, openStore, TOPIC_ID } from '../test/stores.ts';
import type { LogStore } from './log-store.ts';

const config = logConfig({
  segmentBytes: 1_500,
  indexIntervalBytes: 200,
  maxMessageBytes: 1_400,
  fileDeleteDelayMs: 0,
});
const directories = ['/a', '/b'];
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

async function until(holds: () => boolean, what: string): Promise<void> {
  for (const startedAt = Date.now(); !holds(); await turn()) {
    if (Date.now() - startedAt > 15_000) throw new Error(`${what}: not to be seen`);
  }
}

function open(disk: FaultDisk, o: { config?: Partial<LogConfig>; moveBytesPerSecond?: () => number } = {}) {
  return openStore('/a', { disk, config, directories, ...o });
}

let sequence = 0;
function append(log: PartitionLog, count = 1): Promise<void>[] {
  return Array.from({ length: count }, () => {
    const bytes = batch({ values: [`value ${sequence++} ${'x'.repeat(60)}`], timestamp: 1_700_000_000_000 });
    const answer = log.append(bytes, { leaderEpoch: 3, origin: 'client', now: 1_700_000_000_000 });
    if (answer.kind !== 'appended') throw new Error(answer.detail);
    return new Promise<void>((resolve, reject) =>
      log.whenPersisted(answer.lastOffset + 1, (error) => (error ? reject(error) : resolve())),
    );
  });
}

async function newLog(store: LogStore, at: string, count = 60): Promise<PartitionLog> {
  store.preferDirectory('t', 0, at);
  const log = store.create({ topic: 't', topicId: TOPIC_ID, partition: 0, config });
  log.assignLeaderEpoch(3);
  await Promise.all(append(log, count));
  log.advanceHighWatermark(log.endOffset);
  return log;
}

const contents = async (log: PartitionLog) =>
  (await readBatches(log, log.startOffset, 700)).map(({ bytes }) => bytes.toString('hex'));
/** Names in a directory, without what varies. */
const names = (disk: FaultDisk, directory: string) =>
  disk
    .listNamesSync(directory)
    .filter((name) => name.startsWith('t-0'))
    .map((name) => name.replace(/[0-9a-f]{32}/, 'HEX'));
const futures = (store: LogStore, at: string) => store.directories().find(({ path }) => path === at)!.futures;

describe('a move', () => {
  test('takes everything along while records come in, and is told', async () => {
    const disk = new FaultDisk();
    const { store, events } = await open(disk);
    const log = await newLog(store, '/a');
    expect(log.segmentCount).toBeGreaterThan(3);
    store.move('t', 0, '/b');
    expect(futures(store, '/b')).toMatchObject([{ topic: 't', partition: 0, sizeBytes: 0, offsetLag: 60 }]);
    expect(names(disk, '/b')).toEqual(['t-0.HEX-future']);
    const more: Promise<void>[] = [];
    while (log.directory === '/a') {
      more.push(...append(log));
      await turn();
    }
    more.push(...append(log, 3));
    await Promise.all(more);
    const all = await contents(log);
    expect(all.length).toBe(60 + more.length);
    expect(log.path).toBe('/b/t-0');
    await until(() => futures(store, '/b').length === 0, 'the end of the move');
    await until(() => names(disk, '/b').length === 1 && names(disk, '/a').length === 0, 'what it leaves removed');
    expect(names(disk, '/b')).toEqual(['t-0']);
    expect(events.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['logMoveBegun', 'logMoved']));
    await store.close();
    const again = await open(disk.afterProcessKill());
    const moved = again.store.get('t', 0)!;
    expect(moved.directory).toBe('/b');
    expect(await contents(moved)).toEqual(all);
    expect([moved.topicId, moved.latestEpoch, moved.highWatermark]).toEqual([TOPIC_ID, 3, 60]);
    expect(again.events.map(({ kind }) => kind)).not.toContain('rebuilt');
    await again.store.close();
  });

  test('goes back again, and both ways once more', async () => {
    const disk = new FaultDisk();
    const { store } = await open(disk);
    const log = await newLog(store, '/a');
    for (const to of ['/b', '/a', '/b']) {
      store.move('t', 0, to);
      await until(() => log.directory === to && futures(store, to).length === 0, to);
      await Promise.all(append(log, 5));
    }
    expect((await contents(log)).length).toBe(75);
    await store.close();
  });

  test('a log that is cut, shortened or begun anew meanwhile is moved as it is then', async () => {
    const disk = new FaultDisk();
    let rate = 1_000;
    const { store } = await open(disk, { moveBytesPerSecond: () => rate });
    const log = await newLog(store, '/a');
    store.move('t', 0, '/b');
    await until(() => futures(store, '/b')[0]!.sizeBytes > 1_000, 'some of it copied');
    await log.truncateTo(20);
    await Promise.all(append(log, 4));
    log.advanceHighWatermark(log.endOffset);
    log.removeFirstSegments(1);
    rate = Number.POSITIVE_INFINITY;
    await until(() => log.directory === '/b', 'the move');
    const all = await contents(log);
    expect([log.startOffset > 0, log.endOffset]).toEqual([true, 24]);
    await store.close();
    const again = await open(disk.afterProcessKill());
    expect(await contents(again.store.get('t', 0)!)).toEqual(all);
    expect(again.store.get('t', 0)!.startOffset).toBe(log.startOffset);
    await again.store.close();
  });

  test('ordered elsewhere, to where the log is, or of a log that is deleted, it ends and leaves nothing', async () => {
    const disk = new FaultDisk();
    const { store } = await openStore('/a', {
      disk,
      config,
      directories: ['/a', '/b', '/c'],
      moveBytesPerSecond: () => 1_000,
    });
    const log = await newLog(store, '/a');
    store.move('t', 0, '/b');
    await turn();
    store.move('t', 0, '/c');
    await until(() => names(disk, '/b').length === 0, 'the first copy gone');
    expect(futures(store, '/c').length).toBe(1);
    store.move('t', 0, '/a');
    await until(() => names(disk, '/c').length === 0, 'the second copy gone');
    expect([log.directory, (await contents(log)).length]).toEqual(['/a', 60]);
    store.move('t', 0, '/b');
    await turn();
    await store.delete('t', 0);
    await until(() => ['/a', '/b'].every((at) => names(disk, at).length === 0), 'nothing left');
    expect(() => store.move('t', 0, '/b')).toThrow('/b is no directory for t-0');
    await store.close();
  });

  test('without room it fails, is told, and the log goes on where it is', async () => {
    const disk = new FaultDisk();
    const { store, events } = await open(disk);
    const log = await newLog(store, '/a');
    disk.capacityBytes = disk.usedBytes + 3_000;
    store.move('t', 0, '/b');
    await until(() => events.some(({ kind }) => kind === 'logMoveFailed'), 'told');
    disk.capacityBytes = Number.POSITIVE_INFINITY;
    await Promise.all(append(log, 2));
    expect([log.directory, log.endOffset]).toEqual(['/a', 62]);
    await until(() => names(disk, '/b').length === 0, 'the copy gone');
    await store.close();
  });

  test.each([
    ['the disk that it is copied to fails', '/b', false],
    ['the disk that it is copied from fails', '/a', true],
  ])('%s', async (_, failing, isGone) => {
    const disk = new FaultDisk();
    const { store, events } = await open(disk, { moveBytesPerSecond: () => 4_000 });
    const log = await newLog(store, '/a');
    store.move('t', 0, '/b');
    await until(() => (futures(store, '/b')[0]?.sizeBytes ?? 0) > 1_000, 'some of it copied');
    disk.fault = (operation, path) =>
      path.startsWith(failing) && (operation === 'read' || operation === 'sync') ? 'EIO' : undefined;
    await until(() => events.some(({ kind }) => kind === 'logMoveFailed'), 'told');
    expect(log.failure !== undefined).toBe(isGone);
    expect(log.directory).toBe('/a');
    if (!isGone) {
      await Promise.all(append(log, 2));
      expect((await contents(log)).length).toBe(62);
    }
    disk.fault = () => undefined;
    await store.close();
  });
});

describe('a crash', () => {
  /** A small deterministic source. */
  function drawFrom(seed: number): () => number {
    let state = seed >>> 0;
    return () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
  }

  /** Operations of a whole move, with records coming in. */
  async function run(
    cutAt: number,
    how: 'kill' | 'power',
  ): Promise<{ operations: number; disk: FaultDisk; acked: number }> {
    let disk = new FaultDisk();
    const draw = drawFrom(cutAt);
    const { store } = await open(disk);
    const log = await newLog(store, '/a', 20);
    let acked = log.persistedEnd;
    let operations = 0;
    let isCut = false;
    const first = disk;
    first.fault = () => {
      operations++;
      if (operations === cutAt) {
        isCut = true;
        disk = how === 'kill' ? first.afterProcessKill() : first.afterPowerCut(draw);
      }
      return undefined;
    };
    store.move('t', 0, '/b');
    for (let turns = 0; turns < 400 && !isCut; turns++) {
      if (turns % 4 === 0) {
        try {
          for (const done of append(log)) {
            done.then(
              () => {
                if (!isCut) acked = log.persistedEnd;
              },
              () => {},
            );
          }
        } catch {
          break;
        }
      }
      await turn();
      if (log.directory === '/b' && futures(store, '/b').length === 0 && turns > 100) break;
    }
    const ofMove = operations;
    if (!isCut) await store.close();
    return { operations: ofMove, disk: isCut ? disk : first.afterProcessKill(), acked };
  }

  // Every second point each, so that it stays short.
  test.each(['kill', 'power'] as const)(
    '%s at any point of a move',
    async (how) => {
      const { operations } = await run(Number.POSITIVE_INFINITY, how);
      expect(operations).toBeGreaterThan(100);
      let finished = 0;
      let begunAnew = 0;
      for (let cutAt = how === 'kill' ? 1 : 2; cutAt <= operations; cutAt += 2) {
        const { disk, acked } = await run(cutAt, how);
        const { store, events } = await open(disk);
        const log = store.get('t', 0)!;
        expect(log, `cut at ${cutAt}`).toBeDefined();
        expect(log.endOffset, `cut at ${cutAt}`).toBeGreaterThanOrEqual(acked);
        const all = await contents(log);
        expect(all.length, `cut at ${cutAt}`).toBe(log.endOffset);
        if (log.directory === '/b') finished++;
        store.startHousekeeping();
        if (futures(store, '/b').length > 0) begunAnew++;
        // Carried on where it was broken off, it comes to the same.
        await until(() => futures(store, '/b').length === 0, `cut at ${cutAt}: the rest of the move`);
        await Promise.all(append(log, 2));
        expect((await contents(log)).slice(0, all.length), `cut at ${cutAt}`).toEqual(all);
        expect(
          events.some(({ kind }) => kind === 'ignored' || kind === 'logDamaged'),
          `cut at ${cutAt}`,
        ).toBe(false);
        await store.close();
        const again = await open(disk.afterProcessKill());
        expect(again.store.get('t', 0)?.endOffset).toBe(log.endOffset);
        await again.store.close();
      }
      expect(finished).toBeGreaterThan(0);
      expect(begunAnew).toBeGreaterThan(0);
    },
    60_000,
  );

  test.each([0, 0.3, 0.6, 0.999])(
    'what the new place acknowledges first survives a power cut at once (%d)',
    async (drawn) => {
      const disk = new FaultDisk();
      const { store } = await open(disk);
      const log = await newLog(store, '/a', 20);
      store.move('t', 0, '/b');
      let cut: { readonly disk: FaultDisk; readonly acked: number } | undefined;
      const startedAt = Date.now();
      while (!cut && Date.now() - startedAt < 15_000) {
        for (const answer of append(log)) void answer.catch(() => {});
        log.whenPersisted(log.endOffset, (error) => {
          if (error || cut || log.directory !== '/b') return;
          cut = { acked: log.persistedEnd, disk: disk.afterPowerCut(() => drawn) };
        });
        await turn();
      }
      const { store: again } = await open(cut!.disk);
      expect(again.get('t', 0)?.endOffset).toBeGreaterThanOrEqual(cut!.acked);
      await again.close();
    },
  );

  test('a copy whose log is in a directory that is offline is left alone', async () => {
    const disk = new FaultDisk();
    const { store } = await open(disk, { moveBytesPerSecond: () => 1_000 });
    await newLog(store, '/a');
    store.move('t', 0, '/b');
    await turn();
    const next = disk.afterProcessKill();
    const locked = FaultDisk.prototype.lock;
    next.lock = (path, name) =>
      path === '/a' ? Promise.reject(new DiskError('EIO', path, 'EIO')) : locked.call(next, path, name);
    const { store: half, events } = await open(next);
    expect(half.get('t', 0)).toBeUndefined();
    expect(names(next, '/b')).toEqual(['t-0.HEX-future']);
    expect(events.some(({ kind }) => kind === 'ignored')).toBe(true);
    await half.close();
  });
});
