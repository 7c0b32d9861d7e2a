// Copies partitions from one other broker, all of them in one incremental fetch session (KIP-227). In the flow:
// `replica-manager.ts` gives it the partitions that this broker follows there; answers go through `partition-follower`
// (pure) into the partitions' logs.
//
// One fetch is under way at a time; the next leaves when all that the last one brought is persisted, one sync covering
// everything of a log that came meanwhile. The fetch offset is what the leader counts as safe here, so it never runs ahead
// of our disk (S1). A fetch that finds nothing is parked at the leader; if something of ours changes meanwhile (a new
// partition, a pause that is over), a second one is sent behind it, and the leader answers the first at once.
//
// Always: what an answer says is believed only for the leader epoch and the offset that were asked for (R8); a partition's
// failure pauses that partition, a connection's failure pauses all, and neither stops for good.
//
// Longer than most: a partition is named, busy, paused or gone in one table, and every way from one to another stands here.
import type { BrokerConnection, RequestOf, ResponseOf } from '@moldau/client/connection';
import type { Clock, TimerHandle, Timers } from '@moldau/kernel';
import { errorName, type WireError } from '@moldau/protocol/errors';
import { nextEpoch } from './fetch-sessions.ts';
import type { Partition } from './partition.ts';
import { judgeAnswer } from './partition-follower.ts';

type FetchAnswer = ResponseOf<'Fetch'>;
type PartitionAnswer = FetchAnswer['responses'][number]['partitions'][number];

export interface FetcherSettings {
  readonly replicaFetchMaxBytes: number;
  readonly replicaFetchResponseMaxBytes: number;
  readonly replicaFetchMinBytes: number;
  readonly replicaFetchWaitMaxMs: number;
  readonly replicaFetchBackoffMs: number;
  readonly replicaLagTimeMaxMs: number;
}

export interface FetcherParts {
  readonly nodeId: number;
  readonly leaderId: number;
  /** Read at each use: they may change. */
  readonly settings: FetcherSettings;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Of this run of this broker; undefined while it is not registered. */
  readonly brokerEpoch: () => number | undefined;
  /** Throws where the leader cannot be reached. */
  readonly connect: () => Promise<BrokerConnection>;
  readonly observer: FetcherObserver;
  /** Whether an unclean election allows to drop what was promised. */
  readonly mayLoseCommitted: (partition: Partition) => boolean;
  /** Whether the partition's copying is held back by a quota now (KIP-73). */
  readonly throttled: (partition: Partition) => boolean;
}

/** What people are told. */
export interface FetcherObserver {
  fetchFailed(error: unknown, retryMs: number): void;
  truncated(partition: Partition, offset: number, fromOffset: number): void;
  startedOver(partition: Partition, offset: number, fromOffset: number): void;
  /** Copying stops for good until the next leader epoch. */
  refused(partition: Partition, offset: number): void;
  /** Paused and tried again. */
  appendFailed(partition: Partition, error: unknown): void;
  copied(partition: Partition, bytes: number): void;
}

interface Copy {
  readonly partition: Partition;
  readonly leaderEpoch: number;
  /** Records behind the leader's watermark at the last answer; -1 before the first. */
  lag: number;
  askedOffset: number;
  /** The leader's session holds it. */
  mentioned: boolean;
  retryMs: number;
  retryAtMs: number;
  /** Being persisted or cut. */
  busy: boolean;
}

/** A new picture may reach us a moment before the leader: asked again soon, then ever later. */
const retryMsMin = 20;
/** How often a replica that a throttle holds back looks whether it may go on. */
const throttledMs = 100;
/**
 * How much later than it was to wait a leader may answer: half of the time after which a follower that hears nothing is out of
 * sync. A cut cable closes no connection, and one on which something was lost is tried again by TCP ever more rarely, long
 * after the cable is mended; a new one is there at once.
 */
const answerSlackMsMin = 2_000;
const answerSlackMsMax = 30_000;

