// Consumer of the KafkaJS face: what the application calls, checked, and the succession of runs (run, crash, restart).
import type { Ports } from '@moldau/kernel';
import { Admin as NativeAdmin } from '../admin/admin.ts';
import { sleep } from '../cluster/sleep.ts';
import { notConnected, withRetries } from './attempts.ts';
import { inKafkaJsErrors, KafkaJSNonRetriableError } from './errors.ts';
import { CONSUMER_EVENTS, Emitter, type EventListener } from './events.ts';
import { describeGroup } from './group-description.ts';
import type { Logger } from './logging.ts';
import type {
  ConsumerConfig,
  ConsumerRunConfig,
  ConsumerSubscribeTopic,
  ConsumerSubscribeTopics,
  GroupDescription,
  KafkaConfig,
  TopicPartitionOffset,
  TopicPartitionOffsetAndMetadata,
  TopicPartitions,
} from './model.ts';
import { watchedPorts } from './request-events.ts';
import { Runner, type SeekTarget } from './runner.ts';
import {
  adminOptions,
  consumerOptions,
  DEFAULT_REBALANCE_TIMEOUT_MS,
  ownAssigners,
  type Retry,
  retryOf,
  serversOf,
} from './settings.ts';
import { Pauses, Subscriptions } from './subscriptions.ts';

export class Consumer {
  readonly events = CONSUMER_EVENTS;
  readonly #ports: Ports;
  readonly #config: KafkaConfig;
  readonly #own: ConsumerConfig;
  readonly #retry: Retry;
  readonly #logger: Logger;
  readonly #emitter: Emitter;
  readonly #subscriptions = new Subscriptions();
  readonly #pauses = new Pauses();
  #servers: string[] | undefined;
  #admin: NativeAdmin | undefined;
  #runner: Runner | undefined;
  /** Counts runs, so that a restart that waits falls away when the application stops. */
  #era = 0;

