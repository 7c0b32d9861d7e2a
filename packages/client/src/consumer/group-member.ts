// Carries the membership of one consumer out: finds the coordinator, joins and syncs in the background, keeps heartbeats
// going whatever the application does, leaves. What partitions change hands happens only inside `ensureActive`, which
// poll calls, so that the application is never in the middle of a record then.
// Owns: the membership (a pure machine, membership.ts) and the heartbeat timer.
import type { TimerHandle } from '@moldau/kernel';
import { errorName, type WireError } from '@moldau/protocol';
import type { JoinGroupResponse } from '@moldau/protocol/messages/join-group';
import type { Cluster } from '../cluster/cluster.ts';
import type { Signal } from '../cluster/signal.ts';
import { sleep } from '../cluster/sleep.ts';
import { backoffMs } from '../connection/backoff.ts';
import type { BrokerConnection, SendOptions } from '../connection/broker-connection.ts';
import { asKafkaError, KafkaError } from '../errors.ts';
import { CoordinatorLink } from '../group/coordinator-link.ts';
import type { CONSUMER_SETTINGS } from '../settings/consumer-settings.ts';
import type { SettingsOf } from '../settings/setting.ts';
import { partitionText, type TopicPartition } from '../topic-partition.ts';
import type { Assignor } from './assignors/assignor.ts';
import { decodeAssignment, decodeMember, encodeAssignment, encodeSubscription } from './group-protocol.ts';
import { isAway, type Member, type MemberHooks, type Standing } from './member.ts';
import * as membership from './membership.ts';

/** How much longer than the rebalance may take an answer to JoinGroup is waited for. */
const JOIN_GRACE_MS = 5000;

export class GroupMember implements Member {
  readonly link: CoordinatorLink;
  readonly protocol = 'classic';
  readonly #cluster: Cluster;
  readonly #settings: SettingsOf<typeof CONSUMER_SETTINGS>;
  readonly #assignors: readonly Assignor[];
  readonly #hooks: MemberHooks;
  readonly #signal: Signal;
  #member: membership.Membership = membership.OUTSIDE;
  #joining: Promise<void> | undefined;
  /** Received and not yet taken by poll. */
  #pending: readonly TopicPartition[] | undefined;
  #hasAssignment = false;
  /** Thrown out since the assignment at hand was taken: it is to be handed back as lost, whatever came after. */
  #hasLost = false;
  /** Keeps what it has while it joins (KIP-429). */
  readonly #cooperative: boolean;
  /** What the member had, and in which generation: sticky assignors hear of it. */
  #lastOwned: { partitions: readonly TopicPartition[]; generation: number } = { partitions: [], generation: -1 };
  #fatal: KafkaError | undefined;
  #heartbeatTimer: TimerHandle | undefined;
  /** Of the generation that this member leads: what it shared out, to notice when that changes. */
  #shared: ReadonlyMap<string, number> | undefined;
  #groupTopics: readonly string[] = [];
  /** The topics that the group knows this member to subscribe to. */
  #joinedWith: readonly string[] = [];
  /** Counts joins and leaves, so that what belongs to an earlier one falls away. */
  #era = 0;

  constructor(o: {
    groupId: string;
    cluster: Cluster;
    settings: SettingsOf<typeof CONSUMER_SETTINGS>;
    assignors: readonly Assignor[];
    hooks: MemberHooks;
    signal: Signal;
  }) {
    this.link = new CoordinatorLink(o.cluster, o.groupId);
    this.#cluster = o.cluster;
    this.#settings = o.settings;
    this.#assignors = o.assignors;
    this.#cooperative = o.assignors.every(({ isCooperative }) => isCooperative);
    this.#hooks = o.hooks;
    this.#signal = o.signal;
  }

