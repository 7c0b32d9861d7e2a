// Carries batches to their leaders: looks for what is ready, fills requests, takes answers in, decides what is tried again.
// Runs when something happened (records pushed, an answer, a connection, a timer), at the end of the turn; never waits.
// Owns: the accumulator's lines while they are on the wire, the numbering, the timers.
// Longer than most: every fate of a batch between accumulator and application (sent, refused, retried, split, expired) is
// decided in this one class.
import type { TimerHandle } from '@moldau/kernel';
import { errorName, type WireError } from '@moldau/protocol';
import type { Codec } from '@moldau/protocol/compression/codec';
import type { ProduceResponse } from '@moldau/protocol/messages/produce';
import type { Cluster } from '../cluster/cluster.ts';
import { backoffMs } from '../connection/backoff.ts';
import type { BrokerConnection } from '../connection/broker-connection.ts';
import { asKafkaError, errorOfCode, KafkaError } from '../errors.ts';
import type { Accumulator, PartitionLine } from './accumulator.ts';
import type { ProducerBatch } from './producer-batch.ts';
import { Sequences } from './sequences.ts';
import type { TransactionManager } from './transaction-manager.ts';

export interface SenderSettings {
  readonly acks: -1 | 0 | 1;
  readonly codec: Codec;
  readonly level: number | undefined;
  readonly idempotent: boolean;
  /** Idempotence was asked for and not only the default: without it nothing is sent. */
  readonly idempotenceRequired: boolean;
  readonly retries: number;
  readonly retryBackoffMs: number;
  readonly retryBackoffMaxMs: number;
  readonly requestTimeoutMs: number;
  readonly deliveryTimeoutMs: number;
  readonly maxRequestSize: number;
  readonly maxInFlight: number;
}

interface OnWire {
  readonly line: PartitionLine;
  readonly batch: ProducerBatch;
}

/** Topics go by name; 13 would take ids in their place. */
const PRODUCE_NEWEST = 12;
/** From 12 on Produce adds its partitions to the transaction (KIP-890): not for one of the older protocol. */
const PRODUCE_NEWEST_V1 = 11;
/** With acks 0 no answer holds us back; this many bytes that the network has not taken do. */
const UNANSWERED_BYTES_MAX = 4 << 20;
const LOOK_AGAIN_MS = 5;

/** Refusals before anything was written: the batch is certainly not in the log. All other errors leave that open. */
const NOT_WRITTEN: ReadonlySet<WireError> = new Set<WireError>([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
  'CORRUPT_MESSAGE',
  'UNSUPPORTED_COMPRESSION_TYPE',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'INVALID_TOPIC_EXCEPTION',
  'INVALID_REQUIRED_ACKS',
  'POLICY_VIOLATION',
  'NOT_ENOUGH_REPLICAS',
  'UNKNOWN_TOPIC_OR_PARTITION',
]);

export class Sender {
  readonly #cluster: Cluster;
  readonly #accumulator: Accumulator;
  readonly #settings: SenderSettings;
  readonly #transactions: TransactionManager | undefined;
  readonly #sequences: Sequences;
  /** Tells that bytes were freed or batches settled. */
  readonly #onProgress: (batch: ProducerBatch) => void;
  readonly #isUrgent: () => boolean;
  readonly #inFlight = new Map<number, number>();
  #idempotent: boolean;
  #codec: Codec;
  #level: number | undefined;
  #identifying = false;
  #identifyFailures = 0;
  #identifyNotBefore = 0;
  #scheduled = false;
  #timer: TimerHandle | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #expiryTimer: TimerHandle | undefined;
  #fatal: KafkaError | undefined;
  #turn = 0;

