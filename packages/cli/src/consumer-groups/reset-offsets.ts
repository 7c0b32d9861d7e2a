// --reset-offsets: works out where each group would continue, and puts it there with --execute.
import { readFileSync } from 'node:fs';
import type { AdminApi } from '@moldau/client/admin/admin-api';
import type { OffsetSpec } from '@moldau/client/admin/admin-model';
import { KafkaError } from '@moldau/client/errors';
import { shownMessage } from '../cluster/java-names.ts';
import { CommandLineError } from '../command-line/option.ts';
import type { Terminal } from '../terminal.ts';
import { parseDateTime, parseDuration } from '../text/java-date.ts';
import { logLine } from '../text/log-line.ts';
import { type GroupOptions, resetScenario, type Scenario } from './check-options.ts';
import { committedOffsets, endOffsets, logOffsets, partitionKey } from './offsets.ts';
import { parseResetPlan, resetPlanCsv } from './reset-plan.ts';
import { type NewOffset, newOffsetsTable, type TopicPartition } from './tables.ts';
import { parseTopicArguments } from './topic-arguments.ts';

interface Reset {
  readonly admin: AdminApi;
  readonly options: GroupOptions;
  readonly terminal: Terminal;
  readonly scenario: Scenario;
}

/** Prints the new offsets of every group. Groups with active members keep theirs, with a word about it. */
export async function resetOffsets(
  admin: AdminApi,
  groupIds: readonly string[],
  options: GroupOptions,
  terminal: Terminal,
): Promise<void> {
  const reset: Reset = { admin, options, terminal, scenario: resetScenario(options) };
  const described = await admin.describeConsumerGroups(groupIds);
  const groups = new Map<string, readonly NewOffset[]>();
  for (const groupId of groupIds) {
    const group = described.get(groupId);
    const unknown = group instanceof KafkaError && group.error === 'GROUP_ID_NOT_FOUND';
    if (group instanceof Error && !unknown) throw group;
    if (group === undefined || group instanceof Error || group.state === 'Empty' || group.state === 'Dead') {
      groups.set(groupId, await resetGroup(groupId, reset).catch(plainly));
    } else {
      terminal.out(
        `\nError: Assignments can only be reset if the group '${groupId}' is inactive, but the current state is ${group.state}.\n`,
      );
      groups.set(groupId, []);
    }
  }
  const oneGroup = options.values('group').length === 1;
  terminal.out(options.has('export') ? `${resetPlanCsv(groups, oneGroup)}\n` : newOffsetsTable(groups));
}

/** Kafka's tool says what went wrong with a group without the class of the exception. */
function plainly(error: unknown): never {
  throw error instanceof KafkaError ? new Error(shownMessage(error), { cause: error }) : error;
}

async function resetGroup(groupId: string, reset: Reset): Promise<NewOffset[]> {
  const { admin, options } = reset;
  const partitions = await partitionsInScope(groupId, reset);
  await checkPartitions(admin, partitions);
  const offsets = (await newOffsets(groupId, partitions, reset)).sort((a, b) =>
    a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1,
  );
  if (options.has('execute') && !options.has('dry-run') && offsets.length > 0) {
    for (const { error } of await admin.alterConsumerGroupOffsets(groupId, offsets)) {
      if (error) throw error;
    }
  }
  return offsets;
}

async function partitionsInScope(groupId: string, { admin, options }: Reset): Promise<TopicPartition[]> {
  if (options.has('all-topics')) return [...(await committedOffsets(admin, groupId)).values()];
  if (!options.has('topic')) return [];
  const { whole, partitions } = usage(() => parseTopicArguments(options.values('topic')));
  const all = [...partitions];
  if (whole.length > 0) {
    for (const [topic, described] of await admin.describeTopics(whole)) {
      if (described instanceof Error) throw described;
      for (const { partition } of described.partitions) all.push({ topic, partition });
    }
  }
  return all;
}

/** Throws when a partition is not there or has no leader that could say its offsets. */
async function checkPartitions(admin: AdminApi, partitions: readonly TopicPartition[]): Promise<void> {
  if (partitions.length === 0) return;
  const described = await admin.describeTopics([...new Set(partitions.map(({ topic }) => topic))]);
  const missing: string[] = [];
  const leaderless: string[] = [];
  for (const { topic, partition } of partitions) {
    const facts = described.get(topic);
    if (facts instanceof Error) throw facts;
    const found = facts?.partitions.find((one) => one.partition === partition);
    if (!found) missing.push(partitionKey({ topic, partition }));
    else if (!found.leader) leaderless.push(partitionKey({ topic, partition }));
  }
  if (missing.length > 0) {
    throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', {
      message: `The partitions "${missing.join(',')}" do not exist`,
    });
  }
  if (leaderless.length > 0) {
    throw new KafkaError('LEADER_NOT_AVAILABLE', {
      message: `The partitions "${leaderless.join(',')}" have no leader`,
    });
  }
}

