// What kafka-reassign-partitions does, one function for each action.
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AdminApi } from '@moldau/client/admin/admin-api';
import { KafkaError } from '@moldau/client/errors';
import { partitionText, type TopicPartition } from '@moldau/client/topic-partition';
import { shownMessage } from '../cluster/java-names.ts';
import type { Terminal } from '../terminal.ts';
import type { Action, Options } from './check-options.ts';
import { directoryMoves, directoryMovesText, isMoving, startDirectoryMoves } from './directory-moves.ts';
import { type PlacementBroker, proposeReplicas } from './propose.ts';
import {
  type Assignment,
  byPartition,
  parseBrokerList,
  parsePlan,
  parsePlanToExecute,
  parseTopicsToMove,
  planText,
} from './reassignment-json.ts';
import { currentAssignments, listText, pathsOf, verifyPartitions } from './state.ts';
import { TerseError } from './terse-error.ts';
import { allMoves, clearThrottles, throttleDirectories, throttleMoves } from './throttles.ts';

const ALREADY_MOVING =
  'Cannot execute because there is an existing partition assignment.  Use --additional to override this and ' +
  'create a new partition assignment in addition to the existing one. The --additional ' +
  'flag can also be used to change the throttle by resubmitting the current reassignment.';

export const ACTIONS: Record<Action, (admin: AdminApi, options: Options, terminal: Terminal) => Promise<void>> = {
  generate,
  execute,
  verify,
  cancel,
  list: async (admin, _, terminal) => terminal.out(`${listText(await admin.listPartitionReassignments())}\n`),
};

const file = (options: Options, name: 'reassignment-json-file' | 'topics-to-move-json-file') =>
  readFileSync(options.value(name)!, 'utf8');
const names = (partitions: readonly TopicPartition[]) => [...partitions].sort(byPartition).map(partitionText).join(',');

async function generate(admin: AdminApi, options: Options, terminal: Terminal): Promise<void> {
  const ids = parseBrokerList(options.value('broker-list')!);
  const topics = parseTopicsToMove(file(options, 'topics-to-move-json-file'));
  const current = await currentAssignments(admin, topics);
  const brokers = await placementBrokers(admin, ids, !options.has('disable-rack-aware'));
  const proposed: Assignment[] = [];
  for (const topic of topics) {
    const own = current.filter((assignment) => assignment.topic === topic);
    const draw = () => randomInt(Math.max(1, brokers.length));
    const replicas = proposeReplicas(brokers, own.length, own[0]?.replicas.length ?? 0, draw(), draw());
    proposed.push(...replicas.map((of, partition) => ({ topic, partition, replicas: of })));
  }
  terminal.out(
    `Current partition replica assignment\n${planText(current, await pathsOf(admin, current))}\n\n` +
      `Proposed partition reassignment configuration\n${planText(proposed)}\n`,
  );
}

/** Those of `ids` that are there. */
async function placementBrokers(admin: AdminApi, ids: readonly number[], racks: boolean): Promise<PlacementBroker[]> {
  const { nodes } = await admin.describeCluster();
  const brokers = nodes
    .filter(({ id }) => ids.includes(id))
    .map(({ id, rack }) => ({ id, rack: racks ? (rack ?? undefined) : undefined }));
  const without = brokers.filter(({ rack }) => rack === undefined).length;
  if (racks && without > 0 && without < brokers.length) {
    throw new Error(
      'Not all brokers have rack information. Add --disable-rack-aware in command line to make replica assignment without rack information.',
    );
  }
  return brokers;
}

