// What the controller's decisions cost in a cluster of 10,000 and of 50,000 partitions, three replicas each over five
// brokers: how long it decides, how many batches come of it for a store that takes 800 KB, and how long a broker applies
// them. Time grows with the partitions, not faster. No disk and no network: those are the engine's.
// `node packages/broker/src/controller/controller.bench.ts`
import type { AliveBroker, ClusterImage, MetadataRecord } from '@moldau/metadata';
import { apply, configOf, picture, state, topicIdOf } from '../test/cluster-picture.ts';
import { decideRebalance } from './elect-leaders.ts';
import { decideShutdown, reconcileBrokers } from './elections.ts';
import { recordBatches } from './record-batches.ts';

const BROKERS = [1, 2, 3, 4, 5];
const BATCH_BYTES_MAX = 800_000;
const RUNS = 7;
const config = configOf();

/** `leads`: which of the replicas leads, 0 for the preferred one. */
function cluster(topics: number, partitions: number, leads = 0): ClusterImage {
  const records = Array.from({ length: topics }, (_, topic): MetadataRecord[] => {
    const topicId = topicIdOf(`t${topic}`);
    const states = Array.from({ length: partitions }, (_, index) => {
      const replicas = [0, 1, 2].map((k) => BROKERS[(topic + index + k) % BROKERS.length]!);
      return state(index, { replicas, isr: replicas, leader: replicas[leads]! });
    });
    return [
      { kind: 'topicCreated', name: `t${topic}`, topicId },
      { kind: 'partitionsSet', topicId, partitions: states },
    ];
  }).flat();
  return picture({ brokers: BROKERS, records });
}

function alive(ids: readonly number[]): AliveBroker[] {
  return ids.map((brokerId) => ({
    ...{ brokerId, brokerEpoch: 1, incarnationId: `i${brokerId}`, endpoints: [], rack: null, previousBrokerEpoch: -1 },
  }));
}

/** The middle one of several runs. */
function timed<T>(run: () => T): { readonly result: T; readonly ms: number } {
  const times: number[] = [];
  let result!: T;
  for (let i = 0; i < RUNS; i++) {
    const at = performance.now();
    result = run();
    times.push(performance.now() - at);
  }
  return { result, ms: times.sort((a, b) => a - b)[RUNS >> 1]! };
}

function row(what: string, image: ClusterImage, decide: () => readonly MetadataRecord[]): ClusterImage {
  const decided = timed(decide);
  const batches = timed(() => recordBatches(decided.result, BATCH_BYTES_MAX));
  const applied = timed(() => batches.result.reduce((so, batch) => apply(so, batch), image));
  const changed = decided.result.reduce(
    (sum, one) => sum + (one.kind === 'partitionsSet' ? one.partitions.length : 0),
    0,
  );
  const ms = (value: number) => `${value.toFixed(1)} ms`.padStart(10);
  console.log(
    `${what.padEnd(44)}${String(changed).padStart(8)}${ms(decided.ms)}${String(batches.result.length).padStart(9)}${ms(batches.ms)}${ms(applied.ms)}`,
  );
  return applied.result;
}

for (const [topics, partitions] of [
  [1_000, 10],
  [1, 10_000],
  [5_000, 10],
] as const) {
  const image = cluster(topics, partitions);
  console.log(`\n${topics} topics of ${partitions} partitions`);
  console.log(`${''.padEnd(44)} changed    decide  batches       cut     apply`);
  row(
    'a controller is elected, nothing happened',
    image,
    () => reconcileBrokers({ image, config, alive: alive(BROKERS) }).records,
  );
  const without = row(
    'a broker is gone',
    image,
    () => reconcileBrokers({ image, config, alive: alive([2, 3, 4, 5]) }).records,
  );
  row('it is back', without, () => {
    const brokers = alive(BROKERS).map((one) => (one.brokerId === 1 ? { ...one, brokerEpoch: 9 } : one));
    return reconcileBrokers({ image: without, config, alive: brokers }).records;
  });
  row('a broker is let go', image, () => decideShutdown(image, config, { brokerId: 1, brokerEpoch: 1 }).records);
  const led = cluster(topics, partitions, 1);
  row('leaders are given back, 1,000 at a time', led, () => decideRebalance(led, config).records);
}
