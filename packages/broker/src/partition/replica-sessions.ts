// The leader's side of replication: what each follower copies from this broker, and which of it has news.
// Pure: time and random ids come in. In the flow: `handlers/replica-fetch.ts` opens a session per follower's fetcher and
// answers from its news; a partition touches its feeds when it grows, when its high watermark or log start moves, or when
// it is led anew. So a fetch costs what changed, not what there is: ten thousand idle partitions cost nothing.
// Always: a feed stands in the queue of news at most once; a session has at most one fetch parked; what a fetch did not
// have room for stays in the queue, in order, so that nobody starves. Bound: one session per follower's fetcher; a fetcher
// that opens a new one ends its old one, and a session unused for `idleMsMax` is forgotten.
import type { WireError } from '@moldau/protocol/errors';
import { nextEpoch, type PartitionWish, type TopicWish } from './fetch-sessions.ts';

/** What a feed hangs on: the partition of this broker that it is fed from. */
export interface FedPartition {
  attach(feed: ReplicaFeed): void;
  detach(feed: ReplicaFeed): void;
}

/** How soon a follower should hear: records at once, a mere watermark soon. */
export type News = 'records' | 'watermark';

/** One partition in one follower's session. */
export class ReplicaFeed {
  readonly session: ReplicaSession;
  readonly topicId: string;
  readonly index: number;
  currentLeaderEpoch = -1;
  fetchOffset = 0;
  lastFetchedEpoch = -1;
  logStartOffset = -1;
  bytesMax = 0;
  toldHighWatermark = -1;
  toldLogStartOffset = -1;
  /** Told an error last: the end of it is news. */
  toldError = false;
  queued = false;
  /** Records went out: until the follower says where it is now, there is nothing to say. */
  awaitsOffset = false;
  partition: FedPartition | undefined;

  constructor(session: ReplicaSession, topicId: string, index: number) {
    this.session = session;
    this.topicId = topicId;
    this.index = index;
  }

  /** There may be something to tell. */
  touch(news: News): void {
    if (!this.awaitsOffset) this.session.touched(this, news);
  }

  wish(wish: PartitionWish): void {
    this.awaitsOffset = false;
    this.currentLeaderEpoch = wish.currentLeaderEpoch;
    this.fetchOffset = wish.fetchOffset;
    this.lastFetchedEpoch = wish.lastFetchedEpoch;
    this.logStartOffset = wish.logStartOffset;
    this.bytesMax = wish.partitionMaxBytes;
  }

  /** Hangs on `partition` from now on, and on nothing else. */
  feedFrom(partition: FedPartition | undefined): void {
    if (this.partition === partition) return;
    this.partition?.detach(this);
    this.partition = partition;
    partition?.attach(this);
  }
}

export class ReplicaSession {
  readonly id: number;
  readonly brokerId: number;
  readonly brokerEpoch: number;
  /** What the next request must carry. */
  epoch = 1;
  /** Monotonic ms. */
  lastFetchAtMs: number;
  /** Called at the first news while a fetch is parked. */
  onNews: ((news: News) => void) | undefined;
  readonly #feeds = new Map<string, Map<number, ReplicaFeed>>();
  #size = 0;
  #news: ReplicaFeed[] = [];
  #closed = false;

  constructor(id: number, brokerId: number, brokerEpoch: number, now: number) {
    this.id = id;
    this.brokerId = brokerId;
    this.brokerEpoch = brokerEpoch;
    this.lastFetchAtMs = now;
  }

  /** Partitions copied through it. */
  get size(): number {
    return this.#size;
  }

  /** Over: what is parked is answered with what there is. */
  get closed(): boolean {
    return this.#closed;
  }

  get hasNews(): boolean {
    return this.#news.length > 0;
  }

