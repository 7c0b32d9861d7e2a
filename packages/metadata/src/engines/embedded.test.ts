import type { Timers } from '@moldau/kernel';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FaultyDisk } from '../../test/faulty-disk.ts';
import { contentOf, histories } from '../../test/record-arbitrary.ts';
import { EngineError, type ImagePreparation } from '../engine.ts';
import type { ClusterImage } from '../image.ts';
import type { MetadataRecord } from '../records.ts';
import { logName } from './embedded/file-names.ts';
import { chainStart, encodeUnit, readUnit } from './embedded/write-unit.ts';
import { type EmbeddedEvent, EmbeddedStore } from './embedded.ts';

const directory = '/data/__moldau_metadata';
const log0 = `${directory}/${logName(0)}`;

/** Turns end at the next microtask; nothing here waits for time. */
const timers: Timers = {
  set: () => ({}),
  clear: () => {},
  afterTurn: (run) => queueMicrotask(run),
};

async function open(disk: FaultyDisk, snapshotBytes = 1e9) {
  const events: EmbeddedEvent[] = [];
  const store = await EmbeddedStore.open({
    ports: { disk, timers },
    directory,
    snapshotBytes,
    onEvent: (event) => events.push(event),
  });
  return { engine: store.member({ closesStore: true }), store, events };
}

async function lead(disk: FaultyDisk, snapshotBytes?: number) {
  const { engine, store, events } = await open(disk, snapshotBytes);
  if (engine.fresh) await engine.form('cluster');
  const { epoch } = await engine.elect(1);
  const append = (...records: MetadataRecord[]) => engine.append(epoch, engine.image.offset, records);
  return { engine, store, epoch, append, events };
}

const topic = (name: string): MetadataRecord => ({ kind: 'topicCreated', name, topicId: `id-${name}` });

