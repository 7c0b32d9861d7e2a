// Decides changes of settings: AlterConfigs (the whole set is replaced) and IncrementalAlterConfigs (Kafka:
// ConfigAdminManager, ConfigurationControlManager). Each resource changes altogether or not at all. Pure.
import {
  type ClusterImage,
  CONFIG_RESOURCE_TYPES,
  type ConfigResourceType,
  type MetadataRecord,
} from '@moldau/metadata';
import type { BrokerConfig } from '../config/broker-config.ts';
import { brokerSetting } from '../config/broker-settings.ts';
import { ALL_BROKERS } from '../config/live-config.ts';
import { printSetting, readSetting, type Setting } from '../config/setting.ts';
import { topicSetting } from '../config/settings/topic.ts';
import { type Decision, DONE, type Outcome, refused } from './decision.ts';
import { checkTopicConfigs } from './topic-config-rules.ts';
import { topicNameRefusal } from './topic-name-rules.ts';

export type ConfigOperation = 'SET' | 'DELETE' | 'APPEND' | 'SUBTRACT';

export interface ConfigChange {
  /** A number: a code on the wire that nobody knows. */
  readonly operation: ConfigOperation | number;
  readonly name: string;
  readonly value: string | null;
}

export interface ConfigWish {
  /** Code on the wire; may be one nobody knows. */
  readonly resourceType: number;
  readonly resourceName: string;
  /** `replace`: what is not among the changes goes. */
  readonly mode: 'replace' | 'incremental';
  readonly changes: readonly ConfigChange[];
}

export interface ConfigContext {
  readonly image: ClusterImage;
  readonly config: BrokerConfig;
}

/** Changes in one request; Kafka's QuorumController.MAX_RECORDS_PER_USER_OP. More are refused, all of them. */
const CHANGES_MAX = 10_000;

export function decideAlterConfigs(context: ConfigContext, wishes: readonly ConfigWish[]): Decision<Outcome[]> {
  const changes = wishes.reduce((sum, wish) => sum + Math.max(1, wish.changes.length), 0);
  if (changes > CHANGES_MAX) {
    const tooMany = refused(
      'POLICY_VIOLATION',
      `Unable to perform excessively large batch operation. It has ${changes} changes, and ${CHANGES_MAX} are allowed.`,
    );
    return { records: [], result: wishes.map(() => tooMany) };
  }
  const records: MetadataRecord[] = [];
  const times = new Map<string, number>();
  const key = ({ resourceType, resourceName }: ConfigWish) => `${resourceType}:${resourceName}`;
  for (const wish of wishes) times.set(key(wish), (times.get(key(wish)) ?? 0) + 1);
  const result = wishes.map((wish) => {
    if (times.get(key(wish)) !== 1) return refused('INVALID_REQUEST', 'Each resource must appear at most once.');
    const changed = alterOne(context, wish);
    if ('error' in changed) return changed;
    records.push(...changed.records);
    return DONE;
  });
  return { records, result };
}

function alterOne(context: ConfigContext, wish: ConfigWish): Outcome | { readonly records: readonly MetadataRecord[] } {
  const names = wish.changes.map((change) => change.name);
  if (new Set(names).size !== names.length) return refused('INVALID_REQUEST', 'Error due to duplicate config keys');
  const strange = wish.changes.find((change) => typeof change.operation === 'number');
  if (strange) return refused('INVALID_REQUEST', `Unknown operations type ${strange.operation}`);
  const nulls = wish.changes.filter((change) => change.operation !== 'DELETE' && change.value === null);
  if (nulls.length > 0) {
    return refused('INVALID_REQUEST', `Null value not supported for : ${nulls.map((one) => one.name).join(', ')}`);
  }
  const type = typeOf(wish.resourceType);
  switch (type) {
    case 'topic':
      return alterTopic(context, wish);
    case 'broker':
      return alterBroker(context, wish);
    case 'brokerLogger':
      if (wish.mode === 'replace') return refused('INVALID_REQUEST', `Unknown resource type ${wish.resourceType}`);
      return refused('INVALID_REQUEST', 'Log levels cannot be changed while the broker runs.');
    case 'clientMetrics':
      return refused('INVALID_REQUEST', 'Metrics pushed by clients are not collected; there is nothing to configure.');
    case 'group':
      return refused('INVALID_REQUEST', 'Settings of single groups belong to group protocols that are not served yet.');
    case 'unknown':
      return refused('INVALID_REQUEST', `Unknown resource type ${wish.resourceType}`);
  }
}

/** The kind of resource behind a code on the wire. */
export function typeOf(code: number): ConfigResourceType | 'unknown' {
  for (const [type, known] of Object.entries(CONFIG_RESOURCE_TYPES)) {
    if (known === code) return type as ConfigResourceType;
  }
  return 'unknown';
}