  /** Why the member is not at work, in words. */
  get trouble(): string {
    if (this.link.trouble) return this.link.trouble;
    if (this.#member.state === 'joining') {
      return `the coordinator, broker ${this.link.coordinator}, has not answered JoinGroup (it waits for the other members, at most for their max.poll.interval.ms)`;
    }
    if (this.#member.state === 'syncing') return 'the leader of the group has not shared the partitions out yet';
    return `${this.#member.rejoin ?? 'a listener of the subscription has not come back'}`;
  }

  /** Undefined: at the moment the group would refuse any commit of this member. */
  get standing(): Standing | undefined {
    const { state, generationId, memberId } = this.#member;
    if (state === 'stable') return { generationId, memberId, isPast: false };
    if (!this.keepsWhileJoining || memberId === '') return undefined;
    return { generationId: this.#lastOwned.generation, memberId, isPast: true };
  }

  /** Cooperative: has partitions, is joining again with them, and has not lost them. */
  get keepsWhileJoining(): boolean {
    return this.#cooperative && this.#hasAssignment && !this.#hasLost && this.#member.state !== 'stable';
  }

  get identity(): { generationId: number; memberId: string } {
    const { generationId, memberId } = this.#member;
    return { generationId, memberId };
  }

  /** Topics of all members, while this one leads. */
  get groupTopics(): readonly string[] {
    return this.#groupTopics;
  }

  /** Joins where need be. True when the member is stable and has taken its partitions; false when the time is over first. */
  async ensureActive(deadline: number, interrupted: () => boolean): Promise<boolean> {
    const { clock, timers } = this.#cluster.ports;
    for (;;) {
      if (this.#fatal) {
        const error = this.#fatal;
        this.#fatal = undefined;
        throw error;
      }
      if (this.#member.state === 'stable' && this.#member.rejoin === undefined) {
        if (this.#pending === undefined) return true;
        if (await this.#handBackLost()) continue;
        const partitions = this.#pending;
        this.#pending = undefined;
        this.#lastOwned = { partitions, generation: this.#member.generationId };
        if (!this.#cooperative || !this.#hasAssignment) {
          this.#hasAssignment = true;
          await this.#hooks.assign(partitions);
        } else {
          await this.#changeTo(partitions);
        }
        continue;
      }
      if (this.#member.state === 'outside' && isAway(this.#hooks, this.#settings)) {
        await this.#handBackLost();
      } else if (!this.#joining) {
        if (this.#hasAssignment && !this.#cooperative) {
          // It has them until they are handed back: it may have to leave before handlers are done with them.
          try {
            await this.#hooks.revoke(this.#hasLost);
          } finally {
            this.#hasAssignment = false;
            this.#hasLost = false;
          }
          continue;
        } else if (this.#hasAssignment && !this.#hasLost) {
          await this.#giveUpUnsubscribed();
        }
        await this.#handBackLost();
        this.#startJoin();
      } else {
        await this.#handBackLost();
      }
      // What a cooperative member has goes on being read while it joins.
      if (this.#cooperative && this.#hasAssignment) return true;
      const leftMs = deadline - clock.monotonic();
      if (leftMs <= 0 || interrupted()) return false;
      await this.#signal.wait(timers, leftMs);
    }
  }

  /** After giving something up the member joins again, so that others get it; also when the application's listener threw. */
  async #changeTo(partitions: readonly TopicPartition[]): Promise<void> {
    const kept = new Set(partitions.map(partitionText));
    const givesUp = this.#hooks.owned().some((where) => !kept.has(partitionText(where)));
    try {
      await this.#hooks.change(partitions);
    } finally {
      if (givesUp) this.requestRejoin('partitions were given up for other members');
    }
  }

  /** True when there was something to hand back. */
  async #handBackLost(): Promise<boolean> {
    if (!this.#hasLost) return false;
    this.#hasLost = false;
    if (!this.#hasAssignment) return false;
    this.#hasAssignment = false;
    this.#lastOwned = { partitions: [], generation: -1 };
    await this.#hooks.revoke(true);
    return true;
  }

  async #giveUpUnsubscribed(): Promise<void> {
    const topics = new Set(this.#hooks.topics());
    const { partitions, generation } = this.#lastOwned;
    const kept = partitions.filter(({ topic }) => topics.has(topic));
    if (kept.length === partitions.length) return;
    this.#lastOwned = { partitions: kept, generation };
    await this.#hooks.change(kept);
  }

  /** What the member has was lost: the group may have given it to others. */
  get hasLost(): boolean {
    return this.#hasLost;
  }

  /** Something changed that the group should know of. */
  requestRejoin(reason: string): void {
    this.#member = membership.askedToRejoin(this.#member, reason);
    this.#signal.notify();
  }

  /** The subscription may have changed: the group hears of it by a new JoinGroup. */
  onSubscription(): void {
    if (this.#member.state !== 'stable' || sameTopics(this.#joinedWith, this.#hooks.topics())) return;
    this.requestRejoin('the subscription has changed');
  }

  /** New metadata: the leader notices topics that grew, appeared or went. */
  onMetadata(): void {
    if (!this.#shared || this.#member.state !== 'stable' || !this.#member.isLeader) return;
    for (const topic of this.#groupTopics) {
      const count = this.#cluster.metadata.topic(topic)?.partitions.length;
      if (count !== this.#shared.get(topic)) {
        this.requestRejoin(
          `topic ${topic} has changed from ${this.#shared.get(topic) ?? 0} to ${count ?? 0} partitions`,
        );
        return;
      }
    }
  }

  /** What an error in an answer to a commit says about the membership. */
  commitRefused(error: WireError): void {
    this.#digest(membership.heartbeatAnswered(this.#member, error));
  }

  /**
   * Leaves the group and forgets the membership. A static member stays in the group until its session ends, which is
   * the point of it.
   */
  async leave(reason: string, timeoutMs: number): Promise<void> {
    const { memberId } = this.#member;
    this.#era++;
    this.#stopHeartbeat();
    this.#joining = undefined;
    this.#pending = undefined;
    this.#hasAssignment = false;
    this.#hasLost = false;
    this.#lastOwned = { partitions: [], generation: -1 };
    this.#shared = undefined;
    this.#groupTopics = [];
    this.#member = membership.OUTSIDE;
    if (memberId !== '' && this.#settings.groupInstanceId === undefined) {
      await this.#sendLeave(memberId, reason, timeoutMs);
    }
  }

  #sendLeave(memberId: string, reason: string, timeoutMs: number): Promise<void> {
    return this.link.part(timeoutMs, (connection, leftMs) => {
      const version = connection.versions.pick('LeaveGroup');
      const members = [{ memberId, groupInstanceId: null, ...(version >= 5 ? { reason } : {}) }];
      const { groupId } = this.link;
      return connection.send('LeaveGroup', version >= 3 ? { groupId, members } : { groupId, memberId }, {
        version,
        timeoutMs: Math.min(leftMs, this.#settings.requestTimeoutMs),
      });
    });
  }

  #startJoin(): void {
    const era = ++this.#era;
    this.#stopHeartbeat();
    const joining = this.#join(era).finally(() => {
      if (this.#joining === joining) this.#joining = undefined;
      this.#signal.notify();
    });
    this.#joining = joining;
  }

  /** Joins and syncs until the member is stable, told to stop, or refused for good. */
  async #join(era: number): Promise<void> {
    const { timers, random } = this.#cluster.ports;
    const pause = { firstMs: this.#settings.retryBackoffMs, maxMs: this.#settings.retryBackoffMaxMs };
    for (let failures = 0; era === this.#era && !this.#cluster.isClosed; ) {
      const verdict = await this.#joinOnce(era).catch((error: unknown) => this.#failed(asKafkaError(error)));
      if (era !== this.#era) return;
      switch (verdict.kind) {
        case 'proceed':
          return;
        case 'fatal':
          return;
        case 'joinAgain':
          failures = 0;
          break;
        case 'coordinatorGone':
        case 'joinLater':
          failures++;
          await sleep(timers, backoffMs(failures, pause, random));
      }
    }
  }

  /** An exception on the way, as the machine sees it. */
  #failed(error: KafkaError): membership.Verdict {
    if (error.retriable) return this.#digest(membership.joinAnswered(this.#member, plain('NETWORK_EXCEPTION')));
    this.#fatal = error;
    return { kind: 'fatal', error: 'UNKNOWN_SERVER_ERROR' };
  }

  async #joinOnce(era: number): Promise<membership.Verdict> {
    const connection = await this.link.connect();
    const topics = this.#hooks.topics();
    this.#joinedWith = topics;
    const reason = this.#member.rejoin;
    this.#member = membership.joinSent(this.#member);
    const { groupInstanceId, sessionTimeoutMs, maxPollIntervalMs } = this.#settings;
    const version = connection.versions.pick('JoinGroup');
    if (groupInstanceId !== undefined && version < 5) throw noStaticMembers();
    const joined = await connection.send(
      'JoinGroup',
      {
        groupId: this.link.groupId,
        sessionTimeoutMs,
        rebalanceTimeoutMs: maxPollIntervalMs,
        memberId: this.#member.memberId,
        groupInstanceId: groupInstanceId ?? null,
        protocolType: 'consumer',
        protocols: this.#assignors.map((assignor) => ({
          name: assignor.name,
          metadata: this.#subscribed(assignor, topics),
        })),
        reason: reason ?? null,
      },
      { version, timeoutMs: this.#joinTimeoutMs },
    );
    if (era !== this.#era) return { kind: 'proceed' };
    const verdict = this.#digest(
      membership.joinAnswered(this.#member, { ...joined, error: errorName(joined.errorCode) }),
    );
    if (verdict.kind !== 'proceed') return verdict;
    return this.#sync(era, connection, joined);
  }

  #subscribed(assignor: Assignor, topics: readonly string[]): Buffer {
    // Sticky is told what the member had when it gave everything up; what was lost is nobody's claim under cooperative.
    const { partitions, generation } = this.#lastOwned;
    const none = this.#cooperative && this.#hasLost;
    return encodeSubscription(assignor, topics, {
      owned: none ? [] : partitions,
      generationId: none ? -1 : generation,
      cooperative: this.#cooperative,
      rackId: this.#settings.clientRack || null,
    });
  }

  async #sync(era: number, connection: BrokerConnection, joined: JoinGroupResponse): Promise<membership.Verdict> {
    const assignments = this.#member.isLeader ? await this.#share(joined) : [];
    if (era !== this.#era) return { kind: 'proceed' };
    const { groupInstanceId } = this.#settings;
    const synced = await connection.send(
      'SyncGroup',
      {
        groupId: this.link.groupId,
        generationId: this.#member.generationId,
        memberId: this.#member.memberId,
        groupInstanceId: groupInstanceId ?? null,
        protocolType: 'consumer',
        protocolName: this.#member.protocol,
        assignments,
      },
      { timeoutMs: this.#joinTimeoutMs },
    );
    if (era !== this.#era) return { kind: 'proceed' };
    const verdict = this.#digest(membership.syncAnswered(this.#member, errorName(synced.errorCode)));
    if (verdict.kind !== 'proceed') return verdict;
    this.#pending = decodeAssignment(synced.assignment);
    this.#armHeartbeat(this.#settings.heartbeatIntervalMs);
    this.onSubscription();
    return verdict;
  }

  /**
   * A rebalance may take as long as its slowest member stays away from poll, and so may an honest answer. But a connection
   * that is dead without saying so must not be trusted for that long: after a session timeout the member asks again on a
   * new one, under the same id, which the coordinator takes for the same wish.
   */
  get #joinTimeoutMs(): number {
    const { requestTimeoutMs, sessionTimeoutMs, maxPollIntervalMs } = this.#settings;
    return Math.min(
      Math.max(requestTimeoutMs, sessionTimeoutMs),
      Math.max(requestTimeoutMs, maxPollIntervalMs + JOIN_GRACE_MS),
    );
  }

  /** The leader's part: every member's share. */
  async #share(joined: JoinGroupResponse): Promise<{ memberId: string; assignment: Buffer }[]> {
    const members = joined.members.map(decodeMember);
    this.#groupTopics = [...new Set(members.flatMap(({ topics }) => topics))];
    const counts = await this.#hooks.partitionCounts(this.#groupTopics);
    this.#shared = counts;
    // A static leader that came back finds its group as it was (KIP-814).
    if (joined.skipAssignment) return [];
    const assignor = this.#assignors.find(({ name }) => name === this.#member.protocol);
    if (!assignor) {
      throw new KafkaError('INCONSISTENT_GROUP_PROTOCOL', {
        message: `The coordinator chose the assignor "${this.#member.protocol}", which this consumer does not have.`,
      });
    }
    const shares = await assignor.assign(members, counts);
    return members.map(({ memberId }) => ({ memberId, assignment: encodeAssignment(shares.get(memberId) ?? []) }));
  }

  #digest([member, verdict]: membership.Step): membership.Verdict {
    const thrownOut = member.lost && !this.#member.lost;
    this.#member = member;
    if (thrownOut) this.#hasLost = this.#hasAssignment;
    if (thrownOut && this.#hasAssignment) this.#hooks.left(member.rejoin ?? 'thrown out');
    if (member.state !== 'stable') this.#pending = undefined;
    if (!member.isLeader) {
      this.#shared = undefined;
      this.#groupTopics = [];
    }
    if (verdict.kind === 'coordinatorGone') this.link.moved();
    if (verdict.kind === 'fatal') this.#fatal = new KafkaError(verdict.error);
    if (member.state === 'outside') this.#stopHeartbeat();
    this.#signal.notify();
    return verdict;
  }

  #armHeartbeat(delayMs: number): void {
    this.#stopHeartbeat();
    this.#heartbeatTimer = this.#cluster.ports.timers.set(delayMs, () => {
      this.#heartbeatTimer = undefined;
      void this.#heartbeat(this.#era);
    });
  }

  #stopHeartbeat(): void {
    if (this.#heartbeatTimer) this.#cluster.ports.timers.clear(this.#heartbeatTimer);
    this.#heartbeatTimer = undefined;
  }

  async #heartbeat(era: number): Promise<void> {
    const { clock } = this.#cluster.ports;
    const { heartbeatIntervalMs, sessionTimeoutMs, requestTimeoutMs, retryBackoffMs } = this.#settings;
    if (isAway(this.#hooks, this.#settings)) {
      await this.#stayedAway();
      return;
    }
    const sentAt = clock.monotonic();
    let nextMs = heartbeatIntervalMs;
    try {
      const connection = await this.link.connect();
      if (era !== this.#era) return;
      const answer = await connection.send(
        'Heartbeat',
        {
          groupId: this.link.groupId,
          generationId: this.#member.generationId,
          memberId: this.#member.memberId,
          groupInstanceId: this.#settings.groupInstanceId ?? null,
        },
        { timeoutMs: Math.min(requestTimeoutMs, sessionTimeoutMs) } satisfies SendOptions,
      );
      if (era !== this.#era) return;
      this.#digest(membership.heartbeatAnswered(this.#member, errorName(answer.errorCode)));
      nextMs = Math.max(0, heartbeatIntervalMs - (clock.monotonic() - sentAt));
    } catch (error) {
      if (era !== this.#era) return;
      this.link.moved();
      nextMs = Math.min(retryBackoffMs, heartbeatIntervalMs);
      if (!asKafkaError(error).retriable) nextMs = heartbeatIntervalMs;
    }
    if (this.#member.state === 'stable') this.#armHeartbeat(nextMs);
  }

  /** poll has not been called for max.poll.interval.ms: others shall have the partitions. The next poll joins again. */
  async #stayedAway(): Promise<void> {
    const { memberId } = this.#member;
    const reason = `the application did not poll for ${this.#settings.maxPollIntervalMs} ms (max.poll.interval.ms)`;
    this.#era++;
    this.#stopHeartbeat();
    this.#pending = undefined;
    this.#hasLost = this.#hasAssignment;
    if (this.#settings.groupInstanceId === undefined) {
      this.#member = membership.left(this.#member, reason);
      await this.#sendLeave(memberId, reason, this.#settings.requestTimeoutMs).catch(() => {});
    } else {
      this.#member = { ...membership.left(this.#member, reason), memberId };
    }
    this.#hooks.left(reason);
    this.#signal.notify();
  }
}

function plain(error: WireError): membership.JoinAnswer {
  return { error, memberId: '', generationId: -1, leader: '', protocolName: null };
}

function noStaticMembers(): KafkaError {
  return new KafkaError('UNSUPPORTED_VERSION', {
    message: 'The broker does not know static members (group.instance.id).',
  });
}

function sameTopics(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && [...a].sort().join() === [...b].sort().join();
}
