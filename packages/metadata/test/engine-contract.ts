// What every engine promises, as one table of tests: the embedded store and ZooKeeper are held to the same words.
import { afterEach, describe, expect, test } from 'vitest';
import { type BrokerRegistration, EngineError, type MetadataEngine } from '../src/engine.ts';
import type { MetadataRecord } from '../src/records.ts';
import { contentOf } from './record-arbitrary.ts';

/** A store that several brokers look at. */
export interface StoreUnderTest {
  /** One broker's view, opened anew. The same broker id finds what it left behind. */
  open(brokerId: number): Promise<MetadataEngine>;
  /** The broker is gone without a word; answers when the store may take it for gone at once. */
  crash(engine: MetadataEngine): Promise<void>;
  stop(): Promise<void>;
}

export const topic = (name: string): MetadataRecord => ({ kind: 'topicCreated', name, topicId: `id-${name}` });

export function registration(brokerId: number, incarnationId = `run-${brokerId}`): BrokerRegistration {
  const endpoints = [{ listener: 'PLAINTEXT', host: 'localhost', port: 9092 + brokerId, protocol: 'PLAINTEXT' }];
  return { brokerId, incarnationId, endpoints, rack: brokerId === 2 ? 'r2' : null, previousBrokerEpoch: 7 };
}

export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5));
}

export async function refusal(run: Promise<unknown>): Promise<string> {
  try {
    await run;
  } catch (error) {
    if (error instanceof EngineError) return error.code;
    throw error;
  }
  return 'done';
}

