// Groups of the consumer protocol (KIP-848) on brokers that offer it: members that meet another under their own name, and
// handlers that take longer than max.poll.interval.ms. Part of client-cluster.restart.ts, whose brokers it uses.
import { type Admin, Consumer, type ConsumerOptions, KafkaError, Producer } from '@moldau/client';
import { expect, test } from 'vitest';
import { newQuickGroup } from '../../contract/consumer-protocol.ts';
import { eventually } from '../../suite/eventually.ts';
import { suspendablePorts } from './suspended-ports.ts';

type Options = Partial<ConsumerOptions<Buffer, string>>;

/** A consumer that is polled until it is stopped, and what it was told meanwhile. */
class Reader {
  readonly consumer: Consumer<Buffer, string>;
  readonly seen: number[] = [];
  readonly left: string[] = [];
  readonly lost: number[] = [];
  /** What polls threw. */
  readonly errors: string[] = [];
  #polling = Promise.resolve();
  #stopped = true;

  constructor(topic: string, options: Options) {
    this.consumer = new Consumer<Buffer, string>({
      ...{ groupProtocol: 'consumer', autoOffsetReset: 'earliest', enableAutoCommit: false, valueDeserializer: String },
      ...options,
    });
    this.consumer.on('left', ({ reason }) => this.left.push(reason));
    this.consumer.subscribe(topic, {
      onPartitionsLost: (partitions) => void this.lost.push(...partitions.map(({ partition }) => partition)),
    });
  }

  get share(): number {
    return this.consumer.assignment().length;
  }

  /** One poll; its error is noted. */
  async poll(): Promise<void> {
    try {
      for (const { value } of await this.consumer.poll(200)) this.seen.push(Number(value));
    } catch (error) {
      this.errors.push((error as KafkaError).error);
    }
  }

  start(): this {
    this.#stopped = false;
    this.#polling = (async () => {
      while (!this.#stopped) await this.poll();
    })();
    return this;
  }

  /** Polls no more; the member stays. */
  async rest(): Promise<void> {
    this.#stopped = true;
    await this.#polling;
  }

  async close(): Promise<void> {
    await this.rest();
    await this.consumer.close();
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);
const distinct = (values: readonly number[]) => [...new Set(values)].toSorted((a, b) => a - b);

