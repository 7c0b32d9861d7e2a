// Consumer: the public face, and what its parts are to each other. The parts: `TopicWatch` (what was subscribed to),
// `TakingPart` (member, commits, partitions changing hands), `StartingPositions` (from where), `Fetcher` (reads ahead),
// `LostPlaces` (positions that are not on the log any more), `PollLoop` (poll), `ReadingLoops` (for await, eachMessage,
// eachBatch), `Watchman` (tells when it does not get on). Decides nothing itself but what a closed, a subscribed and an
// assigned consumer may be asked for.
import type { Ports } from '@moldau/kernel';
import { Cluster } from '../cluster/cluster.ts';
import { retrying } from '../cluster/retry.ts';
import { Signal } from '../cluster/signal.ts';
import { settlesWithin } from '../cluster/sleep.ts';
import { TopicQuestions } from '../cluster/topic-questions.ts';
import { FRAME_BYTES_MAX } from '../connection/broker-connection.ts';
import { KafkaError } from '../errors.ts';
import { nodePorts } from '../node/default-ports.ts';
import { warn } from '../node/warning.ts';
import { defaultClientId } from '../settings/client-id.ts';
import {
  CONSUMER_SETTINGS,
  type ConsumerSettingOptions,
  checkProtocolSettings,
} from '../settings/consumer-settings.ts';
import { resolveSettings, type SettingsOf } from '../settings/setting.ts';
import { partitionText, type TopicPartition } from '../topic-partition.ts';
import type { Assignor } from './assignors/assignor.ts';
import type { ConsumerApi } from './consumer-api.ts';
import { type ConsumerEventListener, type ConsumerEventName, EventSource } from './consumer-events.ts';
import type {
  CommitCallback,
  ConsumerBatch,
  ConsumerInterceptor,
  ConsumerMetrics,
  ConsumerRecord,
  Deserializer,
  EachMessageOptions,
  EachOptions,
  GroupMetadata,
  OffsetAndTimestamp,
  PartitionOffset,
  RebalanceListener,
} from './consumer-model.ts';
import { Fetcher } from './fetcher.ts';
import { Interceptors } from './interceptors.ts';
import { LostPlaces } from './lost-places.ts';
import type { Member } from './member.ts';
import { OffsetLookups } from './offset-lookups.ts';
import { PollLoop } from './poll-loop.ts';
import { type AssignedPartition, Positions } from './positions.ts';
import { ReadingLoops } from './reading-loops.ts';
import { committedOffsets, StartingPositions } from './starting-positions.ts';
import { SubscriptionPattern, subscriptionTo } from './subscription.ts';
import { type TakingPart, takingPart } from './taking-part.ts';
import { TopicWatch } from './topic-watch.ts';
import { Watchman } from './watchman.ts';

export type ConsumerOptions<K, V> = ConsumerSettingOptions & {
  readonly keyDeserializer?: Deserializer<K>;
  readonly valueDeserializer?: Deserializer<V>;
  readonly interceptors?: readonly ConsumerInterceptor<K, V>[];
  /** Of one's own, in place of partition.assignment.strategy; the first that all members have is used. */
  readonly assignors?: readonly Assignor[];
  readonly ports?: Ports;
};

/** Most that one batch may unpack to: what a broker's limits let pass, with room to spare. */
const UNPACKED_BYTES_MAX = 1 << 30;
/** How long `close` tries to commit and to leave, unless told otherwise. */
const CLOSE_TIMEOUT_MS = 30_000;

export class Consumer<K = Buffer, V = Buffer> implements ConsumerApi<K, V> {
  readonly #settings: SettingsOf<typeof CONSUMER_SETTINGS>;
  readonly #ports: Ports;
  readonly #cluster: Cluster;
  readonly #positions = new Positions();
  readonly #fetcher: Fetcher<K, V>;
  /** Undefined without a group. */
  readonly #group: TakingPart | undefined;
  readonly #loops: ReadingLoops<K, V>;
  readonly #starting: StartingPositions;
  readonly #questions: TopicQuestions;
  readonly #lookups: OffsetLookups;
  readonly #interceptors: Interceptors<K, V>;
  readonly #signal = new Signal();
  readonly #events = new EventSource(warn);
  readonly #watchman: Watchman;
  readonly #topics: TopicWatch;
  readonly #places: LostPlaces;
  readonly #loop: PollLoop<K, V>;
  #closed = false;
  #closing = false;

