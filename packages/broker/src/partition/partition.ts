// One partition that this broker hosts: its log, its place in the cluster, and who waits for it. The one owner of its
// high watermark and of the way in for records.
// In the flow: handlers/produce places batches and waits with `whenReplicated`; handlers/fetch reads and watches; the log
// tells of persisted bytes, which moves the high watermark, which releases both.
// Always: high watermark <= log.persistedEnd <= log.endOffset; a consumer sees nothing at or past the high watermark;
// what a producer is told is safe lies below it. With one replica the in-sync set is this broker alone, so the high
// watermark is what this log has persisted.
import type { PartitionState } from '@moldau/metadata';
import type { WireError } from '@moldau/protocol/errors';
import { recordCountOf } from '@moldau/protocol/records/batch-header';
import type { Appended, PartitionLog } from '@moldau/storage';
import type { TopicSettings } from '../config/topic-settings.ts';
import { type IntakeRefusal, takeIn } from './intake.ts';
import { type GrowthWatcher, type OffsetWaiter, OffsetWaiters } from './parked.ts';
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
  readonly nodeId: number;
  readonly log: PartitionLog;
  readonly state: PartitionState;
  readonly settings: TopicSettings;
  readonly cells: TopicCells;
}

export class Partition {
  readonly topic: string;
  readonly topicId: string;
  readonly index: number;
  readonly log: PartitionLog;
  readonly cells: TopicCells;
  readonly #nodeId: number;
  #state: PartitionState;
  #settings: TopicSettings;
  #closed = false;
  readonly #waiters = new OffsetWaiters();
  readonly #watchers = new Set<GrowthWatcher>();
  #sizeTold: number;
  readonly #stopListening: () => void;

  constructor(parts: PartitionParts) {
    this.topic = parts.topic;
    this.topicId = parts.topicId;
    this.index = parts.index;
    this.log = parts.log;
    this.cells = parts.cells;
    this.#nodeId = parts.nodeId;
    this.#settings = parts.settings;
    this.#state = parts.state;
    this.#sizeTold = parts.log.sizeBytes;
    if (this.isLeader) this.log.assignLeaderEpoch(this.#state.leaderEpoch);
    this.#stopListening = this.log.onAdvance(() => this.#persisted());
    this.#persisted();
  }

  get isLeader(): boolean {
    return this.#state.leader === this.#nodeId;
  }

  get leaderEpoch(): number {
    return this.#state.leaderEpoch;
  }

  /** Broker id of the leader, -1 none. */
  get leader(): number {
    return this.#state.leader;
  }

  get settings(): TopicSettings {
    return this.#settings;
  }

  /** The disk under the log failed: nothing can be read or written until a restart. */
  get offline(): boolean {
    return this.log.failure !== undefined;
  }

  /** Producers that wait for their records to be safe. */
  get waiting(): number {
    return this.#waiters.size;
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
    if (!this.isLeader) return refuse('NOT_LEADER_OR_FOLLOWER', `${this.log.name} is led by broker ${this.leader}`);
    const { minInsyncReplicas } = this.#settings;
    if (options.requireInSync && this.#state.isr.length < minInsyncReplicas) {
      const inSync = this.#state.isr.length;
      return refuse('NOT_ENOUGH_REPLICAS', `${inSync} replicas in sync, min.insync.replicas is ${minInsyncReplicas}`);
    }
    const batch = takeIn(records, {
      settings: this.#settings,
      origin,
      now,
      zstdAllowed: options.zstdAllowed ?? true,
    });
    if (!Buffer.isBuffer(batch)) return batch;
    const appended = this.log.append(batch, { leaderEpoch: this.#state.leaderEpoch, origin, now, checked: true });
    if (appended.kind === 'appended' && !appended.duplicate) {
      this.cells.bytesIn.value += batch.length;
      this.cells.messagesIn.value += recordCountOf(batch);
    }
    return appended;
  }

  /** Calls `done` once everything below `endOffset` is safe on every in-sync replica, possibly before this returns. */
  whenReplicated(endOffset: number, done: OffsetWaiter): void {
    if (this.#closed) done('notLeader');
    else if (this.log.highWatermark >= endOffset) done();
    else if (this.offline) done('offline');
    else this.#waiters.add(endOffset, done);
  }

  /** Tells `watcher` of growth until `unwatch`. */
  watch(watcher: GrowthWatcher): void {
    this.#watchers.add(watcher);
  }

  unwatch(watcher: GrowthWatcher): void {
    this.#watchers.delete(watcher);
  }

  /** The metadata changed: another leader, epoch or in-sync set. */
  follow(state: PartitionState): void {
    const before = this.#state;
    this.#state = state;
    if (this.isLeader && before.leaderEpoch !== state.leaderEpoch) this.log.assignLeaderEpoch(state.leaderEpoch);
    if (before.leader !== state.leader) {
      this.#waiters.fail('notLeader');
      this.#tellChanged();
    }
  }

  configure(settings: TopicSettings): void {
    if (settings === this.#settings) return;
    this.#settings = settings;
    this.log.configure(settings.log);
  }

  /** The disk failed: everybody who waits hears of it. */
  goneOffline(): void {
    this.#waiters.fail('offline');
    this.#tellChanged();
  }

  /** The partition is no more here (its topic was deleted). */
  close(): void {
    this.#closed = true;
    this.#stopListening();
    this.#waiters.fail('notLeader');
    this.#tellChanged();
  }

  #persisted(): void {
    if (!this.isLeader) return;
    const { log } = this;
    if (log.persistedEnd <= log.highWatermark) return;
    log.advanceHighWatermark(log.persistedEnd);
    const grownBytes = Math.max(1, log.sizeBytes - this.#sizeTold);
    this.#sizeTold = log.sizeBytes;
    this.#waiters.release(log.highWatermark);
    for (const watcher of this.#watchers) watcher.grown(grownBytes);
  }

  /** Parked fetches look again at once. */
  wakeFetches(): void {
    this.#tellChanged();
  }

  #tellChanged(): void {
    for (const watcher of [...this.#watchers]) watcher.changed();
  }
}

function refuse(error: WireError, detail: string): Refused {
  return { kind: 'refused', error, detail };
}
