// Random lives of a group: clients that join, sync, commit, leave, restart and lie, under a log that is slow, refuses and
// forgets, and a broker that crashes. After every step:
//   - a partition has one owner in a generation, whoever was told what and when (invariant 30)
//   - everybody who was told of a generation is one of those that its leader was told of
//   - a commit that was answered is there, or a newer one (invariant 29), also after a crash
//   - the log, replayed, gives the durable state that the machine has
//   - no caller is answered twice (asserted by the shard) and none is forgotten
//   - nobody is in a generation that it was not told of
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { replay } from '../replicated-machine/replay.ts';
import { MemoryLog } from '../replicated-machine/test/memory-log.ts';
import { GroupMachine } from './group-machine.ts';
import { GROUP_RECORDS, type GroupRecord } from './records.ts';
import { durableView } from './test/durable-view.ts';
import { Harness, settle } from './test/harness.ts';
import { SimulatedClient } from './test/simulated-client.ts';

const CLIENT_COUNT = 5;
const RUNS = Number(process.env.MOLDAU_PROPERTY_RUNS ?? 200);

interface Step {
  readonly what: number;
  readonly who: number;
  readonly how: number;
}

const steps = fc.array(fc.record({ what: fc.nat(99), who: fc.nat(CLIENT_COUNT - 1), how: fc.nat(1_000_000) }), {
  minLength: 50,
  maxLength: 400,
});

describe('a group in random weather', () => {
  it('keeps its promises', async () => {
    await fc.assert(fc.asyncProperty(steps, live), { numRuns: RUNS });
  }, 60_000);
});

async function live(life: readonly Step[]): Promise<void> {
  const judge = new Judge();
  // Reads records as a replaying broker would: without the live phases that come along with them.
  let shadow = new GroupMachine(settings());
  const harness = new Harness(settings(), { applied: (record, place) => shadow.apply(bare(record), place) });
  // A caller that stops waiting for a slow log is told to ask again; its member is then in the group without knowing, until
  // its session ends. That is meant, and would only blur what is looked for here.
  harness.commitTimeoutMs = Number.MAX_SAFE_INTEGER;
  await harness.load();
  const clients = Array.from(
    { length: CLIENT_COUNT },
    (_, i) => new SimulatedClient(`c${i}`, i >= 3 ? `i${i}` : null, judge),
  );
  let number = 0;

  for (const { what, who, how } of life) {
    const client = clients[who]!;
    if (what < 60) client.act(harness, how, ++number);
    else if (what < 64) {
      if (!client.busy) client.join(harness, how % 7 < 5 ? 0 : how, [3, 5, 9][how % 3]!, ++number);
    } else if (what < 67) {
      if (!client.busy && client.generation >= 0) client.sync(harness, how);
    } else if (what < 69) client.heartbeat(harness, how % 5);
    else if (what < 72) client.commit(harness, how % 4, ++number, how % 3 > 0);
    else if (what < 74) client.leave(harness);
    else if (what < 79) client.restart();
    else if (what < 87) harness.time.advance([100, 1_000, 3_000, 11_000, 61_000][how % 5]!);
    else if (what < 89) harness.log.holdsPersisting = true;
    else if (what < 93) {
      harness.log.holdsPersisting = false;
      harness.log.persist();
    } else if (what < 94) harness.log.refuses = how % 2 === 0 ? 'KAFKA_STORAGE_ERROR' : 'NOT_ENOUGH_REPLICAS';
    else if (what < 98) harness.log.refuses = undefined;
    else {
      shadow = new GroupMachine(settings());
      judge.crashed();
      await harness.crash();
      for (const one of clients) one.busy = false;
    }
    harness.time.advance(50);
    await settle();
    expect(harness.failures).toEqual([]);
    expect(judge.violations).toEqual([]);
    judge.holdCommits(harness.machine);
    agree(harness.machine, shadow);
    if (!harness.log.holdsPersisting) {
      expect(harness.shard.waitingCount, 'callers that nobody will answer').toBe(parkedIn(harness.machine));
      judge.allWereTold(harness.machine);
    }
  }

  const replayed = new GroupMachine(settings());
  await replay(harness.log, replayed, GROUP_RECORDS, 1_000, () => true);
  expect(durableView(replayed)).toEqual(durableView(shadow));
  const survived = new GroupMachine(settings());
  await replay(MemoryLog.survivorOf(harness.log), survived, GROUP_RECORDS, 1_000, () => true);
  judge.holdCommits(survived);
  harness.shard.close();
  expect(harness.shard.waitingCount).toBe(0);
}