/** Names the tests; to be called where vitest collects them. */
export function consumerGroupTests(o: {
  bootstrap: string;
  admin: Admin;
  newTopic: (partitions: number) => Promise<string>;
}): void {
  const { bootstrap, admin, newTopic } = o;

  const newGroup = async () => ({ bootstrapServers: bootstrap, groupId: await newQuickGroup(admin) });

  /** Writes the numbers below `count`, by turns to each of two partitions. */
  async function fill(topic: string, count: number, from = 0): Promise<void> {
    const producer = new Producer({ bootstrapServers: bootstrap });
    const send = (n: number) => producer.send({ topic, partition: n % 2, value: String(from + n) });
    await Promise.all(upTo(count).map(send));
    await producer.close();
  }

  test('KIP-848: a static member that was closed comes back to its place', { timeout: 120_000 }, async () => {
    const topic = await newTopic(2);
    const group = { ...(await newGroup()), groupInstanceId: 'one' };
    const first = new Reader(topic, group).start();
    await eventually('an assignment', () => first.share === 2, 60_000);
    await first.close();
    // It comes back under its name: same place.
    const second = new Reader(topic, group).start();
    await eventually('the same place', () => second.share === 2, 60_000);
    await second.close();
  });

  test('KIP-848: the name of a static member that lives is refused to a second one, until the first has gone', {
    timeout: 120_000,
  }, async () => {
    const topic = await newTopic(2);
    const group = { ...(await newGroup()), groupInstanceId: 'one' };
    const first = new Reader(topic, group).start();
    await eventually('an assignment', () => first.share === 2, 60_000);
    const second = new Reader(topic, group);
    await expect(second.consumer.poll(30_000)).rejects.toMatchObject({
      ...{ name: 'KafkaError', error: 'UNRELEASED_INSTANCE_ID', code: 111, retriable: false },
    });
    // The first has noticed nothing.
    await fill(topic, 20);
    await eventually('the first reads on', () => first.seen.length === 20, 60_000);
    expect([first.left, first.lost, first.errors]).toEqual([[], [], []]);
    expect(first.share).toBe(2);
    await first.close();
    second.start();
    await eventually('the second has the place', () => second.share === 2, 60_000);
    await second.close();
  });

  test('KIP-848: a static member that slept while another took its name is fenced, and told so', {
    timeout: 180_000,
  }, async () => {
    const topic = await newTopic(2);
    const group = { ...(await newGroup()), groupInstanceId: 'one' };
    const { ports, suspend, resume } = suspendablePorts();
    const sleeper = new Reader(topic, { ...group, ports }).start();
    await eventually('an assignment', () => sleeper.share === 2, 60_000);
    suspend();
    // Its session ends meanwhile, and its name is free.
    const heir = new Reader(topic, group).start();
    await eventually('another has its place', () => heir.share === 2, 60_000);
    resume();
    await eventually('it is told', () => sleeper.errors.length > 0, 60_000);
    expect(sleeper.errors[0]).toBe('FENCED_INSTANCE_ID');
    expect(sleeper.left).toEqual(['the coordinator refused it: FENCED_INSTANCE_ID']);
    // What it had is handed back as lost, and it does not take the name back while the other lives.
    await eventually('it is refused', () => sleeper.errors.length > 1, 60_000);
    expect(sleeper.errors[1]).toBe('UNRELEASED_INSTANCE_ID');
    expect(distinct(sleeper.lost)).toEqual([0, 1]);
    expect(sleeper.share).toBe(0);
    await sleeper.close();
    await fill(topic, 20);
    await eventually('the other reads on', () => heir.seen.length === 20, 60_000);
    expect(heir.left).toEqual([]);
    await heir.close();
  });

  test('KIP-848: who does not poll for max.poll.interval.ms leaves; others take over; it comes back', {
    timeout: 180_000,
  }, async () => {
    const topic = await newTopic(2);
    const group = await newGroup();
    const slow = new Reader(topic, { ...group, maxPollIntervalMs: 3_000 }).start();
    const blocked: string[] = [];
    slow.consumer.on('blocked', ({ what, handler }) => void blocked.push(`${what}: ${handler}`));
    const quick = new Reader(topic, group).start();
    await eventually('a share for each', () => slow.share === 1 && quick.share === 1, 60_000);
    await fill(topic, 20);
    await eventually('both read', () => slow.seen.length === 10 && quick.seen.length === 10, 60_000);
    await slow.rest();
    await eventually('the other has it all', () => quick.share === 2, 60_000);
    expect(slow.left).toEqual(['the application did not poll for 3000 ms (max.poll.interval.ms)']);
    expect(blocked).toContain('handler: the code after poll()');
    // It had committed nothing, so the other reads it again; and its commit comes too late.
    await eventually('the other reads it', () => distinct(quick.seen).length === 20, 60_000);
    await expect(slow.consumer.commitSync()).rejects.toMatchObject({ error: 'REBALANCE_IN_PROGRESS' });
    slow.start();
    await eventually('it is back', () => slow.share === 1 && quick.share === 1, 60_000);
    expect(slow.lost.length).toBe(1);
    expect(slow.left.length).toBe(1);
    await fill(topic, 20, 20);
    await eventually('all is read', () => distinct([...slow.seen, ...quick.seen]).length === 40, 60_000);
    expect([slow.errors, quick.errors, quick.left]).toEqual([[], [], []]);
    await slow.close();
    await quick.close();
  });

  test('KIP-848: a partition goes to another when its handler is done, not before, and no record is handled twice', {
    timeout: 180_000,
  }, async () => {
    const topic = await newTopic(2);
    const group = { ...(await newGroup()), enableAutoCommit: true };
    await fill(topic, 20);
    const first = new Reader(topic, group);
    const gate = Promise.withResolvers<void>();
    const loop = first.consumer.eachMessage(
      async ({ value }) => {
        first.seen.push(Number(value));
        await gate.promise;
      },
      { concurrency: 2 },
    );
    await eventually('a handler at work on each', () => first.seen.length === 2, 60_000);
    const second = new Reader(topic, group).start();
    await eventually('both are members', async () => {
      const described = (await admin.describeConsumerGroups([group.groupId])).get(group.groupId);
      return described && !(described instanceof KafkaError) && described.members.length === 2;
    });
    // Some heartbeats of each.
    const until = performance.now() + 2_000;
    await eventually('the time', () => performance.now() > until);
    expect([second.share, second.seen, first.seen.length]).toEqual([0, [], 2]);
    gate.resolve();
    await eventually('a share for each', () => first.share === 1 && second.share === 1, 60_000);
    await eventually('all is handled', () => first.seen.length + second.seen.length >= 20, 60_000);
    await first.close();
    await loop;
    await second.close();
    expect([...first.seen, ...second.seen].toSorted((a, b) => a - b)).toEqual(upTo(20));
    expect([first.left, first.lost, second.left]).toEqual([[], [], []]);
  });

  test('KIP-848: a handler of eachMessage that is stuck costs its member the place once, and no more', {
    timeout: 180_000,
  }, async () => {
    const topic = await newTopic(2);
    const group = await newGroup();
    await fill(topic, 20);
    const stuck = new Reader(topic, { ...group, maxPollIntervalMs: 3_000 });
    stuck.consumer.on('blocked', () => {});
    const gate = Promise.withResolvers<void>();
    const loop = stuck.consumer.eachMessage(() => gate.promise);
    await eventually('it leaves', () => stuck.left.length > 0, 60_000);
    const other = new Reader(topic, group).start();
    await eventually('the other reads all', () => other.share === 2 && distinct(other.seen).length === 20, 60_000);
    // Twice max.poll.interval.ms: a member that joined with its handler still at work would leave again.
    const until = performance.now() + 6_000;
    await eventually('the time', () => performance.now() > until);
    expect(stuck.left).toEqual(['the application did not poll for 3000 ms (max.poll.interval.ms)']);
    expect(other.share).toBe(2);
    gate.resolve();
    await eventually('it is back', () => stuck.share === 1 && other.share === 1, 60_000);
    expect(distinct(stuck.lost)).toEqual([0, 1]);
    await stuck.close();
    await other.close();
    await loop;
  });
}
