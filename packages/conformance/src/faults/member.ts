// One member of a consumer group that lives through every end of its broker. It keeps its member id over a restart, as
// the Java client does (KafkaJS comes back as somebody new and has the group wait for its old self), asks after each
// connection what the group has committed, reads on from there, and commits after every answer.
import { APIS, decodeVersioned, encodeVersioned, errorName } from '@moldau/protocol';
import { ConsumerProtocolAssignment, ConsumerProtocolSubscription } from '@moldau/protocol/messages/consumer-protocol';
import { batches, readRecords } from '@moldau/protocol/records/batch-reader';
import type { CommitEvent, History } from './history.ts';
import { type Link, openLink } from './link.ts';

export interface MemberOptions {
  readonly host: string;
  readonly port: number;
  readonly topic: string;
  readonly partitions: number;
  readonly group: string;
  readonly name: string;
}

const SESSION_MS = 6_000;
const HEARTBEAT_MS = 150;
const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The broker's answer was an error code that says what to do next. */
class Answered extends Error {
  readonly error: string;

  constructor(error: string) {
    super(error);
    this.error = error;
  }
}

function demand(errorCode: number): void {
  if (errorCode !== 0) throw new Answered(errorName(errorCode));
}

export class PersistentMember {
  readonly #o: MemberOptions;
  readonly #history: History;
  #memberId = '';
  #generation = -1;
  /** Positions of the partitions held, by partition. */
  #positions = new Map<number, number>();
  #joined = false;
  #stopping = false;
  #joins = 0;
  #heartbeatDue = 0;
  readonly #done: Promise<void>;

  constructor(o: MemberOptions, history: History) {
    this.#o = o;
    this.#history = history;
    this.#done = this.#run();
  }

  /** How many generations it was part of. */
  get joins(): number {
    return this.#joins;
  }

  /** Leaves the group with a word. */
  async leave(): Promise<void> {
    this.#stopping = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      const link = await openLink({ ...this.#o, clientId: this.#o.name }, () => !this.#stopping);
      if (!link) break;
      try {
        await this.#findCoordinator(link);
        while (!this.#stopping) await this.#serve(link);
        await link.ask(APIS.LeaveGroup, 3, {
          groupId: this.#o.group,
          members: [{ memberId: this.#memberId, groupInstanceId: null }],
        });
      } catch (error) {
        if (error instanceof Answered) this.#history.refusals.push(`${this.#o.name}: ${error.error}`);
      }
      link.close();
    }
  }

  /** Joins if need be and consumes until something happens. Throws when the link ends or the broker says what it must not. */
  async #serve(link: Link): Promise<void> {
    try {
      if (!this.#joined) await this.#join(link);
      await this.#resume(link);
      while (!this.#stopping) {
        await this.#consume(link);
        if (performance.now() > this.#heartbeatDue) await this.#heartbeat(link);
      }
    } catch (error) {
      if (!(error instanceof Answered)) throw error;
      switch (error.error) {
        case 'REBALANCE_IN_PROGRESS':
          this.#joined = false;
          return;
        case 'UNKNOWN_MEMBER_ID':
        case 'ILLEGAL_GENERATION':
          this.#joined = false;
          this.#memberId = '';
          this.#generation = -1;
          return;
        case 'COORDINATOR_LOAD_IN_PROGRESS':
        case 'COORDINATOR_NOT_AVAILABLE':
        case 'NOT_COORDINATOR':
        case 'NOT_LEADER_OR_FOLLOWER':
        case 'UNKNOWN_TOPIC_OR_PARTITION':
          await sleep(20);
          return;
        default:
          throw error;
      }
    }
  }

  /** There is one broker, so the answer holds no news; but the first to ask makes the topic of the offsets. */
  async #findCoordinator(link: Link): Promise<void> {
    while (!this.#stopping) {
      const answer = await link.ask(APIS.FindCoordinator, 3, { key: this.#o.group, keyType: 0 });
      if (answer.errorCode === 0) return;
      if (errorName(answer.errorCode) !== 'COORDINATOR_NOT_AVAILABLE') demand(answer.errorCode);
      await sleep(50);
    }
  }

  async #join(link: Link): Promise<void> {
    const { group, topic, partitions } = this.#o;
    const metadata = encodeVersioned(ConsumerProtocolSubscription, 0, { topics: [topic], userData: null });
    let answer = await this.#askToJoin(link, metadata);
    if (errorName(answer.errorCode) === 'MEMBER_ID_REQUIRED') {
      this.#memberId = answer.memberId;
      answer = await this.#askToJoin(link, metadata);
    }
    demand(answer.errorCode);
    this.#memberId = answer.memberId;
    this.#generation = answer.generationId;
    const members = answer.leader === answer.memberId ? answer.members : [];
    const assignments = members.map(({ memberId }, i) => {
      const mine = Array.from({ length: partitions }, (_, p) => p).filter((p) => p % members.length === i);
      const assignedPartitions = [{ topic, partitions: mine }];
      return {
        memberId,
        assignment: encodeVersioned(ConsumerProtocolAssignment, 0, { assignedPartitions, userData: null }),
      };
    });
    const synced = await link.ask(APIS.SyncGroup, 3, {
      groupId: group,
      generationId: this.#generation,
      memberId: this.#memberId,
      groupInstanceId: null,
      assignments,
    });
    demand(synced.errorCode);
    const { assignedPartitions } = decodeVersioned(ConsumerProtocolAssignment, synced.assignment);
    this.#positions = new Map((assignedPartitions[0]?.partitions ?? []).map((partition) => [partition, 0]));
    this.#joined = true;
    this.#joins++;
    this.#heartbeatDue = performance.now() + HEARTBEAT_MS;
  }

  #askToJoin(link: Link, metadata: Buffer) {
    return link.ask(APIS.JoinGroup, 5, {
      groupId: this.#o.group,
      sessionTimeoutMs: SESSION_MS,
      rebalanceTimeoutMs: SESSION_MS,
      memberId: this.#memberId,
      groupInstanceId: null,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata }],
    });
  }

