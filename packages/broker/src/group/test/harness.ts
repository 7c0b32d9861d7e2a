// A group machine under its real runtime, with time, log and randomness in the hands of a test.
import { Deadlines } from '../../partition/deadlines.ts';
import type { Decision, Now, RecordPlace, ReplicatedMachine, Ticket } from '../../replicated-machine/machine.ts';
import { NamedTimers } from '../../replicated-machine/named-timers.ts';
import { Shard, type ShardRefusal } from '../../replicated-machine/shard.ts';
import { MemoryLog } from '../../replicated-machine/test/memory-log.ts';
import { VirtualTime } from '../../replicated-machine/test/virtual-time.ts';
import type { GroupAnswer, GroupAnswers, GroupCommand, JoinCommand } from '../commands.ts';
import { GroupMachine } from '../group-machine.ts';
import type { MemberProtocol } from '../member-table.ts';
import type { GroupNotice } from '../notices.ts';
import { GROUP_RECORDS, type GroupRecord } from '../records.ts';
import type { GroupSettings } from '../turn.ts';

export type GroupDecision = Decision<GroupRecord, GroupAnswer, GroupNotice>;

/** What a test may watch. */
export interface Spy {
  applied?(record: GroupRecord, place: RecordPlace): void;
  decided?(decision: GroupDecision): void;
}

export type MutableSettings = { -readonly [Key in keyof GroupSettings]: GroupSettings[Key] };

export class Harness {
  time = new VirtualTime();
  log = new MemoryLog();
  readonly settings: MutableSettings;
  readonly notices: GroupNotice[] = [];
  readonly failures: Error[] = [];
  readonly spy: Spy;
  /** offsets.commit.timeout.ms. */
  commitTimeoutMs = 5_000;
  machine: GroupMachine;
  shard: Shard<GroupCommand, GroupRecord, GroupAnswer, GroupNotice>;
  #timers: NamedTimers<unknown>;

  constructor(settings: Partial<GroupSettings> = {}, spy: Spy = {}) {
    this.settings = {
      groupInitialRebalanceDelayMs: 3_000,
      groupMaxSize: 2 ** 31 - 1,
      offsetMetadataMaxBytes: 4_096,
      offsetsRetentionMinutes: 10_080,
      ...settings,
    };
    this.spy = spy;
    this.machine = new GroupMachine(this.settings);
    this.#timers = this.#newTimers();
    this.shard = this.#newShard();
  }

  /** Loads what the log holds. Call before the first command. */
  async load(): Promise<void> {
    await this.shard.load(64 * 1024);
  }

  /** The broker dies: what was not persisted is gone, and everybody in memory. A new one loads the log. */
  async crash(): Promise<void> {
    this.shard.close();
    this.#timers.close();
    this.log = MemoryLog.survivorOf(this.log);
    this.machine = new GroupMachine(this.settings);
    this.#timers = this.#newTimers();
    this.shard = this.#newShard();
    await this.load();
  }

  submit<C extends GroupCommand>(command: C): Promise<GroupAnswers[C['kind']] | ShardRefusal> {
    return this.shard.submit(command) as Promise<GroupAnswers[C['kind']] | ShardRefusal>;
  }

  #newTimers(): NamedTimers<unknown> {
    return new NamedTimers<unknown>(this.time.clock, new Deadlines(this.time.clock, this.time.timers) as never);
  }

  #newShard() {
    return new Shard<GroupCommand, GroupRecord, GroupAnswer, GroupNotice>({
      partition: 0,
      machine: watched(this.machine, this.spy),
      codec: GROUP_RECORDS,
      log: this.log,
      clock: this.time.clock,
      timers: this.#timers,
      observer: {
        noticed: (_, notice) => this.notices.push(notice),
        failed: (_, error) => this.failures.push(error),
        appendRefused: () => {},
      },
      commitTimeoutMs: () => this.commitTimeoutMs,
    });
  }
}

type AnyMachine = ReplicatedMachine<GroupCommand, GroupRecord, GroupAnswer, GroupNotice>;

function watched(machine: GroupMachine, spy: Spy): AnyMachine {
  const told = (decision: GroupDecision) => {
    spy.decided?.(decision);
    return decision;
  };
  return {
    decide: (command: GroupCommand, ticket: Ticket, now: Now) => told(machine.decide(command, ticket, now)),
    expired: (timer, now) => told(machine.expired(timer, now)),
    refused: (records, now) => told(machine.refused(records, now)),
    loaded: (now) => told(machine.loaded(now)),
    unload: () => machine.unload(),
    transactionEnded: (producerId, committed) => machine.transactionEnded(producerId, committed),
    apply: (record, place) => {
      machine.apply(record, place);
      spy.applied?.(record, place);
    },
  };
}

/** A join with everything that a test does not care about filled in. */
export function joinCommand(groupId: string, of: Partial<JoinCommand> & { readonly newMemberId: string }): JoinCommand {
  return {
    kind: 'join',
    groupId,
    memberId: '',
    instanceId: null,
    clientId: 'client',
    clientHost: '/10.0.0.1',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 60_000,
    protocolType: 'consumer',
    protocols: [subscription('range', ['t1'])],
    reason: null,
    needsKnownMemberId: false,
    canSkipAssignment: false,
    ...of,
  };
}

/** A protocol whose metadata is a consumer's subscription (version 0). */
export function subscription(name: string, topics: readonly string[]): MemberProtocol {
  const parts: Buffer[] = [Buffer.from([0, 0])];
  const int32 = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  };
  parts.push(int32(topics.length));
  for (const topic of topics) {
    const length = Buffer.alloc(2);
    length.writeInt16BE(topic.length);
    parts.push(length, Buffer.from(topic));
  }
  parts.push(int32(-1));
  return { name, metadata: Buffer.concat(parts) };
}

/** Lets everything that is ready happen: promises, and persisting where the log does not hold it back. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