async function failure(run: Promise<unknown>): Promise<EngineError> {
  try {
    await run;
  } catch (error) {
    if (error instanceof EngineError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('the log', () => {
  test('what was appended is there after a restart, under a higher epoch', async () => {
    const disk = new FaultyDisk();
    const first = await lead(disk);
    expect(first.epoch).toBe(1);
    expect(await first.append(topic('a'))).toBe(1);
    await first.engine.close();
    const second = await lead(disk);
    expect(second.epoch).toBe(2);
    expect(second.engine.image.clusterId).toBe('cluster');
    expect(second.engine.image.topic('a')?.topicId).toBe('id-a');
    expect(second.engine.image.offset).toBe(2);
  });

  test('opening writes nothing, so that two processes cannot harm each other before one has the lock', async () => {
    const disk = new FaultyDisk();
    const { engine } = await lead(disk);
    const before = disk.files();
    await open(disk);
    expect(disk.files()).toEqual(before);
    const rival = await open(disk);
    await expect(rival.engine.elect(2)).rejects.toThrow('held');
    await engine.close();
  });

  test('followers hear of every picture in order, before the append is answered', async () => {
    const { engine, epoch } = await lead(new FaultyDisk());
    const seen: [number, number][] = [];
    const stop = engine.follow((image, previous, batch) => {
      expect(engine.image).toBe(image);
      seen.push([previous.offset, batch.offset]);
    });
    const answers = [1, 2, 3].map((at) =>
      engine.append(epoch, at - 1, [topic(`t${at}`)]).then((offset) => seen.push([offset, offset])),
    );
    await Promise.all(answers);
    expect(seen.slice(0, 3)).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ]);
    stop();
    await engine.append(epoch, 3, [topic('x')]);
    expect(seen).toHaveLength(6);
  });

  test('what a batch needs is prepared before anybody sees it, and later batches wait their turn', async () => {
    const { engine, epoch } = await lead(new FaultyDisk());
    const steps: string[] = [];
    const prepare: ImagePreparation = (image, previous, batch) => {
      expect([previous.offset + 1, engine.image.offset + 1]).toEqual([image.offset, batch.offset]);
      if (batch.offset === 2) return undefined;
      steps.push(`prepare ${batch.offset}`);
      return Promise.resolve().then(() => {
        steps.push(`prepared ${batch.offset}`);
      });
    };
    engine.follow((image) => steps.push(`told ${image.offset}`), prepare);
    await Promise.all([1, 2, 3].map((at) => engine.append(epoch, at - 1, [topic(`t${at}`)])));
    expect(steps).toEqual(['prepare 1', 'prepared 1', 'told 1', 'told 2', 'prepare 3', 'prepared 3', 'told 3']);
  });

  test('fence: controller epoch and CAS (an append decided on something older, or by an earlier controller, is refused, and nothing of it stays)', async () => {
    const { engine, epoch, append } = await lead(new FaultyDisk());
    await append(topic('a'));
    expect((await failure(engine.append(epoch, 0, [topic('b')]))).code).toBe('STALE');
    expect((await failure(engine.append(epoch - 1, 1, [topic('b')]))).code).toBe('FENCED');
    expect(engine.image.topicCount).toBe(1);
  });

  test('records that contradict the picture are a defect and reach no disk', async () => {
    const disk = new FaultyDisk();
    const { engine, append } = await lead(disk);
    const before = disk.files();
    expect(() => append({ kind: 'topicDeleted', topicId: 'none' })).toThrow('Assertion failed');
    expect(disk.files()).toEqual(before);
    await append(topic('a'));
    expect(engine.image.topicCount).toBe(1);
  });

  test('another version wrote it', async () => {
    const disk = new FaultyDisk();
    const { engine, epoch } = await lead(disk);
    await engine.close();
    const bytes = disk.readFileSync(log0);
    const first = readUnit(bytes, 0, chainStart(logName(0)));
    const batch = { offset: 1, epoch, records: [{ kind: 'shinyNewThing' }] };
    disk.plant(log0, Buffer.concat([bytes, encodeUnit([batch], first.kind === 'unit' ? first.chain : 0).bytes]));
    const refused = await failure(open(disk));
    expect(refused.code).toBe('FOREIGN');
    expect(refused.message).toContain('A newer version wrote it');
  });
});

describe('elections', () => {
  test('the next candidate leads when the first leaves, and the first can append no more', async () => {
    const { engine, epoch } = await lead(new FaultyDisk());
    const lost: string[] = [];
    const waiting = engine.elect(2);
    const leadership = engine.elect(3);
    await engine.leave(1);
    const second = await waiting;
    second.onLost((why) => lost.push(why));
    expect(second.epoch).toBeGreaterThan(epoch);
    expect((await failure(engine.append(epoch, engine.image.offset, []))).code).toBe('FENCED');
    expect(engine.image.controllerId).toBe(2);
    await engine.leave(2);
    expect((await leadership).epoch).toBeGreaterThan(second.epoch);
    expect(lost).toEqual(['the broker left']);
  });

  test('brokers are alive from registration to leaving, under epochs that grow over restarts', async () => {
    const disk = new FaultyDisk();
    const first = await lead(disk);
    let changes = 0;
    first.engine.onAliveChanged(() => changes++);
    const registration = { brokerId: 1, incarnationId: 'i', endpoints: [], rack: null, previousBrokerEpoch: -1 };
    const { brokerEpoch } = await first.engine.register(registration);
    await first.append({ kind: 'brokerRegistered', brokerEpoch, ...registration });
    const { brokerEpoch: next } = await first.engine.register({ ...registration, brokerId: 2 });
    expect(next).toBeGreaterThan(brokerEpoch);
    expect(first.engine.aliveBrokers().map((one) => one.brokerId)).toEqual([1, 2]);
    await first.engine.leave(2);
    expect(first.engine.aliveBrokers().map((one) => one.brokerId)).toEqual([1]);
    expect(changes).toBe(3);
    await first.engine.close();
    const second = await lead(disk);
    expect((await second.engine.register(registration)).brokerEpoch).toBeGreaterThan(brokerEpoch);
  });
});

describe('several brokers in one process', () => {
  test('each has its own view: the controller is told at once, a slow one when it is ready, in order', async () => {
    const { engine, store, append } = await lead(new FaultyDisk());
    const slow = store.member();
    let ready = () => {};
    const seen: string[] = [];
    engine.follow((image) => seen.push(`first ${image.offset}`));
    slow.follow(
      (image) => seen.push(`slow ${image.offset}`),
      (_, __, batch) => (batch.offset === 1 ? new Promise((resolve) => (ready = () => resolve())) : undefined),
    );
    await append(topic('a'));
    await append(topic('b'));
    expect(seen).toEqual(['first 1', 'first 2']);
    expect([engine.image.offset, slow.image.offset, slow.pending.offset]).toEqual([2, 0, 0]);
    ready();
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen.slice(2)).toEqual(['slow 1', 'slow 2']);
    await append(topic('c'));
    expect(seen.slice(4)).toEqual(['first 3', 'slow 3']);
  });

  test('the next candidate leads when the controller closes; who is not elected yet hears when it goes itself', async () => {
    const { engine, store, epoch } = await lead(new FaultyDisk());
    const [second, third] = [store.member(), store.member()];
    const leading = second.elect(2);
    const waiting = failure(third.elect(3));
    await third.close();
    expect((await waiting).code).toBe('CLOSED');
    await engine.leave(1);
    const leadership = await leading;
    expect(leadership.epoch).toBeGreaterThan(epoch);
    expect((await failure(engine.append(epoch, engine.pending.offset, []))).code).toBe('FENCED');
    expect(await second.append(leadership.epoch, second.pending.offset, [topic('x')])).toBe(second.image.offset);
    expect(engine.image.topic('x')).toBeDefined();
  });

  test('the first name of a cluster holds', async () => {
    const { engine, store } = await open(new FaultyDisk());
    const other = store.member();
    expect(await Promise.all([engine.form('one'), other.form('two')])).toEqual(['one', 'one']);
    await other.elect(2);
    expect([engine.image.clusterId, await engine.form('three')]).toEqual(['one', 'one']);
  });

  test('a broker that is given up hears of it, is alive no more, and leads no more', async () => {
    const { engine, store, epoch } = await lead(new FaultyDisk());
    const registration = { brokerId: 1, incarnationId: 'i', endpoints: [], rack: null, previousBrokerEpoch: -1 };
    const lost: string[] = [];
    (await engine.register(registration)).onLost((why) => lost.push(why));
    await store.expire(1, 'its session expired');
    expect(lost).toEqual(['its session expired']);
    expect(engine.aliveBrokers()).toEqual([]);
    expect((await failure(engine.append(epoch, engine.pending.offset, []))).code).toBe('FENCED');
  });
});

