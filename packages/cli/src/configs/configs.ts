// kafka-configs: shows and changes settings of topics, brokers, groups and client metrics, quotas and SCRAM credentials.
import type { AdminApi } from '@moldau/client/admin/admin-api';
import type { ConfigResourceType, ConfigSource } from '@moldau/client/admin/admin-model';
import { KafkaError } from '@moldau/client/errors';
import { shownException } from '../cluster/java-names.ts';
import { withAdmin } from '../cluster/with-admin.ts';
import { refuseTogether } from '../command-line/checks.ts';
import { CommandLineError } from '../command-line/option.ts';
import type { ParsedOptions } from '../command-line/parsed-options.ts';
import { loadProperties } from '../settings/properties.ts';
import type { Terminal } from '../terminal.ts';
import { defineTool } from '../tool.ts';
import { checkConfigNames, parseAddedConfigs, parseDeletedConfigs } from './config-arguments.ts';
import { alteredText, describeEntries, describeHeader, missingEntity } from './describe-text.ts';
import { type Entities, type EntityType, readEntities } from './entity.ts';
import { CONFIGS_OPTIONS } from './options.ts';

type Options = ParsedOptions<typeof CONFIGS_OPTIONS>;

export const configs = defineTool({
  name: 'kafka-configs',
  purpose:
    'This tool shows and changes the settings of topics, brokers, groups, client metrics, clients, users and IPs.',
  options: CONFIGS_OPTIONS,
  run: async (options, terminal) => {
    const actions = (['alter', 'describe'] as const).filter((action) => options.has(action));
    const action = actions[0];
    if (action === undefined || actions.length > 1) {
      throw new CommandLineError('Command must include exactly one action: --describe, --alter');
    }
    refuseTogether(options, 'describe', ['add-config', 'delete-config']);
    if (!options.has('bootstrap-server')) {
      throw new CommandLineError(
        options.has('bootstrap-controller')
          ? '--bootstrap-controller: there are no controllers of their own here; give --bootstrap-server.'
          : 'Either --bootstrap-server or --bootstrap-controller must be specified.',
        { usage: false },
      );
    }
    const entities = readEntities(options, action);
    try {
      await withAdmin(options, terminal, (admin) =>
        action === 'alter' ? alter(admin, entities, options, terminal) : describe(admin, entities, options, terminal),
      );
      return 0;
    } catch (error) {
      if (error instanceof CommandLineError) throw error;
      const known = error instanceof KafkaError ? error.error : undefined;
      if (known === 'UNSUPPORTED_VERSION' || known === 'INVALID_CONFIG') terminal.err(`${(error as Error).message}\n`);
      else terminal.err(`Error while executing config command: ${shownException(error)}\n`);
      return 1;
    }
  },
});

/** Entity types whose settings the brokers keep as configs, and what they call them. */
const RESOURCES: Partial<Record<EntityType, readonly [type: ConfigResourceType, dynamic: ConfigSource]>> = {
  topics: ['topic', 'DYNAMIC_TOPIC_CONFIG'],
  brokers: ['broker', 'DYNAMIC_BROKER_CONFIG'],
  'broker-loggers': ['broker-logger', 'DYNAMIC_BROKER_LOGGER_CONFIG'],
  'client-metrics': ['client-metrics', 'DYNAMIC_CLIENT_METRICS_CONFIG'],
  groups: ['group', 'DYNAMIC_GROUP_CONFIG'],
};

async function alter(admin: AdminApi, entities: Entities, options: Options, terminal: Terminal): Promise<void> {
  const [type, name] = [entities.types[0]!, entities.names[0]!];
  const added = options.has('add-config-file')
    ? await loadProperties(options.value('add-config-file')!)
    : options.has('add-config')
      ? parseAddedConfigs(options.value('add-config')!)
      : new Map<string, string>();
  checkConfigNames(added.keys());
  const deleted = parseDeletedConfigs(options.values('delete-config'));
  const resource = RESOURCES[type];
  if (resource) {
    const [altered] = await admin.incrementalAlterConfigs([
      {
        type: resource[0],
        name,
        changes: [
          ...deleted.map((key) => ({ name: key, operation: 'DELETE' as const, value: null })),
          ...[...added].map(([key, value]) => ({ name: key, operation: 'SET' as const, value })),
        ],
      },
    ]);
    if (altered?.error) throw altered.error;
  } else {
    const { alterQuotasOrCredentials } = await import('./quotas.ts');
    await alterQuotasOrCredentials(admin, entities, added, deleted);
  }
  terminal.out(alteredText(type, name));
}

async function describe(admin: AdminApi, entities: Entities, options: Options, terminal: Terminal): Promise<void> {
  const type = entities.types[0]!;
  const resource = RESOURCES[type];
  if (!resource) {
    const { describeQuotasAndCredentials } = await import('./quotas.ts');
    await describeQuotasAndCredentials(admin, entities, terminal);
    return;
  }
  const all = options.has('all');
  const asked = entities.names[0];
  if (asked !== undefined && asked !== '' && !all && !(await existing(admin, type)).includes(asked)) {
    terminal.out(missingEntity(type, asked));
    return;
  }
  const names = asked !== undefined ? [asked] : await existing(admin, type);
  if (asked === undefined && (type === 'brokers' || type === 'broker-loggers')) names.push('');
  for (const name of names) {
    terminal.out(describeHeader(type, name, all));
    const [described] = await admin.describeConfigs([{ type: resource[0], name }], { synonyms: true });
    const entries = described?.entries ?? [];
    if (entries instanceof Error) throw entries;
    const source = type === 'brokers' && name === '' ? 'DYNAMIC_DEFAULT_BROKER_CONFIG' : resource[1];
    terminal.out(
      describeEntries(
        entries
          .filter((entry) => all || type === 'broker-loggers' || entry.source === source)
          .map(({ name: key, value, isSensitive, synonyms }) => ({
            name: key,
            value,
            sensitive: isSensitive,
            synonyms,
          })),
      ),
    );
  }
}

/** Names of all entities of a type. */
async function existing(admin: AdminApi, type: EntityType): Promise<string[]> {
  switch (type) {
    case 'topics':
      return (await admin.listTopics({ internal: true })).map(({ name }) => name);
    case 'brokers':
    case 'broker-loggers':
      return (await admin.describeCluster()).nodes.map(({ id }) => String(id));
    case 'groups': {
      const [groups, resources] = await Promise.all([admin.listGroups(), configured(admin, 'group')]);
      return [...new Set([...groups.map(({ groupId }) => groupId), ...resources])];
    }
    default:
      return await configured(admin, 'client-metrics');
  }
}

/** Entities that have settings of their own; none where the broker is too old to say. */
async function configured(admin: AdminApi, type: ConfigResourceType): Promise<string[]> {
  try {
    return (await admin.listConfigResources([type])).map(({ name }) => name);
  } catch (error) {
    if (error instanceof KafkaError && ['UNSUPPORTED_VERSION', 'CLUSTER_AUTHORIZATION_FAILED'].includes(error.error))
      return [];
    throw error;
  }
}
