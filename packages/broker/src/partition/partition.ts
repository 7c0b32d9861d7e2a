// One partition that this broker hosts: its log, its role in the cluster, and who waits for it. The one owner of its high
// watermark and of the way in for records.
// In the flow: handlers/produce places batches and waits with `whenReplicated`; handlers/fetch reads and watches;
// handlers/replica-fetch reads for followers and tells of their progress; the log tells of persisted bytes. As a follower
// it is filled by `fetcher.ts`. What a leader decides is in partition-leader (pure), carried out here.
// Always: high watermark <= log.endOffset; a consumer sees nothing at or past the high watermark; what a producer is told
// is safe lies below it. A role belongs to one leader epoch: every new epoch is a new role, also with the same leader (R6).
import { assert } from '@moldau/kernel';
import type { PartitionState } from '@moldau/metadata';
import type { WireError } from '@moldau/protocol/errors';
import { recordCountOf } from '@moldau/protocol/records/batch-header';
import type { Appended, LogRefusal, PartitionLog } from '@moldau/storage';
import type { TopicSettings } from '../config/topic-settings.ts';
import { type IntakeRefusal, takeIn } from './intake.ts';
import { type GrowthWatcher, type OffsetWaiter, OffsetWaiters } from './parked.ts';
import {
  effectiveMinInSync,
  type FollowerFetch,
  followerFetched,
  type IsrProposal,
  lagTick,
  lead,
  lowWatermark,
  ownLogMoved,
  type PartitionLeader,
  proposalRefused,
  stateSeen,
} from './partition-leader.ts';
import type { ReplicaHost } from './replica-host.ts';
import type { News, ReplicaFeed } from './replica-sessions.ts';
import type { TopicCells } from './topic-cells.ts';

export interface PlaceOptions {
  readonly origin: 'client' | 'coordinator';
  /** Wall-clock milliseconds. */
  readonly now: number;
  /** False below Produce v7. Default true. */
  readonly zstdAllowed?: boolean;
  /** acks=all: refused while fewer replicas are in sync than min.insync.replicas. */
  readonly requireInSync: boolean;
}

/** A "no" that goes on the wire. */
export interface Refused {
  readonly kind: 'refused';
  readonly error: WireError;
  readonly detail: string;
  readonly recordErrors?: IntakeRefusal['recordErrors'];
}

export interface PartitionParts {
  readonly topic: string;
  readonly topicId: string;
  readonly index: number;
  readonly host: ReplicaHost;
  readonly log: PartitionLog;
  readonly state: PartitionState;
  readonly settings: TopicSettings;
  readonly cells: TopicCells;
}

/** Where DeleteRecords waits for the log start of all replicas. */
interface StartWaiter {
  readonly offset: number;
  readonly done: (failure?: 'notLeader') => void;
}

export class Partition {
  readonly topic: string;
  readonly topicId: string;
  readonly index: number;
  readonly log: PartitionLog;
  readonly cells: TopicCells;
  readonly #host: ReplicaHost;
  #state: PartitionState;
  #settings: TopicSettings;
  #closed = false;
  /** Present exactly while this broker leads. */
  #leading: PartitionLeader | undefined;
  /** The log is being cut: whatever role comes next begins when that is over. */
  #cutting = false;
  readonly #waiters = new OffsetWaiters();
  #startWaiters: StartWaiter[] = [];
  readonly #watchers = new Set<GrowthWatcher>();
  /** Followers that copy from here. */
  readonly #feeds = new Set<ReplicaFeed>();
  #sizeTold: number;
  readonly #stopListening: () => void;

  constructor(parts: PartitionParts) {
    this.topic = parts.topic;
    this.topicId = parts.topicId;
    this.index = parts.index;
    this.log = parts.log;
    this.cells = parts.cells;
    this.#host = parts.host;
    this.#settings = parts.settings;
    this.#state = parts.state;
    this.#sizeTold = parts.log.sizeBytes;
    this.#stopListening = this.log.onAdvance(() => this.#persisted());
    this.#takeRole();
  }

  get isLeader(): boolean {
    return this.#leading !== undefined;
  }

  get leaderEpoch(): number {
    return this.#state.leaderEpoch;
  }

  /** Broker id of the leader, -1 none. */
  get leader(): number {
    return this.#state.leader;
  }

  get state(): PartitionState {
    return this.#state;
  }

