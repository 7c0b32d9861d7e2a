// The JSON that says where partitions shall be: read with every mistake named, written as Kafka's tool writes it.
import { partitionText, type TopicPartition } from '@moldau/client/topic-partition';

export type Assignment = TopicPartition & { readonly replicas: readonly number[] };

/** A replica that shall lie in a directory of its broker. */
export type Placement = TopicPartition & { readonly brokerId: number; readonly path: string };

export interface Plan {
  readonly assignments: readonly Assignment[];
  /** Only of replicas for which a directory is named. */
  readonly placements: readonly Placement[];
}

/** The broker chooses the directory. */
export const ANY_DIRECTORY = 'any';

/** Reads --reassignment-json-file. Throws with what is wrong. */
export function parsePlan(text: string): Plan {
  const partitions = versionOne(text).partitions ?? [];
  if (!Array.isArray(partitions)) throw new Error('"partitions" must be a list');
  const assignments: Assignment[] = [];
  const placements: Placement[] = [];
  for (const [i, entry] of partitions.entries()) {
    const { topic, partition, replicas, log_dirs: paths } = (entry ?? {}) as Record<string, unknown>;
    if (typeof topic !== 'string' || !Number.isSafeInteger(partition) || !isNumbers(replicas)) {
      throw new Error(
        `partitions[${i}] needs a "topic" in quotes, a whole number as "partition", and a list of broker ids as "replicas"`,
      );
    }
    const assignment = { topic, partition: partition as number, replicas };
    assignments.push(assignment);
    if (paths === undefined) continue;
    if (!Array.isArray(paths) || !paths.every((path) => typeof path === 'string')) {
      throw new Error(`partitions[${i}]: "log_dirs" must be a list of paths, or "any", in quotes`);
    }
    if (paths.length !== replicas.length) {
      throw new Error(
        `Size of replicas list [${replicas.join(', ')}] is different from size of log dirs list [${paths.join(', ')}] ` +
          `for partition ${partitionText(assignment)}`,
      );
    }
    for (const [k, path] of paths.entries()) {
      if (path !== ANY_DIRECTORY) {
        placements.push({ topic, partition: assignment.partition, brokerId: replicas[k]!, path });
      }
    }
  }
  return { assignments, placements };
}

/** The same, for --execute: throws also when nothing, or something contradictory, is asked for. */
export function parsePlanToExecute(text: string): Plan {
  const plan = parsePlan(text);
  const { assignments } = plan;
  if (assignments.length === 0) throw new Error('Partition reassignment list cannot be empty');
  if (assignments.some(({ replicas }) => replicas.length === 0))
    throw new Error('Partition replica list cannot be empty');
  const twice = duplicates(assignments.map(partitionText));
  if (twice.length > 0) {
    throw new Error(`Partition reassignment contains duplicate topic partitions: ${twice.join(',')}`);
  }
  const doubled = assignments
    .map((assignment) => ({ assignment, ids: duplicates(assignment.replicas) }))
    .filter(({ ids }) => ids.length > 0);
  if (doubled.length > 0) {
    const told = doubled.map(
      ({ assignment, ids }) => `${partitionText(assignment)} contains multiple entries for ${ids.join(',')}`,
    );
    throw new Error(`Partition replica lists may not contain duplicate entries: ${told.join('. ')}`);
  }
  return plan;
}

/** Reads --topics-to-move-json-file. Throws with what is wrong. */
export function parseTopicsToMove(text: string): string[] {
  const { topics = [] } = versionOne(text);
  if (!Array.isArray(topics)) throw new Error('"topics" must be a list');
  const names = topics.map((entry: unknown, i) => {
    const { topic } = (entry ?? {}) as Record<string, unknown>;
    if (typeof topic !== 'string') throw new Error(`topics[${i}] needs a "topic" in quotes`);
    return topic;
  });
  const twice = duplicates(names);
  if (twice.length > 0) throw new Error(`List of topics to reassign contains duplicate entries: [${twice.join(', ')}]`);
  return names;
}

/** Reads --broker-list. Throws with what is wrong. */
export function parseBrokerList(text: string): number[] {
  const ids = text.split(',').map((word) => {
    if (!/^[+-]?\d+$/.test(word)) throw new Error(`For input string: "${word}"`);
    return Number(word);
  });
  const twice = duplicates(ids);
  if (twice.length > 0) throw new Error(`Broker list contains duplicate entries: [${twice.join(', ')}]`);
  return ids;
}

/** One line, partitions in order. `pathOf` says where a replica lies, as far as that is known. */
export function planText(
  assignments: readonly Assignment[],
  pathOf: (partition: TopicPartition, brokerId: number) => string | undefined = () => undefined,
): string {
  const partitions = [...assignments].sort(byPartition).map(({ topic, partition, replicas }) => ({
    topic,
    partition,
    replicas,
    log_dirs: replicas.map((brokerId) => pathOf({ topic, partition }, brokerId) ?? ANY_DIRECTORY),
  }));
  return JSON.stringify({ version: 1, partitions });
}

export function byPartition(a: TopicPartition, b: TopicPartition): number {
  return a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1;
}

function versionOne(text: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error(`The input string is not a valid JSON: ${(error as Error).message}`);
  }
  const object = (json ?? {}) as Record<string, unknown>;
  const { version = 1 } = object;
  if (version !== 1) throw new Error(`Not supported version field value ${version}`);
  return object;
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((id) => Number.isSafeInteger(id));
}

function duplicates<T>(items: readonly T[]): T[] {
  return [...new Set(items.filter((item, i) => items.indexOf(item) !== i))];
}