describe('snapshots', () => {
  test('a long log is replaced by a picture, and the picture holds all', async () => {
    const disk = new FaultyDisk();
    const { engine, append, events } = await lead(disk, 2_000);
    for (let i = 0; i < 100; i++) await append(topic(`topic-${i}`));
    const content = contentOf(engine.image);
    await engine.close();
    expect(events.filter((event) => event.kind === 'snapshotTaken').length).toBeGreaterThan(2);
    const names = [...disk.files().keys()].sort();
    expect(names.filter((name) => name.endsWith('.snapshot'))).toHaveLength(2);
    expect(names.length).toBeLessThan(8);
    const again = await open(disk);
    expect(contentOf(again.engine.image)).toEqual(content);
  });

  test('the newest snapshot may be damaged: the one before it and the logs hold all', async () => {
    const disk = new FaultyDisk();
    const { engine, append } = await lead(disk, 2_000);
    for (let i = 0; i < 100; i++) await append(topic(`topic-${i}`));
    const content = contentOf(engine.image);
    await engine.close();
    const newest = [...disk.files().keys()]
      .filter((name) => name.endsWith('.snapshot'))
      .sort()
      .at(-1)!;
    const bytes = disk.readFileSync(newest);
    for (let at = 0; at < bytes.length; at += 131) {
      const hurt = disk.copy();
      const changed = Buffer.from(bytes);
      changed[at] = changed[at]! ^ 0x10;
      hurt.plant(newest, changed);
      const { engine: healed, events } = await open(hurt);
      expect(contentOf(healed.image)).toEqual(content);
      expect(events[0]?.kind).toBe('snapshotDamaged');
    }
  });

  test('a snapshot that cannot be written costs nothing', async () => {
    const disk = new FaultyDisk();
    const { engine, append, events } = await lead(disk, 500);
    disk.faults.push({ operation: 'rename', code: 'EIO', after: 0 });
    disk.faults.push({ operation: 'syncDirectory', code: 'ENOSPC', after: 3 });
    for (let i = 0; i < 40; i++) await append(topic(`topic-${i}`));
    const content = contentOf(engine.image);
    await engine.close();
    expect(events.filter((event) => event.kind === 'snapshotFailed').length).toBeGreaterThan(0);
    expect(contentOf((await open(disk)).engine.image)).toEqual(content);
  });

  test('random histories survive restarts at random places, with tiny snapshots', async () => {
    await fc.assert(
      fc.asyncProperty(
        histories,
        fc.nat({ max: 60 }),
        fc.integer({ min: 100, max: 3_000 }),
        async (history, restart, size) => {
          const disk = new FaultyDisk();
          let running = await lead(disk, size);
          for (const [index, records] of history.entries()) {
            await running.append(...records);
            if (index !== restart) continue;
            await running.engine.close();
            const before = contentOf(running.engine.image);
            running = await lead(disk, size);
            expect(contentOf(running.engine.image)).toEqual({
              ...before,
              offset: before.offset + 1,
              epoch: running.epoch,
            });
          }
          const content = contentOf(running.engine.image);
          await running.engine.close();
          expect(contentOf((await open(disk)).engine.image)).toEqual(content);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('crashes', () => {
  /** A log of three units; answers its bytes, the end of each unit, and the picture after each. */
  async function threeUnits() {
    const disk = new FaultyDisk();
    const { engine, append } = await lead(disk);
    const ends: number[] = [];
    const pictures: ClusterImage[] = [];
    const note = () => {
      ends.push(disk.readFileSync(log0).length);
      pictures.push(engine.image);
    };
    note();
    await append(topic('a'));
    note();
    await append(topic('b'), topic('c'));
    note();
    return { bytes: disk.readFileSync(log0), ends, pictures };
  }

  test('the directory itself survives a power cut', async () => {
    const disk = new FaultyDisk();
    disk.makeDirectorySync('/data');
    disk.syncDirectorySync('/');
    await lead(disk);
    expect(Object.fromEntries(disk.directories)).toEqual({ '/data': 'durable', [directory]: 'durable' });
  });

  test('a write cut at every byte: what was acknowledged is there, the rest is cut off', async () => {
    const { bytes, ends, pictures } = await threeUnits();
    for (let length = 0; length <= bytes.length; length++) {
      for (const filler of [0, bytes.length - length]) {
        const disk = new FaultyDisk();
        disk.plant(log0, Buffer.concat([bytes.subarray(0, length), Buffer.alloc(filler)]));
        const { engine } = await open(disk);
        const whole = ends.filter((end) => end <= length).length;
        expect(engine.image.offset, `cut at ${length} with ${filler} zeros`).toBe(whole - 1);
        if (whole > 0) expect(contentOf(engine.image)).toEqual(contentOf(pictures[whole - 1]!));
        if (engine.fresh) await engine.form('cluster');
        const { epoch } = await engine.elect(1);
        await engine.append(epoch, engine.image.offset, [topic('after')]);
        await engine.close();
        const again = await open(disk);
        expect(again.engine.image.topic('after')).toBeDefined();
        expect(again.engine.image.offset).toBe(whole + 1);
      }
    }
  });

  test('a flipped bit anywhere is refused with words and changes nothing', async () => {
    const { bytes } = await threeUnits();
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = changed[at]! ^ (1 << (at % 8));
      const disk = new FaultyDisk();
      disk.plant(log0, changed);
      const before = disk.files();
      const refused = await failure(
        open(disk).then(({ engine }) => Promise.reject(new Error(`offset ${engine.image.offset}`))),
      );
      expect(refused.code, `bit at byte ${at}`).toBe('CORRUPT');
      expect(refused.message).toContain('Restore the directory from a backup');
      expect(disk.files()).toEqual(before);
    }
  });

  test('a missing file is refused', async () => {
    const disk = new FaultyDisk();
    const { engine, append } = await lead(disk, 500);
    for (let i = 0; i < 40; i++) await append(topic(`topic-${i}`));
    await engine.close();
    const names = [...disk.files().keys()].filter((name) => !name.endsWith('.lock'));
    const content = contentOf(engine.image);
    for (const name of names) {
      const hurt = new FaultyDisk();
      for (const [path, bytes] of disk.files()) if (path !== name) hurt.plant(path, bytes);
      const result = await open(hurt).catch((error: unknown) => error);
      if (result instanceof EngineError) expect(result.code).toBe('CORRUPT');
      else if (name.endsWith('.snapshot'))
        expect(contentOf((result as Awaited<ReturnType<typeof open>>).engine.image)).toEqual(content);
      else expect((result as Awaited<ReturnType<typeof open>>).engine.image.offset).toBeLessThanOrEqual(content.offset);
    }
  });

  test('power cuts: what was acknowledged survives, what comes back was appended', async () => {
    await fc.assert(
      fc.asyncProperty(
        histories,
        fc.infiniteStream(fc.boolean()),
        fc.integer({ min: 200, max: 4_000 }),
        async (history, coins, size) => {
          const disk = new FaultyDisk();
          const running = await lead(disk, size);
          const cutAt = Math.floor(history.length / 2);
          for (const [index, records] of history.entries()) {
            const acknowledged = running.append(...records);
            if (index !== cutAt) {
              await acknowledged;
              continue;
            }
            // The power fails while this append (and perhaps a snapshot) is under way.
            const before = contentOf(running.engine.image);
            acknowledged.catch(() => {});
            for (let turns = 0; turns < index % 7; turns++) await Promise.resolve();
            const applied = running.engine.image.offset;
            const { engine } = await open(
              disk.powerCut(() => coins.next().value),
              size,
            );
            expect([before.offset, before.offset + 1]).toContain(engine.image.offset);
            expect(engine.image.offset).toBeGreaterThanOrEqual(applied);
            if (engine.image.offset === before.offset) expect(contentOf(engine.image)).toEqual(before);
            return;
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('disk errors', () => {
  test('a full disk refuses the change; the next one goes through', async () => {
    const disk = new FaultyDisk();
    const { engine, epoch, append } = await lead(disk);
    disk.faults.push({ operation: 'write', code: 'ENOSPC', after: 0, partialBytes: 20 });
    const first = engine.append(epoch, 0, [topic('a')]);
    const second = engine.append(epoch, 1, [topic('b')]);
    expect((await failure(first)).code).toBe('FULL');
    expect((await failure(second)).code).toBe('FULL');
    expect(await append(topic('c'))).toBe(1);
    await engine.close();
    const again = await open(disk);
    expect([...again.engine.image.topics()].map((one) => one.name)).toEqual(['c']);
    expect(again.events).toEqual([]);
  });

  test.each([
    ['a failed sync', { operation: 'datasync', code: 'EIO', after: 0 }],
    ['a failed write', { operation: 'write', code: 'EIO', after: 0, partialBytes: 5 }],
  ] as const)('%s ends the engine: it is not tried again', async (_, fault) => {
    const disk = new FaultyDisk();
    const { engine, epoch, append, events } = await lead(disk);
    await append(topic('a'));
    disk.faults.push({ ...fault });
    expect((await failure(append(topic('b')))).code).toBe('FAILED');
    expect((await failure(engine.append(epoch, 1, [topic('c')]))).code).toBe('FAILED');
    expect(engine.image.topicCount).toBe(1);
    expect(events.map((event) => event.kind)).toEqual(['failed']);
  });
});