  /** Adds what a request names, or changes what is wanted of it. Answers those named. */
  update(topics: readonly TopicWish<PartitionWish>[], forgotten: readonly TopicWish<number>[]): ReplicaFeed[] {
    for (const { topicId, partitions } of forgotten) {
      const feeds = this.#feeds.get(topicId);
      for (const index of partitions) {
        const feed = feeds?.get(index);
        if (!feed) continue;
        feeds!.delete(index);
        this.#size--;
        feed.feedFrom(undefined);
      }
      if (feeds?.size === 0) this.#feeds.delete(topicId);
    }
    const named: ReplicaFeed[] = [];
    for (const { topicId, partitions } of topics) {
      let feeds = this.#feeds.get(topicId);
      if (!feeds) {
        feeds = new Map();
        this.#feeds.set(topicId, feeds);
      }
      for (const wish of partitions) {
        let feed = feeds.get(wish.partition);
        if (!feed) {
          feed = new ReplicaFeed(this, topicId, wish.partition);
          feeds.set(wish.partition, feed);
          this.#size++;
        }
        feed.wish(wish);
        named.push(feed);
      }
    }
    return named;
  }

  touched(feed: ReplicaFeed, news: News): void {
    if (this.#closed) return;
    if (!feed.queued) {
      feed.queued = true;
      this.#news.push(feed);
    }
    this.onNews?.(news);
  }

  /** The feeds with news, in order; the caller puts back (`touch`) what it could not serve. */
  takeNews(): ReplicaFeed[] {
    const news = this.#news;
    this.#news = [];
    const wanted: ReplicaFeed[] = [];
    for (const feed of news) {
      feed.queued = false;
      if (this.#feeds.get(feed.topicId)?.get(feed.index) === feed) wanted.push(feed);
    }
    return wanted;
  }

  close(): void {
    this.#closed = true;
    for (const feeds of this.#feeds.values()) for (const feed of feeds.values()) feed.feedFrom(undefined);
    this.#feeds.clear();
    this.#news = [];
    this.#size = 0;
    this.onNews?.('records');
  }
}

/** A follower that has not fetched for this long opens a new session when it comes back. */
const idleMsMax = 120_000;

export class ReplicaSessions {
  readonly #randomId: () => number;
  readonly #sessions = new Map<number, ReplicaSession>();

  /** `randomId` draws a positive int32. */
  constructor(randomId: () => number) {
    this.#randomId = randomId;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Judges the session fields of a replica's fetch. `epoch` 0 opens a session. */
  open(o: {
    readonly sessionId: number;
    readonly sessionEpoch: number;
    readonly brokerId: number;
    readonly brokerEpoch: number;
    readonly now: number;
  }): ReplicaSession | WireError {
    if (o.sessionEpoch === 0) {
      this.#end(o.sessionId);
      this.#endStale(o.brokerId, o.brokerEpoch, o.now);
      let id = this.#randomId();
      while (id === 0 || this.#sessions.has(id)) id = this.#randomId();
      const session = new ReplicaSession(id, o.brokerId, o.brokerEpoch, o.now);
      this.#sessions.set(id, session);
      return session;
    }
    const session = this.#sessions.get(o.sessionId);
    if (!session || session.brokerId !== o.brokerId) return 'FETCH_SESSION_ID_NOT_FOUND';
    if (session.brokerEpoch !== o.brokerEpoch) {
      // Another run of that broker: what the session believes of its log is not true any more (KIP-903).
      this.#end(session.id);
      return 'FETCH_SESSION_ID_NOT_FOUND';
    }
    if (session.epoch !== o.sessionEpoch) return 'INVALID_FETCH_SESSION_EPOCH';
    session.epoch = nextEpoch(session.epoch);
    session.lastFetchAtMs = o.now;
    return session;
  }

  /** When a follower was last heard of, over all its fetchers; 0 when it never was. */
  lastFetchAtMs(brokerId: number): number {
    let last = 0;
    for (const session of this.#sessions.values()) {
      if (session.brokerId === brokerId) last = Math.max(last, session.lastFetchAtMs);
    }
    return last;
  }

  /** Wakes what is parked, for the stop of the broker. */
  close(): void {
    for (const id of [...this.#sessions.keys()]) this.#end(id);
  }

  #end(id: number): void {
    const session = this.#sessions.get(id);
    this.#sessions.delete(id);
    session?.close();
  }

  /** Sessions of earlier runs of this broker, and those that nobody used for long. */
  #endStale(brokerId: number, brokerEpoch: number, now: number): void {
    for (const session of [...this.#sessions.values()]) {
      const replaced = session.brokerId === brokerId && session.brokerEpoch < brokerEpoch;
      if (replaced || now - session.lastFetchAtMs > idleMsMax) this.#end(session.id);
    }
  }
}
