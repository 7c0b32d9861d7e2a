// Writes docs/configuration.md out of the tables of settings. Pure; node/write-configuration-page.ts puts it in its place,
// and a test holds that the page in the repository is this one.
import { brokerSettings, brokerSynonyms } from './broker-settings.ts';
import { printSetting, type Setting } from './setting.ts';
import { CONTROLLER_SETTINGS } from './settings/controller.ts';
import { GENERAL_SETTINGS } from './settings/general.ts';
import { GROUP_SETTINGS } from './settings/groups.ts';
import { LOG_SETTINGS } from './settings/log.ts';
import { MEASURING_SETTINGS } from './settings/measuring.ts';
import { NETWORK_SETTINGS } from './settings/network.ts';
import { REPLICATION_SETTINGS } from './settings/replication.ts';
import { SECURITY_SETTINGS } from './settings/security.ts';
import { type TopicSetting, topicSettingEntries } from './settings/topic.ts';
import { ZOOKEEPER_SETTINGS } from './settings/zookeeper.ts';

export const CONFIGURATION_PAGE = 'docs/configuration.md';
export const CONFIGURATION_COMMAND = 'node packages/broker/src/config/node/write-configuration-page.ts';

const areas: readonly (readonly [title: string, table: Readonly<Record<string, unknown>>])[] = [
  ['Identity, topics, limits', GENERAL_SETTINGS],
  ['Listeners and connections', NETWORK_SETTINGS],
  ['Logs', LOG_SETTINGS],
  ['Groups', GROUP_SETTINGS],
  ['Replicas', REPLICATION_SETTINGS],
  ['Quotas and metrics', MEASURING_SETTINGS],
  ['Security', SECURITY_SETTINGS],
  ['Metadata', CONTROLLER_SETTINGS],
  ['ZooKeeper', ZOOKEEPER_SETTINGS],
];

/** The page, as Markdown. */
export function configurationPage(): string {
  const all = brokerSettings().filter(([, setting]) => !setting.internal);
  const honoured = all.filter(([, setting]) => setting.effect.kind === 'honoured');
  const parts = [introduction];
  parts.push('## Broker settings\n');
  parts.push(
    'Changes: *restart*, or while the broker runs by `kafka-configs.sh`: *broker* for one broker, *cluster* for one or for all.\n',
  );
  for (const [title, table] of areas) {
    const rows = honoured.filter(([name]) => Object.hasOwn(table, name)).sort(byName);
    if (rows.length > 0) parts.push(`### ${title}\n`, brokerTable(rows));
  }
  parts.push('## Topic settings\n', topicIntroduction, topicTable());
  parts.push('## Settings without effect\n', inertIntroduction, reasons(all, 'inert'));
  parts.push('## Settings that are refused\n', refusedIntroduction, reasons(all, 'refused'));
  return `${parts.join('\n').trimEnd()}\n`;
}

type Row = [name: string, setting: Setting<unknown>];

function brokerTable(rows: readonly Row[]): string {
  const changes = { 'read-only': 'restart', 'per-broker': 'broker', 'cluster-wide': 'cluster' } as const;
  const lines = rows.map(([name, setting]) => {
    const others = brokerSynonyms(name).filter((one) => one !== name);
    const synonyms = others.length > 0 ? ` Also: ${others.map((one) => `\`${one}\``).join(', ')}.` : '';
    return row(
      `\`${name}\``,
      typeOf(setting),
      defaultOf(setting),
      setting.allowed,
      changes[setting.mode],
      setting.doc + synonyms,
    );
  });
  return table(['setting', 'type', 'default', 'allowed', 'changes', 'meaning'], lines);
}

function topicTable(): string {
  const lines = topicSettingEntries()
    .filter(([, setting]) => !setting.internal && setting.effect.kind === 'honoured')
    .sort(byName)
    .map(([name, setting]) =>
      row(`\`${name}\``, typeOf(setting), defaultOf(setting), setting.allowed, serversOf(setting), setting.doc),
    );
  const inert = topicSettingEntries()
    .filter(([, setting]) => !setting.internal && setting.effect.kind === 'inert')
    .map(([name]) => `\`${name}\``)
    .sort();
  return `${table(['setting', 'type', 'default', 'allowed', 'default from', 'meaning'], lines)}\nTaken without effect: ${inert.join(', ')}.\n`;
}

function serversOf(setting: TopicSetting<unknown>): string {
  return setting.servers.map((server) => `\`${server.name}\``).join(', ');
}

/** Settings by the reason for which nothing comes of them. */
function reasons(all: readonly Row[], kind: 'inert' | 'refused'): string {
  const byReason = new Map<string, string[]>();
  for (const [name, { effect }] of all) {
    if (effect.kind !== kind) continue;
    byReason.set(effect.why, [...(byReason.get(effect.why) ?? []), `\`${name}\``]);
  }
  const lines = [...byReason].map(
    ([why, names]) => `- ${why[0]!.toUpperCase()}${why.slice(1)}: ${names.sort().join(', ')}.`,
  );
  return `${lines.join('\n')}\n`;
}

function typeOf(setting: Setting<unknown>): string {
  return setting.type.toLowerCase();
}

function defaultOf(setting: Setting<unknown>): string {
  const text = printSetting(setting, setting.fallback);
  if (text === null) return '';
  return text === '' ? '(empty)' : `\`${text}\``;
}

function byName(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}

function row(...cells: string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function table(head: readonly string[], lines: readonly string[]): string {
  return `${[row(...head), row(...head.map(() => '---')), ...lines].join('\n')}\n`;
}

const introduction = `# Configuration

<!-- Written by \`${CONFIGURATION_COMMAND}\`; change the tables in packages/broker/src/config/settings instead. -->

A broker reads the settings of Kafka under Kafka's names, from four places; a later one wins:

1. a \`server.properties\` file, as \`bin/kafka-server-start.sh config/server.properties\` names it;
2. environment variables as Kafka's container images have them: \`KAFKA_LOG_RETENTION_MS\` is \`log.retention.ms\`, two
   underscores are one underscore, three are a dash. Other variables that begin with \`KAFKA_\` are left alone;
3. the same with \`MOLDAU_\` in front; here a name that is no setting is an error;
4. the command line: \`--override log.retention.ms=60000\`.

A setting that does not exist or a value that is not allowed stops the start. The message names the place, the key, the
value and what is allowed, for all settings at once:

\`\`\`
2 settings cannot be used:
  server.properties:12: num.partitions=0: Value must be at least 1; allowed: 1 or more
  server.properties:14: log.retnetion.ms=5: no such setting; did you mean log.retention.ms?
\`\`\`

Kafka's own files start a broker as they stand. What they say and Moldau has no use for is taken with a warning; what
would drop a protection or a promise if it were ignored is refused (both listed below). With \`zookeeper.connect\` the
metadata of the cluster is kept in that ensemble; without it, in \`__moldau_metadata\` in the first log directory. That
directory belongs to the data: without it, or with an old copy of it, the broker does not start.

Durations are in milliseconds and sizes in bytes unless the name says otherwise. \`9223372036854775807\` means no limit.
`;

const topicIntroduction = `Set when a topic is created (\`kafka-topics.sh --create --config\`) or later (\`kafka-configs.sh --entity-type topics\`). They take
effect at once. A topic that does not set one follows the broker setting named under *default from*, the first that is set.
`;

const inertIntroduction = `These are taken so that Kafka's files load. A broker says at start which of them were given.
`;

const refusedIntroduction = `Any value but the default stops the start.
`;