  /** Stands where the group has committed. */
  async #resume(link: Link): Promise<void> {
    const { topic, group } = this.#o;
    const topics = [{ name: topic, partitionIndexes: [...this.#positions.keys()] }];
    const answer = await link.ask(APIS.OffsetFetch, 5, { groupId: group, topics });
    demand(answer.errorCode);
    for (const { partitionIndex, committedOffset, errorCode } of answer.topics[0]?.partitions ?? []) {
      demand(errorCode);
      this.#positions.set(partitionIndex, Math.max(0, committedOffset));
    }
  }

  async #heartbeat(link: Link): Promise<void> {
    const identity = { groupId: this.#o.group, generationId: this.#generation, memberId: this.#memberId };
    const answer = await link.ask(APIS.Heartbeat, 3, { ...identity, groupInstanceId: null });
    demand(answer.errorCode);
    this.#heartbeatDue = performance.now() + HEARTBEAT_MS;
  }

  async #consume(link: Link): Promise<void> {
    if (this.#positions.size === 0) return sleep(HEARTBEAT_MS);
    const partitions = [...this.#positions].map(([partition, fetchOffset]) => {
      return { partition, currentLeaderEpoch: -1, fetchOffset, logStartOffset: -1, partitionMaxBytes: 200_000 };
    });
    const answer = await link.ask(APIS.Fetch, 11, {
      replicaId: -1,
      maxWaitMs: 50,
      minBytes: 1,
      maxBytes: 2_000_000,
      isolationLevel: 0,
      sessionId: 0,
      sessionEpoch: -1,
      rackId: '',
      forgottenTopicsData: [],
      topics: [{ topic: this.#o.topic, partitions }],
    });
    const delivered: CommitEvent[] = [];
    for (const { partitionIndex: partition, errorCode, records } of answer.responses[0]?.partitions ?? []) {
      demand(errorCode);
      const first = this.#positions.get(partition) ?? 0;
      let next = first;
      const bytes = records ?? Buffer.alloc(0);
      for (const at of batches(bytes)) {
        for (const { offset } of readRecords(bytes, at, { decompressedBytesMax: 10_000_000 })) {
          if (offset === next) next++;
        }
      }
      if (next === first) continue;
      delivered.push({ kind: 'delivered', partition, first, last: next - 1 });
      this.#positions.set(partition, next);
    }
    if (delivered.length > 0) await this.#commit(link, delivered);
  }

  async #commit(link: Link, delivered: readonly CommitEvent[]): Promise<void> {
    const attempts = delivered.map(({ partition }): CommitEvent => {
      return { kind: 'attempt', partition, offset: this.#positions.get(partition) ?? 0 };
    });
    this.#history.commits.push(...delivered, ...attempts);
    const partitions = attempts.map((attempt) => ({
      partitionIndex: attempt.partition,
      committedOffset: this.#positions.get(attempt.partition) ?? 0,
      committedLeaderEpoch: -1,
      committedMetadata: this.#o.name,
    }));
    const answer = await link.ask(APIS.OffsetCommit, 7, {
      groupId: this.#o.group,
      generationIdOrMemberEpoch: this.#generation,
      memberId: this.#memberId,
      groupInstanceId: null,
      topics: [{ name: this.#o.topic, partitions }],
    });
    for (const { errorCode } of answer.topics[0]?.partitions ?? []) {
      if (errorCode === 0) continue;
      // Not (or no longer) a member: what it read meanwhile belongs to somebody else and counts for nothing.
      for (const event of delivered) this.#history.commits.splice(this.#history.commits.indexOf(event), 1);
      demand(errorCode);
    }
    for (const { partition } of attempts) {
      this.#history.commits.push({ kind: 'acknowledged', partition, offset: this.#positions.get(partition) ?? 0 });
    }
  }
}