export function engineContract(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`an engine (${name})`, () => {
    let stores: StoreUnderTest[] = [];
    const store = async () => {
      const made = await make();
      stores.push(made);
      return made;
    };
    afterEach(async () => {
      for (const one of stores) await one.stop();
      stores = [];
    });

    /** Brokers 1..count of a formed cluster. */
    async function brokers(count: number) {
      const under = await store();
      const engines: MetadataEngine[] = [];
      for (let id = 1; id <= count; id++) {
        const engine = await under.open(id);
        if (engine.fresh) await engine.form('cluster');
        engines.push(engine);
      }
      return { under, engines };
    }

    test('the first to form a cluster names it, for everybody', async () => {
      const under = await store();
      const [one, two] = [await under.open(1), await under.open(2)];
      expect([one.fresh, two.fresh]).toEqual([true, true]);
      expect(await one.form('first')).toBe('first');
      expect(await two.form('second')).toBe('first');
      await two.elect(2);
      await until(() => one.image.clusterId === 'first');
      expect([one.fresh, two.fresh]).toEqual([false, false]);
    });

    test('one leads at a time; when it leaves the next one does, under a higher epoch', async () => {
      const { engines } = await brokers(3);
      const [one, two, three] = engines as [MetadataEngine, MetadataEngine, MetadataEngine];
      const first = await one.elect(1);
      const order: number[] = [];
      const noted = async (id: number, engine: MetadataEngine) => {
        const leadership = await engine.elect(id);
        order.push(id);
        return leadership;
      };
      const [second, third] = [noted(2, two), noted(3, three)];
      const lost: string[] = [];
      first.onLost((why) => lost.push(why));
      expect(one.image.controllerId).toBe(1);
      await one.append(first.epoch, one.pending.offset, [topic('a')]);
      expect(order).toEqual([]);
      await one.leave(1);
      expect(lost).toHaveLength(1);
      const next = await Promise.race([second, third]);
      expect(order).toHaveLength(1);
      expect(next.epoch).toBeGreaterThan(first.epoch);
      const [engine, id] = order[0] === 2 ? [two, 2] : [three, 3];
      expect(engine.image.controllerId).toBe(id);
      expect(engine.image.topic('a')?.topicId).toBe('id-a');
      await engine.leave(id);
      const last = await (id === 2 ? third : second);
      expect(last.epoch).toBeGreaterThan(next.epoch);
    });

    test('a controller that dies is followed by another', async () => {
      const { under, engines } = await brokers(2);
      const [one, two] = engines as [MetadataEngine, MetadataEngine];
      const first = await one.elect(1);
      await one.append(first.epoch, one.pending.offset, [topic('a')]);
      const second = two.elect(2);
      await under.crash(one);
      expect((await second).epoch).toBeGreaterThan(first.epoch);
      expect(two.image.topic('a')).toBeDefined();
    });

    test('only the newest leadership appends, and only behind what is there', async () => {
      const { engines } = await brokers(2);
      const [one, two] = engines as [MetadataEngine, MetadataEngine];
      const first = await one.elect(1);
      const offset = await one.append(first.epoch, one.pending.offset, [topic('a')]);
      expect(await refusal(one.append(first.epoch, offset - 1, [topic('b')]))).toBe('STALE');
      expect(await refusal(one.append(first.epoch + 1, offset, [topic('b')]))).toBe('FENCED');
      await one.leave(1);
      const second = await two.elect(2);
      expect(await refusal(one.append(first.epoch, one.image.offset, [topic('b')]))).toBe('FENCED');
      await two.append(second.epoch, two.pending.offset, [topic('c')]);
      await until(() => one.image.topic('c') !== undefined);
      expect([one.image.topic('b'), two.image.topic('b')]).toEqual([undefined, undefined]);
    });

    test('a decision in parts is told as one with its last part; what a controller leaves unfinished never shows', async () => {
      const { under, engines } = await brokers(2);
      const [one, two] = engines as [MetadataEngine, MetadataEngine];
      const part = (number: number, name: string): MetadataRecord[] => [
        { kind: 'transactionPart', part: number, of: 2 },
        topic(name),
      ];
      const told: MetadataRecord[][] = [];
      two.follow((image, _, { records }) => {
        // Never one without the other.
        expect(image.topic('a') === undefined).toBe(image.topic('b') === undefined);
        if (records.some(({ kind }) => kind === 'topicCreated')) told.push([...records]);
      });
      const first = await one.elect(1);
      const answers = [part(1, 'a'), part(2, 'b')].map((records) =>
        one.append(first.epoch, one.pending.offset, records),
      );
      await Promise.all(answers);
      expect(one.image.topic('b')).toBeDefined();
      await until(() => two.image.topic('b') !== undefined);
      await one.append(first.epoch, one.pending.offset, part(1, 'c'));
      const elected = two.elect(2);
      await under.crash(one);
      const second = await elected;
      await two.append(second.epoch, two.pending.offset, [topic('d')]);
      expect(two.image.topic('c')).toBeUndefined();
      expect(told).toEqual([[topic('a'), topic('b')], [topic('d')]]);
      const again = await under.open(1);
      expect([...again.image.topics()].map(({ name }) => name).sort()).toEqual(['a', 'b', 'd']);
    });

    test('appends follow each other without waiting; everybody sees all of them in order, with the same picture', async () => {
      const { engines } = await brokers(3);
      const [one] = engines as [MetadataEngine];
      const seen = engines.map((engine) => {
        const offsets: number[] = [];
        engine.follow((image, previous, batch) => {
          expect([image.offset, previous.offset + 1, engine.image]).toEqual([batch.offset, batch.offset, image]);
          offsets.push(batch.offset);
        });
        return offsets;
      });
      const { epoch } = await one.elect(1);
      const answers = Array.from({ length: 300 }, (_, i) => {
        const answer = one.append(epoch, one.pending.offset, [topic(`t${i}`)]);
        return answer.then((offset) => {
          // Applied here before it is answered.
          expect(one.image.topic(`t${i}`)).toBeDefined();
          return offset;
        });
      });
      const offsets = await Promise.all(answers);
      const last = offsets.at(-1)!;
      expect(offsets).toEqual(Array.from({ length: 300 }, (_, i) => last - 299 + i));
      await until(() => engines.every((engine) => engine.image.offset === last));
      for (const one of seen) expect(one).toEqual(Array.from({ length: last + 1 }, (_, i) => i));
      for (const engine of engines) expect(contentOf(engine.image)).toEqual(contentOf(one.image));
      expect(one.pending).toBe(one.image);
    });

    test('what a batch needs is prepared before it is told, one batch at a time, and holds up nobody else', async () => {
      const { engines } = await brokers(2);
      const [one, two] = engines as [MetadataEngine, MetadataEngine];
      const { epoch } = await one.elect(1);
      let open: () => void = () => {};
      const gate = new Promise<void>((resolve) => {
        open = resolve;
      });
      const told: string[] = [];
      two.follow(
        (image) => told.push(`told ${image.topicCount}`),
        (image) => {
          told.push(`prepare ${image.topicCount}`);
          return image.topicCount === 1 ? gate : undefined;
        },
      );
      await one.append(epoch, one.pending.offset, [topic('a')]);
      await one.append(epoch, one.pending.offset, [topic('b')]);
      await until(() => told.includes('prepare 1'));
      expect(two.image.topicCount).toBe(0);
      open();
      await until(() => two.image.topicCount === 2);
      expect(told.filter((one) => !one.endsWith(' 0'))).toEqual(['prepare 1', 'told 1', 'prepare 2', 'told 2']);
    });

    test('who registers is known as alive to everybody, under an epoch that was never there before', async () => {
      const { under, engines } = await brokers(2);
      const [one, two] = engines as [MetadataEngine, MetadataEngine];
      let changes = 0;
      two.onAliveChanged(() => changes++);
      const first = await one.register(registration(1));
      const second = await two.register(registration(2));
      expect(second.brokerEpoch).toBeGreaterThan(first.brokerEpoch);
      await until(() => two.aliveBrokers().length === 2 && one.aliveBrokers().length === 2);
      expect(two.aliveBrokers().map((broker) => ({ ...broker }))).toMatchObject([
        { ...registration(1), brokerEpoch: first.brokerEpoch },
        { ...registration(2), brokerEpoch: second.brokerEpoch },
      ]);
      expect(changes).toBeGreaterThan(0);
      // Told to come again.
      const again = await one.register(registration(1, 'again'));
      expect(again.brokerEpoch).toBeGreaterThan(second.brokerEpoch);
      await until(() => two.aliveBrokers()[0]?.incarnationId === 'again');
      await one.leave(1);
      await until(() => two.aliveBrokers().length === 1);
      await under.crash(one);
      const anew = await under.open(1);
      const third = await anew.register(registration(1, 'anew'));
      expect(third.brokerEpoch).toBeGreaterThan(again.brokerEpoch);
    });

    test('a broker that dies is known as gone', async () => {
      const { under, engines } = await brokers(2);
      const [one, two] = engines as [MetadataEngine, MetadataEngine];
      await one.register(registration(1));
      await two.register(registration(2));
      await until(() => two.aliveBrokers().length === 2);
      await under.crash(one);
      await until(() => two.aliveBrokers().length === 1);
      expect(two.aliveBrokers()[0]?.brokerId).toBe(2);
    });

    test('everything is there for who comes later', async () => {
      const { under, engines } = await brokers(1);
      const [one] = engines as [MetadataEngine];
      const { epoch } = await one.elect(1);
      await Promise.all(Array.from({ length: 100 }, (_, i) => one.append(epoch, one.pending.offset, [topic(`t${i}`)])));
      const late = await under.open(2);
      expect(late.image.offset).toBe(one.image.offset);
      expect(contentOf(late.image)).toEqual(contentOf(one.image));
      expect(late.fresh).toBe(false);
    });

    test('a session counts as confirmed from before it is asked', async () => {
      const { engines } = await brokers(1);
      const [one] = engines as [MetadataEngine];
      await one.register(registration(1));
      const unconfirmedMs = performance.now() - one.sessionConfirmedAtMs;
      expect(unconfirmedMs).toBeLessThan(one.sessionTimeoutMs);
    });

    test('closed, it takes nothing more', async () => {
      const { engines } = await brokers(1);
      const [one] = engines as [MetadataEngine];
      const { epoch } = await one.elect(1);
      await one.close();
      await expect(one.append(epoch, one.image.offset, [topic('a')])).rejects.toMatchObject({
        name: 'EngineError',
      });
      await one.close();
    });
  });
}
