// Carries a membership of the consumer protocol out (KIP-848): heartbeats in the background, at the pace the coordinator
// wants; what changes hands does so inside `ensureActive`, which poll calls, so that the application is never in the middle
// of a record then. Owns: the membership (a pure machine, consumer-membership.ts) and the heartbeat timer.
import { randomUuid, type TimerHandle } from '@moldau/kernel';
import { errorName, type WireError } from '@moldau/protocol';
import type { Cluster } from '../cluster/cluster.ts';
import type { Signal } from '../cluster/signal.ts';
import { asKafkaError, KafkaError } from '../errors.ts';
import { CoordinatorLink } from '../group/coordinator-link.ts';
import type { CONSUMER_SETTINGS } from '../settings/consumer-settings.ts';
import type { SettingsOf } from '../settings/setting.ts';
import type { TopicPartition } from '../topic-partition.ts';
import * as membership from './consumer-membership.ts';
import { isAway, type Member, type MemberHooks, type Standing } from './member.ts';

export class ConsumerGroupMember implements Member {
  readonly link: CoordinatorLink;
  readonly protocol = 'consumer';
  /** What moves goes through revocation first; nothing is joined again with partitions in hand. */
  readonly keepsWhileJoining = false;
  readonly groupTopics: readonly string[] = [];
  readonly #cluster: Cluster;
  readonly #settings: SettingsOf<typeof CONSUMER_SETTINGS>;
  readonly #hooks: MemberHooks;
  readonly #signal: Signal;
  #member: membership.ConsumerMembership;
  /** Names of topics, by the ids that assignments come with. */
  readonly #names = new Map<string, string>();
  /** Thrown out with partitions in hand: they are to be handed back as lost. */
  #hasLost = false;
  #fatal: KafkaError | undefined;
  #timer: TimerHandle | undefined;
  #beating = false;
  /** Something came up while a heartbeat was under way. */
  #beatAgain = false;
  /** Counts leaves, so that what belongs to an earlier membership falls away. */
  #era = 0;

  constructor(o: {
    groupId: string;
    cluster: Cluster;
    settings: SettingsOf<typeof CONSUMER_SETTINGS>;
    hooks: MemberHooks;
    signal: Signal;
  }) {
    this.link = new CoordinatorLink(o.cluster, o.groupId);
    this.#cluster = o.cluster;
    this.#settings = o.settings;
    this.#hooks = o.hooks;
    this.#signal = o.signal;
    this.#member = membership.newMembership(randomUuid(o.cluster.ports.random));
  }

  get identity(): { generationId: number; memberId: string } {
    const { state, epoch, memberId } = this.#member;
    return state === 'stable' ? { generationId: epoch, memberId } : { generationId: -1, memberId: '' };
  }

  get standing(): Standing | undefined {
    const { state, epoch, memberId } = this.#member;
    return state === 'stable' ? { generationId: epoch, memberId, isPast: false } : undefined;
  }

  get hasLost(): boolean {
    return this.#hasLost;
  }

