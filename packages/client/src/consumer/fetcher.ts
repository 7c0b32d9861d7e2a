// Fetches ahead of the application: one request at a time to each broker, for all its partitions that want data, while
// earlier answers are handed out. Acts on `Positions`; what it may hold is bounded in bytes over all partitions and brokers
// (fetch-room.ts, max.buffered.bytes): at the bound nothing more is fetched until polls take something. Whoever has not been
// asked for the longest comes first when there is room again.
import type { TimerHandle } from '@moldau/kernel';
import { errorName, type WireError, ZERO_UUID } from '@moldau/protocol';
import type { FetchResponse } from '@moldau/protocol/messages/fetch';
import type { Cluster } from '../cluster/cluster.ts';
import type { BrokerConnection } from '../connection/broker-connection.ts';
import { KafkaError } from '../errors.ts';
import type { CONSUMER_SETTINGS } from '../settings/consumer-settings.ts';
import type { SettingsOf } from '../settings/setting.ts';
import type { ConsumerRecord } from './consumer-model.ts';
import { FetchRoom } from './fetch-room.ts';
import { FetchSession, SESSION_ERRORS, TOPIC_ID_ERRORS, type WantedPartition } from './fetch-session.ts';
import { FetchedRecords, type ReadSettings } from './fetched-records.ts';
import { PositionCheck } from './position-check.ts';
import type { AssignedPartition, Positions } from './positions.ts';
import { isLeadersBusiness, named, routed } from './read-replica.ts';
import { type Divergence, needsCheck } from './truncation.ts';

/** While a partition of the broker cannot be asked for because its buffer is full, a fetch of the others waits no longer. */
const SHORT_WAIT_MS = 50;
/** How long leaders serve after a nearer replica could not be reached. */
const REPLICA_REST_MS = 10_000;

export interface FetcherEvents {
  /** Data or an error is there to be polled. */
  onReady(): void;
  /** A partition's position is outside the log. */
  onOutOfRange(entry: AssignedPartition): void;
  /** The log that the position was read from is not the leader's any more. `at` undefined: from where on is unknown. */
  onTruncated(entry: AssignedPartition, at: Divergence | undefined): void;
  onError(error: KafkaError): void;
  /** The partition is going to be read from its position, in the topic that metadata has now. */
  onReading(entry: AssignedPartition): void;
  /** The leader answered for the partition: records, or that there are none. */
  onHeard(entry: AssignedPartition): void;
}

interface BrokerFetch {
  readonly session: FetchSession;
  inFlight: boolean;
  sentAt: number;
  /** When the session at hand was begun; sessions are renewed, so that what the broker holds of them cannot stay wrong. */
  sessionSince: number;
}

export class Fetcher<K, V> {
  readonly #cluster: Cluster;
  readonly #positions: Positions;
  readonly #settings: SettingsOf<typeof CONSUMER_SETTINGS>;
  readonly #read: ReadSettings<K, V>;
  readonly #events: FetcherEvents;
  readonly #check: PositionCheck;
  readonly #room: FetchRoom;
  readonly #brokers = new Map<number, BrokerFetch>();
  /** Answers not handed out whole, in the order they came: what makes it fair between partitions. */
  #ready: FetchedRecords<K, V>[] = [];
  /** Nearer replicas whose connection is waited for. */
  readonly #dialing = new Set<number>();
  #noRackUntil = 0;
  #retryTimer: TimerHandle | undefined;
  #closed = false;