  constructor(o: {
    cluster: Cluster;
    accumulator: Accumulator;
    settings: SenderSettings;
    /** Of a transactional producer: says what may go out and under which identity, and hears of batches that fail. */
    transactions?: TransactionManager | undefined;
    onProgress: (batch: ProducerBatch) => void;
    /** Nobody lingers: a flush or close is under way, or senders wait for room. */
    isUrgent: () => boolean;
  }) {
    this.#cluster = o.cluster;
    this.#accumulator = o.accumulator;
    this.#settings = o.settings;
    this.#onProgress = o.onProgress;
    this.#isUrgent = o.isUrgent;
    this.#idempotent = o.settings.idempotent;
    this.#codec = o.settings.codec;
    this.#level = o.settings.level;
    this.#transactions = o.transactions;
    this.#sequences = new Sequences({ raisesEpoch: o.transactions === undefined });
  }

  /** What makes sending pointless from now on, or undefined. */
  get fatal(): KafkaError | undefined {
    return this.#fatal;
  }

  /** Of batches that have not been sent yet. */
  compressWith(codec: Codec, level: number | undefined): void {
    this.#codec = codec;
    this.#level = level;
  }

  /** Looks for work once this turn is over. */
  wake(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#cluster.ports.timers.afterTurn(() => {
      this.#scheduled = false;
      this.#run();
    });
  }

  /** Wakes up at that time (monotonic) at the latest. */
  wakeAt(time: number): void {
    if (time >= this.#timerAt) return;
    const { timers, clock } = this.#cluster.ports;
    if (this.#timer) timers.clear(this.#timer);
    this.#timerAt = time;
    this.#timer = timers.set(Math.max(0, time - clock.monotonic()), () => {
      this.#timer = undefined;
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.#run();
    });
  }

  stop(): void {
    const { timers } = this.#cluster.ports;
    if (this.#timer) timers.clear(this.#timer);
    if (this.#expiryTimer) timers.clear(this.#expiryTimer);
    this.#timer = undefined;
    this.#expiryTimer = undefined;
  }

  /** Gives every batch up with this error. */
  failAll(error: KafkaError): void {
    for (const line of [...this.#accumulator.lines()]) {
      for (const batch of [...line.onWire, ...line.waiting]) this.#settle(line, batch, error, -1, -1);
    }
  }

  /** What will never go out with this transaction fails; what may be in the log already is still asked for. */
  failUnsent(error: KafkaError): void {
    for (const line of [...this.#accumulator.lines()]) {
      for (const batch of [...line.waiting]) if (batch.outcome !== 'unknown') this.#giveUp(line, batch, error);
    }
  }

  #run(): void {
    if (this.#cluster.isClosed) return;
    this.#armExpiry();
    if (this.#transactions) {
      const { identity, state, lastError } = this.#transactions;
      if (state === 'FATAL_ERROR') this.#fatal = lastError;
      if (identity && identity !== this.#sequences.identity) this.#sequences.identified(identity);
    }
    if (this.#fatal) {
      this.failAll(this.#fatal);
      return;
    }
    if (this.#accumulator.active.size === 0) return;
    if (this.#idempotent && !this.#sequences.identity) {
      this.#identify();
      return;
    }
    const now = this.#cluster.ports.clock.monotonic();
    const leaders = this.#readyByLeader(now);
    for (const [leader, lines] of leaders) this.#sendTo(leader, lines);
    if (this.#idempotent && !this.#sequences.identity) this.#identify();
  }

  #readyByLeader(now: number): Map<number, PartitionLine[]> {
    const urgent = this.#isUrgent();
    const leaders = new Map<number, PartitionLine[]>();
    let soonest = Number.POSITIVE_INFINITY;
    for (const line of this.#accumulator.active) {
      const readyAt = this.#accumulator.readyAt(line, urgent);
      if (readyAt > now) {
        soonest = Math.min(soonest, readyAt);
        continue;
      }
      const leader = this.#cluster.metadata.leaderOf(line.topic, line.partition);
      if (leader === undefined) {
        this.#cluster.requestRefresh();
        continue;
      }
      const lines = leaders.get(leader);
      if (lines) lines.push(line);
      else leaders.set(leader, [line]);
    }
    if (soonest < Number.POSITIVE_INFINITY) this.wakeAt(soonest);
    return leaders;
  }

  #sendTo(leader: number, lines: PartitionLine[]): void {
    const connection = this.#cluster.connectionNow(leader);
    if (!connection) return;
    const { acks, maxInFlight } = this.#settings;
    const { clock } = this.#cluster.ports;
    if (connection.throttledForMs > 0) {
      this.wakeAt(clock.monotonic() + connection.throttledForMs);
      return;
    }
    // Each request starts with another partition, so that none is left out for good when requests fill up.
    const start = this.#turn++ % lines.length;
    for (;;) {
      if ((this.#inFlight.get(leader) ?? 0) >= maxInFlight) return;
      if (acks === 0 && connection.queuedBytes > UNANSWERED_BYTES_MAX) {
        this.wakeAt(clock.monotonic() + LOOK_AGAIN_MS);
        return;
      }
      const batches = this.#take(lines, start, clock.monotonic());
      if (batches.length === 0) return;
      this.#send(leader, connection, batches);
    }
  }

  /** One batch of each line that has one to go, up to the size of a request. */
  #take(lines: readonly PartitionLine[], start: number, now: number): OnWire[] {
    const urgent = this.#isUrgent();
    const taken: OnWire[] = [];
    let bytes = 0;
    for (let i = 0; i < lines.length; i++) {
      const line = lines[(start + i) % lines.length]!;
      const first = line.waiting[0];
      if (!first || this.#accumulator.readyAt(line, urgent) > now || !this.#mayGo(line)) continue;
      if (taken.length > 0 && bytes + first.sizeBytes > this.#settings.maxRequestSize) break;
      bytes += first.sizeBytes;
      taken.push({ line, batch: this.#accumulator.send(line) });
    }
    return taken;
  }

  #mayGo(line: PartitionLine): boolean {
    const { topic, partition, waiting } = line;
    if (this.#transactions?.maySend(topic, partition, (waiting[0]?.attempts ?? 0) > 0) === false) return false;
    if (this.#idempotent) return this.#sequences.prepare(line);
    // Without numbers only one at a time keeps the order through retries.
    return this.#settings.maxInFlight > 1 || line.onWire.length === 0;
  }

  #send(leader: number, connection: BrokerConnection, batches: readonly OnWire[]): void {
    const { acks, requestTimeoutMs } = this.#settings;
    const topics = new Map<string, { index: number; records: Buffer }[]>();
    for (const { line, batch } of batches) {
      const records = this.#encode(batch);
      const partitions = topics.get(line.topic);
      if (partitions) partitions.push({ index: line.partition, records });
      else topics.set(line.topic, [{ index: line.partition, records }]);
    }
    const body = {
      transactionalId: this.#transactions?.transactionalId ?? null,
      acks,
      timeoutMs: requestTimeoutMs,
      topicData: [...topics].map(([name, partitionData]) => ({ name, partitionData })),
    };
    if (acks === 0) {
      this.#sendUnanswered(connection, batches, body);
      return;
    }
    this.#inFlight.set(leader, (this.#inFlight.get(leader) ?? 0) + 1);
    const done = () => {
      this.#inFlight.set(leader, this.#inFlight.get(leader)! - 1);
      this.wake();
    };
    const newest = this.#transactions?.isV2 === false ? PRODUCE_NEWEST_V1 : PRODUCE_NEWEST;
    connection.send('Produce', body, { newest }).then(
      (answer) => {
        this.#answered(batches, answer);
        done();
      },
      (error: unknown) => {
        for (const { line, batch } of batches) this.#failed(line, batch, asKafkaError(error));
        this.#cluster.requestRefresh();
        done();
      },
    );
  }

  #sendUnanswered(
    connection: BrokerConnection,
    batches: readonly OnWire[],
    body: Parameters<BrokerConnection['sendOneWay']>[1],
  ): void {
    try {
      connection.sendOneWay('Produce', body, connection.versions.pick('Produce', PRODUCE_NEWEST));
    } catch (error) {
      for (const { line, batch } of batches) this.#failed(line, batch, asKafkaError(error));
      return;
    }
    for (const { line, batch } of batches) this.#settle(line, batch, undefined, -1, -1);
  }

  #encode(batch: ProducerBatch): Buffer {
    const codec = this.#codec;
    const records = batch.encode(codec, this.#level, this.#transactions !== undefined);
    if (codec !== 'none') this.#accumulator.compressed(batch.sizeBytes, records.length);
    return records;
  }

  #answered(batches: readonly OnWire[], answer: ProduceResponse): void {
    this.#cluster.metadata.learnBrokers(answer.nodeEndpoints);
    const byPartition = new Map<
      string,
      Map<number, ProduceResponse['responses'][number]['partitionResponses'][number]>
    >();
    for (const { name, partitionResponses } of answer.responses) {
      byPartition.set(name, new Map(partitionResponses.map((entry) => [entry.index, entry])));
    }
    for (const { line, batch } of batches) {
      const entry = byPartition.get(line.topic)?.get(line.partition);
      if (!entry) {
        this.#failed(
          line,
          batch,
          new KafkaError('NETWORK_EXCEPTION', { message: 'The broker did not answer for the batch.' }),
        );
        continue;
      }
      const error = errorName(entry.errorCode);
      if (error === 'NONE') {
        this.#settle(line, batch, undefined, entry.baseOffset, entry.logAppendTimeMs);
        this.#accumulator.recycle(batch);
      } else if (error === 'DUPLICATE_SEQUENCE_NUMBER') {
        // It is in the log, too far back for the broker to remember where.
        this.#settle(line, batch, undefined, -1, -1);
      } else {
        this.#onRefusal(line, batch, entry);
      }
    }
  }

  #onRefusal(
    line: PartitionLine,
    batch: ProducerBatch,
    entry: ProduceResponse['responses'][number]['partitionResponses'][number],
  ): void {
    const { topic, partition } = line;
    const blamed = entry.recordErrors[0]?.batchIndexErrorMessage;
    const message = blamed ?? entry.errorMessage;
    const error = errorOfCode(entry.errorCode, { message, topic, partition })!;
    const { leaderId, leaderEpoch } = entry.currentLeader;
    if (leaderId < 0 || !this.#cluster.metadata.learnLeader(topic, partition, leaderId, leaderEpoch)) {
      if (error.retriable) this.#cluster.requestRefresh();
    }
    if (error.error === 'MESSAGE_TOO_LARGE' && batch.recordCount > 1 && !batch.isSettled) {
      batch.outcome = 'refused';
      this.#accumulator.replace(line, batch, batch.split());
      return;
    }
    this.#failed(line, batch, error);
  }

  /** An attempt came to nothing. Sends it again when that may help and there is time. */
  #failed(line: PartitionLine, batch: ProducerBatch, error: KafkaError): void {
    batch.lastError = error;
    let again = error.retriable;
    if (!NOT_WRITTEN.has(error.error as WireError)) {
      batch.outcome = 'unknown';
    } else if (this.#idempotent && batch.sequence >= 0) {
      switch (error.error) {
        case 'OUT_OF_ORDER_SEQUENCE_NUMBER':
          this.#sequences.refused(line, batch, 'outOfOrder');
          // In a transaction a gap cannot be closed by going on under another epoch.
          again = !this.#transactions || !line.hasGap;
          break;
        case 'INVALID_PRODUCER_EPOCH':
          if (this.#sequences.identity === batch.identity && !this.#transactions) this.#sequences.forget();
          this.#sequences.refused(line, batch, 'unknownProducer');
          again = !this.#transactions;
          break;
        case 'UNKNOWN_PRODUCER_ID':
          this.#sequences.refused(line, batch, 'unknownProducer');
          again = !this.#transactions;
          break;
        default:
          this.#sequences.refused(line, batch, 'other');
      }
    }
    if (batch.isSettled) {
      this.#accumulator.remove(line, batch);
      return;
    }
    if (!again || batch.attempts > this.#settings.retries) {
      this.#giveUp(line, batch, error);
      return;
    }
    const { retryBackoffMs: firstMs, retryBackoffMaxMs: maxMs } = this.#settings;
    const pauseMs = backoffMs(batch.attempts, { firstMs, maxMs }, this.#cluster.ports.random);
    batch.retryAt = this.#cluster.ports.clock.monotonic() + pauseMs;
    this.#accumulator.retry(line, batch);
    this.wakeAt(batch.retryAt);
  }

  #giveUp(line: PartitionLine, batch: ProducerBatch, error: KafkaError): void {
    this.#settle(line, batch, error, -1, -1);
    if (this.#idempotent) this.#sequences.givenUp(line, batch);
  }

  #settle(
    line: PartitionLine,
    batch: ProducerBatch,
    error: KafkaError | undefined,
    baseOffset: number,
    logAppendTimeMs: number,
  ): void {
    this.#accumulator.remove(line, batch);
    if (batch.isSettled) return;
    if (error) this.#transactions?.batchFailed(error);
    batch.settle(error, baseOffset, logAppendTimeMs);
    this.#onProgress(batch);
  }

  /** Batches past delivery.timeout.ms fail, also those on the wire; what the broker answers for them later is let be. */
  #expire(): void {
    const now = this.#cluster.ports.clock.monotonic();
    for (const { line, batch } of this.#accumulator.expired(now)) {
      const last = batch.lastError ? ` Last error: ${batch.lastError.message}` : '';
      const error = new KafkaError('REQUEST_TIMED_OUT', {
        message: `The record was not acknowledged within ${this.#settings.deliveryTimeoutMs} ms (delivery.timeout.ms).${last}`,
        topic: line.topic,
        partition: line.partition,
        cause: batch.lastError,
      });
      if (line.onWire.includes(batch)) {
        // Its answer is still to come, and with it the certainty that numbering needs.
        batch.outcome = 'unknown';
        this.#transactions?.batchFailed(error);
        batch.settle(error, -1, -1);
        this.#onProgress(batch);
        if (this.#idempotent) this.#sequences.givenUp(line, batch);
      } else {
        this.#giveUp(line, batch, error);
      }
    }
    this.wake();
  }

  #armExpiry(): void {
    if (this.#expiryTimer || this.#accumulator.bytes === 0) return;
    const everyMs = Math.min(1000, Math.max(10, this.#settings.deliveryTimeoutMs / 20));
    this.#expiryTimer = this.#cluster.ports.timers.set(everyMs, () => {
      this.#expiryTimer = undefined;
      this.#expire();
    });
  }

  /** Asks any broker for a producer id; tried again until it comes or the broker refuses for good. */
  #identify(): void {
    // The coordinator gives a transactional producer its id.
    if (this.#transactions) return;
    const { clock, random } = this.#cluster.ports;
    if (this.#identifying) return;
    if (clock.monotonic() < this.#identifyNotBefore) {
      this.wakeAt(this.#identifyNotBefore);
      return;
    }
    this.#identifying = true;
    this.#askForId()
      .catch((thrown: unknown) => {
        const error = asKafkaError(thrown);
        if (error.retriable) {
          this.#identifyFailures++;
          const { retryBackoffMs: firstMs, retryBackoffMaxMs: maxMs } = this.#settings;
          this.#identifyNotBefore = clock.monotonic() + backoffMs(this.#identifyFailures, { firstMs, maxMs }, random);
        } else if (error.error === 'UNSUPPORTED_VERSION' && !this.#settings.idempotenceRequired) {
          this.#idempotent = false;
        } else {
          this.#fatal = error;
        }
      })
      .finally(() => {
        this.#identifying = false;
        this.wake();
      });
  }

  async #askForId(): Promise<void> {
    const { producerId, producerEpoch, errorCode } = await this.#cluster.send('any', 'InitProducerId', {
      transactionalId: null,
      // Without a transactional id it means nothing.
      transactionTimeoutMs: 0x7fffffff,
    });
    const error = errorOfCode(errorCode);
    if (error) throw error;
    this.#identifyFailures = 0;
    this.#sequences.identified({ producerId, epoch: producerEpoch });
  }
}