export class ReplicaFetcher {
  readonly #p: FetcherParts;
  readonly #copies = new Map<Partition, Copy>();
  /** The same, as answers name them: topic id, index. */
  readonly #byTopic = new Map<string, Map<number, Copy>>();
  /** To be named in the next fetch: new, moved, or to be asked again. */
  readonly #changed = new Set<Copy>();
  readonly #paused = new Set<Copy>();
  /** Named in the session and not copied any more: index by topic id. */
  readonly #forgotten = new Map<string, Set<number>>();
  #session = { id: 0, epoch: 0 };
  /** Fetches sent and not answered. */
  #outstanding = 0;
  #busy = 0;
  #connecting = false;
  #connection: BrokerConnection | undefined;
  #backoffUntilMs = 0;
  #retryMs = 0;
  #timer: TimerHandle | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #kicking = false;
  #closed = false;

  constructor(parts: FetcherParts) {
    this.#p = parts;
  }

  get size(): number {
    return this.#copies.size;
  }

  /** Largest number of records that a partition is behind. */
  get maxLag(): number {
    let max = 0;
    for (const { lag } of this.#copies.values()) max = Math.max(max, lag);
    return max;
  }

  lagOf(partition: Partition): number | undefined {
    const lag = this.#copies.get(partition)?.lag;
    return lag === undefined ? undefined : Math.max(0, lag);
  }

  /** Copies `partition` in its present leader epoch; called anew for each epoch. */
  add(partition: Partition): void {
    const before = this.#copies.get(partition);
    if (before) this.#drop(before);
    const copy: Copy = {
      partition,
      leaderEpoch: partition.leaderEpoch,
      lag: -1,
      askedOffset: -1,
      mentioned: before?.mentioned ?? false,
      retryMs: 0,
      retryAtMs: 0,
      busy: false,
    };
    this.#forgotten.get(partition.topicId)?.delete(partition.index);
    this.#copies.set(partition, copy);
    let ofTopic = this.#byTopic.get(partition.topicId);
    if (!ofTopic) {
      ofTopic = new Map();
      this.#byTopic.set(partition.topicId, ofTopic);
    }
    ofTopic.set(partition.index, copy);
    this.#ready(copy);
  }

  remove(partition: Partition): void {
    const copy = this.#copies.get(partition);
    if (!copy) return;
    this.#copies.delete(partition);
    const ofTopic = this.#byTopic.get(partition.topicId);
    if (ofTopic?.get(partition.index) === copy) ofTopic.delete(partition.index);
    if (ofTopic?.size === 0) this.#byTopic.delete(partition.topicId);
    this.#drop(copy);
    if (!copy.mentioned) return;
    let indexes = this.#forgotten.get(partition.topicId);
    if (!indexes) {
      indexes = new Set();
      this.#forgotten.set(partition.topicId, indexes);
    }
    indexes.add(partition.index);
    // No hurry: the leader sends at most one answer in vain.
  }

  close(): void {
    this.#closed = true;
    if (this.#timer) this.#p.timers.clear(this.#timer);
    this.#copies.clear();
    this.#changed.clear();
    this.#paused.clear();
    this.#connection?.close();
  }

  #drop(copy: Copy): void {
    this.#changed.delete(copy);
    this.#paused.delete(copy);
    if (copy.busy) {
      copy.busy = false;
      this.#busy--;
      // The others waited for it before the next fetch.
      this.#kick();
    }
  }

  /** Its log is on disk up to its end, and wants to hear what comes next. */
  #ready(copy: Copy): void {
    const { log } = copy.partition;
    if (log.persistedEnd < log.endOffset) {
      // After a crash, or of a leader that was: what is counted as safe here has to be.
      this.#persist(copy, log.endOffset);
      log.flush().catch(() => {});
      return;
    }
    this.#changed.add(copy);
    this.#kick();
  }

