// Commits of offsets, with and without waiting, and the automatic ones. Automatic commits happen only when poll is
// entered (and at revocation and close), so they never cover a record that the application has not come back from.
import { type WireError, ZERO_UUID } from '@moldau/protocol';
import type { Cluster } from '../cluster/cluster.ts';
import { type RetrySettings, retrying } from '../cluster/retry.ts';
import { sleep } from '../cluster/sleep.ts';
import { asKafkaError, KafkaError } from '../errors.ts';
import {
  commitOutcomes,
  commitRequest,
  OFFSET_COMMIT_BY_ID,
  OFFSET_COMMIT_NEWEST,
} from '../group/committed-offsets.ts';
import type { PartitionOffset } from './consumer-model.ts';
import type { Member, Standing } from './member.ts';
import type { Positions } from './positions.ts';

const OUTSIDE_OF_GROUPS: Standing = { generationId: -1, memberId: '', isPast: false };

/** By name; undefined when one is not known, and names must do. */
type TopicIds = ReadonlyMap<string, string> | undefined;

/** What the coordinator says to a generation that is over; the join under way hears the truth about the membership. */
const PAST_ERRORS: ReadonlySet<WireError> = new Set([
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'REBALANCE_IN_PROGRESS',
]);

export class Commits {
  readonly #cluster: Cluster;
  readonly #member: Member;
  readonly #positions: Positions;
  readonly #retry: RetrySettings;
  readonly #groupInstanceId: string | undefined;
  /** False for partitions assigned by hand: the group then has no generation. */
  readonly #isManaged: () => boolean;
  readonly #autoIntervalMs: number | undefined;
  readonly #onAutoFailed: (error: KafkaError) => void;
  readonly #onCommitted: (offsets: readonly PartitionOffset[]) => void;
  #nextAutoAt: number;
  #autoUnderWay = false;

  constructor(o: {
    cluster: Cluster;
    member: Member;
    positions: Positions;
    retry: RetrySettings;
    groupInstanceId: string | undefined;
    isManaged: () => boolean;
    /** Undefined: no automatic commits. */
    autoIntervalMs: number | undefined;
    onAutoFailed: (error: KafkaError) => void;
    onCommitted: (offsets: readonly PartitionOffset[]) => void;
  }) {
    this.#cluster = o.cluster;
    this.#member = o.member;
    this.#positions = o.positions;
    this.#retry = o.retry;
    this.#groupInstanceId = o.groupInstanceId;
    this.#isManaged = o.isManaged;
    this.#autoIntervalMs = o.autoIntervalMs;
    this.#onAutoFailed = o.onAutoFailed;
    this.#onCommitted = o.onCommitted;
    this.#nextAutoAt = o.cluster.ports.clock.monotonic() + (o.autoIntervalMs ?? 0);
  }

  get isAutomatic(): boolean {
    return this.#autoIntervalMs !== undefined;
  }