async function newOffsets(groupId: string, partitions: readonly TopicPartition[], reset: Reset): Promise<NewOffset[]> {
  const { admin, options, terminal } = reset;
  switch (reset.scenario) {
    case 'to-offset': {
      const offset = options.number('to-offset')!;
      return await withinLog(
        partitions.map(({ topic, partition }) => ({ topic, partition, offset })),
        reset,
      );
    }
    case 'to-earliest':
      return await atPlace(partitions, 'earliest', reset);
    case 'to-latest':
      return await atPlace(partitions, 'latest', reset);
    case 'shift-by': {
      const by = options.number('shift-by')!;
      const committed = await committedOffsets(admin, groupId);
      const shifted = partitions.map((partition) => {
        const now = committed.get(partitionKey(partition));
        if (now) return { ...named(partition), offset: now.offset + by };
        throw new CommandLineError(
          `Cannot shift offset for partition ${partitionKey(partition)} since there is no current committed offset`,
        );
      });
      return await withinLog(shifted, reset);
    }
    case 'to-datetime':
      return await atTime(partitions, parseDateTime(options.value('to-datetime')!), reset);
    case 'by-duration': {
      return await atTime(partitions, terminal.now() - parseDuration(options.value('by-duration')!), reset);
    }
    case 'to-current': {
      const committed = await committedOffsets(admin, groupId);
      const without = partitions.filter((partition) => !committed.has(partitionKey(partition)));
      const ends = await endOffsets(admin, without);
      return partitions.map((partition) => ({
        ...named(partition),
        offset: committed.get(partitionKey(partition))?.offset ?? known(ends, partition, 'ending offset'),
      }));
    }
    case 'from-file':
      return await fromFile(groupId, reset);
  }
}

async function fromFile(groupId: string, reset: Reset): Promise<NewOffset[]> {
  const { options, terminal } = reset;
  const path = options.value('from-file')!;
  const groups = options.values('group');
  let plan: Map<string, NewOffset[]>;
  try {
    plan = parseResetPlan(readFileSync(path, 'utf8'), groups.length === 1 ? groups[0] : undefined);
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`);
  }
  const offsets = plan.get(groupId);
  if (!offsets) {
    terminal.out(`\nError: No reset plan for group ${groupId} found\n`);
    return [];
  }
  await checkPartitions(reset.admin, offsets);
  return await withinLog(offsets, reset);
}

async function atPlace(
  partitions: readonly TopicPartition[],
  place: OffsetSpec,
  { admin }: Reset,
): Promise<NewOffset[]> {
  const offsets = await logOffsets(admin, partitions, place);
  const what = place === 'earliest' ? 'starting offset' : 'ending offset';
  return partitions.map((partition) => ({ ...named(partition), offset: known(offsets, partition, what) }));
}

/** Where no record is that late, the end. */
async function atTime(partitions: readonly TopicPartition[], time: number, reset: Reset): Promise<NewOffset[]> {
  const { admin, terminal } = reset;
  const found = await logOffsets(admin, partitions, time);
  const without = partitions.filter((partition) => !found.has(partitionKey(partition)));
  for (const { topic, partition } of without) {
    terminal.out(`\nWarn: Partition ${partition} from topic ${topic} is empty. Falling back to latest known offset.\n`);
  }
  const ends = await endOffsets(admin, without);
  return partitions.map((partition) => ({
    ...named(partition),
    offset: found.get(partitionKey(partition)) ?? known(ends, partition, 'offset by timestamp'),
  }));
}

/** Offsets outside the log are moved to its nearest end, with a warning. */
async function withinLog(offsets: readonly NewOffset[], { admin, terminal }: Reset): Promise<NewOffset[]> {
  const [starts, ends] = await Promise.all([logOffsets(admin, offsets, 'earliest'), endOffsets(admin, offsets)]);
  const warn = (text: string) =>
    terminal.err(logLine(terminal.now(), 'WARN', text, 'org.apache.kafka.tools.OffsetsUtils'));
  return offsets.map((wanted) => {
    const key = partitionKey(wanted);
    const [start, end] = [starts.get(key), ends.get(key)];
    if (end !== undefined && wanted.offset > end) {
      warn(
        `New offset (${wanted.offset}) is higher than latest offset for topic partition ${key}. Value will be set to ${end}`,
      );
      return { ...wanted, offset: end };
    }
    if (start !== undefined && wanted.offset < start) {
      warn(
        `New offset (${wanted.offset}) is lower than earliest offset for topic partition ${key}. Value will be set to ${start}`,
      );
      return { ...wanted, offset: start };
    }
    return wanted;
  });
}

const named = ({ topic, partition }: TopicPartition): TopicPartition => ({ topic, partition });

function known(offsets: ReadonlyMap<string, number>, partition: TopicPartition, what: string): number {
  const offset = offsets.get(partitionKey(partition));
  if (offset === undefined) {
    throw new CommandLineError(`Error getting ${what} of topic partition: ${partitionKey(partition)}`);
  }
  return offset;
}

/** What cannot be read in an argument is a wrong command line. */
function usage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new CommandLineError((error as Error).message);
  }
}
