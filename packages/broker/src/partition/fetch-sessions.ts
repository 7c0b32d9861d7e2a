// Pure: incremental fetch sessions (KIP-227). A client names its partitions once; later requests carry only changes, and
// answers only partitions with news. Time and random ids come in.
// Always: at most `slotsMax` sessions; a session's epoch is the one its next request must carry; a partition stands once
// in its session, and those that just gave data stand last, so that a full answer starves nobody.
import type { WireError } from '@moldau/protocol/errors';

/** What a request asks of one partition. Offsets and epochs as on the wire (-1: none). */
export interface PartitionWish {
  readonly partition: number;
  readonly currentLeaderEpoch: number;
  readonly fetchOffset: number;
  readonly lastFetchedEpoch: number;
  readonly logStartOffset: number;
  readonly partitionMaxBytes: number;
}

/** One topic of a request: named up to version 12, by id from 13 on. */
export interface TopicWish<Partition> {
  readonly topic: string;
  readonly topicId: string;
  readonly partitions: readonly Partition[];
}

/** A partition being fetched, and what the session last told the client about it. */
export class FetchedPartition {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  currentLeaderEpoch = -1;
  fetchOffset = 0;
  lastFetchedEpoch = -1;
  logStartOffset = -1;
  partitionMaxBytes = 0;
  toldHighWatermark = -1;
  toldLogStartOffset = -1;
  next: FetchedPartition | undefined;
  previous: FetchedPartition | undefined;

  constructor(topic: string, topicId: string, partition: number) {
    this.topic = topic;
    this.topicId = topicId;
    this.partition = partition;
  }

  wish(wish: PartitionWish): void {
    this.currentLeaderEpoch = wish.currentLeaderEpoch;
    this.fetchOffset = wish.fetchOffset;
    this.lastFetchedEpoch = wish.lastFetchedEpoch;
    this.logStartOffset = wish.logStartOffset;
    this.partitionMaxBytes = wish.partitionMaxBytes;
  }
}

/** What an answer says about a partition, as far as a session compares it. */
export interface PartitionNews {
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly logStartOffset: number;
  readonly recordsBytes: number;
  /** The answer names a divergence or another replica: always told. */
  readonly directs: boolean;
}

export interface FetchSession {
  readonly id: number;
  /** Topics of this session are named by id (requests of version 13+). */
  readonly byTopicId: boolean;
  /** A follower's: evicted only for another follower's. */
  readonly privileged: boolean;
  readonly createdAtMs: number;
  lastUsedMs: number;
  /** What the next request must carry. */
  epoch: number;
  readonly partitions: FetchedPartitions;
}

/** What a fetch request turned out to be. */
export type FetchContext =
  | { readonly kind: 'refused'; readonly error: WireError }
  | { readonly kind: 'sessionless'; readonly partitions: FetchedPartitions }
  | { readonly kind: 'full'; readonly partitions: FetchedPartitions; readonly session: FetchSession | undefined }
  | {
      readonly kind: 'incremental';
      readonly partitions: FetchedPartitions;
      readonly session: FetchSession;
      readonly epoch: number;
    };

export interface FetchOpening {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly byTopicId: boolean;
  readonly privileged: boolean;
  readonly topics: readonly TopicWish<PartitionWish>[];
  readonly forgotten: readonly TopicWish<number>[];
  readonly now: number;
}

const NO_SESSION = 0;
const INITIAL_EPOCH = 0;
const FINAL_EPOCH = -1;
/** A session unused, or younger, for this long is safe from (or ripe for) eviction. Kafka's constant. */
const EVICTION_MS = 120_000;

export class FetchSessions {
  readonly #slotsMax: number;
  readonly #randomId: () => number;
  /** In order of last use, oldest first. */
  readonly #sessions = new Map<number, FetchSession>();
  #partitionCount = 0;
  #evictions = 0;

  /** `randomId` draws a positive int32; `slotsMax` is max.incremental.fetch.session.cache.slots. */
  constructor(slotsMax: number, randomId: () => number) {
    this.#slotsMax = slotsMax;
    this.#randomId = randomId;
  }

  get size(): number {
    return this.#sessions.size;
  }

  get partitionCount(): number {
    return this.#partitionCount;
  }

  get evictions(): number {
    return this.#evictions;
  }

  /** Judges a request's session fields and works its changes into the session. */
  open(opening: FetchOpening): FetchContext {
    const { sessionId, sessionEpoch } = opening;
    if (sessionEpoch === INITIAL_EPOCH || sessionEpoch === FINAL_EPOCH) {
      if (sessionId !== NO_SESSION) this.#remove(sessionId);
      const partitions = new FetchedPartitions();
      partitions.update(opening.topics, opening.byTopicId);
      if (sessionEpoch === FINAL_EPOCH) return { kind: 'sessionless', partitions };
      return { kind: 'full', partitions, session: this.#create(opening, partitions) };
    }
    const session = this.#sessions.get(sessionId);
    if (!session) return { kind: 'refused', error: 'FETCH_SESSION_ID_NOT_FOUND' };
    if (session.epoch !== sessionEpoch) return { kind: 'refused', error: 'INVALID_FETCH_SESSION_EPOCH' };
    if (session.byTopicId !== opening.byTopicId) return { kind: 'refused', error: 'FETCH_SESSION_TOPIC_ID_ERROR' };
    const { partitions } = session;
    const before = partitions.size;
    partitions.update(opening.topics, opening.byTopicId);
    partitions.forget(opening.forgotten, opening.byTopicId);
    this.#partitionCount += partitions.size - before;
    if (partitions.size === 0) {
      this.#remove(sessionId);
      return { kind: 'sessionless', partitions };
    }
    session.epoch = nextEpoch(sessionEpoch);
    session.lastUsedMs = opening.now;
    this.#sessions.delete(session.id);
    this.#sessions.set(session.id, session);
    return { kind: 'incremental', partitions, session, epoch: session.epoch };
  }

  /** The session that was just made is told to nobody. */
  close(sessionId: number): void {
    this.#remove(sessionId);
  }

  #remove(sessionId: number): void {
    const session = this.#sessions.get(sessionId);
    if (!session) return;
    this.#sessions.delete(sessionId);
    this.#partitionCount -= session.partitions.size;
  }

