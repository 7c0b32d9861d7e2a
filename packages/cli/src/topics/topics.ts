// kafka-topics: create, list, describe, alter and delete topics.
import type { AdminApi } from '@moldau/client/admin/admin-api';
import type { Outcome, PartitionReassignment, TopicDescription } from '@moldau/client/admin/admin-model';
import { KafkaError } from '@moldau/client/errors';
import { ZERO_UUID } from '@moldau/protocol';
import { shownException, shownMessage } from '../cluster/java-names.ts';
import { withAdmin } from '../cluster/with-admin.ts';
import { CommandLineError } from '../command-line/option.ts';
import type { ParsedOptions } from '../command-line/parsed-options.ts';
import type { Terminal } from '../terminal.ts';
import { logLine } from '../text/log-line.ts';
import { defineTool } from '../tool.ts';
import { type Action, checkTopicOptions } from './check-options.ts';
import { mayCollide, parseReplicaAssignment, parseTopicConfigs } from './create-arguments.ts';
import { describeTopic } from './describe-text.ts';
import { TOPICS_OPTIONS } from './options.ts';
import { topicFacts } from './topic-facts.ts';
import { isInternalTopic, topicFilter } from './topic-filter.ts';

type Options = ParsedOptions<typeof TOPICS_OPTIONS>;

const REPLICAS_MAX = 32_767;

export const topics = defineTool({
  name: 'kafka-topics',
  purpose: 'This tool creates, lists, describes, alters and deletes topics.',
  options: TOPICS_OPTIONS,
  run: async (options, terminal) => {
    const action = checkTopicOptions(options);
    if (options.has('delete-config')) {
      terminal.err(
        'delete-config option is no longer supported and deprecated since version 4.0. Use kafka-configs.\n',
      );
    }
    if (action === 'describe' && options.has('if-exists') && options.has('topic') && options.has('topic-id')) {
      terminal.out(
        'Only topic id will be used when both --topic and --topic-id are specified and topicId is not Uuid.ZERO_UUID\n',
      );
    }
    try {
      await withAdmin(options, terminal, (admin) => ACTIONS[action](admin, options, terminal));
      return 0;
    } catch (error) {
      if (error instanceof CommandLineError && error.usage) throw error;
      terminal.out(`Error while executing topic command : ${shownMessage(error)}\n`);
      if (error instanceof KafkaError) {
        terminal.err(
          logLine(terminal.now(), 'ERROR', `${shownException(error)}\n`, 'org.apache.kafka.tools.TopicCommand'),
        );
      }
      return 1;
    }
  },
});

const ACTIONS: Record<Action, (admin: AdminApi, options: Options, terminal: Terminal) => Promise<void>> = {
  create,
  list,
  alter,
  describe,
  delete: remove,
};

async function create(admin: AdminApi, options: Options, terminal: Terminal): Promise<void> {
  const name = options.value('topic')!;
  const partitions = options.number('partitions');
  const replicas = options.number('replication-factor');
  const assignment = options.value('replica-assignment');
  const configs = parseTopicConfigs(options.values('config'));
  if (mayCollide(name)) {
    terminal.out(
      "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could collide. " +
        'To avoid issues it is best to use either, but not both.\n',
    );
  }
  if (replicas !== undefined && (replicas < 1 || replicas > REPLICAS_MAX)) {
    throw new Error(`The replication factor must be between 1 and ${REPLICAS_MAX} inclusive`);
  }
  if (partitions !== undefined && partitions < 1) throw new Error('The partitions must be greater than 0');
  const results = await admin.createTopics([
    {
      name,
      configs: Object.fromEntries(configs),
      ...(assignment
        ? { assignments: parseReplicaAssignment(assignment) }
        : { numPartitions: partitions ?? -1, replicationFactor: replicas ?? -1 }),
    },
  ]);
  const result = results.get(name);
  if (result instanceof Error) {
    if (options.has('if-not-exists') && result instanceof KafkaError && result.error === 'TOPIC_ALREADY_EXISTS') return;
    throw result;
  }
  terminal.out(`Created topic ${name}.\n`);
}

async function list(admin: AdminApi, options: Options, terminal: Terminal): Promise<void> {
  const names = await matchingTopics(admin, options);
  terminal.out(`${names.join('\n')}\n`);
}