  /** Looks at the end of this turn whether there is a fetch to send: a picture brings many partitions at once. */
  #kick(): void {
    if (this.#kicking || this.#closed) return;
    this.#kicking = true;
    this.#p.timers.afterTurn(() => {
      this.#kicking = false;
      this.#go();
    });
  }

  #go(): void {
    if (this.#closed || this.#connecting || this.#copies.size === 0) return;
    const now = this.#p.clock.monotonic();
    if (now < this.#backoffUntilMs) {
      this.#arm(this.#backoffUntilMs);
      return;
    }
    this.#resume(now);
    if (this.#outstanding === 0 ? this.#busy > 0 : this.#outstanding > 1 || this.#session.id === 0) return;
    if (this.#outstanding === 1 && this.#changed.size === 0) return;
    const connection = this.#connection;
    if (!connection?.isOpen) {
      if (this.#outstanding === 0) void this.#connect();
      return;
    }
    this.#send(connection, now);
  }

  async #connect(): Promise<void> {
    this.#connecting = true;
    try {
      const connection = await this.#p.connect();
      this.#connection = connection;
      this.#resetSession();
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#connecting = false;
    }
    this.#kick();
  }

  #send(connection: BrokerConnection, now: number): void {
    const { settings, nodeId, leaderId } = this.#p;
    const replicaEpoch = this.#p.brokerEpoch();
    if (replicaEpoch === undefined) {
      this.#backOff(now);
      return;
    }
    const session = this.#session;
    const sessionEpoch = session.epoch;
    const body: RequestOf<'Fetch'> = {
      replicaState: { replicaId: nodeId, replicaEpoch },
      maxWaitMs: settings.replicaFetchWaitMaxMs,
      minBytes: settings.replicaFetchMinBytes,
      maxBytes: settings.replicaFetchResponseMaxBytes,
      isolationLevel: 0,
      sessionId: session.id,
      sessionEpoch,
      topics: this.#wishes(),
      forgottenTopicsData: [...this.#forgotten].map(([topicId, indexes]) => ({ topicId, partitions: [...indexes] })),
      rackId: '',
    };
    this.#forgotten.clear();
    session.epoch = sessionEpoch === 0 ? 1 : nextEpoch(sessionEpoch);
    this.#outstanding++;
    const slackMs = Math.min(Math.max(settings.replicaLagTimeMaxMs / 2, answerSlackMsMin), answerSlackMsMax);
    const timeoutMs = settings.replicaFetchWaitMaxMs + slackMs;
    // The records are lent: appending copies them, so that a copied batch costs no memory of its own on its way.
    const take = (answer: FetchAnswer): void => {
      if (connection !== this.#connection || this.#closed) return;
      this.#outstanding--;
      this.#answered(answer, leaderId);
    };
    connection.sendLent('Fetch', body, take, { newest: 17, timeoutMs }).catch((error: unknown) => {
      if (connection !== this.#connection || this.#closed) return;
      this.#connection = undefined;
      connection.close();
      this.#resetSession();
      this.#failed(error);
      this.#kick();
    });
  }

  #wishes(): RequestOf<'Fetch'>['topics'] {
    const topics = new Map<string, { topicId: string; partitions: WishOnWire[] }>();
    const unsynced: Copy[] = [];
    for (const copy of this.#changed) {
      const { partition } = copy;
      const { log, topicId } = partition;
      // In sync it goes on, or the throttle would take it out of the ISR.
      if (copy.lag !== 0 && this.#p.throttled(partition)) {
        this.#pause(copy, throttledMs);
        continue;
      }
      if (log.persistedEnd < log.endOffset) {
        // The leader counts what we name, so that has to be on the disk (invariant 6): a log start that moved is told at
        // once, and what came with it may still be on its way there.
        unsynced.push(copy);
        continue;
      }
      let topic = topics.get(topicId);
      if (!topic) {
        topic = { topicId, partitions: [] };
        topics.set(topicId, topic);
      }
      copy.askedOffset = log.endOffset;
      copy.mentioned = true;
      topic.partitions.push({
        partition: partition.index,
        currentLeaderEpoch: copy.leaderEpoch,
        fetchOffset: log.endOffset,
        // Of the last record: an epoch in which nothing was written parts from nothing.
        lastFetchedEpoch: log.endOffset > log.startOffset ? log.epochAt(log.endOffset - 1) : -1,
        logStartOffset: log.startOffset,
        partitionMaxBytes: this.#p.settings.replicaFetchMaxBytes,
      });
    }
    this.#changed.clear();
    for (const copy of unsynced) if (!copy.busy) this.#ready(copy);
    return [...topics.values()];
  }

  #answered(answer: FetchAnswer, leaderId: number): void {
    const error = refusalOf(answer.errorCode);
    if (error !== undefined) {
      this.#resetSession();
      // The leader forgot the session, or was started anew: a full fetch puts it right.
      if (error !== 'FETCH_SESSION_ID_NOT_FOUND' && error !== 'INVALID_FETCH_SESSION_EPOCH') {
        this.#failed(new Error(`broker ${leaderId} answered ${error}`));
      }
      this.#kick();
      return;
    }
    this.#retryMs = 0;
    if (this.#session.id === 0) this.#session.id = answer.sessionId;
    for (const { topicId, partitions } of answer.responses) {
      for (const partition of partitions) {
        const copy = this.#find(topicId, partition.partitionIndex);
        if (copy) this.#took(copy, partition);
      }
    }
    this.#kick();
  }

  #find(topicId: string, index: number): Copy | undefined {
    return this.#byTopic.get(topicId)?.get(index);
  }

  #took(copy: Copy, answer: PartitionAnswer): void {
    const { partition } = copy;
    const { log } = partition;
    if (copy.busy || partition.leaderEpoch !== copy.leaderEpoch || partition.offline) return;
    // Asked anew since, from another place: the next answer counts.
    if (copy.askedOffset !== log.endOffset) {
      this.#changed.add(copy);
      return;
    }
    const facts = { error: refusalOf(answer.errorCode), divergingEpoch: answer.divergingEpoch };
    const step = judgeAnswer(
      log,
      { ...facts, logStartOffset: answer.logStartOffset },
      this.#p.mayLoseCommitted(partition),
    );
    switch (step.kind) {
      case 'take':
        this.#take(copy, answer);
        return;
      case 'truncate':
      case 'startOver':
        void this.#cut(copy, step);
        return;
      case 'retry':
        this.#pause(copy);
        return;
      case 'refuse':
        this.#p.observer.refused(partition, step.offset);
        this.#changed.delete(copy);
        return;
    }
  }

  #take(copy: Copy, answer: PartitionAnswer): void {
    const { partition } = copy;
    const { log } = partition;
    const { records } = answer;
    const now = this.#p.clock.now();
    if (records !== null && records.length > 0) {
      const appended = partition.append(records, now);
      if (appended.kind === 'refused') {
        this.#p.observer.appendFailed(partition, new Error(`${appended.error}: ${appended.detail}`));
        this.#pause(copy);
        return;
      }
      this.#p.observer.copied(partition, records.length);
    }
    copy.retryMs = 0;
    copy.lag = Math.max(0, answer.highWatermark - log.endOffset);
    const { startOffset } = log;
    partition.heard(answer.highWatermark, answer.logStartOffset);
    // Somebody may wait for all replicas to begin there (DeleteRecords).
    if (log.startOffset !== startOffset) this.#changed.add(copy);
    if (log.endOffset !== copy.askedOffset) this.#persist(copy, log.endOffset);
  }

  /** Names the partition again once its log is on disk up to `endOffset`. */
  #persist(copy: Copy, endOffset: number): void {
    // One that is waited for already names itself when that is over. Counted twice it would be waited for for ever, and with
    // it every partition of this leader; so would one that is not copied any more.
    if (copy.busy || this.#copies.get(copy.partition) !== copy) return;
    copy.busy = true;
    this.#busy++;
    copy.partition.log.whenPersisted(endOffset, (error) => {
      if (!copy.busy) return;
      copy.busy = false;
      this.#busy--;
      if (error) {
        this.#p.observer.appendFailed(copy.partition, error);
        this.#pause(copy);
      } else {
        this.#changed.add(copy);
        if (this.#busy === 0) this.#kick();
      }
    });
  }

  async #cut(copy: Copy, step: { kind: 'truncate' | 'startOver'; offset: number }): Promise<void> {
    const { partition } = copy;
    const from = partition.log.endOffset;
    copy.busy = true;
    this.#busy++;
    let failure: unknown;
    try {
      if (step.kind === 'truncate') {
        this.#p.observer.truncated(partition, step.offset, from);
        await partition.cut(step.offset, 'from here');
      } else {
        this.#p.observer.startedOver(partition, step.offset, from);
        await partition.cut(step.offset, 'start over');
      }
    } catch (error) {
      failure = error;
    }
    if (!copy.busy) return;
    copy.busy = false;
    this.#busy--;
    if (failure === undefined) this.#ready(copy);
    else {
      this.#p.observer.appendFailed(partition, failure);
      this.#pause(copy);
    }
  }

  #pause(copy: Copy, forMs?: number): void {
    const { replicaFetchBackoffMs } = this.#p.settings;
    if (forMs === undefined) {
      copy.retryMs = Math.min(Math.max(copy.retryMs * 2, retryMsMin), Math.max(retryMsMin, replicaFetchBackoffMs));
    }
    copy.retryAtMs = this.#p.clock.monotonic() + (forMs ?? copy.retryMs);
    this.#changed.delete(copy);
    this.#paused.add(copy);
    this.#arm(copy.retryAtMs);
    this.#kick();
  }

  #resume(now: number): void {
    if (this.#paused.size === 0) return;
    let next = Number.POSITIVE_INFINITY;
    for (const copy of this.#paused) {
      if (copy.retryAtMs > now) next = Math.min(next, copy.retryAtMs);
      else {
        this.#paused.delete(copy);
        // Not simply asked again: what could not be written (a full disk) is in the log and not on the disk.
        if (!copy.partition.offline) this.#ready(copy);
      }
    }
    if (next < Number.POSITIVE_INFINITY) this.#arm(next);
  }

  /** The connection, or the leader as a whole: everything waits. */
  #failed(error: unknown): void {
    if (this.#closed) return;
    this.#backOff(this.#p.clock.monotonic());
    this.#p.observer.fetchFailed(error, this.#retryMs);
  }

  #backOff(now: number): void {
    const { replicaFetchBackoffMs } = this.#p.settings;
    this.#retryMs = Math.min(Math.max(this.#retryMs * 2, retryMsMin), Math.max(retryMsMin, replicaFetchBackoffMs));
    this.#backoffUntilMs = now + this.#retryMs;
    this.#arm(this.#backoffUntilMs);
  }

  /** The next fetch names everything and opens a session. */
  #resetSession(): void {
    this.#session = { id: 0, epoch: 0 };
    this.#outstanding = 0;
    this.#forgotten.clear();
    for (const copy of this.#copies.values()) {
      copy.mentioned = false;
      if (!copy.busy && !this.#paused.has(copy)) this.#changed.add(copy);
    }
  }

  #arm(atMs: number): void {
    if (this.#closed || atMs >= this.#timerAtMs) return;
    if (this.#timer) this.#p.timers.clear(this.#timer);
    this.#timerAtMs = atMs;
    this.#timer = this.#p.timers.set(Math.max(1, Math.ceil(atMs - this.#p.clock.monotonic())), () => {
      this.#timer = undefined;
      this.#timerAtMs = Number.POSITIVE_INFINITY;
      this.#go();
    });
  }
}

type WishOnWire = RequestOf<'Fetch'>['topics'][number]['partitions'][number];

function refusalOf(code: number): WireError | undefined {
  return code === 0 ? undefined : errorName(code);
}
