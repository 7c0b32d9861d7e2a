// What groups cost, in processor time: 10,000 groups of 5 members each under the real runtime, over a log in memory (the disk's share is the
// log's bench). Heartbeats are the daily bread: 50,000 members at 3 s are 16,667 a second.
// Run: `node packages/broker/src/group/group-machine.bench.ts`.
import { nodeClock, nodeTimers } from '@moldau/kernel/node/clock';
import { Deadlines } from '../partition/deadlines.ts';
import { NamedTimers } from '../replicated-machine/named-timers.ts';
import { Shard } from '../replicated-machine/shard.ts';
import { MemoryLog } from '../replicated-machine/test/memory-log.ts';
import type { CommitCommand, GroupAnswer, GroupCommand } from './commands.ts';
import { GroupMachine } from './group-machine.ts';
import type { GroupNotice } from './notices.ts';
import { GROUP_RECORDS, type GroupRecord } from './records.ts';
import { joinCommand } from './test/harness.ts';
import type { GroupSettings } from './turn.ts';

const GROUPS = 10_000;
const MEMBERS = 5;

const settings: GroupSettings = {
  groupInitialRebalanceDelayMs: 0,
  groupMaxSize: 1_000,
  offsetMetadataMaxBytes: 4_096,
  offsetsRetentionMinutes: 10_080,
};

function newShard(log: MemoryLog) {
  const machine = new GroupMachine(settings);
  const deadlines = new Deadlines(nodeClock, nodeTimers);
  const timers = new NamedTimers<unknown>(nodeClock, deadlines as never);
  const shard = new Shard<GroupCommand, GroupRecord, GroupAnswer, GroupNotice>({
    partition: 0,
    machine,
    codec: GROUP_RECORDS,
    log,
    clock: nodeClock,
    timers,
    observer: { noticed: () => {}, failed: (_, error) => Promise.reject(error), appendRefused: () => {} },
    commitTimeoutMs: () => 60_000,
  });
  const close = () => {
    timers.close();
    deadlines.close();
  };
  return { shard, machine, close };
}

const memory = () => process.memoryUsage().rss / 2 ** 20;

const startMemory = memory();
const log = new MemoryLog();
const { shard, close } = newShard(log);
await shard.load(1_000_000);

/** Brings a group to life: all members joined and assigned. */
async function fill(groupId: string): Promise<void> {
  const ids = Array.from(
    { length: MEMBERS },
    (_, i) => `${groupId}-consumer-${i}-01234567-89ab-4def-8123-456789abcdef`,
  );
  const joined = ids.map((id) => shard.submit(joinCommand(groupId, { newMemberId: id, sessionTimeoutMs: 1_800_000 })));
  await Promise.all(joined);
  const assignments = ids.map((memberId) => ({ memberId, assignment: Buffer.alloc(40) }));
  const ask = { kind: 'sync', groupId, instanceId: null, generation: 1, protocolType: null, protocol: null } as const;
  await Promise.all(ids.map((memberId) => shard.submit({ ...ask, memberId, assignments })));
}

const fillingAt = performance.now();
for (let from = 0; from < GROUPS; from += 500) {
  await Promise.all(Array.from({ length: 500 }, (_, i) => fill(`group-${from + i}`)));
}
const filledMs = performance.now() - fillingAt;
const members = GROUPS * MEMBERS;
console.log(
  `${GROUPS} groups of ${MEMBERS}: joined and assigned in ${Math.round(filledMs)} ms ` +
    `(${((filledMs * 1_000) / members).toFixed(1)} us a member), ${Math.round(memory() - startMemory)} MiB`,
);

const heartbeats: GroupCommand[] = Array.from({ length: members }, (_, i) => {
  const groupId = `group-${i % GROUPS}`;
  const memberId = `${groupId}-consumer-${Math.floor(i / GROUPS)}-01234567-89ab-4def-8123-456789abcdef`;
  return { kind: 'heartbeat', groupId, memberId, instanceId: null, generation: 1 };
});
const partitions = (count: number) =>
  Array.from({ length: count }, (_, partition) => ({ partition, offset: 12_345_678, leaderEpoch: 3, metadata: '' }));
const commitOf = (i: number, count: number): CommitCommand => ({
  kind: 'commit',
  groupId: `group-${i % GROUPS}`,
  generation: 1,
  memberId: `group-${i % GROUPS}-consumer-0-01234567-89ab-4def-8123-456789abcdef`,
  instanceId: null,
  retentionMs: undefined,
  missingGroupError: 'GROUP_ID_NOT_FOUND',
  topics: [{ name: 'orders', topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', partitions: partitions(count) }],
});

/** Processor time of an operation, which other work on the machine does not bend; many at once, as the broker has them. */
async function measure(name: string, count: number, submit: (i: number) => Promise<unknown>): Promise<void> {
  for (let i = 0; i < count / 10; i++) await submit(i);
  const before = process.cpuUsage();
  for (let from = 0; from < count; from += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, i) => submit(from + i)));
  }
  const { user, system } = process.cpuUsage(before);
  console.log(`${name}: ${((user + system) / count).toFixed(2)} us of processor each`);
}

await measure('heartbeat, one of 50,000 members', 300_000, (i) => shard.submit(heartbeats[(i * 7_919) % members]!));
await measure('commit of 1 partition', 50_000, (i) => shard.submit(commitOf(i * 7_919, 1)));
await measure('commit of 10 partitions', 10_000, (i) => shard.submit(commitOf(i * 7_919, 10)));
await measure('fetch of 10 offsets', 50_000, (i) =>
  shard.submit({
    kind: 'fetchOffsets',
    groupId: `group-${(i * 7_919) % GROUPS}`,
    requireStable: true,
    topics: [
      { name: 'orders', topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', partitions: partitions(10).map((at) => at.partition) },
    ],
  }),
);
shard.close();
close();

// Reading it all back: what a restart waits for (invariant 31 asks for a million offsets).
const full = new MemoryLog();
const writer = newShard(full);
await writer.shard.load(1_000_000);
for (let i = 0; i < 10_000; i++) {
  await writer.shard.submit({ ...commitOf(i, 100), generation: -1, memberId: '' });
}
const beforeLoad = memory();
const reader = newShard(full);
const facts = await reader.shard.load(5_242_880);
console.log(
  `${facts!.recordCount.toLocaleString('en')} committed offsets read back in ${Math.round(facts!.loadMs)} ms, ` +
    `${Math.round(memory() - beforeLoad)} MiB`,
);
writer.close();
reader.close();
