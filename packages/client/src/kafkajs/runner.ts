// One run of a consumer of the KafkaJS face, from run() to stop() or a crash. A loop polls the native consumer all the
// time, so that heartbeats, rebalances and other partitions never wait for a handler; a partition whose records are in
// hand is held underneath (fetched ahead, not handed out) until its handler is done with them.
// When partitions are to go, their handlers are given time to come to an end of the message at hand (or, in eachBatch, to
// look at isStale), then what is resolved is committed: no message is handled twice because of a rebalance unless its
// handler needs longer than rebalanceTimeout.
import type { Ports } from '@moldau/kernel';
import { settlesWithin, sleep } from '../cluster/sleep.ts';
import type { Assignor } from '../consumer/assignors/assignor.ts';
import { Consumer as NativeConsumer } from '../consumer/consumer.ts';
import type { ConsumerRecord, PartitionOffset } from '../consumer/consumer-model.ts';
import { KafkaError } from '../errors.ts';
import type { ConsumerSettingOptions } from '../settings/consumer-settings.ts';
import type { TopicPartition } from '../topic-partition.ts';
import { mayPass, pauseMs } from './attempts.ts';
import { messageOf } from './batch.ts';
import { KafkaJSNumberOfRetriesExceeded, kafkaJsError } from './errors.ts';
import { CONSUMER_EVENTS, type Emitter } from './events.ts';
import { Handlers } from './handlers.ts';
import type { Logger } from './logging.ts';
import type { Assignment, ConsumerRunConfig } from './model.ts';
import { asOffsets, Progress } from './progress.ts';
import type { Retry } from './settings.ts';
import type { Pauses, Subscriptions } from './subscriptions.ts';
import { type Work, WorkLine } from './work.ts';

const POLL_MS = 1000;
const PAUSE_STEP_MS = 100;
/** Share of the rebalance time-out that handlers may use to come to an end; the rest is for the commit. */
const HANDLER_SHARE = 0.8;

/** Where a seek goes: an offset, or one of KafkaJS's special ones. */
export type SeekTarget = number | 'beginning' | 'end';

export interface RunnerOptions {
  readonly ports: Ports;
  readonly settings: ConsumerSettingOptions;
  readonly groupId: string;
  readonly heartbeatIntervalMs: number;
  readonly rebalanceTimeoutMs: number;
  /** In place of those that the settings name. */
  readonly assignors: readonly Assignor[] | undefined;
  readonly subscriptions: Subscriptions;
  readonly pauses: Pauses;
  readonly retry: Retry;
  readonly run: ConsumerRunConfig;
  readonly emitter: Emitter;
  readonly logger: Logger;
  /** The run is over because of this error; the native consumer is closed already. */
  readonly onCrash: (error: Error) => void;
}

export class Runner {
  readonly #o: RunnerOptions;
  readonly #native: NativeConsumer;
  readonly #progress = new Progress();
  readonly #line: WorkLine;
  readonly #handlers: Handlers;
  readonly #seeks = new Map<string, { where: TopicPartition; target: SeekTarget }>();
  /** Partitions sought while the poll at hand was running: what it brings of them may be from before. */
  readonly #soughtInPoll = new Map<string, { where: TopicPartition; target: SeekTarget }>();
  #assigned: readonly TopicPartition[] = [];
  #running = true;
  #crash: Error | undefined;
  #committing: Promise<void> = Promise.resolve();
  #committedAt: number;
  #beatAt = 0;
  #joinStartedAt: number;
  #joined: () => void = () => {};
  readonly joined: Promise<void>;
  readonly #over: Promise<void>;