  constructor(ports: Ports, config: KafkaConfig, own: ConsumerConfig, logger: Logger) {
    if (!own.groupId) throw new KafkaJSNonRetriableError('A consumer needs a groupId.');
    this.#config = config;
    this.#own = own;
    this.#retry = retryOf(config.retry, own.retry);
    this.#logger = logger;
    this.#emitter = new Emitter(ports.clock, logger, CONSUMER_EVENTS);
    this.#ports = watchedPorts(ports, CONSUMER_EVENTS, this.#emitter, config.clientId ?? 'kafkajs');
    // Wrong settings are told now and not in run().
    consumerOptions(config, own, ['localhost:9092'], this.#retry);
  }

  async connect(): Promise<void> {
    if (this.#admin) return;
    this.#servers = await serversOf(this.#config);
    const admin = new NativeAdmin({ ...adminOptions(this.#config, this.#servers, this.#retry), ports: this.#ports });
    try {
      await withRetries(this.#ports, this.#retry, () => admin.send('ApiVersions', {}));
    } catch (error) {
      await admin.close();
      throw error;
    }
    this.#admin = admin;
    this.#emitter.emit(CONSUMER_EVENTS.CONNECT);
  }

  /** Stops, then closes. Not to be awaited inside a handler: it waits for handlers to end. */
  async disconnect(): Promise<void> {
    await this.stop();
    const admin = this.#admin;
    this.#admin = undefined;
    await admin?.close();
    if (admin) this.#emitter.emit(CONSUMER_EVENTS.DISCONNECT);
  }

  async subscribe(subscription: ConsumerSubscribeTopics | ConsumerSubscribeTopic): Promise<void> {
    if (this.#runner) throw new KafkaJSNonRetriableError('The consumer is running; subscribe before run().');
    const given = subscription as Partial<ConsumerSubscribeTopics & ConsumerSubscribeTopic>;
    if (given.topic === undefined && given.topics === undefined) {
      throw new KafkaJSNonRetriableError('subscribe takes topics: a list of names and patterns.');
    }
    const topics = given.topics ?? [given.topic as string | RegExp];
    if (!Array.isArray(topics)) throw new KafkaJSNonRetriableError('topics must be a list.');
    for (const topic of topics) this.#subscriptions.add(topic, given.fromBeginning ?? false);
  }

  /** Answers when the member has its first partitions (perhaps none). */
  async run(run: ConsumerRunConfig = {}): Promise<void> {
    if (this.#runner) {
      this.#logger.warn('run() was called while the consumer is running', { groupId: this.#own.groupId });
      return;
    }
    if (this.#subscriptions.isEmpty) {
      // KafkaJS joins the group with nothing to read; frameworks do that for clients that only send (NestJS).
      this.#logger.warn('run() without a subscription reads nothing', { groupId: this.#own.groupId });
      return;
    }
    this.#servers ??= await serversOf(this.#config);
    await this.#start(run, ++this.#era).joined;
  }

  async stop(): Promise<void> {
    this.#era++;
    const runner = this.#runner;
    this.#runner = undefined;
    if (!runner) return;
    await runner.stop();
    this.#emitter.emit(CONSUMER_EVENTS.STOP);
  }

  async commitOffsets(topicPartitions: TopicPartitionOffsetAndMetadata[] = []): Promise<void> {
    const offsets = topicPartitions.map(({ topic, partition, offset, metadata }) => {
      const number = checkedOffset({ topic, partition, offset });
      if (number < 0) throw new KafkaJSNonRetriableError(`${offset} cannot be committed; an offset is 0 or more.`);
      if (typeof (metadata ?? '') !== 'string')
        throw new KafkaJSNonRetriableError('metadata must be a string or null.');
      return { topic, partition, offset: number, metadata: metadata ?? '' };
    });
    await inKafkaJsErrors(this.#running().commit(offsets));
  }

  /** Takes effect after the message at hand. '-2' is the beginning, '-1' the end. */
  seek(where: TopicPartitionOffset): void {
    const offset = checkedOffset(where);
    const special: SeekTarget | undefined = offset === -2 ? 'beginning' : offset === -1 ? 'end' : undefined;
    if (offset < 0 && !special) throw new KafkaJSNonRetriableError(`${offset} cannot be sought.`);
    const { topic, partition } = where;
    this.#running().seek({ topic, partition }, special ?? offset);
  }

  pause(topics: { topic: string; partitions?: number[] }[] = []): void {
    checkTopics(topics);
    const runner = this.#running();
    for (const { topic, partitions } of topics) this.#pauses.pause(topic, partitions);
    runner.applyPauses();
  }

  resume(topics: { topic: string; partitions?: number[] }[] = []): void {
    checkTopics(topics);
    const runner = this.#running();
    for (const { topic, partitions } of topics) this.#pauses.resume(topic, partitions);
    runner.applyPauses();
  }

  /** Of the partitions that this member has. */
  paused(): TopicPartitions[] {
    return this.#runner ? this.#pauses.among(this.#runner.assigned) : [];
  }

  async describeGroup(): Promise<GroupDescription> {
    if (!this.#admin) throw notConnected('consumer');
    return inKafkaJsErrors(describeGroup(this.#admin, this.#own.groupId));
  }

  on(eventName: string, listener: EventListener): () => void {
    return this.#emitter.on(eventName, listener);
  }

  logger(): Logger {
    return this.#logger;
  }

  #start(run: ConsumerRunConfig, era: number): Runner {
    const own = this.#own;
    const runner = new Runner({
      ports: this.#ports,
      settings: consumerOptions(this.#config, own, this.#servers!, this.#retry),
      assignors: ownAssigners(own, this.#logger),
      groupId: own.groupId,
      heartbeatIntervalMs: own.heartbeatInterval ?? 3000,
      rebalanceTimeoutMs: own.rebalanceTimeout ?? DEFAULT_REBALANCE_TIMEOUT_MS,
      subscriptions: this.#subscriptions,
      pauses: this.#pauses,
      retry: this.#retry,
      run,
      emitter: this.#emitter,
      logger: this.#logger,
      onCrash: (error) => void this.#crashed(error, run, era),
    });
    this.#runner = runner;
    return runner;
  }

  async #crashed(error: Error, run: ConsumerRunConfig, era: number): Promise<void> {
    const { groupId, retry: own } = this.#own;
    this.#logger.error(`The consumer crashed: ${error.name}: ${error.message}`, { groupId, stack: error.stack });
    const ask = own?.restartOnFailure ?? this.#config.retry?.restartOnFailure;
    const maybe = error.name === 'KafkaJSNumberOfRetriesExceeded' || rootOf(error).retriable === true;
    const restart = maybe && (!ask || (await Promise.resolve(ask(error)).catch(() => true)));
    if (era !== this.#era) return;
    this.#runner = undefined;
    this.#emitter.emit(CONSUMER_EVENTS.CRASH, { error, groupId, restart });
    if (!restart) {
      await this.disconnect();
      return;
    }
    await sleep(this.#ports.timers, (error as { retryTime?: number }).retryTime ?? this.#retry.initialRetryTime);
    if (era === this.#era) this.#start(run, era);
  }

  #running(): Runner {
    if (this.#runner) return this.#runner;
    throw new KafkaJSNonRetriableError('The consumer has no group yet; call run() first.');
  }
}

function rootOf(error: Error): { retriable?: boolean } {
  return error.cause instanceof Error ? rootOf(error.cause) : (error as { retriable?: boolean });
}

function checkTopics(topics: readonly { topic: string }[]): void {
  for (const entry of topics) {
    if (!entry?.topic) throw new KafkaJSNonRetriableError(`${String(entry?.topic)} is not a topic.`);
  }
}

/** Throws unless everything is what it should be; -1 and -2 pass. */
export function checkedOffset({ topic, partition, offset }: TopicPartitionOffset): number {
  if (!topic) throw new KafkaJSNonRetriableError(`${String(topic)} is not a topic.`);
  if (!Number.isInteger(partition)) throw new KafkaJSNonRetriableError(`${String(partition)} is not a partition.`);
  const number = Number(offset);
  if (!/^-?\d+$/.test(String(offset)) || !Number.isSafeInteger(number)) {
    throw new KafkaJSNonRetriableError(`${String(offset)} is not an offset.`);
  }
  return number;
}