  /** What this broker knows as the leader; undefined while it is not. For reading. */
  get leading(): Readonly<PartitionLeader> | undefined {
    return this.#leading;
  }

  get settings(): TopicSettings {
    return this.#settings;
  }

  /** The disk under the log failed: nothing can be read or written until a restart. */
  get offline(): boolean {
    return this.log.failure !== undefined;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Producers that wait for their records to be safe. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Fewer replicas in sync than there are replicas (of a partition led here). */
  get underReplicated(): boolean {
    return this.#leading !== undefined && this.#state.isr.length < this.#state.replicas.length;
  }

  /** How far the in-sync set is above min.insync.replicas; negative: acks=all is refused. */
  get minIsrMargin(): number {
    return this.#leading ? this.#leading.isr.length - effectiveMinInSync(this.#leading) : 0;
  }

  /**
   * Whether the high watermark is one that readers may be told as an end: right after an election a leader does not know
   * yet how far the one before had got (invariant 12).
   */
  get endKnown(): boolean {
    return this.#leading === undefined || this.log.highWatermark >= this.#leading.epochStart;
  }

  /** Whether a client that believes in `epoch` (-1: says nothing) may be served; its error otherwise (KIP-320). */
  judgeEpoch(epoch: number): WireError | undefined {
    if (epoch < 0 || epoch === this.#state.leaderEpoch) return undefined;
    return epoch < this.#state.leaderEpoch ? 'FENCED_LEADER_EPOCH' : 'UNKNOWN_LEADER_EPOCH';
  }

  /**
   * Checks a batch and gives it its offsets, at once. Its bytes belong to the log from here on. The records are visible
   * and safe when `whenReplicated(lastOffset + 1)` calls back.
   */
  place(records: Buffer, options: PlaceOptions): Appended | Refused {
    const { now, origin } = options;
    const leading = this.#leading;
    if (!leading) return refuse('NOT_LEADER_OR_FOLLOWER', `${this.log.name} is led by broker ${this.leader}`);
    if (options.requireInSync) {
      const inSync = leading.isr.length;
      const needed = effectiveMinInSync(leading);
      if (inSync < needed) {
        return refuse('NOT_ENOUGH_REPLICAS', `${inSync} replicas in sync, min.insync.replicas is ${needed}`);
      }
    }
    const batch = takeIn(records, {
      settings: this.#settings,
      origin,
      now,
      zstdAllowed: options.zstdAllowed ?? true,
    });
    if (!Buffer.isBuffer(batch)) return batch;
    const appended = this.log.append(batch, { leaderEpoch: leading.leaderEpoch, origin, now, checked: true });
    if (appended.kind === 'appended' && !appended.duplicate) {
      this.cells.bytesIn.value += batch.length;
      this.cells.messagesIn.value += recordCountOf(batch);
      if (this.#feeds.size > 0 || leading.followers.length > 0) {
        ownLogMoved(leading, this.log.endOffset, this.log.persistedEnd, this.#host.now());
        this.#touch('records');
      }
    }
    return appended;
  }

  /** Calls `done` once everything below `endOffset` is safe on every in-sync replica, possibly before this returns. */
  whenReplicated(endOffset: number, done: OffsetWaiter): void {
    if (this.#closed || !this.#leading) done('notLeader');
    else if (this.log.highWatermark >= endOffset) done(this.minIsrMargin < 0 ? 'notEnoughReplicas' : undefined);
    else if (this.offline) done('offline');
    else this.#waiters.add(endOffset, done);
  }

  /** Calls `done` once every replica that lives begins at `offset` or later. */
  whenStartsAt(offset: number, done: StartWaiter['done']): void {
    if (!this.#leading) done('notLeader');
    else if (this.lowWatermark >= offset) done();
    else this.#startWaiters.push({ offset, done });
  }

  /** Forgets a waiter of `whenStartsAt` whose request is over. */
  forgetStartWaiter(done: StartWaiter['done']): void {
    this.#startWaiters = this.#startWaiters.filter((waiter) => waiter.done !== done);
  }

  /** Lowest log start over the replicas that live. */
  get lowWatermark(): number {
    const own = this.log.startOffset;
    return this.#leading ? lowWatermark(this.#leading, own, (id) => this.#host.lives(id)) : own;
  }

  /** The log start was moved up here, as leader: followers hear of it with their next fetch. */
  startMoved(): void {
    this.#touch('records');
    this.#startsMoved();
  }

  /** Tells `watcher` of growth until `unwatch`. */
  watch(watcher: GrowthWatcher): void {
    this.#watchers.add(watcher);
  }

  unwatch(watcher: GrowthWatcher): void {
    this.#watchers.delete(watcher);
  }

  attach(feed: ReplicaFeed): void {
    this.#feeds.add(feed);
  }

  detach(feed: ReplicaFeed): void {
    this.#feeds.delete(feed);
  }

  /** A follower fetched from a log that does not part from ours: its fetch offset counts as persisted there. */
  followerFetched(fetch: FollowerFetch): void {
    const leading = this.#leading;
    if (!leading) return;
    const wish = followerFetched(leading, fetch);
    this.#settled(wish);
    if (this.#startWaiters.length > 0) this.#startsMoved();
  }

  /** Looks for followers that fell behind, and for those that may join after all. */
  checkLag(now: number): void {
    const leading = this.#leading;
    if (!leading || this.offline || leading.followers.length === 0) return;
    leading.lagMaxMs = this.#host.lagMaxMs();
    this.#settled(lagTick(leading, now, (id) => this.#host.lastFetchAtMs(id)));
  }

  /** The controller decided against a wish, or for good cannot decide on it. */
  proposalRefused(wish: IsrProposal): void {
    if (!this.#leading) return;
    proposalRefused(this.#leading, wish, this.#host.now());
    this.#settled(undefined);
  }

  /** Takes batches copied from the leader. */
  append(records: Buffer, now: number): Appended | LogRefusal {
    assert(!this.#leading, `${this.log.name} is led here and not copied`);
    return this.log.append(records, { leaderEpoch: this.#state.leaderEpoch, origin: 'replication', now });
  }

  /** The leader's word on what is safe and where the log begins. */
  heard(highWatermark: number, logStartOffset: number): void {
    const { log } = this;
    const before = log.highWatermark;
    log.advanceHighWatermark(highWatermark);
    if (logStartOffset > log.startOffset && logStartOffset <= log.highWatermark) log.raiseStartOffset(logStartOffset);
    if (log.highWatermark !== before) this.#grown();
  }

  /** Drops what the leader does not have: from `offset` on, or all of it to go on at `offset`. */
  async cut(offset: number, how: 'from here' | 'start over'): Promise<void> {
    assert(!this.#leading && !this.#cutting, `${this.log.name} is copied, and cut once at a time`);
    this.#cutting = true;
    try {
      if (how === 'from here') await this.log.truncateTo(offset);
      else {
        await this.log.truncateFullyAndStartAt(offset);
        // Nothing is deleted at the leader before it is safe: what lies below its start was.
        this.log.advanceHighWatermark(offset);
      }
    } finally {
      this.#cutting = false;
      this.#sizeTold = this.log.sizeBytes;
      if (!this.#closed && this.#state.leader === this.#host.nodeId && !this.#leading) this.#takeRole();
    }
  }

  /** The cluster's view of this partition changed (leader, epoch, ISR, replicas). */
  follow(state: PartitionState): void {
    const before = this.#state;
    if (state === before || isOlder(state, before)) return;
    this.#state = state;
    if (before.leaderEpoch !== state.leaderEpoch || before.leader !== state.leader) {
      this.#takeRole();
      // Who died left the ISR with the election that made us the leader: nobody else is there to tell of it.
      if (this.isLeader && before.isr !== state.isr) this.#host.isrChanged(this, before.isr, state.isr, undefined);
      if (before.leader !== state.leader) this.#failWaiters('notLeader');
      this.#tellChanged();
      return;
    }
    const leading = this.#leading;
    if (!leading) return;
    const { proposal } = leading;
    stateSeen(leading, state, this.#host.now());
    if (before.isr !== state.isr) this.#host.isrChanged(this, before.isr, state.isr, proposal);
    this.#settled(undefined);
    // Fewer than asked for, after the append: said at once and not at the time-out (invariant 4).
    if (this.minIsrMargin < 0) this.#waiters.fail('notEnoughReplicas');
    // Whoever could not join while a change was under way may do so now.
    if (!leading.proposal && state.isr.length < state.replicas.length) this.checkLag(this.#host.now());
  }

  configure(settings: TopicSettings): void {
    if (settings === this.#settings) return;
    this.#settings = settings;
    this.log.configure(settings.log);
    if (!this.#leading) return;
    this.#leading.minInSync = settings.minInsyncReplicas;
    ownLogMoved(this.#leading, this.log.endOffset, this.log.persistedEnd, this.#host.now());
    this.#settled(undefined);
  }

  /** The disk failed: everybody who waits hears of it. */
  goneOffline(): void {
    this.#host.stopCopying(this);
    this.#failWaiters('offline');
    this.#tellChanged();
  }

  /** The partition is no more here: its topic was deleted, its replica moved away, or the broker stops. */
  close(): void {
    this.#closed = true;
    this.#leading = undefined;
    this.#stopListening();
    this.#host.stopCopying(this);
    this.#failWaiters('notLeader');
    this.#tellChanged();
  }

  /** Parked fetches look again at once. */
  wakeFetches(): void {
    this.#tellChanged();
  }

  /** Leads or follows as the state says, from nothing: no knowledge of an earlier epoch is carried over. */
  #takeRole(): void {
    const state = this.#state;
    this.#leading = undefined;
    if (this.#closed || this.offline) return;
    const { latestEpoch } = this.log;
    if (latestEpoch !== undefined && latestEpoch > state.leaderEpoch) {
      // The store that we are told from is older than our records: obeying it would cut them (invariant 9).
      this.#host.stopCopying(this);
      this.#host.epochsWentBack(this, latestEpoch);
      return;
    }
    if (state.leader !== this.#host.nodeId) {
      this.#host.copy(this);
      return;
    }
    this.#host.stopCopying(this);
    // A cut that the last leader ordered is still under way; it takes the role when it is done.
    if (this.#cutting) return;
    const { log } = this;
    log.assignLeaderEpoch(state.leaderEpoch);
    this.#leading = lead({
      facts: this.#host.facts,
      self: this.#host.nodeId,
      state,
      logEnd: log.endOffset,
      persistedEnd: log.persistedEnd,
      highWatermark: log.highWatermark,
      minInSync: this.#settings.minInsyncReplicas,
      lagMaxMs: this.#host.lagMaxMs(),
      now: this.#host.now(),
    });
    // What a follower copied last may not have reached the disk yet.
    if (log.persistedEnd < log.endOffset) log.flush().catch(() => {});
    this.#settled(undefined);
    this.#touch('records');
  }

  #persisted(): void {
    const leading = this.#leading;
    if (!leading) return;
    const { log } = this;
    ownLogMoved(leading, log.endOffset, log.persistedEnd, this.#host.now());
    this.#settled(undefined);
  }

  /** Carries out what the machine decided: the one place where a leader's watermark and wishes take effect. */
  #settled(wish: IsrProposal | undefined): void {
    const leading = this.#leading;
    if (!leading) return;
    const { log } = this;
    if (leading.highWatermark > log.highWatermark) {
      log.advanceHighWatermark(leading.highWatermark);
      this.#waiters.release(log.highWatermark, this.minIsrMargin < 0 ? 'notEnoughReplicas' : undefined);
      this.#grown();
      this.#touch('watermark');
    }
    if (wish) this.#host.propose(this, wish);
  }

  /** More can be read. */
  #grown(): void {
    const grownBytes = Math.max(1, this.log.sizeBytes - this.#sizeTold);
    this.#sizeTold = this.log.sizeBytes;
    for (const watcher of this.#watchers) watcher.grown(grownBytes);
  }

  #touch(news: News): void {
    for (const feed of this.#feeds) feed.touch(news);
  }

  #startsMoved(): void {
    if (this.#startWaiters.length === 0) return;
    const low = this.lowWatermark;
    const ready = this.#startWaiters.filter(({ offset }) => offset <= low);
    if (ready.length === 0) return;
    this.#startWaiters = this.#startWaiters.filter(({ offset }) => offset > low);
    for (const { done } of ready) done();
  }

  #failWaiters(failure: 'offline' | 'notLeader'): void {
    this.#waiters.fail(failure);
    for (const { done } of this.#startWaiters.splice(0)) done('notLeader');
  }

  #tellChanged(): void {
    for (const watcher of [...this.#watchers]) watcher.changed();
    this.#touch('records');
  }
}

/** The controller's answer to a wish can be here before the picture that holds it. */
function isOlder(state: PartitionState, than: PartitionState): boolean {
  if (state.leaderEpoch !== than.leaderEpoch) return state.leaderEpoch < than.leaderEpoch;
  return state.partitionEpoch < than.partitionEpoch;
}

function refuse(error: WireError, detail: string): Refused {
  return { kind: 'refused', error, detail };
}