async function alter(admin: AdminApi, options: Options): Promise<void> {
  const names = await existingTopics(admin, options);
  if (names.length === 0) return;
  const totalCount = options.number('partitions')!;
  const assignment = options.value('replica-assignment');
  const described = assignment ? await admin.describeTopics(names) : undefined;
  const results = await admin.createPartitions(
    names.map((topic) => {
      const facts = described?.get(topic);
      if (facts instanceof Error) throw facts;
      // The assignment lists every partition; those that are there already keep theirs.
      return facts
        ? { topic, totalCount, assignments: parseReplicaAssignment(assignment!).slice(facts.partitions.length) }
        : { topic, totalCount };
    }),
  );
  throwFirst(results);
}

async function remove(admin: AdminApi, options: Options): Promise<void> {
  const names = await existingTopics(admin, options);
  throwFirst(await admin.deleteTopics(names));
}

async function describe(admin: AdminApi, options: Options, terminal: Terminal): Promise<void> {
  const described = await descriptions(admin, options);
  if (described.length === 0) return;
  const names = described.map(({ name }) => name);
  const [configs, cluster, moving] = await Promise.all([
    admin.describeConfigs(names.map((name) => ({ type: 'topic' as const, name }))),
    admin.describeCluster(),
    reassignments(admin, described),
  ]);
  const live = new Set(cluster.nodes.map(({ id }) => id));
  const filter = {
    underReplicated: options.has('under-replicated-partitions'),
    unavailable: options.has('unavailable-partitions'),
    underMinIsr: options.has('under-min-isr-partitions'),
    atMinIsr: options.has('at-min-isr-partitions'),
    overridden: options.has('topics-with-overrides'),
  };
  for (const topic of described) terminal.out(describeTopic(topicFacts(topic, configs, moving), filter, live));
}

/** By id when one is given, by name otherwise; sorted by name. Throws when what was asked for is not there. */
async function descriptions(admin: AdminApi, options: Options): Promise<TopicDescription[]> {
  const limit = options.number('partition-size-limit-per-response');
  const settings = limit === undefined ? {} : { partitionSizeLimitPerResponse: limit };
  const topicId = options.value('topic-id');
  let results: ReadonlyMap<string, Outcome<TopicDescription>>;
  if (topicId !== undefined && topicId !== ZERO_UUID) {
    const listed = (await admin.listTopics({ internal: true })).filter(
      (topic) => !(options.has('exclude-internal') && topic.internal),
    );
    if (!listed.some((topic) => topic.topicId === topicId)) {
      if (options.has('if-exists')) return [];
      throw new Error(`TopicId '${topicId}' does not exist as expected`);
    }
    results = await admin.describeTopics({ topicIds: [topicId] }, settings);
  } else {
    const names = await existingTopics(admin, options);
    if (names.length === 0) return [];
    results = await admin.describeTopics(names, settings);
  }
  const described: TopicDescription[] = [];
  for (const result of results.values()) {
    if (result instanceof Error) throw result;
    described.push(result);
  }
  return described.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Nothing where the broker does not know reassignments or does not show them to us. */
async function reassignments(
  admin: AdminApi,
  described: readonly TopicDescription[],
): Promise<PartitionReassignment[]> {
  try {
    return await admin.listPartitionReassignments(
      described.flatMap(({ name, partitions }) => partitions.map(({ partition }) => ({ topic: name, partition }))),
    );
  } catch (error) {
    const known = error instanceof KafkaError ? error.error : undefined;
    if (known === 'UNSUPPORTED_VERSION' || known === 'CLUSTER_AUTHORIZATION_FAILED') return [];
    throw error;
  }
}

/** The topics that --topic means, sorted. */
async function matchingTopics(admin: AdminApi, options: Options): Promise<string[]> {
  const wanted = options.value('topic');
  const matches = wanted === undefined ? () => true : topicFilter(wanted);
  const excludeInternal = options.has('exclude-internal');
  return (await admin.listTopics({ internal: true }))
    .map(({ name }) => name)
    .filter((name) => matches(name) && !(excludeInternal && isInternalTopic(name)))
    .sort();
}

/** The same; throws when --topic means none, unless --if-exists. */
async function existingTopics(admin: AdminApi, options: Options): Promise<string[]> {
  const names = await matchingTopics(admin, options);
  const wanted = options.value('topic');
  if (names.length === 0 && wanted && !options.has('if-exists')) {
    throw new Error(`Topic '${wanted}' does not exist as expected`);
  }
  return names;
}

function throwFirst(results: ReadonlyMap<string, unknown>): void {
  for (const result of results.values()) {
    if (result instanceof Error) throw result;
  }
}