async function execute(admin: AdminApi, options: Options, terminal: Terminal): Promise<void> {
  const { assignments, placements } = parsePlanToExecute(file(options, 'reassignment-json-file'));
  const rate = options.numberOr('throttle', -1);
  const directoryRate = options.numberOr('replica-alter-log-dirs-throttle', -1);
  const underWay = await admin.listPartitionReassignments();
  if (underWay.length > 0 && !options.has('additional')) throw new TerseError(ALREADY_MOVING);
  const known = new Set((await admin.describeCluster()).nodes.map(({ id }) => id));
  const unknown = assignments.flatMap(({ replicas }) => replicas).find((id) => !known.has(id));
  if (unknown !== undefined) throw new Error(`Unknown broker id ${unknown}`);
  const current = await currentAssignments(
    admin,
    assignments.map(({ topic }) => topic),
    assignments,
  );
  terminal.out(
    `Current partition replica assignment\n\n${planText(current, await pathsOf(admin, current))}\n\n` +
      'Save this to use as the --reassignment-json-file option during rollback\n',
  );
  if (rate >= 0 || directoryRate >= 0) {
    terminal.out(
      'Warning: You must run --verify periodically, until the reassignment completes, to ensure the throttle is removed.\n',
    );
    if (rate >= 0) await throttleMoves(admin, allMoves(underWay, assignments, current), rate, terminal);
    if (directoryRate >= 0) {
      const brokers = placements.map(({ brokerId }) => brokerId);
      await throttleDirectories(admin, brokers, directoryRate, terminal);
    }
  }
  const outcomes = await admin.alterPartitionReassignments(assignments, {
    allowReplicationFactorChange: !options.has('disallow-replication-factor-change'),
  });
  throwFailed('Error reassigning partition(s):', outcomes);
  const s = assignments.length === 1 ? '' : 's';
  terminal.out(`Successfully started partition reassignment${s} for ${names(assignments)}\n`);
  if (placements.length > 0) {
    await startDirectoryMoves(admin, placements, options.numberOr('timeout', 10_000), terminal);
  }
}

async function verify(admin: AdminApi, options: Options, terminal: Terminal): Promise<void> {
  const { assignments, placements } = parsePlan(file(options, 'reassignment-json-file'));
  const partitions = await verifyPartitions(admin, assignments);
  terminal.out(`${partitions.text}\n`);
  const directories = await directoryMoves(admin, placements);
  terminal.out(`${directoryMovesText(directories)}\n`);
  const done = directories.every((move) => !isMoving(move));
  if (!partitions.anyUnderWay && done && !options.has('preserve-throttles')) {
    await clearThrottles(admin, assignments, terminal);
  }
}

async function cancel(admin: AdminApi, options: Options, terminal: Terminal): Promise<void> {
  const { assignments, placements } = parsePlan(file(options, 'reassignment-json-file'));
  const underWay = (await admin.listPartitionReassignments(assignments)).filter(
    ({ addingReplicas, removingReplicas }) => addingReplicas.length > 0 || removingReplicas.length > 0,
  );
  if (underWay.length === 0) terminal.out('None of the specified partition reassignments are active.\n');
  else {
    const outcomes = await admin.alterPartitionReassignments(
      underWay.map(({ topic, partition }) => ({ topic, partition, replicas: null })),
    );
    const failed = outcomes.filter(({ error }) => error);
    throwFailed(`Error cancelling partition reassignment${failed.length === 1 ? '' : 's'} for:`, outcomes);
    const s = underWay.length === 1 ? '' : 's';
    terminal.out(`Successfully cancelled partition reassignment${s} for: ${names(underWay)}\n`);
  }
  const moving = (await directoryMoves(admin, placements)).filter(isMoving);
  // Without a line break, as Kafka's tool has it.
  if (moving.length === 0) terminal.out('None of the specified partition moves are active.');
  else {
    const back = moving.map(({ topic, partition, brokerId, place }) => {
      return { topic, partition, brokerId, path: place.current!.path };
    });
    await startDirectoryMoves(admin, back, options.numberOr('timeout', 10_000), terminal);
  }
  if (!options.has('preserve-throttles')) await clearThrottles(admin, assignments, terminal);
}

function throwFailed(what: string, outcomes: readonly (TopicPartition & { readonly error?: unknown })[]): void {
  const failed = outcomes.filter(({ error }) => error instanceof KafkaError).sort(byPartition);
  if (failed.length === 0) return;
  throw new TerseError(
    `${what}\n${failed.map((one) => `${partitionText(one)}: ${shownMessage(one.error)}`).join('\n')}`,
  );
}
