// From what was given (a file, the environment, the command line, a program) to a BrokerConfig, or to a ConfigError that
// lists everything that is wrong. Pure: the texts are handed in.
// Always: what is refused here would have changed where the broker listens, who may do what, or what is kept; what only
// has no effect is taken, with a warning.
import { type BrokerConfig, brokerConfigFrom } from './broker-config.ts';
import { BROKER_SETTINGS, brokerSetting } from './broker-settings.ts';
import { ConfigError, type ConfigProblem, nearest } from './config-error.ts';
import { checkTogether } from './config-rules.ts';
import { type ConfigSources, type GivenSetting, gatherSettings } from './config-sources.ts';
import { readListeners } from './listeners.ts';
import { judgeOther } from './other-settings.ts';
import { readSetting } from './setting.ts';
import { TOPIC_SETTINGS } from './settings/topic.ts';

export interface ReadConfig {
  readonly config: BrokerConfig;
  /** One line each: what was given and has no effect, and where. */
  readonly warnings: readonly string[];
}

/** Reads settings. Throws ConfigError with every problem found. */
export function readBrokerConfig(sources: ConfigSources): ReadConfig {
  const gathered = gatherSettings(sources);
  const warnings = [...gathered.warnings];
  const problems: ConfigProblem[] = gathered.malformed.map(({ key, source }) => ({
    source,
    key,
    value: undefined,
    detail: 'not of the form key=value',
  }));
  const given = new Map<string, string>();
  const values = new Map<string, unknown>();

  for (const one of gathered.settings.values()) {
    const setting = brokerSetting(one.key);
    if (!setting) {
      const verdict = judgeOther(one.key, one.text);
      if (verdict?.kind === 'warn') warnings.push(`${one.source}: ${one.key}: ${verdict.why}`);
      else problems.push(problemOf(one, verdict?.why ?? unknown(one.key)));
      continue;
    }
    const read = readSetting(one.key, setting, one.text);
    if (read.kind === 'wrong') {
      const allowed = setting.allowed ? `; allowed: ${setting.allowed}` : '';
      problems.push(problemOf(one, `${withoutPrefix(read.detail)}${allowed}`, setting.type === 'PASSWORD'));
      continue;
    }
    const isDefault = String(read.value) === String(setting.fallback);
    if (setting.effect.kind === 'refused' && !isDefault)
      problems.push(problemOf(one, `not supported: ${setting.effect.why}`));
    if (setting.effect.kind === 'inert' && !isDefault && !QUIET_SETTINGS.has(one.key)) {
      warnings.push(`${one.source}: ${one.key} has no effect: ${setting.effect.why}`);
    }
    given.set(one.key, one.text);
    values.set(one.key, read.value);
  }

  const value = <T>(name: keyof typeof BROKER_SETTINGS): T =>
    (values.has(name) ? values.get(name) : BROKER_SETTINGS[name].fallback) as T;
  const listeners = readListeners({
    listeners: value('listeners'),
    advertised: value('advertised.listeners'),
    protocolMap: value('listener.security.protocol.map'),
    protocolMapGiven: given.has('listener.security.protocol.map'),
    controllerNames: value('controller.listener.names'),
    interBroker: value('inter.broker.listener.name'),
  });
  const sourceOf = (key: string) => gathered.settings.get(key)?.source ?? 'default';
  for (const { key, detail } of [...listeners.problems, ...checkTogether(value, given)]) {
    problems.push({ source: sourceOf(key), key, value: given.get(key), detail });
  }
  for (const { key, detail } of listeners.warnings) warnings.push(`${sourceOf(key)}: ${detail}`);
  for (const key of ['super.users', 'allow.everyone.if.no.acl.found'] as const) {
    if (!given.has(key) || value('authorizer.class.name') !== '') continue;
    warnings.push(
      `${sourceOf(key)}: ${key} has no effect: authorizer.class.name is not set, so that everybody may do everything`,
    );
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return { config: brokerConfigFrom(values, given, listeners), warnings };
}

/** Given in every file that Kafka ships; a warning for each would only teach people not to read warnings. */
export const QUIET_SETTINGS: ReadonlySet<string> = new Set([
  'num.network.threads',
  'num.io.threads',
  'socket.send.buffer.bytes',
  'socket.receive.buffer.bytes',
  'log.cleaner.threads',
  'share.coordinator.state.topic.replication.factor',
  'share.coordinator.state.topic.min.isr',
  'transaction.state.log.replication.factor',
  'transaction.state.log.min.isr',
  'controller.quorum.voters',
  'controller.quorum.bootstrap.servers',
]);

function problemOf(given: GivenSetting, detail: string, secret = false): ConfigProblem {
  return { source: given.source, key: given.key, value: secret ? undefined : given.text, detail };
}

function unknown(key: string): string {
  const ofTopics = TOPIC_SETTINGS[key as keyof typeof TOPIC_SETTINGS]?.servers[0];
  if (ofTopics) return `no such setting of a broker, only of a topic; here it is called ${ofTopics.name}`;
  const meant = nearest(key, Object.keys(BROKER_SETTINGS));
  return meant ? `no such setting; did you mean ${meant}?` : 'no such setting; docs/configuration.md lists them all';
}

/** `Invalid value x for configuration y: ` is said already by the problem's own key and value. */
function withoutPrefix(detail: string): string {
  return detail.replace(/^Invalid value .*? for configuration [^ ]+: /s, '');
}