  /** Commits and retries what may pass, until the time is over. */
  async commit(offsets: readonly PartitionOffset[], timeoutMs: number): Promise<void> {
    if (offsets.length === 0) return;
    const budget = { timeoutMs, what: 'Committing offsets' };
    const { clock } = this.#cluster.ports;
    const deadline = clock.monotonic() + timeoutMs;
    // Of the topics as they are now: by the time of a retry one of the same name may be another.
    const ids = this.#idsOf(offsets);
    const gone = await retrying(this.#cluster.ports, this.#retry, budget, () =>
      this.#throughRebalance(offsets, ids, deadline).catch((thrown: unknown) => {
        const error = asKafkaError(thrown);
        if (this.#isGone(error, ids)) return error;
        throw error;
      }),
    );
    if (gone) throw gone;
  }

  /**
   * The coordinator knows no such topic, and neither do we any more: it was deleted (perhaps made again, as another one), and
   * waiting does not bring it back. A rebalance that waited for such a commit would stand still for the whole time-out.
   */
  #isGone({ error, topic }: KafkaError, ids: TopicIds): boolean {
    if ((error !== 'UNKNOWN_TOPIC_OR_PARTITION' && error !== 'UNKNOWN_TOPIC_ID') || topic === undefined) return false;
    const known = this.#cluster.metadata.topic(topic);
    if (!known || (error === 'UNKNOWN_TOPIC_ID' && known.id !== ids?.get(topic))) return true;
    this.#cluster.requestRefresh();
    return false;
  }

  /**
   * A member that keeps its partitions while it joins again gets through this by itself: what it cannot commit at the
   * moment it can when it is in. (One that gave everything up has nothing to commit until it polls.)
   */
  async #throughRebalance(offsets: readonly PartitionOffset[], ids: TopicIds, deadline: number): Promise<void> {
    const { clock, timers } = this.#cluster.ports;
    for (;;) {
      // Asked before as well: the join may be over by the time the refusal comes.
      const joining = this.#member.keepsWhileJoining;
      try {
        await this.#commitOnce(offsets, ids);
        return;
      } catch (thrown) {
        const { error } = asKafkaError(thrown);
        const rejoins = joining || this.#member.keepsWhileJoining;
        // A member epoch that has just been passed is learnt with the next heartbeat, which is on its way.
        const waits = error === 'STALE_MEMBER_EPOCH' || (error === 'REBALANCE_IN_PROGRESS' && rejoins);
        if (!waits || clock.monotonic() >= deadline) throw thrown;
      }
      await sleep(timers, this.#retry.retryBackoffMs);
    }
  }

  /** Commits once. */
  async commitOnce(offsets: readonly PartitionOffset[]): Promise<void> {
    if (offsets.length > 0) await this.#commitOnce(offsets, this.#idsOf(offsets));
  }

  /** Call when poll is entered. The commit goes on by itself; one that fails is made up for by the next. */
  autoCommitIfDue(): void {
    if (this.#autoIntervalMs === undefined || this.#autoUnderWay) return;
    const now = this.#cluster.ports.clock.monotonic();
    if (now < this.#nextAutoAt) return;
    this.#nextAutoAt = now + this.#autoIntervalMs;
    const offsets = this.#positions.consumed();
    if (offsets.length === 0) return;
    this.#autoUnderWay = true;
    const ids = this.#idsOf(offsets);
    this.#commitOnce(offsets, ids)
      .catch((error: unknown) => {
        const kafkaError = asKafkaError(error);
        // A rebalance on its way is no failure: what is revoked by it is committed then.
        const passing = kafkaError.error === 'REBALANCE_IN_PROGRESS' || kafkaError.error === 'STALE_MEMBER_EPOCH';
        if (!passing) this.#onAutoFailed(kafkaError);
        if (this.#isGone(kafkaError, ids)) return;
        if (kafkaError.retriable || passing) this.#nextAutoAt = now + this.#retry.retryBackoffMs;
      })
      .finally(() => {
        this.#autoUnderWay = false;
      });
  }

  /** Before partitions go, and at close. Failure is no reason to keep them: others read from the commit before. */
  async autoCommitNow(timeoutMs: number): Promise<void> {
    if (this.#autoIntervalMs === undefined) return;
    await this.commit(this.#positions.consumed(), timeoutMs).catch((error: unknown) =>
      this.#onAutoFailed(asKafkaError(error)),
    );
  }

  async #commitOnce(offsets: readonly PartitionOffset[], ids: TopicIds): Promise<void> {
    const { groupId } = this.#member.link;
    const managed = this.#isManaged();
    const standing = managed ? this.#member.standing : OUTSIDE_OF_GROUPS;
    if (!standing) {
      throw new KafkaError('REBALANCE_IN_PROGRESS', { message: 'The group is rebalancing; poll, then commit.' });
    }
    const committer = {
      groupId,
      generationId: standing.generationId,
      memberId: standing.memberId,
      groupInstanceId: managed ? (this.#groupInstanceId ?? null) : null,
    };
    const answer = await this.#member.link.ask(
      'OffsetCommit',
      (version) => ({
        ...commitRequest(committer, offsets, ids),
        ...(version < 7 ? { groupInstanceId: null } : {}),
      }),
      ids ? OFFSET_COMMIT_BY_ID : OFFSET_COMMIT_NEWEST,
    );
    for (const { topic, partition, error } of commitOutcomes(answer, ids)) {
      if (error) throw this.#refused(error, topic, partition, standing.isPast);
    }
    this.#onCommitted(offsets);
  }

  /** Of the topics that were read, which may be others by now under the same names; undefined when one of them is not known. */
  #idsOf(offsets: readonly PartitionOffset[]): TopicIds {
    const ids = new Map<string, string>();
    for (const { topic, partition } of offsets) {
      const id = this.#positions.get(topic, partition)?.topicId ?? this.#cluster.metadata.topic(topic)?.id ?? ZERO_UUID;
      if (id === ZERO_UUID) return undefined;
      ids.set(topic, id);
    }
    return ids;
  }

  /** `past`: sent under the generation before the one that is being joined, which the coordinator may have ended since. */
  #refused(error: WireError, topic: string, partition: number, past: boolean): KafkaError {
    if (past && PAST_ERRORS.has(error)) {
      return new KafkaError('REBALANCE_IN_PROGRESS', { topic, partition });
    }
    switch (error) {
      case 'UNKNOWN_MEMBER_ID':
      case 'ILLEGAL_GENERATION':
      case 'FENCED_MEMBER_EPOCH':
        this.#member.commitRefused(error);
        return new KafkaError('COMMIT_FAILED', { topic, partition });
      case 'REBALANCE_IN_PROGRESS':
      case 'STALE_MEMBER_EPOCH':
      case 'FENCED_INSTANCE_ID':
        this.#member.commitRefused(error);
        break;
      case 'NOT_COORDINATOR':
      case 'COORDINATOR_NOT_AVAILABLE':
      case 'REQUEST_TIMED_OUT':
        this.#member.link.moved();
        break;
      default:
    }
    return new KafkaError(error, { topic, partition });
  }
}
