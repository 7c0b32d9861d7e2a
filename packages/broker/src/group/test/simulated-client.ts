// A consumer as the coordinator sees it: joins, syncs, heartbeats, commits, believes what it is told, and now and then
// does something else. Used by the property test, which watches what all of them together were told.
import type { ShardRefusal } from '../../replicated-machine/shard.ts';
import type { JoinAnswer, SyncAnswer } from '../commands.ts';
import { type Harness, joinCommand, subscription } from './harness.ts';

/** What the clients learned, for the judge. */
export interface Hearsay {
  joined(client: SimulatedClient, answer: JoinAnswer): void;
  assigned(client: SimulatedClient, generation: number, answer: SyncAnswer): void;
  /** `current`: whether the generation it was committed under was the group's at that moment. */
  committed(partition: number, offset: number, current: boolean): void;
}

const PROTOCOLS = [
  [subscription('range', ['t1'])],
  [subscription('sticky', ['t1']), subscription('range', ['t1'])],
  [subscription('range', ['t1', 't2'])],
];

export class SimulatedClient {
  readonly name: string;
  readonly instanceId: string | null;
  memberId = '';
  generation = -1;
  roster: readonly string[] = [];
  assignment = '';
  busy = false;
  #incarnation = 0;
  #next: 'join' | 'sync' | 'rest' = 'join';
  readonly #hearsay: Hearsay;

  constructor(name: string, instanceId: string | null, hearsay: Hearsay) {
    this.name = name;
    this.instanceId = instanceId;
    this.#hearsay = hearsay;
  }

  /** Who it is, whatever its member id: a static member keeps its partitions under a new id. */
  get identity(): string {
    return this.instanceId ?? this.memberId;
  }

  /** The process dies and starts again: it remembers nothing, and answers to the old one reach nobody. */
  restart(): void {
    this.#incarnation++;
    this.memberId = '';
    this.generation = -1;
    this.busy = false;
    this.assignment = '';
    this.#next = 'join';
  }

  /** What a sound client would do next. */
  act(harness: Harness, seed: number, memberNumber: number): void {
    if (this.busy) return;
    if (this.#next === 'join') this.join(harness, seed % 11 === 0 ? seed : 0, [3, 5, 9][seed % 3]!, memberNumber);
    else if (this.#next === 'sync') this.sync(harness, seed);
    else if (seed % 3 === 0) this.commit(harness, seed % 4, memberNumber, true);
    else this.heartbeat(harness);
  }

  join(harness: Harness, protocols: number, version: number, memberNumber: number): void {
    this.#ask(
      harness.submit(
        joinCommand('g', {
          memberId: this.memberId,
          newMemberId: `${this.instanceId ?? this.name}-${memberNumber}`,
          instanceId: this.instanceId,
          clientId: this.name,
          protocols: PROTOCOLS[protocols % PROTOCOLS.length]!,
          needsKnownMemberId: version >= 4,
          canSkipAssignment: version >= 9,
        }),
      ),
      (answer) => {
        if (answer.error === 'NONE' || answer.error === 'MEMBER_ID_REQUIRED') this.memberId = answer.memberId;
        if (answer.error === 'UNKNOWN_MEMBER_ID' || answer.error === 'FENCED_INSTANCE_ID') this.memberId = '';
        if (answer.error !== 'NONE') return;
        this.#next = 'sync';
        this.generation = answer.generation;
        this.roster = answer.members.map((member) => member.memberId);
      },
      // Also what comes too late for a client that has restarted: the group believes that it was told.
      (answer) => {
        if (answer.error === 'NONE') this.#hearsay.joined(this, answer);
      },
    );
  }

  /** As leader hands out six partitions among those it was told of, at random but each to one. */
  sync(harness: Harness, seed: number): void {
    const { generation } = this;
    const assignments = this.roster.map((memberId, index) => ({
      memberId,
      assignment: Buffer.from(
        [0, 1, 2, 3, 4, 5].filter((partition) => (partition + seed) % this.roster.length === index).join(),
      ),
    }));
    this.#ask(
      harness.submit({
        kind: 'sync',
        groupId: 'g',
        memberId: this.memberId,
        instanceId: this.instanceId,
        generation,
        protocolType: null,
        protocol: null,
        assignments,
      }),
      (answer) => {
        this.#next = answer.error === 'NONE' ? 'rest' : 'join';
        if (answer.error !== 'NONE') return;
        this.assignment = answer.assignment.toString();
        this.#hearsay.assigned(this, generation, answer);
      },
    );
  }

  heartbeat(harness: Harness, generation = this.generation): void {
    const incarnation = this.#incarnation;
    void harness
      .submit({ kind: 'heartbeat', groupId: 'g', memberId: this.memberId, instanceId: this.instanceId, generation })
      .then((answer) => {
        if (incarnation !== this.#incarnation || answer.kind === 'refused' || answer.error === 'NONE') return;
        if (answer.error === 'UNKNOWN_MEMBER_ID' || answer.error === 'FENCED_INSTANCE_ID') this.memberId = '';
        this.#next = 'join';
      });
  }

  leave(harness: Harness): void {
    void harness.submit({
      kind: 'leave',
      groupId: 'g',
      members: [{ memberId: this.memberId, instanceId: this.instanceId, reason: null }],
    });
    this.restart();
  }

  commit(harness: Harness, partition: number, offset: number, asMember: boolean): void {
    const who = asMember
      ? { memberId: this.memberId, instanceId: this.instanceId, generation: this.generation }
      : { memberId: '', instanceId: null, generation: -1 };
    const current = who.generation < 0 || who.generation === harness.machine.groups.get('g')?.generation;
    const partitions = [{ partition, offset, leaderEpoch: 0, metadata: '' }];
    const topics = [{ name: 't1', topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', partitions }];
    void harness
      .submit({
        kind: 'commit',
        groupId: 'g',
        ...who,
        retentionMs: undefined,
        missingGroupError: 'GROUP_ID_NOT_FOUND',
        topics,
      })
      .then((answer) => {
        if (answer.kind === 'commit' && answer.error === 'NONE') this.#hearsay.committed(partition, offset, current);
      });
  }

  #ask<Answer extends { kind: string }>(
    promise: Promise<Answer | ShardRefusal>,
    understand: (answer: Answer) => void,
    overhear: (answer: Answer) => void = () => {},
  ): void {
    const incarnation = this.#incarnation;
    this.busy = true;
    void promise.then((answer) => {
      if (answer.kind !== 'refused') overhear(answer as Answer);
      if (incarnation !== this.#incarnation) return;
      this.busy = false;
      if (answer.kind === 'refused') this.#next = 'join';
      else understand(answer as Answer);
    });
  }
}
