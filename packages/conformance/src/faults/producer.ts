// A producer that outlives its broker: keeps up to five batches under way, and after every loss of the connection sends
// again, in order, all that was not acknowledged. Idempotent: same producer id, same sequences, so that the broker can
// tell. Not idempotent: one batch under way, so that a repeated one can only double, not overtake.
import { APIS, errorName } from '@moldau/protocol';
import { writeBatch } from '@moldau/protocol/records/batch-writer';
import type { Batch, History } from './history.ts';
import { type Link, openLink } from './link.ts';

/** Answers that mean "not now": the broker is coming up, or its disk hesitates. Everything else is a finding. */
const passing = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_OR_FOLLOWER',
  'REQUEST_TIMED_OUT',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'KAFKA_STORAGE_ERROR',
]);

export interface ProducerOptions {
  readonly host: string;
  readonly port: number;
  readonly topic: string;
  readonly name: string;
  readonly partitions: readonly number[];
  readonly idempotent: boolean;
  readonly recordsPerBatch: number;
  /** Pause between batches, milliseconds. */
  readonly pauseMs: number;
  readonly now: () => number;
}

interface Pending {
  readonly batch: Batch;
  readonly bytes: Buffer;
  underWay: boolean;
}

export class PersistentProducer {
  readonly #o: ProducerOptions;
  readonly #history: History;
  /** Not acknowledged yet, oldest first; each with its bytes, which never change. */
  readonly #pending: Pending[] = [];
  readonly #next = new Map<number, number>();
  #identity: { id: number; epoch: number } | undefined;
  #turn = 0;
  #stopping = false;
  readonly #done: Promise<void>;

  constructor(o: ProducerOptions, history: History) {
    this.#o = o;
    this.#history = history;
    this.#done = this.#run();
  }

  /** Sends nothing new and resolves when everything under way is acknowledged. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    const wanted = (): boolean => !this.#stopping || this.#pending.length > 0;
    while (wanted()) {
      const link = await openLink({ ...this.#o, clientId: this.#o.name }, wanted);
      if (!link) return;
      try {
        await this.#serve(link);
      } catch {
        // The link ended; the next one takes up what is pending.
      }
      link.close();
    }
  }

  async #serve(link: Link): Promise<void> {
    if (this.#o.idempotent && !this.#identity) {
      const answer = await link.ask(APIS.InitProducerId, 4, { transactionalId: null, transactionTimeoutMs: 60_000 });
      if (answer.errorCode !== 0) return this.#refused('InitProducerId', answer.errorCode);
      this.#identity = { id: answer.producerId, epoch: answer.producerEpoch };
    }
    for (const one of this.#pending) one.underWay = false;
    const most = this.#o.idempotent ? 5 : 1;
    while (!link.ended && (!this.#stopping || this.#pending.length > 0)) {
      const waiting = this.#pending.find((one) => !one.underWay);
      const underWay = this.#pending.filter((one) => one.underWay).length;
      if (underWay < most && (waiting || !this.#stopping)) {
        this.#send(link, waiting ?? this.#make());
      }
      await new Promise((resolve) => setTimeout(resolve, waiting && underWay < most ? 0 : this.#o.pauseMs));
    }
  }

  #make(): Pending {
    const partition = this.#o.partitions[this.#turn++ % this.#o.partitions.length] as number;
    const n = this.#next.get(partition) ?? 0;
    const count = this.#o.recordsPerBatch;
    this.#next.set(partition, n + count);
    const { name, idempotent } = this.#o;
    const batch: Batch = {
      producer: name,
      partition,
      n,
      count,
      idempotent,
      sends: 0,
      acknowledged: false,
      baseOffset: undefined,
    };
    const timestamp = this.#o.now();
    const records = Array.from({ length: count }, (_, i) => {
      return { key: null, value: Buffer.from(`${name}/${partition}/${n + i}`), timestamp, headers: [] };
    });
    const producer = this.#identity;
    const bytes = writeBatch({
      records,
      ...(producer ? { producerId: producer.id, producerEpoch: producer.epoch, baseSequence: n } : {}),
    });
    const one = { batch, bytes, underWay: false };
    this.#history.batches.push(batch);
    this.#pending.push(one);
    return one;
  }

  #send(link: Link, one: Pending): void {
    one.underWay = true;
    one.batch.sends++;
    const { topic } = this.#o;
    link
      .ask(APIS.Produce, 9, {
        transactionalId: null,
        acks: -1,
        timeoutMs: 30_000,
        // A copy: the codec hands bytes on as they are, and these have to serve again.
        topicData: [{ name: topic, partitionData: [{ index: one.batch.partition, records: Buffer.from(one.bytes) }] }],
      })
      .then(
        (answer) => {
          const partition = answer.responses[0]?.partitionResponses[0];
          if (link.ended || !partition) return;
          const error = errorName(partition.errorCode);
          if (error === 'OUT_OF_ORDER_SEQUENCE_NUMBER' && one.batch.sends > 1) {
            // Sent before, and older than what the broker still knows of this producer: a producer snapshot holds its last
            // batch only (Kafka's format), so after two quick kills the older ones of those under way are no longer told
            // from a gap. If this one is not in the log, the next new batch will be refused and tell.
            this.#pending.splice(this.#pending.indexOf(one), 1);
            return;
          }
          if (partition.errorCode !== 0 && error !== 'DUPLICATE_SEQUENCE_NUMBER') {
            this.#refused(`Produce of ${this.#o.name}/${one.batch.partition}/${one.batch.n}`, partition.errorCode);
            link.close(); // the batches behind this one are refused for its sake
            return;
          }
          one.batch.acknowledged = true;
          one.batch.baseOffset =
            partition.errorCode === 0 && partition.baseOffset >= 0 ? partition.baseOffset : undefined;
          this.#pending.splice(this.#pending.indexOf(one), 1);
        },
        () => {
          // Lost with the link; sent again on the next.
        },
      );
  }

  #refused(what: string, code: number): void {
    const name = errorName(code);
    if (!passing.has(name)) this.#history.refusals.push(`${what}: ${name}`);
  }
}