  constructor(o: {
    cluster: Cluster;
    positions: Positions;
    settings: SettingsOf<typeof CONSUMER_SETTINGS>;
    read: ReadSettings<K, V>;
    events: FetcherEvents;
    /** Bytes of records that handlers have in hand. */
    heldBytes: () => number;
  }) {
    this.#cluster = o.cluster;
    this.#positions = o.positions;
    this.#settings = o.settings;
    this.#read = o.read;
    this.#events = o.events;
    this.#room = new FetchRoom({
      bytesMax: o.settings.maxBufferedBytes ?? o.settings.fetchMaxBytes,
      partitionBytesMax: o.settings.maxPartitionFetchBytes,
      requestBytesMax: o.settings.fetchMaxBytes,
      heldBytes: o.heldBytes,
    });
    this.#check = new PositionCheck({
      cluster: o.cluster,
      positions: o.positions,
      retryBackoffMs: o.settings.retryBackoffMs,
      onTruncated: (entry, at) => this.#truncated(entry, at),
      onError: (error) => o.events.onError(error),
      onDone: () => this.pump(),
    });
  }

  /** Bytes held that polls have not taken. */
  get bufferedBytes(): number {
    return this.#room.bufferedBytes;
  }

  /** What is held for the application leaves no room: it has to take some first. */
  get isFull(): boolean {
    return this.#room.isFull;
  }

  /** Hands out up to `count` records, none of partitions that are held. Throws KafkaError for a record that cannot be read, when no other came before it. */
  collect(count: number, isHeld?: (entry: AssignedPartition) => boolean): ConsumerRecord<K, V>[] {
    const out: ConsumerRecord<K, V>[] = [];
    const kept: FetchedRecords<K, V>[] = [];
    let index = 0;
    for (; index < this.#ready.length && out.length < count; index++) {
      const fetched = this.#ready[index]!;
      const { entry } = fetched;
      if (!this.#positions.isCurrent(entry)) {
        this.#release(fetched);
        continue;
      }
      if (entry.paused || entry.held || isHeld?.(entry)) {
        kept.push(fetched);
        continue;
      }
      try {
        fetched.take(count - out.length, out);
      } catch (error) {
        // Records of others before it go out first; the error waits at the front.
        if (out.length > 0) break;
        this.#ready = [...kept, ...this.#ready.slice(index)];
        throw error;
      }
      entry.collected = fetched.nextOffset;
      entry.positionEpoch = fetched.leaderEpoch;
      if (fetched.isDone) this.#release(fetched);
      else kept.push(fetched);
    }
    this.#ready = index === this.#ready.length ? kept : [...kept, ...this.#ready.slice(index)];
    return out;
  }

  /** Sends what can be sent now. Call whenever polls took something, metadata or positions changed. */
  pump(): void {
    if (this.#closed) return;
    this.#dropStale();
    const wishes = new Map<number, { wanted: AssignedPartition[]; leftOut: boolean }>();
    const checks = new Map<number, AssignedPartition[]>();
    /** Brokers that answer for something here, now or soon. */
    const serving = new Set<number>();
    const { metadata } = this.#cluster;
    const now = this.#cluster.ports.clock.monotonic();
    let soonestRetry = Number.POSITIVE_INFINITY;
    for (const entry of this.#positions.all()) {
      if (entry.paused) continue;
      const leader = metadata.leaderOf(entry.topic, entry.partition);
      if (entry.position === undefined || entry.fetching || entry.checking) {
        if (leader !== undefined) serving.add(leader);
        continue;
      }
      const node = this.#nodeFor(entry, leader, now);
      if (node === undefined) {
        this.#cluster.requestRefresh();
        continue;
      }
      serving.add(node);
      this.#events.onReading(entry);
      if (entry.retryAt > now) {
        soonestRetry = Math.min(soonestRetry, entry.retryAt);
        continue;
      }
      const leaderEpoch = metadata.partition(entry.topic, entry.partition)?.leaderEpoch ?? -1;
      if (leader !== undefined && needsCheck(entry, leaderEpoch)) {
        const entries = checks.get(leader) ?? [];
        checks.set(leader, entries);
        entries.push(entry);
        continue;
      }
      let wish = wishes.get(node);
      if (!wish) {
        wish = { wanted: [], leftOut: false };
        wishes.set(node, wish);
      }
      // One answer may wait while the next is fetched, not more.
      if (entry.bufferedBytes >= this.#settings.maxPartitionFetchBytes) wish.leftOut = true;
      else wish.wanted.push(entry);
    }
    if (soonestRetry < Number.POSITIVE_INFINITY) this.#armRetry(soonestRetry - now);
    for (const [leader, entries] of checks) this.#check.ask(leader, entries);
    const ready = [...wishes]
      .filter(([node, { wanted }]) => wanted.length > 0 && !this.#brokers.get(node)?.inFlight)
      .sort(([a], [b]) => this.#askedAt(a) - this.#askedAt(b));
    for (const node of this.#room.asked) serving.add(node);
    const share = this.#room.shareOf(serving.size < metadata.brokers.size ? serving.size + 1 : serving.size);
    for (const [node, { wanted, leftOut }] of ready) this.#fetchFrom(node, wanted, leftOut, share);
  }

  #askedAt(nodeId: number): number {
    return this.#brokers.get(nodeId)?.sentAt ?? Number.NEGATIVE_INFINITY;
  }

  #nodeFor(entry: AssignedPartition, leader: number | undefined, now: number): number | undefined {
    const { brokers } = this.#cluster.metadata;
    const { nodeId, replica } = routed(entry.readReplica, leader, now, (node) => brokers.has(node));
    entry.readReplica = replica;
    return nodeId;
  }

  /** Why nothing comes of a partition, in words; asked when nothing has come for long. */
  trouble(entry: AssignedPartition): string {
    if (entry.position === undefined) return 'its starting position has not been found';
    const leader = entry.readReplica?.nodeId ?? this.#cluster.metadata.leaderOf(entry.topic, entry.partition);
    if (leader === undefined) return 'it has no leader, as far as the brokers say';
    const unreachable = this.#cluster.trouble(leader);
    if (unreachable) return unreachable;
    if (entry.lastError) return `the last fetch failed: ${entry.lastError}`;
    if (entry.checking) return `broker ${leader} has not said whether its log still holds the position`;
    const broker = this.#brokers.get(leader);
    if (broker?.inFlight) {
      const waitedMs = Math.round(this.#cluster.ports.clock.monotonic() - broker.sentAt);
      return `broker ${leader} has not answered a fetch for ${waitedMs} ms`;
    }
    return `broker ${leader} has records up to ${entry.highWatermark} and sends none from ${entry.fetched}`;
  }

  close(): void {
    this.#closed = true;
    if (this.#retryTimer) this.#cluster.ports.timers.clear(this.#retryTimer);
    this.#ready = [];
    this.#room.clear();
  }

  #armRetry(delayMs: number): void {
    if (this.#retryTimer) return;
    this.#retryTimer = this.#cluster.ports.timers.set(delayMs, () => {
      this.#retryTimer = undefined;
      this.pump();
    });
  }

  /** Forgets answers of partitions that were moved or taken away. */
  #dropStale(): void {
    if (this.#ready.every(({ entry }) => this.#positions.isCurrent(entry))) return;
    this.#ready = this.#ready.filter((fetched) => {
      if (this.#positions.isCurrent(fetched.entry)) return true;
      this.#release(fetched);
      return false;
    });
  }

  /** Partitions that nothing is handed out of must not starve the others of room: what waits of them is fetched again later. */
  #dropResting(): void {
    for (const fetched of this.#ready.filter(({ entry }) => entry.paused || entry.held)) {
      this.#positions.moveTo(fetched.entry, fetched.entry.position ?? fetched.nextOffset, fetched.entry.positionEpoch);
    }
    this.#dropStale();
  }

  #release(fetched: FetchedRecords<K, V>): void {
    this.#room.release(fetched.bytes);
    fetched.entry.bufferedBytes -= fetched.bytes;
  }

  #fetchFrom(nodeId: number, wanted: readonly AssignedPartition[], leftOut: boolean, share: number): void {
    let broker = this.#brokers.get(nodeId);
    if (!broker) {
      const now = this.#cluster.ports.clock.monotonic();
      broker = { session: new FetchSession(), inFlight: false, sentAt: now, sessionSince: now };
      this.#brokers.set(nodeId, broker);
    }
    let room = this.#room.roomFor(wanted.length, share);
    if (room <= 0 && wanted.some(({ held }) => !held) && this.#ready.some(({ entry }) => entry.paused || entry.held)) {
      this.#dropResting();
      room = this.#room.roomFor(wanted.length, share);
    }
    if (room <= 0) return;
    const connection = this.#cluster.connectionNow(nodeId);
    if (!connection) {
      if (wanted.some(({ readReplica }) => readReplica?.nodeId === nodeId)) this.#awaitReplica(nodeId);
      return;
    }
    if (connection.throttledForMs > 0) {
      this.#armRetry(connection.throttledForMs);
      return;
    }
    broker.inFlight = true;
    this.#room.reserve(nodeId, room);
    broker.sentAt = this.#cluster.ports.clock.monotonic();
    if (broker.sentAt - broker.sessionSince > this.#settings.stallTimeoutMs / 2) {
      broker.session.failed(false);
      broker.sessionSince = broker.sentAt;
    }
    for (const entry of wanted) entry.fetching = true;
    this.#fetch({ nodeId, connection, broker, entries: wanted, maxBytes: room, leftOut })
      .catch((error: unknown) => {
        broker.session.failed(false);
        this.#restReplica(nodeId);
        this.#backOff(wanted);
        if (error instanceof KafkaError && error.retriable) this.#cluster.requestRefresh();
        else
          this.#events.onError(
            error instanceof KafkaError ? error : new KafkaError('UNKNOWN_SERVER_ERROR', { cause: error }),
          );
      })
      .finally(() => {
        broker.inFlight = false;
        this.#room.free(nodeId);
        for (const entry of wanted) entry.fetching = false;
        this.pump();
      });
  }

  /** The connection to a nearer replica is on its way; when it does not come, the leader serves. */
  #awaitReplica(nodeId: number): void {
    if (this.#dialing.has(nodeId)) return;
    this.#dialing.add(nodeId);
    this.#cluster
      .connection(nodeId)
      .catch(() => this.#restReplica(nodeId))
      .finally(() => {
        this.#dialing.delete(nodeId);
        this.pump();
      });
  }

  /**
   * A broker that could not be fetched from. Its leader would name it again at once, as long as it believes it alive: so
   * for a while no rack is told, and leaders serve themselves.
   */
  #restReplica(nodeId: number): void {
    for (const entry of this.#positions.all()) {
      if (entry.readReplica?.nodeId !== nodeId) continue;
      entry.readReplica = undefined;
      this.#noRackUntil = this.#cluster.ports.clock.monotonic() + REPLICA_REST_MS;
    }
  }

  async #fetch(call: FetchCall): Promise<void> {
    const { nodeId, connection, broker, entries, maxBytes, leftOut } = call;
    const { metadata } = this.#cluster;
    const wanted = entries.map((entry): WantedPartition => {
      const topic = metadata.topic(entry.topic);
      return {
        topic: entry.topic,
        partition: entry.partition,
        topicId: topic?.id ?? ZERO_UUID,
        fetchOffset: entry.fetched,
        currentLeaderEpoch: topic?.partitions[entry.partition]?.leaderEpoch ?? -1,
        lastFetchedEpoch: entry.fetchedEpoch,
        maxBytes: this.#settings.maxPartitionFetchBytes,
      };
    });
    // From version 13 topics have only their id; one without rules that out.
    const newest = wanted.some(({ topicId }) => topicId === ZERO_UUID) ? 12 : 17;
    const version = connection.versions.pick('Fetch', newest);
    const useIds = version >= 13;
    const epochs = version >= 12 ? wanted : wanted.map((entry) => ({ ...entry, lastFetchedEpoch: -1 }));
    const session = broker.session.request(epochs, useIds);
    const { fetchMaxWaitMs, fetchMinBytes, isolationLevel } = this.#settings;
    const answer = await connection.send(
      'Fetch',
      {
        replicaId: -1,
        maxWaitMs: leftOut ? Math.min(SHORT_WAIT_MS, fetchMaxWaitMs) : fetchMaxWaitMs,
        minBytes: fetchMinBytes,
        maxBytes,
        isolationLevel: isolationLevel === 'read_committed' ? 1 : 0,
        ...(version >= 7 ? session : FetchSession.sessionless(session)),
        rackId: this.#cluster.ports.clock.monotonic() < this.#noRackUntil ? '' : this.#settings.clientRack,
      },
      { version, timeoutMs: this.#settings.requestTimeoutMs + fetchMaxWaitMs },
    );
    if (this.#closed) return;
    if (answer.errorCode !== 0) {
      const error = errorName(answer.errorCode);
      broker.session.failed(error === 'FETCH_SESSION_ID_NOT_FOUND');
      if (TOPIC_ID_ERRORS.has(error)) {
        this.#backOff(entries);
        this.#cluster.requestRefresh();
      } else if (!SESSION_ERRORS.has(error)) throw new KafkaError(error);
      return;
    }
    if (version >= 7) broker.session.answered(answer.sessionId);
    else broker.session.failed(true);
    this.#cluster.metadata.learnBrokers(answer.nodeEndpoints);
    this.#take(nodeId, answer, entries, useIds ? broker.session : undefined);
  }

  #take(
    from: number,
    answer: FetchResponse,
    entries: readonly AssignedPartition[],
    ids: FetchSession | undefined,
  ): void {
    const now = this.#cluster.ports.clock.monotonic();
    const asked = new Map<string, Map<number, AssignedPartition>>();
    for (const entry of entries) {
      const partitions = asked.get(entry.topic) ?? new Map<number, AssignedPartition>();
      partitions.set(entry.partition, entry);
      asked.set(entry.topic, partitions);
    }
    let somethingReady = false;
    const refused = new Set<AssignedPartition>();
    for (const { topic, topicId, partitions } of answer.responses) {
      const name = ids ? ids.topicOf(topicId) : topic;
      for (const data of partitions) {
        const entry = name === undefined ? undefined : asked.get(name)?.get(data.partitionIndex);
        if (!entry || !this.#positions.isCurrent(entry)) continue;
        if (data.errorCode !== 0) {
          refused.add(entry);
          this.#onPartitionError(from, entry, errorName(data.errorCode), data);
          continue;
        }
        if (data.divergingEpoch.endOffset >= 0) {
          refused.add(entry);
          const { endOffset: offset, epoch: leaderEpoch } = data.divergingEpoch;
          this.#truncated(entry, { offset, leaderEpoch });
          continue;
        }
        entry.lastError = undefined;
        entry.highWatermark = data.highWatermark;
        entry.lastStableOffset = data.lastStableOffset;
        entry.logStartOffset = data.logStartOffset;
        if (!entry.readReplica) {
          entry.readReplica = named(data.preferredReadReplica, from, now, this.#cluster.settings.metadataMaxAgeMs);
        }
        if (!data.records || data.records.length === 0) continue;
        const fetched = new FetchedRecords(entry, data.records, data.abortedTransactions, this.#read);
        const end = FetchedRecords.endOf(data.records, entry);
        entry.fetched = end.offset;
        entry.fetchedEpoch = end.leaderEpoch;
        entry.bufferedBytes += fetched.bytes;
        this.#room.hold(fetched.bytes);
        this.#ready.push(fetched);
        this.#events.onHeard(entry);
        somethingReady = true;
      }
    }
    // Left out of the answer: nothing new there, which is news unless the leader has told of records beyond.
    for (const entry of entries) {
      const { lastStableOffset, highWatermark } = entry;
      const end = this.#read.readCommitted && lastStableOffset >= 0 ? lastStableOffset : highWatermark;
      if (!refused.has(entry) && end >= 0 && entry.fetched >= end) this.#events.onHeard(entry);
    }
    if (somethingReady) this.#events.onReady();
  }

  /** What was read ahead past the divergence goes; the consumer decides where to read on. */
  #truncated(entry: AssignedPartition, at: Divergence | undefined): void {
    this.#events.onTruncated(entry, at);
    this.#dropStale();
  }

  #onPartitionError(
    from: number,
    entry: AssignedPartition,
    error: WireError,
    data: FetchResponse['responses'][number]['partitions'][number],
  ): void {
    const { topic, partition } = entry;
    entry.lastError = error;
    if (entry.readReplica) {
      const again = isLeadersBusiness(entry.readReplica, from, error);
      entry.readReplica = undefined;
      if (again) return;
    }
    switch (error) {
      case 'OFFSET_OUT_OF_RANGE':
        // Records fetched before it may still wait to be polled; then it is asked again.
        if (entry.bufferedBytes === 0) this.#events.onOutOfRange(entry);
        else this.#backOff([entry]);
        return;
      case 'TOPIC_AUTHORIZATION_FAILED':
      case 'CORRUPT_MESSAGE':
        this.#backOff([entry]);
        this.#events.onError(new KafkaError(error, { topic, partition }));
        return;
      default: {
        const { leaderId, leaderEpoch } = data.currentLeader;
        const news = leaderId >= 0 && this.#cluster.metadata.learnLeader(topic, partition, leaderId, leaderEpoch);
        if (news) return;
        this.#backOff([entry]);
        this.#cluster.requestRefresh();
      }
    }
  }

  #backOff(entries: readonly AssignedPartition[]): void {
    const retryAt = this.#cluster.ports.clock.monotonic() + this.#settings.retryBackoffMs;
    for (const entry of entries) entry.retryAt = retryAt;
  }
}

interface FetchCall {
  readonly nodeId: number;
  readonly connection: BrokerConnection;
  readonly broker: BrokerFetch;
  readonly entries: readonly AssignedPartition[];
  readonly maxBytes: number;
  readonly leftOut: boolean;
}