/** Where a group of the living machine is at rest, it is as the log says; everywhere its offsets are. */
function agree(living: GroupMachine, shadow: GroupMachine): void {
  const known = durableView(shadow);
  for (const [groupId, view] of durableView(living)) {
    expect(known.get(groupId)).toMatchObject(view as object);
  }
}

function parkedIn(machine: GroupMachine): number {
  let parked = 0;
  for (const { phase } of machine.groups.values()) {
    if (phase.kind === 'PreparingRebalance' || phase.kind === 'CompletingRebalance') parked += phase.waiting.size;
  }
  return parked;
}

function bare(record: GroupRecord): GroupRecord {
  const { key, value } = GROUP_RECORDS.encode(record);
  return GROUP_RECORDS.decode(key, value)!;
}

function settings() {
  return {
    groupInitialRebalanceDelayMs: 100,
    groupMaxSize: 4,
    offsetMetadataMaxBytes: 4_096,
    offsetsRetentionMinutes: 10_080,
  };
}

class Judge {
  /** What was seen that must not be; collected, because it is seen inside promises. */
  readonly violations: string[] = [];
  /** Generation and partition → who was told to own it. */
  readonly #owners = new Map<string, string>();
  /** Generation → member ids that its leader was told; forgotten at a crash, when an unfinished generation begins anew. */
  #rosters = new Map<number, Set<string>>();
  #joined: { generation: number; memberId: string }[] = [];
  readonly #told = new Set<string>();
  readonly #committed = new Map<number, number>();

  joined(
    _: SimulatedClient,
    answer: { generation: number; memberId: string; members: readonly { memberId: string }[] },
  ): void {
    this.#told.add(`${answer.generation} ${answer.memberId}`);
    if (answer.members.length > 0) {
      this.#rosters.set(answer.generation, new Set(answer.members.map((member) => member.memberId)));
    } else {
      this.#joined.push({ generation: answer.generation, memberId: answer.memberId });
    }
    for (const { generation, memberId } of this.#joined) {
      const roster = this.#rosters.get(generation);
      // A static member that came back in a stable generation has an id that its leader never saw.
      if (roster && !memberId.startsWith('i') && !roster.has(memberId)) {
        this.violations.push(`${memberId} is in generation ${generation}, but its leader knows ${[...roster]}`);
      }
    }
  }

  assigned(client: SimulatedClient, generation: number, answer: { assignment: Buffer }): void {
    for (const partition of answer.assignment.toString().split(',').filter(Boolean)) {
      const key = `${generation}/${partition}`;
      const owner = this.#owners.get(key) ?? client.identity;
      if (owner !== client.identity) {
        this.violations.push(`partition ${partition} of generation ${generation}: ${owner} and ${client.identity}`);
      }
      this.#owners.set(key, owner);
    }
  }

  committed(partition: number, offset: number, current: boolean): void {
    if (!current) this.violations.push(`a commit of an old generation was accepted: ${partition} = ${offset}`);
    this.#committed.set(partition, Math.max(offset, this.#committed.get(partition) ?? 0));
  }

  holdCommits(machine: GroupMachine): void {
    for (const [partition, offset] of this.#committed) {
      const held = machine.offsets.get('g', 't1', partition)?.offset ?? -1;
      expect(held, `commit of ${partition}`).toBeGreaterThanOrEqual(offset);
    }
  }

  /** Nobody is in a generation that it was not told of: it would own partitions without knowing. */
  allWereTold(machine: GroupMachine): void {
    for (const group of machine.groups.values()) {
      if (group.phase.kind !== 'CompletingRebalance') continue;
      for (const { memberId, instanceId } of group.phase.members.values()) {
        if (instanceId === undefined) expect(this.#told).toContain(`${group.generation} ${memberId}`);
      }
    }
  }

  crashed(): void {
    this.#rosters = new Map();
    this.#joined = [];
  }
}
