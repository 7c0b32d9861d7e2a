// Consumer: the public face, and the loop of poll. The parts: `GroupMember` (who reads what), `StartingPositions` (from
// where), `Fetcher` (reads ahead), `Commits` (remembers how far), `Handover` (partitions changing hands), `ReadingLoops`
// (for await, eachMessage, eachBatch). This file holds what ties them together. Longer than most, because the surface of a
// consumer has some thirty methods of a few lines each.
import type { Ports } from '@moldau/kernel';
import { Cluster, type Interest } from '../cluster/cluster.ts';
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
import { assignorsOf } from './assignors/assignors.ts';
import { Commits } from './commits.ts';
import type { ConsumerApi } from './consumer-api.ts';
import { type ConsumerEventListener, type ConsumerEventName, EventSource } from './consumer-events.ts';
import { ConsumerGroupMember } from './consumer-group-member.ts';
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
import { GroupMember } from './group-member.ts';
import { Handover } from './handover.ts';
import { Interceptors } from './interceptors.ts';
import type { Member, MemberHooks } from './member.ts';
import { OffsetLookups } from './offset-lookups.ts';
import { type AssignedPartition, Positions } from './positions.ts';
import { LOOK_AGAIN_MS, ReadingLoops, type WorkBeside } from './reading-loops.ts';
import { committedOffsets, StartingPositions } from './starting-positions.ts';
import { listenerOf, matched, type Subscription, SubscriptionPattern, subscriptionTo } from './subscription.ts';
import { type Divergence, LogTruncationError, lossOf } from './truncation.ts';
import { Watchman } from './watchman.ts';
import type { WorkLines } from './work-lines.ts';

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
  readonly #member: Member | undefined;
  readonly #commits: Commits | undefined;
  readonly #handover: Handover | undefined;
  readonly #loops: ReadingLoops<K, V>;
  readonly #starting: StartingPositions;
  readonly #questions: TopicQuestions;
  readonly #lookups: OffsetLookups;
  readonly #interceptors: Interceptors<K, V>;
  readonly #signal = new Signal();
  readonly #events = new EventSource(warn);
  readonly #watchman: Watchman;
  #subscription: Subscription = { kind: 'none' };
  /** For the next poll to throw; with `entry`, only while that is assigned as it is. */
  #failure: { readonly error: KafkaError; readonly entry: AssignedPartition | undefined } | undefined;
  #polling = false;
  /** poll has found the member in its group. */
  #active = false;
  #lastPollAt: number;
  #wakeup = false;
  #noted = false;
  #metadataRevision = -1;
  #closed = false;
  #closing = false;

  /** Connects when it is needed. Throws KafkaError INVALID_SETTING. */
  constructor(options: ConsumerOptions<K, V> = {}) {
    const {
      ports = nodePorts,
      keyDeserializer,
      valueDeserializer,
      interceptors = [],
      assignors: own,
      ...given
    } = options;
    const resolved = resolveSettings(CONSUMER_SETTINGS, given);
    const kind = resolved.groupId === undefined ? 'consumer' : `consumer-${resolved.groupId}`;
    const settings = { ...resolved, clientId: resolved.clientId || defaultClientId(kind) };
    checkProtocolSettings(settings.groupProtocol, { ...given, ...(own?.length ? { assignors: own } : {}) });
    this.#settings = settings;
    this.#ports = ports;
    this.#interceptors = new Interceptors(interceptors);
    this.#lastPollAt = ports.clock.monotonic();
    this.#cluster = new Cluster({
      ports,
      settings: { ...settings, frameBytesMax: Math.max(FRAME_BYTES_MAX, settings.fetchMaxBytes * 2) },
      interest: () => this.#interest(),
      autoCreate: () => settings.allowAutoCreateTopics,
      onChange: () => this.#note(),
    });
    const readCommitted = settings.isolationLevel === 'read_committed';
    this.#questions = new TopicQuestions(this.#cluster, settings);
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
        onOutOfRange: (entry) => this.#outOfRange(entry),
        onTruncated: (entry, at) => this.#truncated(entry, at),
        onError: (error) => this.#fail(error),
        onHeard: (entry) => this.#watchman.heard(entry),
      },
      heldBytes: () => this.#loops.lines?.openBytes ?? 0,
    });
    if (settings.groupId !== undefined) {
      const parts = {
        groupId: settings.groupId,
        cluster: this.#cluster,
        settings,
        signal: this.#signal,
        hooks: this.#memberHooks(),
      };
      this.#member =
        settings.groupProtocol === 'consumer'
          ? new ConsumerGroupMember(parts)
          : new GroupMember({
              ...parts,
              assignors: own?.length ? own : assignorsOf(settings.partitionAssignmentStrategy),
            });
      this.#commits = new Commits({
        cluster: this.#cluster,
        member: this.#member,
        positions: this.#positions,
        retry: settings,
        groupInstanceId: settings.groupInstanceId,
        isManaged: () => this.#isManaged,
        autoIntervalMs: settings.enableAutoCommit ? settings.autoCommitIntervalMs : undefined,
        onAutoFailed: (error) => this.#events.emit('commitFailed', { error }),
        onCommitted: (offsets) => this.#interceptors.onCommit(offsets),
      });
      this.#handover = new Handover({
        cluster: this.#cluster,
        positions: this.#positions,
        commits: this.#commits,
        lines: () => this.#loops.lines,
        listener: () => listenerOf(this.#subscription),
        apiTimeoutMs: settings.defaultApiTimeoutMs,
        onChanged: () => this.#fetcher.pump(),
      });
    }
    this.#starting = new StartingPositions({
      cluster: this.#cluster,
      positions: this.#positions,
      settings: { ...settings, readCommitted },
      member: this.#member,
      onError: (error) => this.#fail(error),
      onDone: () => this.#signal.notify(),
    });
    this.#watchman = new Watchman({
      ports,
      settings,
      events: this.#events,
      positions: this.#positions,
      trouble: (entry) => this.#fetcher.trouble(entry),
      outside: () => (this.#isManaged && this.#polling && !this.#active ? this.#member!.trouble : undefined),
      pollIdleMs: () => (this.#isManaged ? this.#pollIdleMs : 0),
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
      poll: (timeoutMs, work) => this.#poll(timeoutMs, work),
      notify: () => this.#signal.notify(),
      life: () => (this.#closed ? 'closed' : this.#closing ? 'closing' : 'open'),
    });
  }

  #memberHooks(): MemberHooks {
    return {
      topics: () => (this.#subscription.kind === 'serverPattern' ? [] : this.subscription()),
      serverPattern: () =>
        this.#subscription.kind === 'serverPattern' ? this.#subscription.pattern.pattern : undefined,
      owned: () => this.#positions.partitions(),
      revoke: (lost) => this.#handover!.revoke(lost),
      assign: (partitions) => this.#handover!.assign(partitions),
      change: (partitions) => this.#handover!.change(partitions),
      partitionCounts: (topics) => this.#partitionCounts(topics),
      pollIdleMs: () => this.#pollIdleMs,
      left: (reason) => this.#events.emit('left', { reason }),
    };
  }

  on<E extends ConsumerEventName>(event: E, listener: ConsumerEventListener<E>): () => void {
    return this.#events.on(event, listener);
  }

  get #pollIdleMs(): number {
    const idleMs = this.#polling ? 0 : this.#ports.clock.monotonic() - this.#lastPollAt;
    return Math.max(idleMs, this.#loops.lines?.longestMs ?? 0);
  }

  subscribe(topics: string | readonly string[] | RegExp | SubscriptionPattern, listener: RebalanceListener = {}): void {
    this.#assertOpen();
    const member = this.#needMember('subscribe');
    if (topics instanceof SubscriptionPattern && member.protocol === 'classic') {
      throw illegal('A SubscriptionPattern needs group.protocol=consumer; with the classic protocol use a RegExp.');
    }
    if (this.#subscription.kind === 'manual') throw illegal('Partitions are assigned by hand; call unsubscribe first.');
    this.#subscription = subscriptionTo(topics, listener);
    this.#matchPattern();
    this.#member!.onSubscription();
    this.#watchman.start();
    this.#cluster.requestRefresh();
  }

  async unsubscribe(): Promise<void> {
    this.#assertOpen();
    if (this.#isManaged) {
      await this.#handover!.revoke(this.#member!.hasLost);
      await this.#member!.leave('the consumer unsubscribed', this.#settings.defaultApiTimeoutMs);
    }
    this.#subscription = { kind: 'none' };
    this.#positions.assign([]);
    this.#fetcher.pump();
  }

  assign(partitions: readonly TopicPartition[]): void {
    this.#assertOpen();
    if (this.#isManaged) throw illegal('The consumer is subscribed; call unsubscribe first.');
    this.#commits?.autoCommitIfDue();
    this.#subscription = partitions.length === 0 ? { kind: 'none' } : { kind: 'manual' };
    this.#positions.assign(partitions);
    this.#watchman.start();
    this.#cluster.requestRefresh();
    this.#note();
  }

  assignment(): TopicPartition[] {
    return this.#positions.partitions();
  }

  subscription(): string[] {
    if (this.#subscription.kind === 'serverPattern') {
      return [...new Set(this.assignment().map(({ topic }) => topic))];
    }
    const { kind } = this.#subscription;
    return kind === 'topics' || kind === 'pattern' ? [...this.#subscription.topics] : [];
  }

  async poll(timeoutMs: number): Promise<ConsumerRecord<K, V>[]> {
    this.#assertAlone();
    const records = await this.#poll(timeoutMs);
    this.#loops.settle();
    this.#watchman.handling('the code after poll()', records.at(-1));
    return records;
  }

  wakeup(): void {
    this.#wakeup = true;
    this.#signal.notify();
  }

  [Symbol.asyncIterator](): AsyncGenerator<ConsumerRecord<K, V>, undefined> {
    this.#assertAlone();
    return this.#loops.records();
  }

  batches(): AsyncGenerator<ConsumerBatch<K, V>, undefined> {
    this.#assertAlone();
    return this.#loops.batches();
  }

  async eachMessage(
    handler: (record: ConsumerRecord<K, V>) => void | Promise<void>,
    options: EachMessageOptions = {},
  ): Promise<void> {
    this.#assertAlone();
    await this.#loops.eachMessage(handler, options);
  }

  async eachBatch(
    handler: (batch: ConsumerBatch<K, V>) => void | Promise<void>,
    options: EachOptions = {},
  ): Promise<void> {
    this.#assertAlone();
    await this.#loops.eachBatch(handler, options);
  }

  #assertAlone(): void {
    this.#assertOpen();
    this.#loops.assertAlone();
  }

  async commitSync(
    offsets: readonly PartitionOffset[] = this.#positions.consumed(),
    options: { readonly timeoutMs?: number } = {},
  ): Promise<void> {
    this.#assertOpen();
    this.#needMember('commit');
    await this.#commits!.commit(offsets, options.timeoutMs ?? this.#settings.defaultApiTimeoutMs);
  }

  commitAsync(offsets: readonly PartitionOffset[] = this.#positions.consumed(), done?: CommitCallback): void {
    this.#assertOpen();
    this.#needMember('commit');
    this.#commits!.commitOnce(offsets).then(
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
    this.#note();
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
    this.#note();
  }

  async position(where: TopicPartition, options: { readonly timeoutMs?: number } = {}): Promise<number> {
    this.#assertOpen();
    const budget = { timeoutMs: options.timeoutMs ?? this.#settings.defaultApiTimeoutMs, what: 'Finding the position' };
    return retrying(this.#ports, this.#settings, budget, async () => {
      await this.#starting.run();
      this.#throwError();
      const { position } = this.#assigned(where);
      if (position === undefined) throw new KafkaError('LEADER_NOT_AVAILABLE', where);
      return position;
    });
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#assertOpen();
    for (const where of partitions) this.#assigned(where).paused = true;
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#assertOpen();
    for (const where of partitions) this.#assigned(where).paused = false;
    this.#note();
  }

  hold(partitions: readonly TopicPartition[]): void {
    this.#assertOpen();
    for (const where of partitions) this.#assigned(where).held = true;
  }

  unhold(partitions: readonly TopicPartition[]): void {
    this.#assertOpen();
    for (const where of partitions) this.#assigned(where).held = false;
    this.#note();
  }

  paused(): TopicPartition[] {
    return [...this.#positions.all()]
      .filter(({ paused }) => paused)
      .map(({ topic, partition }) => ({ topic, partition }));
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
    if (!this.#member || !this.#isManaged) return undefined;
    const { groupInstanceId = null } = this.#settings;
    return { groupId: this.#member.link.groupId, ...this.#member.identity, groupInstanceId };
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
      if (this.#isManaged) {
        await this.#handover!.revoke(this.#member!.hasLost, timeoutMs);
        await this.#member!.leave('the consumer was closed', timeoutMs);
      } else {
        await this.#commits?.autoCommitNow(timeoutMs);
      }
    } finally {
      this.#closed = true;
      this.#watchman.stop();
      this.#fetcher.close();
      await this.#cluster.close();
      this.#signal.notify();
    }
  }

  get #isManaged(): boolean {
    return listenerOf(this.#subscription) !== undefined;
  }

  /** The loop: take part in the group, find positions, hand out what is there, wait for more. */
  async #poll(timeoutMs: number, work?: WorkBeside): Promise<ConsumerRecord<K, V>[]> {
    this.#assertOpen();
    if (this.#polling) throw illegal('poll is running already; a consumer has one reader.');
    if (this.#subscription.kind === 'none') throw illegal('Subscribe to topics or assign partitions first.');
    const { clock, timers } = this.#ports;
    const deadline = clock.monotonic() + Math.max(0, timeoutMs);
    this.#polling = true;
    try {
      for (let first = true; ; first = false) {
        this.#throwIfAsked();
        this.#active = false;
        if (
          this.#isManaged &&
          !(await this.#member!.ensureActive(deadline, () => this.#wakeup || this.#closed || (work?.over() ?? false)))
        ) {
          this.#throwIfAsked();
          return [];
        }
        this.#active = true;
        this.#throwIfAsked();
        // Wrong credentials and the like do not pass by waiting.
        if (this.#cluster.fatal) throw this.#cluster.fatal;
        if (first) this.#commits?.autoCommitIfDue();
        void this.#starting.run();
        const records = this.#collect(work?.lines);
        this.#fetcher.pump();
        const leftMs = deadline - clock.monotonic();
        if (records.length > 0) return this.#interceptors.onConsume(records);
        if (leftMs <= 0 || work?.over()) return records;
        // A round under way notifies when it is over; one that failed is due again after its pause.
        const failedRound = !this.#starting.isRunning && this.#starting.areMissing;
        const pauseMs = failedRound ? Math.max(1, this.#starting.pauseMs) : LOOK_AGAIN_MS;
        await this.#signal.wait(timers, Math.min(leftMs, pauseMs));
      }
    } finally {
      this.#polling = false;
      this.#lastPollAt = clock.monotonic();
    }
  }

  metrics(): ConsumerMetrics {
    const lags = this.assignment().map((where) => this.currentLag(where) ?? 0);
    return {
      'records-consumed-total': this.#interceptors.counts.records,
      'bytes-consumed-total': this.#interceptors.counts.bytes,
      'commit-total': this.#interceptors.counts.commits,
      'rebalance-total': this.#handover?.rebalances ?? 0,
      'records-lag-max': lags.reduce((most, lag) => Math.max(most, lag), 0),
      'assigned-partitions': this.#positions.size,
    };
  }

  #collect(lines: WorkLines | undefined): ConsumerRecord<K, V>[] {
    const { maxPollRecords } = this.#settings;
    if (!lines) return this.#fetcher.collect(maxPollRecords);
    lines.pump();
    // Handlers have this many records at most, one partition half of it, so that a slow one leaves room for others.
    const ofOne = Math.max(1, Math.floor(maxPollRecords / 2));
    const room = Math.max(0, maxPollRecords - lines.openRecords);
    return this.#fetcher.collect(room, (entry) => lines.openRecordsOf(entry) >= ofOne);
  }

  #throwIfAsked(): void {
    this.#assertOpen();
    if (this.#wakeup) {
      this.#wakeup = false;
      throw new KafkaError('WAKEUP');
    }
    this.#throwError();
    for (const topic of this.subscription()) {
      const error = this.#cluster.metadata.topicError(topic);
      if (error === 'INVALID_TOPIC_EXCEPTION' || error === 'TOPIC_AUTHORIZATION_FAILED') {
        throw new KafkaError(error, { topic });
      }
    }
  }

  #throwError(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    // Sought elsewhere since: what was wrong with the old place is nobody's trouble any more.
    if (failure && (!failure.entry || this.#positions.isCurrent(failure.entry))) throw failure.error;
  }

  #fail(error: KafkaError, entry?: AssignedPartition): void {
    this.#failure ??= { error, entry };
    this.#signal.notify();
  }

  /** KIP-320. Where the log is another one from `at` on, it is read from there, as Java does; the reset policy serves when nobody knows where. */
  #truncated(entry: AssignedPartition, at: Divergence | undefined): void {
    const { topic, partition, position = 0, positionEpoch } = entry;
    this.#signal.notify();
    if (lossOf(position, at) === 'unseen') {
      this.#positions.moveTo(entry, position, Math.min(positionEpoch, at!.leaderEpoch));
      return;
    }
    const { autoOffsetReset } = this.#settings;
    if (autoOffsetReset === 'none') {
      const moved = this.#positions.moveTo(entry, position, entry.fetchedEpoch);
      moved.retryAt = this.#ports.clock.monotonic() + this.#settings.retryBackoffMaxMs;
      this.#fail(new LogTruncationError({ topic, partition }, position, at), moved);
      return;
    }
    if (at) this.#positions.moveTo(entry, at.offset, at.leaderEpoch);
    else this.#positions.resetTo(entry, autoOffsetReset);
    this.#events.emit('truncated', { topic, partition, position, divergentOffset: at?.offset });
  }

  #outOfRange(entry: AssignedPartition): void {
    const { topic, partition, fetched } = entry;
    if (this.#settings.autoOffsetReset !== 'none') {
      this.#positions.resetTo(entry, this.#settings.autoOffsetReset);
      this.#signal.notify();
      return;
    }
    this.#fail(
      new KafkaError('OFFSET_OUT_OF_RANGE', {
        message: `${topic}-${partition} does not hold offset ${fetched}, and auto.offset.reset is none.`,
        topic,
        partition,
        offset: fetched,
      }),
      entry,
    );
    entry.retryAt = this.#ports.clock.monotonic() + this.#settings.retryBackoffMaxMs;
  }

  /** For the leader of the group. A topic that is not there is left out, and asked for again with the next metadata. */
  async #partitionCounts(topics: readonly string[]): Promise<Map<string, number>> {
    const missing = topics.filter((topic) => !this.#cluster.metadata.topic(topic));
    if (missing.length > 0) await this.#questions.asking(missing, () => this.#cluster.refresh());
    const counts = new Map<string, number>();
    for (const topic of topics) {
      const known = this.#cluster.metadata.topic(topic);
      if (known) counts.set(topic, known.partitions.length);
    }
    return counts;
  }

  #interest(): Interest {
    // Assignments by a pattern of the coordinator's name topics by id only: any may come.
    if (this.#subscription.kind === 'pattern' || this.#subscription.kind === 'serverPattern') return { kind: 'all' };
    const names = new Set([...this.subscription(), ...(this.#member?.groupTopics ?? []), ...this.#questions.topics()]);
    for (const { topic } of this.#positions.all()) names.add(topic);
    return names.size === 0 ? { kind: 'none' } : { kind: 'topics', names };
  }

  /** Metadata or a connection changed: look at what it means once this turn is over. */
  #note(): void {
    if (this.#noted || this.#closed) return;
    this.#noted = true;
    this.#ports.timers.afterTurn(() => {
      this.#noted = false;
      if (this.#closed) return;
      if (this.#metadataRevision !== this.#cluster.metadata.revision) {
        this.#metadataRevision = this.#cluster.metadata.revision;
        this.#matchPattern();
        this.#member?.onMetadata();
        this.#askAgain();
      }
      this.#fetcher.pump();
      this.#signal.notify();
    });
  }

  #matchPattern(): void {
    if (this.#subscription.kind !== 'pattern') return;
    const { metadata } = this.#cluster;
    this.#subscription = matched(this.#subscription, metadata.topics(), this.#settings.excludeInternalTopics);
    this.#member?.onSubscription();
  }

  /** Topics that are not there yet, or have no leader yet, are asked for again soon and not in five minutes. */
  #askAgain(): void {
    const { metadata } = this.#cluster;
    const names = new Set([...this.subscription(), ...this.#positions.partitions().map(({ topic }) => topic)]);
    for (const name of names) {
      const error = metadata.topicError(name);
      if (error === 'UNKNOWN_TOPIC_OR_PARTITION' || error === 'LEADER_NOT_AVAILABLE') {
        this.#cluster.requestRefresh();
        return;
      }
    }
  }

  #assigned({ topic, partition }: TopicPartition): AssignedPartition {
    const entry = this.#positions.get(topic, partition);
    if (!entry) throw illegal(`${partitionText({ topic, partition })} is not assigned to this consumer.`);
    return entry;
  }

  #needMember(what: string): Member {
    if (!this.#member) throw illegal(`To ${what} a consumer needs a group (groupId).`);
    return this.#member;
  }

  #assertOpen(): void {
    if (this.#closed) throw new KafkaError('CLIENT_CLOSED');
  }
}

function illegal(message: string): KafkaError {
  return new KafkaError('ILLEGAL_STATE', { message });
}
