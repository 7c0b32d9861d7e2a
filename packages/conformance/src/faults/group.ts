// A consumer group of two KafkaJS members that live through every kill: each commits after every batch it was handed, and
// what was delivered, attempted and acknowledged goes into the history.
import { APIS } from '@moldau/protocol';
import { type Consumer, Kafka, logLevel } from 'kafkajs';
import type { History } from './history.ts';
import { openLink } from './link.ts';

export interface GroupOptions {
  readonly host: string;
  readonly port: number;
  readonly topic: string;
  readonly partitions: number;
  readonly group: string;
}

export class PersistentGroup {
  readonly #o: GroupOptions;
  readonly #history: History;
  readonly #members: Consumer[] = [];
  #joins = 0;

  constructor(o: GroupOptions, history: History) {
    this.#o = o;
    this.#history = history;
  }

  /** How many times a member was given an assignment. */
  get joins(): number {
    return this.#joins;
  }

  async start(members: number): Promise<void> {
    const { host, port, group, topic } = this.#o;
    const kafka = new Kafka({
      brokers: [`${host}:${port}`],
      clientId: 'group',
      logLevel: logLevel.NOTHING,
      connectionTimeout: 500,
      retry: { retries: 1_000, initialRetryTime: 20, maxRetryTime: 100 },
    });
    for (let i = 0; i < members; i++) {
      const consumer = kafka.consumer({
        groupId: group,
        sessionTimeout: 6_000,
        rebalanceTimeout: 6_000,
        heartbeatInterval: 200,
        maxWaitTimeInMs: 100,
        retry: { retries: 1_000, initialRetryTime: 20, maxRetryTime: 100 },
      });
      consumer.on(consumer.events.GROUP_JOIN, () => {
        this.#joins++;
      });
      this.#members.push(consumer);
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: async ({ batch, resolveOffset, isStale, heartbeat }) => {
          if (isStale()) return;
          const { partition } = batch;
          const first = Number(batch.firstOffset());
          const last = Number(batch.lastOffset());
          this.#history.commits.push({ kind: 'delivered', partition, first, last });
          resolveOffset(batch.lastOffset());
          this.#history.commits.push({ kind: 'attempt', partition, offset: last + 1 });
          await consumer.commitOffsets([{ topic, partition, offset: String(last + 1) }]);
          this.#history.commits.push({ kind: 'acknowledged', partition, offset: last + 1 });
          await heartbeat();
        },
      });
    }
  }

  /** Asks the broker what the group has committed and notes it. -1 (nothing yet) counts as 0. */
  async observe(): Promise<number[]> {
    const link = await openLink({ ...this.#o, clientId: 'observer' }, () => true);
    if (!link) return [];
    const { topic, partitions, group } = this.#o;
    const all = Array.from({ length: partitions }, (_, partition) => partition);
    try {
      for (;;) {
        // What was acknowledged before the question is asked must be in the answer; what is attempted later may be.
        const asked = this.#history.commits.length;
        const answer = await link.ask(APIS.OffsetFetch, 5, {
          groupId: group,
          topics: [{ name: topic, partitionIndexes: all }],
        });
        if (answer.errorCode !== 0) {
          await new Promise((resolve) => setTimeout(resolve, 20)); // the coordinator is loading
          continue;
        }
        const committed = answer.topics[0]?.partitions ?? [];
        const known = this.#history.commits.splice(asked);
        const attempts = known.filter((event) => event.kind === 'attempt');
        for (const one of attempts) this.#history.commits.push(one);
        for (const { partitionIndex, committedOffset } of committed) {
          const offset = Math.max(0, committedOffset);
          this.#history.commits.push({ kind: 'observed', partition: partitionIndex, offset });
        }
        this.#history.commits.push(...known.filter((event) => event.kind !== 'attempt'));
        return committed.map(({ committedOffset }) => committedOffset);
      }
    } finally {
      link.close();
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.disconnect()));
  }
}
