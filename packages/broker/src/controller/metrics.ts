// The metrics of the controller, under Kafka's names (KafkaController, ControllerStats). Those that look at the cluster
// are 0 on brokers that do not decide.
import { type ClusterImage, NO_LEADER } from '@moldau/metadata';
import type { MetricDefinition, MetricsOf } from '../metrics.ts';

export const CONTROLLER_METRICS = {
  activeControllers: {
    kind: 'gauge',
    name: 'kafka_controller_kafkacontroller_activecontrollercount',
    help: '1 on the broker that decides for the cluster',
  },
  activeBrokers: {
    kind: 'gauge',
    name: 'kafka_controller_kafkacontroller_activebrokercount',
    help: 'Registered brokers that are alive',
  },
  fencedBrokers: {
    kind: 'gauge',
    name: 'kafka_controller_kafkacontroller_fencedbrokercount',
    help: 'Registered brokers that are taken for stopped',
  },
  globalTopics: {
    kind: 'gauge',
    name: 'kafka_controller_kafkacontroller_globaltopiccount',
    help: 'Topics of the cluster',
  },
  globalPartitions: {
    kind: 'gauge',
    name: 'kafka_controller_kafkacontroller_globalpartitioncount',
    help: 'Partitions of the cluster',
  },
  leaderlessPartitions: {
    kind: 'gauge',
    name: 'kafka_controller_kafkacontroller_offlinepartitionscount',
    help: 'Partitions of the cluster without a leader: nobody can write or read them',
  },
  preferredImbalance: {
    kind: 'gauge',
    name: 'kafka_controller_kafkacontroller_preferredreplicaimbalancecount',
    help: 'Partitions of the cluster that another than their first replica leads',
  },
  uncleanElections: {
    kind: 'counter',
    name: 'kafka_controller_controllerstats_uncleanleaderelections_total',
    help: 'Leaders elected from outside ISR and ELR, which may have lost records',
  },
} as const satisfies Record<string, MetricDefinition>;

export type ControllerMetrics = MetricsOf<typeof CONTROLLER_METRICS>;

/** Answers the picture that this broker decides on, undefined while it does not. */
export function readControllerGauges(metrics: ControllerMetrics, image: () => ClusterImage | undefined): void {
  const of = (count: (image: ClusterImage) => number) => () => {
    const decided = image();
    return decided ? count(decided) : 0;
  };
  metrics.activeControllers.read = of(() => 1);
  metrics.activeBrokers.read = of((now) => now.liveBrokers().length);
  metrics.fencedBrokers.read = of((now) => now.brokers().length - now.liveBrokers().length);
  metrics.globalTopics.read = of((now) => now.topicCount);
  metrics.globalPartitions.read = of((now) => now.partitionCount);
  metrics.leaderlessPartitions.read = of((now) => partitions(now, ({ leader }) => leader === NO_LEADER));
  metrics.preferredImbalance.read = of((now) => partitions(now, ({ leader, replicas }) => leader !== replicas[0]));
}

function partitions(
  image: ClusterImage,
  holds: (state: { readonly leader: number; readonly replicas: readonly number[] }) => boolean,
): number {
  let count = 0;
  for (const topic of image.topics()) for (const state of topic.partitions) if (holds(state)) count++;
  return count;
}
