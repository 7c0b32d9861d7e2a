// Settings that stand in Kafka files but not in the table: plug-ins', other distributions', removed ones. Each is taken
// with a warning when leaving it out is harmless, and refused when it would change who may do what, or where the broker
// listens.
import { brokerSetting } from './broker-settings.ts';

/** Taken, with a word on why nothing comes of it, or refused, with what to do instead. */
export type Verdict =
  | { readonly kind: 'warn'; readonly why: string }
  | { readonly kind: 'refuse'; readonly why: string };

const gone = (release: string): Verdict => ({ kind: 'warn', why: `Kafka ${release} removed it; it has no effect` });
const useListeners: Verdict = {
  kind: 'refuse',
  why: 'Kafka 3.0 removed it; say it in listeners or advertised.listeners',
};

const named: Readonly<Record<string, Verdict>> = {
  port: useListeners,
  'host.name': useListeners,
  'advertised.port': useListeners,
  'advertised.host.name': useListeners,
  'inter.broker.protocol.version': gone('4.0'),
  'log.message.format.version': gone('4.0'),
  'log.message.downconversion.enable': gone('4.0'),
  'log.message.timestamp.difference.max.ms': {
    kind: 'warn',
    why: 'Kafka 4.0 removed it and it has no effect; there are log.message.timestamp.before.max.ms and log.message.timestamp.after.max.ms',
  },
  'control.plane.listener.name': gone('4.0'),
  'broker.id.generation.enable': gone('4.0'),
  'reserved.broker.max.id': gone('4.0'),
  'leader.imbalance.per.broker.percentage': gone('4.2'),
  'offsets.commit.required.acks': gone('4.0'),
  'group.coordinator.new.enable': gone('4.0'),
  'quota.producer.default': gone('3.0'),
  'quota.consumer.default': gone('3.0'),
  'password.encoder.secret': gone('4.0'),
  'delegation.token.master.key': gone('4.0'),
  'cluster.id': { kind: 'warn', why: 'the cluster id is drawn at the first start and kept in meta.properties' },
  'zookeeper.metadata.migration.enable': { kind: 'warn', why: "it belongs to Kafka's move to KRaft and has no effect" },
};

const prefixes: ReadonlyArray<readonly [prefix: string, verdict: Verdict]> = [
  ['zookeeper.', { kind: 'warn', why: "Moldau's own client of ZooKeeper has no such setting; it has no effect" }],
  ['password.encoder.', gone('4.0')],
  ['confluent.', { kind: 'warn', why: "it belongs to Confluent's distribution and has no effect" }],
  ['rsm.config.', { kind: 'warn', why: 'tiered storage is not supported; it has no effect' }],
  ['rlmm.config.', { kind: 'warn', why: 'tiered storage is not supported; it has no effect' }],
  ['metrics.context.', { kind: 'warn', why: 'it belongs to metric reporter classes and has no effect' }],
];

/** What becomes of a key that the table does not have; undefined when nobody knows it. */
export function judgeOther(key: string, text: string): Verdict | undefined {
  if (Object.hasOwn(named, key)) {
    const verdict = named[key]!;
    return verdict.kind === 'refuse' && text.trim() === ''
      ? { kind: 'warn', why: 'it is empty and has no effect' }
      : verdict;
  }
  for (const [prefix, verdict] of prefixes) if (key.startsWith(prefix)) return verdict;
  return ofListener(key);
}

/** `listener.name.<listener>.<setting>` and `listener.name.<listener>.<mechanism>.<setting>`. */
function ofListener(key: string): Verdict | undefined {
  const found = /^listener\.name\.[^.]+\.(.+)$/.exec(key);
  if (!found) return undefined;
  const rest = found[1]!;
  const afterMechanism = rest.slice(rest.indexOf('.') + 1);
  const base = brokerSetting(rest) ? rest : brokerSetting(afterMechanism) ? afterMechanism : undefined;
  if (!base) return undefined;
  if (/^(ssl|sasl)\./.test(base))
    return { kind: 'warn', why: 'the listener is PLAINTEXT, the only protocol served yet; it has no effect' };
  return {
    kind: 'warn',
    why: `settings of single listeners are not supported yet; ${base} without the prefix holds for all`,
  };
}