function alterTopic({ image, config }: ConfigContext, wish: ConfigWish): Outcome | { records: MetadataRecord[] } {
  const name = wish.resourceName;
  if (name === '') return refused('INVALID_REQUEST', 'Default topic resources are not allowed.');
  const badName = topicNameRefusal(name);
  if (badName) return refused('INVALID_TOPIC_EXCEPTION', badName);
  const before = image.configs('topic', name);
  const after = changed(before, wish, topicSetting);
  if ('error' in after) return after;
  const detail = checkTopicConfigs(config, after);
  if (detail) return refused('INVALID_CONFIG', detail);
  if (!image.topic(name)) return refused('UNKNOWN_TOPIC_OR_PARTITION', `The topic '${name}' does not exist.`);
  return { records: differences('topic', name, before, after) };
}

function alterBroker({ image, config }: ConfigContext, wish: ConfigWish): Outcome | { records: MetadataRecord[] } {
  const name = wish.resourceName;
  if (name !== ALL_BROKERS) {
    if (!/^[+-]?\d{1,10}$/.test(name)) {
      return refused('INVALID_REQUEST', `Node id must be an integer, but it is: ${name}`);
    }
    // The settings of any broker of the cluster: a wish reaches the controller from whichever broker it was sent to.
    if (!image.broker(Number(name))) {
      return refused('INVALID_REQUEST', `Unexpected broker id, expected ${config.nodeId}, but received ${name}`);
    }
  }
  const resource = name === ALL_BROKERS ? name : String(Number(name));
  const before = image.configs('broker', resource);
  const after = changed(before, wish, brokerSetting);
  if ('error' in after) return after;
  const detail = brokerRefusal(after, before, resource);
  if (detail) return refused('INVALID_REQUEST', detail);
  return { records: differences('broker', resource, before, after) };
}

/** Why these dynamic settings cannot be a broker's; undefined when they can. */
function brokerRefusal(
  after: ReadonlyMap<string, string>,
  before: ReadonlyMap<string, string>,
  resource: string,
): string | undefined {
  const names = [...after.keys()];
  const listed = (found: readonly string[]) => `[${found.join(', ')}]`;
  const fixed = names.filter((one) => brokerSetting(one)?.mode === 'read-only');
  if (fixed.length > 0) return `Cannot update these configs dynamically: ${listed(fixed)}`;
  const unprefixed = names.filter((one) => /^(ssl|sasl)\./.test(one));
  if (unprefixed.length > 0) {
    return `These security configs can be dynamically updated only per-listener using the listener prefix: ${listed(unprefixed)}`;
  }
  for (const [name, text] of after) {
    if (before.get(name) === text) continue;
    const setting = brokerSetting(name);
    if (!setting) return `Unknown broker config name: ${name}`;
    if (setting.effect.kind === 'refused') return `${name} is not supported: ${setting.effect.why}`;
    const read = readSetting(name, setting, text);
    if (read.kind === 'wrong') return read.detail;
  }
  if (resource === ALL_BROKERS) {
    const single = names.filter((one) => brokerSetting(one)?.mode === 'per-broker');
    if (single.length > 0) {
      return `Cannot update these configs at default cluster level, broker id must be specified: ${listed(single)}`;
    }
  }
  return undefined;
}

function changed(
  before: ReadonlyMap<string, string>,
  { mode, changes }: ConfigWish,
  settingOf: (name: string) => Setting<unknown> | undefined,
): Outcome | Map<string, string> {
  const after = new Map(mode === 'replace' ? [] : before);
  for (const { operation, name, value } of changes) {
    switch (operation) {
      case 'SET':
        after.set(name, value!);
        continue;
      case 'DELETE':
        after.delete(name);
        continue;
      case 'APPEND':
      case 'SUBTRACT': {
        const setting = settingOf(name);
        if (setting?.type !== 'LIST') {
          return refused('INVALID_CONFIG', `Can't ${operation} to key ${name} because its type is not LIST.`);
        }
        const old = before.get(name) ?? printSetting(setting, setting.fallback) ?? '';
        const entries = old.split(',').filter((entry) => entry !== '');
        const given = value!.split(',');
        const next =
          operation === 'APPEND'
            ? [...entries, ...given.filter((entry) => !entries.includes(entry))]
            : entries.filter((entry) => !given.includes(entry));
        after.set(name, next.join(','));
      }
    }
  }
  return after;
}

function differences(
  resourceType: ConfigResourceType,
  resourceName: string,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): MetadataRecord[] {
  const records: MetadataRecord[] = [];
  const set = (name: string, value: string | null) =>
    records.push({ kind: 'configSet', resourceType, resourceName, name, value });
  for (const [name, value] of after) if (before.get(name) !== value) set(name, value);
  for (const name of before.keys()) if (!after.has(name)) set(name, null);
  return records;
}