  get trouble(): string {
    if (this.link.trouble) return this.link.trouble;
    if (this.#member.state === 'joining') {
      return `the coordinator, broker ${this.link.coordinator}, has not answered the heartbeat that joins`;
    }
    if (this.#member.state === 'outside') return this.#member.reason;
    return 'a listener of the subscription has not come back';
  }

  async ensureActive(deadline: number, interrupted: () => boolean): Promise<boolean> {
    const { clock, timers } = this.#cluster.ports;
    for (;;) {
      if (this.#fatal) {
        const error = this.#fatal;
        this.#fatal = undefined;
        throw error;
      }
      if (this.#hasLost) {
        this.#hasLost = false;
        await this.#hooks.revoke(true);
        continue;
      }
      if (this.#member.state === 'outside' && !isAway(this.#hooks, this.#settings)) this.#beatNow();
      if (this.#member.state === 'stable') {
        if (await this.#reconcile()) continue;
        return true;
      }
      const leftMs = deadline - clock.monotonic();
      if (leftMs <= 0 || interrupted()) return false;
      await this.#signal.wait(timers, leftMs);
    }
  }

  onSubscription(): void {
    if (membership.hasNews(this.#member, this.#wishes())) this.#beatNow();
  }

  onMetadata(): void {
    // Topics that an assignment named by id may have their names now.
    if (membership.unreconciled(this.#member)) this.#signal.notify();
  }

  commitRefused(error: WireError): void {
    if (error === 'UNKNOWN_MEMBER_ID' || error === 'FENCED_MEMBER_EPOCH') {
      this.#fenced(membership.outside(this.#member, 'the coordinator refused a commit of it'));
    } else this.#beatNow();
  }

  async leave(_reason: string, timeoutMs: number): Promise<void> {
    const before = this.#member;
    this.#over('it has left the group');
    if (before.state !== 'outside') await this.#sendLeave(before, timeoutMs);
  }

  /** Nothing of the membership goes on. */
  #over(reason: string): void {
    this.#era++;
    this.#stopTimer();
    this.#hasLost = false;
    this.#member = membership.outside(this.#member, reason);
  }

  #sendLeave(member: membership.ConsumerMembership, timeoutMs: number): Promise<void> {
    return this.link.part(timeoutMs, (connection, leftMs) =>
      connection.send('ConsumerGroupHeartbeat', membership.leaveRequest(member, this.#wishes()), {
        timeoutMs: Math.min(leftMs, this.#settings.requestTimeoutMs),
      }),
    );
  }

  #wishes(): membership.Wishes {
    const { groupInstanceId, clientRack, maxPollIntervalMs, groupRemoteAssignor } = this.#settings;
    return {
      groupId: this.link.groupId,
      topics: this.#hooks.topics(),
      pattern: this.#hooks.serverPattern(),
      instanceId: groupInstanceId ?? null,
      rackId: clientRack || null,
      rebalanceTimeoutMs: maxPollIntervalMs,
      assignor: groupRemoteAssignor ?? null,
    };
  }

  /** True when something changed hands. Partitions of topics whose names are not known yet wait for metadata. */
  async #reconcile(): Promise<boolean> {
    const difference = membership.unreconciled(this.#member);
    if (!difference) return false;
    this.#learnNames();
    const next = this.#member.target!.filter(({ topicId }) => this.#names.has(topicId));
    if (next.length < this.#member.target!.length) this.#cluster.requestRefresh();
    const unchanged = next.length === this.#member.owned.length && difference.gone.length === 0;
    if (unchanged) return false;
    const era = this.#era;
    const { epoch } = this.#member;
    try {
      await this.#hooks.change(next.map((where) => this.#named(where)));
    } finally {
      // Fenced meanwhile: what was just taken is lost, as is what was there.
      if (era !== this.#era || this.#member.epoch < epoch) this.#hasLost = true;
      else {
        this.#member = membership.reconciled(this.#member, next);
        this.#beatNow();
      }
    }
    return true;
  }

  #learnNames(): void {
    for (const { id, name } of this.#cluster.metadata.topics()) this.#names.set(id, name);
  }

  #named({ topicId, partition }: membership.IdPartition): TopicPartition {
    return { topic: this.#names.get(topicId)!, partition };
  }

  #stopTimer(): void {
    if (this.#timer) this.#cluster.ports.timers.clear(this.#timer);
    this.#timer = undefined;
  }

  #arm(delayMs: number): void {
    this.#stopTimer();
    this.#timer = this.#cluster.ports.timers.set(delayMs, () => {
      this.#timer = undefined;
      this.#beatNow();
    });
  }

  #beatNow(): void {
    if (this.#cluster.isClosed) return;
    if (this.#beating) {
      this.#beatAgain = true;
      return;
    }
    this.#stopTimer();
    this.#beating = true;
    this.#beatAgain = false;
    void this.#beat(this.#era).finally(() => {
      this.#beating = false;
      if (this.#beatAgain && membership.hasNews(this.#member, this.#wishes())) this.#beatNow();
      this.#signal.notify();
    });
  }

  async #beat(era: number): Promise<void> {
    const { retryBackoffMs, requestTimeoutMs } = this.#settings;
    if (this.#member.state === 'stable' && isAway(this.#hooks, this.#settings)) {
      await this.#stayedAway();
      return;
    }
    let verdict: membership.Verdict;
    try {
      const connection = await this.link.connect();
      const version = connection.versions.find('ConsumerGroupHeartbeat');
      if (version === undefined) throw notOffered('The broker does not offer group.protocol=consumer (KIP-848)');
      if (version < 1 && this.#hooks.serverPattern() !== undefined) {
        throw notOffered('The broker does not know subscriptions by a pattern of its own');
      }
      if (era !== this.#era) return;
      const { member, request, telling } = membership.nextHeartbeat(this.#member, this.#wishes(), version);
      this.#member = member;
      const answer = await connection.send('ConsumerGroupHeartbeat', request, { version, timeoutMs: requestTimeoutMs });
      if (era !== this.#era) return;
      verdict = this.#digest(telling, answer);
    } catch (thrown) {
      if (era !== this.#era) return;
      const error = asKafkaError(thrown);
      this.#member = membership.unheard(this.#member);
      this.link.moved();
      verdict = { kind: 'coordinatorGone' };
      if (!error.retriable) {
        this.#fatal = error;
        this.#member = membership.outside(this.#member, error.message);
        verdict = { kind: 'fatal', error: 'UNKNOWN_SERVER_ERROR' };
      }
    }
    switch (verdict.kind) {
      case 'proceed':
        this.#arm(this.#member.heartbeatIntervalMs);
        return;
      case 'fatal':
      case 'fenced':
        // The next poll joins again, after it has handed back what is lost.
        return;
      default:
        this.#arm(retryBackoffMs);
    }
  }

  #digest(
    telling: membership.Told,
    answer: Omit<membership.HeartbeatAnswer, 'error'> & { errorCode: number; errorMessage: string | null },
  ): membership.Verdict {
    const error = errorName(answer.errorCode);
    const [member, verdict] = membership.answered(this.#member, telling, { ...answer, error });
    switch (verdict.kind) {
      case 'fenced':
        this.#fenced(member);
        break;
      case 'fatal':
        this.#fenced(member);
        this.#fatal =
          verdict.error === 'UNSUPPORTED_VERSION'
            ? notOffered('The cluster does not offer group.protocol=consumer (KIP-848)')
            : new KafkaError(verdict.error, { message: answer.errorMessage });
        break;
      case 'refused':
        this.#fatal = new KafkaError(verdict.error, { message: answer.errorMessage });
        this.#member = member;
        break;
      default:
        this.#member = member;
        if (verdict.kind === 'coordinatorGone') this.link.moved();
    }
    this.#signal.notify();
    return verdict;
  }

  #fenced(member: membership.ConsumerMembership): void {
    const hadSome = this.#member.owned.length > 0;
    this.#member = member;
    this.#stopTimer();
    if (hadSome) {
      this.#hasLost = true;
      this.#hooks.left(member.reason);
    }
    this.#signal.notify();
  }

  /** poll has not been called for max.poll.interval.ms: others shall have the partitions. The next poll joins again. */
  async #stayedAway(): Promise<void> {
    const before = this.#member;
    const reason = `the application did not poll for ${this.#settings.maxPollIntervalMs} ms (max.poll.interval.ms)`;
    this.#over(reason);
    this.#hasLost = before.owned.length > 0;
    this.#hooks.left(reason);
    await this.#sendLeave(before, this.#settings.requestTimeoutMs);
  }
}

function notOffered(what: string): KafkaError {
  return new KafkaError('UNSUPPORTED_VERSION', {
    message: `${what}. Use group.protocol=classic, or a cluster that has the feature group.version 1 (Kafka 4.0 or newer).`,
  });
}
