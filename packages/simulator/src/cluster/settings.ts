// Settings of a simulated broker: Kafka's, small, so that rolls, expiries and time-outs happen in seconds, and drawn, so
// that no seed has the same.
import type { Prng } from '../world/prng.ts';

export type EngineName = 'model' | 'embedded';

/** Share of clusters of three that are one process. */
const IN_ONE_PROCESS_SHARE = 0.12;

export interface ClusterShape {
  readonly brokers: number;
  /** Engine of the metadata: the modelled ensemble, or the real embedded store, with all brokers in one process. */
  readonly engine: EngineName;
  readonly durability: 'fsync' | 'os';
  readonly minInsyncReplicas: number;
  readonly sessionTimeoutMs: number;
  readonly settings: Readonly<Record<string, string>>;
}

/** `wanted`, `engine`: in place of what is drawn. */
export function drawShape(draws: Prng, wanted?: number, engine?: EngineName): ClusterShape {
  const drawn = draws.pick([3, 3, 3, 3, 3, 3, 4, 5, 1]);
  const brokers = wanted ?? drawn;
  // Drawn apart, so that seeds keep what they drew before this was thought of.
  const inOne = wanted === undefined && brokers === 3 && draws.fork('engine').chance(IN_ONE_PROCESS_SHARE);
  const replicas = Math.min(3, brokers);
  const minInsyncReplicas = replicas === 3 ? draws.pick([2, 2, 2, 1]) : 1;
  const durability = draws.chance(0.75) ? 'fsync' : 'os';
  const sessionTimeoutMs = draws.pick([2_000, 4_000, 6_000]);
  return {
    brokers,
    engine: brokers === 1 ? 'embedded' : (engine ?? (inOne ? 'embedded' : 'model')),
    durability,
    minInsyncReplicas,
    sessionTimeoutMs,
    settings: {
      'default.replication.factor': String(replicas),
      'min.insync.replicas': String(minInsyncReplicas),
      'num.partitions': '2',
      'offsets.topic.replication.factor': String(replicas),
      'offsets.topic.num.partitions': String(draws.between(1, 3)),
      'log.durability': durability,
      'replica.lag.time.max.ms': String(draws.pick([2_000, 5_000, 10_000])),
      'replica.fetch.wait.max.ms': String(draws.pick([200, 500, 1_000])),
      'replica.fetch.backoff.ms': String(draws.pick([50, 200, 1_000])),
      'replica.socket.timeout.ms': String(draws.pick([2_000, 5_000])),
      'broker.heartbeat.interval.ms': String(draws.pick([500, 1_000, 2_000])),
      'broker.session.timeout.ms': String(sessionTimeoutMs),
      'replica.high.watermark.checkpoint.interval.ms': String(draws.pick([500, 2_000, 5_000])),
      'log.flush.offset.checkpoint.interval.ms': String(draws.pick([500, 5_000, 60_000])),
      'log.retention.check.interval.ms': '2000',
      'log.segment.delete.delay.ms': String(draws.pick([0, 1_000, 5_000])),
      'group.initial.rebalance.delay.ms': String(draws.pick([0, 500])),
      'group.min.session.timeout.ms': '1000',
      'auto.create.topics.enable': 'false',
      'leader.imbalance.check.interval.seconds': String(draws.pick([1, 5, 30])),
      'log.index.interval.bytes': String(draws.pick([1, 100, 4_096])),
    },
  };
}
