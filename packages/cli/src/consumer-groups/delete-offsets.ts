// --delete-offsets and --delete.
import type { AdminApi } from '@moldau/client/admin/admin-api';
import type { PartitionOutcome } from '@moldau/client/admin/admin-model';
import { KafkaError } from '@moldau/client/errors';
import { shownException, shownMessage } from '../cluster/java-names.ts';
import { CommandLineError } from '../command-line/option.ts';
import type { Terminal } from '../terminal.ts';
import type { GroupOptions } from './check-options.ts';
import { type DeletionRow, deletionsTable, type TopicPartition } from './tables.ts';
import { parseTopicArguments } from './topic-arguments.ts';

/** Errors that are about partitions, not about the group. */
const OF_PARTITIONS: readonly string[] = [
  'GROUP_SUBSCRIBED_TO_TOPIC',
  'TOPIC_AUTHORIZATION_FAILED',
  'UNKNOWN_TOPIC_OR_PARTITION',
];
const OF_GROUPS: readonly string[] = [
  'INVALID_GROUP_ID',
  'GROUP_ID_NOT_FOUND',
  'GROUP_AUTHORIZATION_FAILED',
  'NON_EMPTY_GROUP',
];

export async function deleteOffsets(admin: AdminApi, options: GroupOptions, terminal: Terminal): Promise<void> {
  const groupId = options.value('group')!;
  let arguments_: ReturnType<typeof parseTopicArguments>;
  try {
    arguments_ = parseTopicArguments(options.values('topic'));
  } catch (error) {
    throw new CommandLineError((error as Error).message);
  }
  const rows: DeletionRow[] = [];
  const partitions = [...arguments_.partitions];
  if (arguments_.whole.length > 0) {
    for (const [topic, described] of await admin.describeTopics(arguments_.whole)) {
      if (described instanceof Error) rows.push({ topic, partition: undefined, error: shownException(described) });
      else partitions.push(...described.partitions.map(({ partition }) => ({ topic, partition })));
    }
  }
  let first: KafkaError | undefined;
  const outcomes = partitions.length === 0 ? [] : await deleted(admin, groupId, partitions);
  for (const { topic, partition, error } of outcomes) {
    first ??= error;
    rows.push({ topic, partition, error: error && shownException(error) });
  }
  terminal.out(outcomeLine(groupId, first));
  terminal.out(deletionsTable(rows));
}

/** An error of the whole group is told for each partition, as Kafka's tool does. */
async function deleted(
  admin: AdminApi,
  groupId: string,
  partitions: readonly TopicPartition[],
): Promise<readonly PartitionOutcome[]> {
  try {
    return await admin.deleteConsumerGroupOffsets(groupId, partitions);
  } catch (error) {
    if (!(error instanceof KafkaError && OF_GROUPS.includes(error.error))) throw error;
    return partitions.map((partition) => ({ ...partition, error }));
  }
}

function outcomeLine(groupId: string, error: KafkaError | undefined): string {
  if (!error) return `Request succeeded for deleting offsets from group ${groupId}.\n`;
  if (OF_GROUPS.includes(error.error)) return `\nError: ${shownMessage(error)}\n`;
  if (OF_PARTITIONS.includes(error.error)) {
    return '\nError: Encountered some partition-level error, see the follow-up details.\n';
  }
  return `\nError: Encountered some unknown error: ${error.error}\n`;
}

export async function deleteGroups(admin: AdminApi, groupIds: readonly string[], terminal: Terminal): Promise<void> {
  const outcomes = [...(await admin.deleteGroups(groupIds))].sort(([a], [b]) => (a < b ? -1 : 1));
  const quoted = (list: typeof outcomes) => list.map(([groupId]) => `'${groupId}'`).join(', ');
  const deleted = outcomes.filter(([, outcome]) => !(outcome instanceof Error));
  const failed = outcomes.filter(([, outcome]) => outcome instanceof Error);
  if (failed.length === 0) {
    terminal.out(`Deletion of requested consumer groups (${quoted(deleted)}) was successful.\n`);
    return;
  }
  terminal.out('\nError: Deletion of some consumer groups failed:\n');
  for (const [groupId, error] of failed) {
    terminal.out(`* Group '${groupId}' could not be deleted due to: ${shownException(error)}\n`);
  }
  if (deleted.length > 0) terminal.out(`\nThese consumer groups were deleted successfully: ${quoted(deleted)}\n`);
}