  constructor(o: RunnerOptions) {
    this.#o = o;
    const { allFromBeginning } = o.subscriptions;
    this.#native = new NativeConsumer({
      ...o.settings,
      ...(o.assignors ? { assignors: o.assignors } : {}),
      autoOffsetReset: allFromBeginning ? 'earliest' : 'latest',
      ports: o.ports,
    });
    this.#committedAt = this.#joinStartedAt = o.ports.clock.monotonic();
    this.#line = new WorkLine(o.run.partitionsConsumedConcurrently ?? 1, (work) => this.#process(work));
    this.#handlers = new Handlers({
      run: o.run,
      progress: this.#progress,
      logger: o.logger,
      isRunning: () => this.#running,
      isPaused: (where) => o.pauses.has(where),
      pause: (where) => this.pauseNow(where),
      heartbeat: () => this.#beat(),
      commitIfDue: () => (this.#commitsByRecord ? this.#commitIfDue() : undefined),
      commit: (offsets) => this.commit(offsets),
    });
    this.joined = new Promise((resolve) => {
      this.#joined = resolve;
    });
    this.#native.subscribe(o.subscriptions.topics(), {
      onPartitionsAssigned: (partitions) => this.#onAssigned(partitions),
      onPartitionsRevoked: (partitions) => this.#onRevoked(partitions),
      onPartitionsLost: (partitions) => this.#onLost(partitions),
    });
    this.#native.on('recreated', ({ topic, partitions, startsOver }) => {
      o.logger.warn('A topic was deleted and created again; it is read as a new one', { groupId: o.groupId, topic });
      if (startsOver) this.#startOver(topic, partitions);
    });
    this.#over = this.#loop();
  }

  /** What is in hand is of a topic that is no more: it counts for nothing. */
  #startOver(topic: string, partitions: readonly TopicPartition[]): void {
    const { subscriptions } = this.#o;
    this.#line.end(partitions, 'stale');
    this.#progress.forget(partitions);
    if (subscriptions.allFromBeginning === undefined && subscriptions.isFromBeginning(topic)) {
      this.#native.seekToBeginning(partitions);
    }
    for (const where of partitions) if (!this.#line.isActive(where)) this.#native.unhold([where]);
  }

  /** Offsets may be due for a commit behind any record; otherwise only behind batches. */
  get #commitsByRecord(): boolean {
    const { autoCommit = true, autoCommitInterval, autoCommitThreshold } = this.#o.run;
    return autoCommit && (typeof autoCommitInterval === 'number' || typeof autoCommitThreshold === 'number');
  }

  get assigned(): readonly TopicPartition[] {
    return this.#assigned;
  }

  /** Handlers come to an end, offsets are committed, the member leaves. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#line.end(undefined, 'halting');
    this.#native.wakeup();
    await this.#over;
  }

  seek(where: TopicPartition, target: SeekTarget): void {
    this.#line.end([where], 'stale');
    this.#progress.forget([where]);
    this.#soughtInPoll.set(keyOf(where), { where, target });
    if (this.#isAssigned(where)) this.#seekNow(where, target);
    else this.#seeks.set(keyOf(where), { where, target });
  }

  /** After the application's pauses have changed. */
  applyPauses(): void {
    for (const where of this.#assigned) {
      if (this.#o.pauses.has(where)) this.#native.pause([where]);
      else this.#native.resume([where]);
    }
  }

  pauseNow(where: TopicPartition): () => void {
    const { pauses } = this.#o;
    pauses.pause(where.topic, [where.partition]);
    this.applyPauses();
    return () => {
      pauses.resume(where.topic, [where.partition]);
      this.applyPauses();
    };
  }

  /** Commits these, or what is resolved; one commit after the other. */
  async commit(given?: readonly PartitionOffset[]): Promise<void> {
    const before = this.#committing;
    const mine = before.catch(() => {}).then(() => this.#commitNow(given));
    this.#committing = mine.catch(() => {});
    await mine;
  }

  async #commitNow(given: readonly PartitionOffset[] | undefined): Promise<void> {
    const offsets = given ?? this.#progress.uncommitted();
    this.#committedAt = this.#o.ports.clock.monotonic();
    if (offsets.length === 0) return;
    await this.#native.commitSync(offsets);
    this.#progress.committed(offsets);
    const { groupId, emitter } = this.#o;
    emitter.emit(CONSUMER_EVENTS.COMMIT_OFFSETS, { groupId, ...this.#identity(), ...asOffsets(offsets) });
  }

  /** The automatic commit; one that fails is made up for by the next. */
  async #autoCommit(): Promise<void> {
    if (this.#o.run.autoCommit === false) return;
    await this.commit().catch((error: Error) =>
      this.#o.logger.warn(`The offsets were not committed: ${error.message}`, { groupId: this.#o.groupId }),
    );
  }

  async #commitIfDue(): Promise<void> {
    const { autoCommit = true, autoCommitInterval, autoCommitThreshold } = this.#o.run;
    if (!autoCommit) return;
    const age = this.#o.ports.clock.monotonic() - this.#committedAt;
    const late = typeof autoCommitInterval === 'number' && age >= autoCommitInterval;
    const many = typeof autoCommitThreshold === 'number' && this.#progress.resolvedSinceCommit >= autoCommitThreshold;
    if (late || many) await this.#autoCommit();
  }

  async #loop(): Promise<void> {
    const { ports, retry, logger, groupId } = this.#o;
    for (let failures = 0; this.#running && !this.#crash; ) {
      try {
        await this.#turn();
        failures = 0;
      } catch (thrown) {
        if (!this.#running || (thrown instanceof KafkaError && thrown.error === 'WAKEUP')) continue;
        const error = kafkaJsError(thrown);
        const retryTime = pauseMs(retry, failures, () => ports.random.float());
        logger.error(`Reading failed: ${error.message}`, { groupId, retryCount: failures, retryTime });
        if (!mayPass(error)) this.#crash = error;
        else if (failures >= retry.retries) {
          this.#crash = new KafkaJSNumberOfRetriesExceeded(error, { retryCount: failures, retryTime });
        } else {
          failures++;
          await sleep(ports.timers, retryTime);
        }
      }
    }
    this.#running = false;
    await this.#close();
    this.#joined();
    if (this.#crash) this.#o.onCrash(this.#crash);
  }

  async #turn(): Promise<void> {
    const { emitter, ports, heartbeatIntervalMs } = this.#o;
    const startedAt = ports.clock.monotonic();
    this.#soughtInPoll.clear();
    emitter.emit(CONSUMER_EVENTS.FETCH_START, { nodeId: -1 });
    const records = await this.#native.poll(Math.min(POLL_MS, heartbeatIntervalMs));
    const works = this.#worksOf(records);
    const duration = ports.clock.monotonic() - startedAt;
    emitter.emit(CONSUMER_EVENTS.FETCH, { numberOfBatches: works.length, duration, nodeId: -1 });
    this.#beat();
    for (const work of works) {
      const sought = this.#soughtInPoll.get(keyOf(work));
      if (sought) {
        this.#seekNow(sought.where, sought.target);
        continue;
      }
      this.#native.hold([work]);
      this.#line.add(work);
    }
    if (this.#running) this.#line.pump();
  }

  /** Records come partition by partition. */
  #worksOf(records: readonly ConsumerRecord[]): Work[] {
    const works: Work[] = [];
    let last: Work | undefined;
    for (const record of records) {
      const { topic, partition } = record;
      if (!last || last.partition !== partition || last.topic !== topic) {
        last = { topic, partition, messages: [], next: 0, end: 0, state: 'live', toldToEnd: false };
        works.push(last);
      }
      last.messages.push(messageOf(record));
    }
    return works.map((work) => {
      const lag = this.#isAssigned(work) ? (this.#native.currentLag(work) ?? 0) : 0;
      return { ...work, end: Number(work.messages.at(-1)!.offset) + 1 + lag };
    });
  }

  /** Takes records through the handler, again where it fails and that may pass; never throws. */
  async #process(work: Work): Promise<void> {
    const { ports, retry, emitter } = this.#o;
    const startedAt = ports.clock.monotonic();
    const about = this.#handlers.about(work);
    emitter.emit(CONSUMER_EVENTS.START_BATCH_PROCESS, about);
    for (let failures = 0; work.state === 'live'; ) {
      const before = work.next;
      try {
        await this.#handlers.handle(work);
        break;
      } catch (thrown) {
        if (work.state !== 'live') break;
        const error = kafkaJsError(thrown);
        if (work.next > before) failures = 0;
        const retryTime = pauseMs(retry, failures, () => ports.random.float());
        await this.#autoCommit();
        // Paused by the handler: the message comes again after resume, and this was no failure to count.
        if (this.#o.pauses.has(work)) break;
        if (!mayPass(error) || failures >= retry.retries) {
          const exceeded = mayPass(error);
          this.#crash = exceeded
            ? new KafkaJSNumberOfRetriesExceeded(error, { retryCount: failures, retryTime })
            : error;
          work.state = 'stale';
          this.#native.wakeup();
          return;
        }
        failures++;
        // In steps, as the partition may go meanwhile.
        for (let leftMs = retryTime; leftMs > 0 && work.state === 'live'; leftMs -= PAUSE_STEP_MS) {
          await sleep(ports.timers, Math.min(leftMs, PAUSE_STEP_MS));
        }
      }
    }
    const duration = ports.clock.monotonic() - startedAt;
    emitter.emit(CONSUMER_EVENTS.END_BATCH_PROCESS, { ...about, duration });
    if (work.state !== 'stale') await this.#autoCommit();
    this.#release(work);
  }

  /** The partition may be read on: from where the handler is. */
  #release(work: Work): void {
    if (!this.#running || !this.#isAssigned(work)) return;
    const unread = work.messages[work.next];
    if (work.state === 'live' && unread) this.#native.seek(work, Number(unread.offset));
    this.#native.unhold([work]);
  }

  async #onAssigned(partitions: readonly TopicPartition[]): Promise<void> {
    const { subscriptions, pauses, emitter, groupId, ports, settings, assignors } = this.#o;
    this.#assigned = this.#native.assignment();
    if (subscriptions.allFromBeginning === undefined) {
      const committed = partitions.length === 0 ? [] : await this.#native.committed(partitions);
      const fresh = partitions.filter(
        ({ topic }, index) => committed[index] === undefined && subscriptions.isFromBeginning(topic),
      );
      if (fresh.length > 0) this.#native.seekToBeginning(fresh);
    }
    for (const where of this.#assigned) {
      const pending = this.#seeks.get(keyOf(where));
      if (pending) this.#seekNow(where, pending.target);
      this.#seeks.delete(keyOf(where));
      if (pauses.has(where)) this.#native.pause([where]);
    }
    const memberAssignment: Assignment = {};
    for (const { topic, partition } of this.#assigned) {
      memberAssignment[topic] = [...(memberAssignment[topic] ?? []), partition];
    }
    emitter.emit(CONSUMER_EVENTS.GROUP_JOIN, {
      groupId,
      memberId: this.#identity().memberId,
      memberAssignment,
      groupProtocol: String(assignors?.map(({ name }) => name) ?? settings.partitionAssignmentStrategy),
      duration: ports.clock.monotonic() - this.#joinStartedAt,
    });
    this.#joined();
  }

  async #onRevoked(partitions: readonly TopicPartition[]): Promise<void> {
    const { emitter, groupId, ports, rebalanceTimeoutMs, logger } = this.#o;
    this.#joinStartedAt = ports.clock.monotonic();
    if (this.#running) {
      emitter.emit(CONSUMER_EVENTS.REBALANCING, { groupId, memberId: this.#identity().memberId });
    }
    this.#line.end(partitions, 'halting');
    const allowedMs = rebalanceTimeoutMs * HANDLER_SHARE;
    if (!(await settlesWithin(ports.timers, allowedMs, this.#line.idle(partitions)))) {
      logger.warn('A handler did not end in time for a rebalance; its message will be handled again elsewhere', {
        groupId,
        partitions,
      });
      this.#line.end(partitions, 'stale');
    }
    await this.#autoCommit();
    this.#gone(partitions);
  }

  #onLost(partitions: readonly TopicPartition[]): void {
    this.#joinStartedAt = this.#o.ports.clock.monotonic();
    this.#line.end(partitions, 'stale');
    this.#gone(partitions);
  }

  #gone(partitions: readonly TopicPartition[]): void {
    this.#progress.forget(partitions);
    this.#assigned = this.#assigned.filter(
      (where) => !partitions.some((gone) => gone.topic === where.topic && gone.partition === where.partition),
    );
  }

  async #close(): Promise<void> {
    this.#line.end(undefined, 'halting');
    try {
      await this.#native.close();
    } catch (error) {
      this.#o.logger.warn(`Leaving the group failed: ${(error as Error).message}`, { groupId: this.#o.groupId });
    }
  }

  /** Tells that this member is alive in its group, at most once in an interval. */
  #beat(): void {
    const { ports, emitter, groupId, heartbeatIntervalMs } = this.#o;
    const now = ports.clock.monotonic();
    const { groupGenerationId, memberId } = this.#identity();
    if (groupGenerationId < 0 || now < this.#beatAt) return;
    this.#beatAt = now + heartbeatIntervalMs;
    emitter.emit(CONSUMER_EVENTS.HEARTBEAT, { groupId, memberId, groupGenerationId });
  }

  #identity(): { memberId: string; groupGenerationId: number } {
    const metadata = this.#native.groupMetadata();
    return { memberId: metadata?.memberId ?? '', groupGenerationId: metadata?.generationId ?? -1 };
  }

  #seekNow(where: TopicPartition, target: SeekTarget): void {
    if (target === 'beginning') this.#native.seekToBeginning([where]);
    else if (target === 'end') this.#native.seekToEnd([where]);
    else {
      this.#native.seek(where, target);
      // The group hears of it with the next commit, as the application wants to be there from now on.
      this.#progress.resolve(where, target);
      void this.#autoCommit();
    }
    if (!this.#line.isActive(where)) this.#native.unhold([where]);
  }

  #isAssigned({ topic, partition }: TopicPartition): boolean {
    return this.#assigned.some((where) => where.partition === partition && where.topic === topic);
  }
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${partition} ${topic}`;
}