  /** Connects when it is needed. Throws KafkaError INVALID_SETTING. */
  constructor(options: ConsumerOptions<K, V> = {}) {
    const { ports = nodePorts, keyDeserializer, valueDeserializer, ...others } = options;
    const { interceptors = [], assignors: own = [], ...given } = others;
    const resolved = resolveSettings(CONSUMER_SETTINGS, given);
    const kind = resolved.groupId === undefined ? 'consumer' : `consumer-${resolved.groupId}`;
    const settings = { ...resolved, clientId: resolved.clientId || defaultClientId(kind) };
    checkProtocolSettings(settings.groupProtocol, { ...given, ...(own.length > 0 ? { assignors: own } : {}) });
    this.#settings = settings;
    this.#ports = ports;
    this.#interceptors = new Interceptors(interceptors);
    this.#cluster = new Cluster({
      ports,
      settings: { ...settings, frameBytesMax: Math.max(FRAME_BYTES_MAX, settings.fetchMaxBytes * 2) },
      interest: () => this.#topics.interest(),
      autoCreate: () => settings.allowAutoCreateTopics,
      onChange: () => {
        this.#places.recreated.look();
        this.#topics.note();
      },
    });
    const readCommitted = settings.isolationLevel === 'read_committed';
    this.#questions = new TopicQuestions(this.#cluster, settings);
    this.#topics = new TopicWatch({
      cluster: this.#cluster,
      positions: this.#positions,
      questions: this.#questions,
      member: () => this.#group?.member,
      excludeInternal: settings.excludeInternalTopics,
      isClosed: () => this.#closed,
      onNews: () => {
        this.#fetcher.pump();
        this.#signal.notify();
      },
    });
    this.#places = new LostPlaces({
      clock: ports.clock,
      metadata: this.#cluster.metadata,
      positions: this.#positions,
      settings,
      events: this.#events,
      notify: () => this.#signal.notify(),
    });
    this.#lookups = new OffsetLookups(this.#cluster, this.#questions, { ...settings, readCommitted });
    this.#fetcher = new Fetcher<K, V>({
      cluster: this.#cluster,
      positions: this.#positions,
      settings,
      read: {
        checkCrcs: settings.checkCrcs,
        readCommitted,
        unpackedBytesMax: UNPACKED_BYTES_MAX,
        keyDeserializer,
        valueDeserializer,
      },
      events: {
        onReady: () => this.#signal.notify(),
        onOutOfRange: (entry) => this.#places.outOfRange(entry),
        onTruncated: (entry, at) => this.#places.truncated(entry, at),
        onError: (error) => this.#places.fail(error),
        onReading: (entry) => this.#places.recreated.reading(entry),
        onHeard: (entry) => this.#watchman.heard(entry),
      },
      heldBytes: () => this.#loops.lines?.openBytes ?? 0,
    });
    if (settings.groupId !== undefined) {
      this.#group = takingPart({
        groupId: settings.groupId,
        cluster: this.#cluster,
        settings,
        signal: this.#signal,
        positions: this.#positions,
        topics: this.#topics,
        events: this.#events,
        assignors: own,
        lines: () => this.#loops.lines,
        pollIdleMs: () => this.#pollIdleMs,
        onCommitted: (offsets) => this.#interceptors.onCommit(offsets),
        onChanged: () => this.#fetcher.pump(),
      });
    }
    this.#starting = new StartingPositions({
      cluster: this.#cluster,
      positions: this.#positions,
      settings: { ...settings, readCommitted },
      member: this.#group?.member,
      onError: (error) => this.#places.fail(error),
      onDone: () => this.#signal.notify(),
    });
    this.#loop = new PollLoop<K, V>({
      cluster: this.#cluster,
      signal: this.#signal,
      maxPollRecords: settings.maxPollRecords,
      topics: this.#topics,
      places: this.#places,
      starting: this.#starting,
      fetcher: this.#fetcher,
      interceptors: this.#interceptors,
      member: this.#group?.member,
      commits: this.#group?.commits,
      isClosed: () => this.#closed,
    });
    this.#watchman = new Watchman({
      ports,
      settings,
      events: this.#events,
      positions: this.#positions,
      trouble: (entry) => this.#fetcher.trouble(entry),
      outside: () => (this.#topics.isManaged && this.#loop.isOutside ? this.#group!.member.trouble : undefined),
      pollIdleMs: () => (this.#topics.isManaged ? this.#pollIdleMs : 0),
      full: () => this.#fetcher.isFull,
      onStalled: () => {
        this.#cluster.requestRefresh();
        this.#fetcher.pump();
      },
    });
    this.#loops = new ReadingLoops<K, V>({
      positions: this.#positions,
      watchman: this.#watchman,
      clock: ports.clock,
      timers: ports.timers,
      poll: (timeoutMs, work) => this.#loop.poll(timeoutMs, work),
      notify: () => this.#signal.notify(),
      life: () => (this.#closed ? 'closed' : this.#closing ? 'closing' : 'open'),
    });
  }

  on<E extends ConsumerEventName>(event: E, listener: ConsumerEventListener<E>): () => void {
    return this.#events.on(event, listener);
  }

  get #pollIdleMs(): number {
    return Math.max(this.#loop.idleMs, this.#loops.lines?.longestMs ?? 0);
  }

  subscribe(topics: string | readonly string[] | RegExp | SubscriptionPattern, listener: RebalanceListener = {}): void {
    this.#assertOpen();
    const member = this.#needMember('subscribe');
    if (topics instanceof SubscriptionPattern && member.protocol === 'classic') {
      throw illegal('A SubscriptionPattern needs group.protocol=consumer; with the classic protocol use a RegExp.');
    }
    if (this.#topics.subscription.kind === 'manual')
      throw illegal('Partitions are assigned by hand; call unsubscribe first.');
    this.#topics.subscription = subscriptionTo(topics, listener);
    this.#group!.member.onSubscription();
    this.#watchman.start();
    this.#cluster.requestRefresh();
  }

  async unsubscribe(): Promise<void> {
    this.#assertOpen();
    if (this.#topics.isManaged) {
      await this.#group!.handover.revoke(this.#group!.member.hasLost);
      await this.#group!.member.leave('the consumer unsubscribed', this.#settings.defaultApiTimeoutMs);
    }
    this.#topics.subscription = { kind: 'none' };
    this.#places.recreated.forget();
    this.#positions.assign([]);
    this.#fetcher.pump();
  }

  assign(partitions: readonly TopicPartition[]): void {
    this.#assertOpen();
    if (this.#topics.isManaged) throw illegal('The consumer is subscribed; call unsubscribe first.');
    this.#group?.commits.autoCommitIfDue();
    this.#topics.subscription = partitions.length === 0 ? { kind: 'none' } : { kind: 'manual' };
    this.#positions.assign(partitions);
    this.#watchman.start();
    this.#cluster.requestRefresh();
    this.#topics.note();
  }

  assignment(): TopicPartition[] {
    return this.#positions.partitions();
  }

  subscription(): string[] {
    return this.#topics.topics();
  }

  async poll(timeoutMs: number): Promise<ConsumerRecord<K, V>[]> {
    this.#loops.assertAlone();
    const records = await this.#loop.poll(timeoutMs);
    this.#loops.settle();
    this.#watchman.handling('the code after poll()', records.at(-1));
    return records;
  }

  wakeup(): void {
    this.#loop.wakeup();
  }

  [Symbol.asyncIterator](): AsyncGenerator<ConsumerRecord<K, V>, undefined> {
    this.#loops.assertAlone();
    return this.#loops.records();
  }

  batches(): AsyncGenerator<ConsumerBatch<K, V>, undefined> {
    this.#loops.assertAlone();
    return this.#loops.batches();
  }

  async eachMessage(
    handler: (record: ConsumerRecord<K, V>) => void | Promise<void>,
    options: EachMessageOptions = {},
  ): Promise<void> {
    this.#loops.assertAlone();
    await this.#loops.eachMessage(handler, options);
  }

  async eachBatch(
    handler: (batch: ConsumerBatch<K, V>) => void | Promise<void>,
    options: EachOptions = {},
  ): Promise<void> {
    this.#loops.assertAlone();
    await this.#loops.eachBatch(handler, options);
  }

  async commitSync(
    offsets: readonly PartitionOffset[] = this.#positions.consumed(),
    options: { readonly timeoutMs?: number } = {},
  ): Promise<void> {
    this.#assertOpen();
    this.#needMember('commit');
    await this.#group!.commits.commit(offsets, options.timeoutMs ?? this.#settings.defaultApiTimeoutMs);
  }

  commitAsync(offsets: readonly PartitionOffset[] = this.#positions.consumed(), done?: CommitCallback): void {
    this.#assertOpen();
    this.#needMember('commit');
    this.#group!.commits.commitOnce(offsets).then(
      () => done?.(undefined, offsets),
      (error: KafkaError) => done?.(error, offsets),
    );
  }

  async committed(
    partitions: readonly TopicPartition[],
    options: { readonly timeoutMs?: number } = {},
  ): Promise<(PartitionOffset | undefined)[]> {
    this.#assertOpen();
    const member = this.#needMember('have committed offsets');
    const budget = { timeoutMs: options.timeoutMs ?? this.#settings.defaultApiTimeoutMs, what: 'Fetching offsets' };
    const found = await retrying(this.#ports, this.#settings, budget, () => committedOffsets(member, partitions));
    return partitions.map(({ topic, partition }) =>
      found.find((entry) => entry.topic === topic && entry.partition === partition),
    );
  }

  seek(where: TopicPartition, offset: number): void {
    this.#assertOpen();
    if (!Number.isSafeInteger(offset) || offset < 0) {
      throw new KafkaError('INVALID_ARGUMENT', { message: `Cannot seek to offset ${offset}.` });
    }
    this.#positions.moveTo(this.#assigned(where), offset);
    this.#topics.note();
  }

  seekToBeginning(partitions?: readonly TopicPartition[]): void {
    this.#seekToEnd(partitions, 'earliest');
  }

  seekToEnd(partitions?: readonly TopicPartition[]): void {
    this.#seekToEnd(partitions, 'latest');
  }

  #seekToEnd(partitions: readonly TopicPartition[] | undefined, to: 'earliest' | 'latest'): void {
    this.#assertOpen();
    const chosen = partitions?.length ? partitions : this.assignment();
    for (const entry of chosen.map((where) => this.#assigned(where))) this.#positions.resetTo(entry, to);
    this.#topics.note();
  }

  async position(where: TopicPartition, options: { readonly timeoutMs?: number } = {}): Promise<number> {
    this.#assertOpen();
    const { timeoutMs = this.#settings.defaultApiTimeoutMs } = options;
    const budget = { timeoutMs, what: 'Finding the position' };
    return retrying(this.#ports, this.#settings, budget, async () => {
      this.#places.throwIfFailed();
      await this.#starting.run();
      this.#places.throwIfFailed();
      const { position } = this.#assigned(where);
      if (position === undefined) throw new KafkaError('LEADER_NOT_AVAILABLE', where);
      return position;
    });
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#mark(partitions, { paused: true });
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#mark(partitions, { paused: false });
  }

  hold(partitions: readonly TopicPartition[]): void {
    this.#mark(partitions, { held: true });
  }

  unhold(partitions: readonly TopicPartition[]): void {
    this.#mark(partitions, { held: false });
  }

  #mark(partitions: readonly TopicPartition[], how: Partial<Pick<AssignedPartition, 'paused' | 'held'>>): void {
    this.#assertOpen();
    for (const where of partitions) Object.assign(this.#assigned(where), how);
    this.#topics.note();
  }

  paused(): TopicPartition[] {
    return this.#positions.partitions(({ paused }) => paused);
  }

  currentLag(where: TopicPartition): number | undefined {
    const { position, highWatermark, lastStableOffset } = this.#assigned(where);
    const end = this.#settings.isolationLevel === 'read_committed' ? lastStableOffset : highWatermark;
    return position === undefined || end < 0 ? undefined : Math.max(0, end - position);
  }

  get bufferedBytes(): number {
    return this.#fetcher.bufferedBytes;
  }

  async beginningOffsets(partitions: readonly TopicPartition[]) {
    this.#assertOpen();
    return this.#lookups.beginnings(partitions);
  }

  async endOffsets(partitions: readonly TopicPartition[]) {
    this.#assertOpen();
    return this.#lookups.ends(partitions);
  }

  async offsetsForTimes(
    times: readonly (TopicPartition & { readonly timestamp: number })[],
  ): Promise<(OffsetAndTimestamp | undefined)[]> {
    this.#assertOpen();
    return this.#lookups.forTimes(times);
  }

  async partitionsFor(topic: string): Promise<number[]> {
    this.#assertOpen();
    return this.#lookups.partitionsFor(topic);
  }

  groupMetadata(): GroupMetadata | undefined {
    if (!this.#topics.isManaged) return undefined;
    const { link, identity } = this.#group!.member;
    return { groupId: link.groupId, ...identity, groupInstanceId: this.#settings.groupInstanceId ?? null };
  }

  async close(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    if (this.#closed) return;
    const timeoutMs = options.timeoutMs ?? CLOSE_TIMEOUT_MS;
    this.#closing = true;
    this.wakeup();
    // A handler may be the one that closes: then it cannot be waited for.
    const { lines } = this.#loops;
    if (lines) await settlesWithin(this.#ports.timers, timeoutMs, lines.stop());
    try {
      if (this.#topics.isManaged) {
        await this.#group!.handover.revoke(this.#group!.member.hasLost, timeoutMs);
        await this.#group!.member.leave('the consumer was closed', timeoutMs);
      } else {
        await this.#group?.commits.autoCommitNow(timeoutMs);
      }
    } finally {
      this.#closed = true;
      this.#watchman.stop();
      this.#fetcher.close();
      await this.#cluster.close();
      this.#signal.notify();
    }
  }

  metrics(): ConsumerMetrics {
    const lags = this.assignment().map((where) => this.currentLag(where) ?? 0);
    return {
      'records-consumed-total': this.#interceptors.counts.records,
      'bytes-consumed-total': this.#interceptors.counts.bytes,
      'commit-total': this.#interceptors.counts.commits,
      'rebalance-total': this.#group?.handover.rebalances ?? 0,
      'records-lag-max': lags.reduce((most, lag) => Math.max(most, lag), 0),
      'assigned-partitions': this.#positions.size,
    };
  }

  #assigned({ topic, partition }: TopicPartition): AssignedPartition {
    const entry = this.#positions.get(topic, partition);
    if (!entry) throw illegal(`${partitionText({ topic, partition })} is not assigned to this consumer.`);
    return entry;
  }

  #needMember(what: string): Member {
    if (!this.#group) throw illegal(`To ${what} a consumer needs a group (groupId).`);
    return this.#group.member;
  }

  #assertOpen(): void {
    if (this.#closed) throw new KafkaError('CLIENT_CLOSED');
  }
}

function illegal(message: string): KafkaError {
  return new KafkaError('ILLEGAL_STATE', { message });
}