  #create(opening: FetchOpening, partitions: FetchedPartitions): FetchSession | undefined {
    if (this.#slotsMax === 0 || partitions.size === 0) return undefined;
    if (this.#sessions.size >= this.#slotsMax && !this.#makeRoom(opening, partitions.size)) return undefined;
    let id = this.#randomId();
    while (id === NO_SESSION || this.#sessions.has(id)) id = this.#randomId();
    const session: FetchSession = {
      id,
      byTopicId: opening.byTopicId,
      privileged: opening.privileged,
      createdAtMs: opening.now,
      lastUsedMs: opening.now,
      epoch: nextEpoch(INITIAL_EPOCH),
      partitions,
    };
    this.#sessions.set(id, session);
    this.#partitionCount += partitions.size;
    return session;
  }

  /** Evicts the session unused longest if it is stale, else the smallest one that is no newcomer and smaller than ours. */
  #makeRoom(opening: FetchOpening, size: number): boolean {
    const oldest: FetchSession | undefined = this.#sessions.values().next().value;
    let victim: FetchSession | undefined;
    if (oldest && opening.now - oldest.lastUsedMs > EVICTION_MS) {
      victim = oldest;
    } else {
      for (const session of this.#sessions.values()) {
        if (opening.now - session.createdAtMs <= EVICTION_MS) continue;
        if (session.privileged && !opening.privileged) continue;
        const cheaper = opening.privileged && !session.privileged ? true : session.partitions.size < size;
        if (!cheaper) continue;
        if (
          !victim ||
          (victim.privileged && !session.privileged) ||
          (victim.privileged === session.privileged && session.partitions.size < victim.partitions.size)
        ) {
          victim = session;
        }
      }
    }
    if (!victim) return false;
    this.#remove(victim.id);
    this.#evictions++;
    return true;
  }
}

/** The epoch after `epoch`: it wraps past int32 to 1, never to the values that open and close sessions. */
export function nextEpoch(epoch: number): number {
  return epoch >= 0x7fff_ffff ? 1 : epoch + 1;
}

/** The partitions of a fetch, in the order in which they are read: a linked list beside a lookup by topic and partition. */
export class FetchedPartitions {
  readonly #byTopic = new Map<string, Map<number, FetchedPartition>>();
  #first: FetchedPartition | undefined;
  #last: FetchedPartition | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Head of the list; follow `next`. */
  get first(): FetchedPartition | undefined {
    return this.#first;
  }

  update(topics: readonly TopicWish<PartitionWish>[], byTopicId: boolean): void {
    for (const topic of topics) {
      const key = byTopicId ? topic.topicId : topic.topic;
      let partitions = this.#byTopic.get(key);
      if (!partitions) {
        partitions = new Map();
        this.#byTopic.set(key, partitions);
      }
      for (const wish of topic.partitions) {
        let partition = partitions.get(wish.partition);
        if (!partition) {
          partition = new FetchedPartition(topic.topic, topic.topicId, wish.partition);
          partitions.set(wish.partition, partition);
          this.#append(partition);
          this.#size++;
        }
        partition.wish(wish);
      }
    }
  }

  forget(topics: readonly TopicWish<number>[], byTopicId: boolean): void {
    for (const topic of topics) {
      const key = byTopicId ? topic.topicId : topic.topic;
      const partitions = this.#byTopic.get(key);
      if (!partitions) continue;
      for (const index of topic.partitions) {
        const partition = partitions.get(index);
        if (!partition) continue;
        partitions.delete(index);
        this.#unlink(partition);
        this.#size--;
      }
      if (partitions.size === 0) this.#byTopic.delete(key);
    }
  }

  /**
   * Whether an incremental answer must speak of this partition; notes what the client will have been told, and puts a
   * partition that gave data last in line.
   */
  tell(partition: FetchedPartition, news: PartitionNews): boolean {
    let told = news.recordsBytes > 0 || news.directs;
    if (news.highWatermark !== partition.toldHighWatermark) {
      told = true;
      partition.toldHighWatermark = news.highWatermark;
    }
    if (news.logStartOffset !== partition.toldLogStartOffset) {
      told = true;
      partition.toldLogStartOffset = news.logStartOffset;
    }
    if (news.errorCode !== 0) {
      told = true;
      // The end of an error is news as well: nothing equals this mark.
      partition.toldHighWatermark = -1;
    }
    if (news.recordsBytes > 0 && partition !== this.#last) {
      this.#unlink(partition);
      this.#append(partition);
    }
    return told;
  }

  #append(partition: FetchedPartition): void {
    partition.previous = this.#last;
    partition.next = undefined;
    if (this.#last) this.#last.next = partition;
    else this.#first = partition;
    this.#last = partition;
  }

  #unlink(partition: FetchedPartition): void {
    if (partition.previous) partition.previous.next = partition.next;
    else this.#first = partition.next;
    if (partition.next) partition.next.previous = partition.previous;
    else this.#last = partition.previous;
    partition.next = undefined;
    partition.previous = undefined;
  }
}
