// Where settings come from: a .properties file, the environment, the command line. Turns each into (key, text, where), in
// the order in which later ones win: file, KAFKA_ variables, MOLDAU_ variables, overrides. Judges nothing; that is
// read-config.ts's.
import properties from 'dot-properties';
import { BROKER_SETTINGS } from './broker-settings.ts';
import { nearest } from './config-error.ts';

export interface ConfigSources {
  /** A .properties file; `name` is what errors call it. */
  readonly file?: { readonly name: string; readonly text: string };
  /** The environment of the process; only KAFKA_ and MOLDAU_ variables are looked at. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** What `--override key=value` gave, in order. */
  readonly overrides?: readonly string[];
  /** Settings given by a program, the strongest. */
  readonly values?: Readonly<Record<string, string>>;
}

/** One setting as somebody gave it. */
export interface GivenSetting {
  readonly key: string;
  readonly text: string;
  readonly source: string;
}

export interface Gathered {
  /** The ones that hold, by key. */
  readonly settings: ReadonlyMap<string, GivenSetting>;
  readonly warnings: readonly string[];
  /** Overrides that are no `key=value`. */
  readonly malformed: readonly GivenSetting[];
}

/**
 * Variables of Kafka's scripts and container images that are no settings. Whatever else begins with KAFKA_ and is no
 * setting belongs to somebody else (Kubernetes' KAFKA_SERVICE_HOST, an application's KAFKA_BROKERS) and is left alone.
 */
const kafkaOwnVariables =
  /^KAFKA_(VERSION|HOME|OPTS|DEBUG|HEAP_OPTS|GC_LOG_OPTS|JVM_PERFORMANCE_OPTS|CLUSTER_ID|(LOG4J|JMX|TOOLS_LOG4J|LOG4J2)_.*)$/;
/** Variables of Moldau that are no settings. */
const moldauOwnVariables = /^MOLDAU_(HOME|OPTS|LOG_LEVEL|LOG_FORMAT|NODE)$/;

export function gatherSettings(sources: ConfigSources): Gathered {
  const settings = new Map<string, GivenSetting>();
  const warnings: string[] = [];
  const malformed: GivenSetting[] = [];
  const give = (given: GivenSetting) => settings.set(given.key, given);

  if (sources.file) {
    for (const given of fileSettings(sources.file.name, sources.file.text)) {
      const earlier = settings.get(given.key);
      if (earlier)
        warnings.push(
          `${given.source}: ${given.key} is given a second time (first: ${earlier.source}); this one holds`,
        );
      give(given);
    }
  }
  for (const [prefix, own] of [
    ['KAFKA_', kafkaOwnVariables],
    ['MOLDAU_', moldauOwnVariables],
  ] as const) {
    for (const [variable, text] of Object.entries(sources.environment ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (text === undefined || !variable.startsWith(prefix) || own.test(variable)) continue;
      const key = settingOfVariable(variable.slice(prefix.length));
      const source = `environment ${variable}`;
      if (prefix === 'KAFKA_' && !mayBeSetting(key)) {
        const meant = nearest(key, Object.keys(BROKER_SETTINGS));
        if (meant)
          warnings.push(
            `${source}: no setting is called ${key}; did you mean ${variableOfSetting(meant)}? It is ignored`,
          );
        continue;
      }
      give({ key, text, source });
    }
  }
  for (const override of sources.overrides ?? []) {
    const at = override.indexOf('=');
    if (at < 1) malformed.push({ key: override, text: '', source: '--override' });
    else give({ key: override.slice(0, at).trim(), text: override.slice(at + 1).trim(), source: '--override' });
  }
  for (const [key, text] of Object.entries(sources.values ?? {})) give({ key, text, source: 'program' });
  return { settings, warnings, malformed };
}

/** Reads a .properties file: escapes, continuation lines and all. A byte order mark at the start is skipped. */
export function* fileSettings(name: string, text: string): IterableIterator<GivenSetting> {
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text;
  let line = 1;
  let counted = 0;
  for (const node of properties.parseLines(source, true)) {
    if (node.type !== 'PAIR') continue;
    const pair = node as properties.Pair;
    const start = pair.range?.[0] ?? counted;
    for (; counted < start; counted++) if (source[counted] === '\n') line++;
    yield { key: pair.key, text: pair.value, source: `${name}:${line}` };
  }
}

/** `LOG_RETENTION_MS` → `log.retention.ms`, as Kafka's container images do: `_` is a dot, `__` an underscore, `___` a dash. */
export function settingOfVariable(rest: string): string {
  return rest.toLowerCase().replace(/_{1,3}/g, (run) => (run.length === 3 ? '-' : run.length === 2 ? '_' : '.'));
}

function variableOfSetting(name: string): string {
  return `KAFKA_${name.replaceAll('_', '__').replaceAll('-', '___').replaceAll('.', '_').toUpperCase()}`;
}

function mayBeSetting(key: string): boolean {
  return Object.hasOwn(BROKER_SETTINGS, key) || key.startsWith('listener.name.') || key.startsWith('zookeeper.');
}
