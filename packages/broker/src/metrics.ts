// Every metric of the broker, declared once with meaning and unit, under Kafka's names in Prometheus spelling. Hot paths
// write plain number fields; a scrape reads them (node/metrics-server.ts publishes them through prom-client).
import { CONTROLLER_METRICS } from './controller/metrics.ts';
import { ZOOKEEPER_METRICS } from './controller/zookeeper-events.ts';
import { GROUP_METRICS } from './group/metrics.ts';

/** A metric as declared. `labels` of a family are given per cell with `with(...)`. */
export interface MetricDefinition {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  /** Prometheus name; counters end in _total, units are part of the name. */
  readonly name: string;
  /** What it counts, with its unit. */
  readonly help: string;
  readonly labels?: readonly string[];
  /** Worked out when somebody looks: its cell is a GaugeCell, also of a counter, and a RowsCell with labels. */
  readonly computed?: true;
  /** Upper bounds of a histogram's buckets, ascending, in the unit of the metric. */
  readonly buckets?: readonly number[];
}

/** A number that code writes: a counter only adds. */
export class MetricCell {
  value = 0;
}

/** A distribution over fixed buckets. */
export class HistogramCell {
  readonly bounds: readonly number[];
  /** Observations per bucket (not cumulative), one more than bounds for the rest. */
  readonly counts: number[];
  sum = 0;
  count = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.bounds.length && value > this.bounds[bucket]!) bucket++;
    this.counts[bucket]!++;
    this.sum += value;
    this.count++;
  }
}

/** A gauge that is worked out only when somebody looks. */
export class GaugeCell {
  read: () => number = () => 0;
}

/** One line of a gauge with labels. */
export interface MetricRow {
  readonly labels: readonly string[];
  readonly value: number;
}

/** A gauge with labels whose lines are all worked out when somebody looks; at most `familyCellsMax` are shown. */
export class RowsCell {
  read: () => Iterable<MetricRow> = () => [];
}

/** Cells of one metric by label values. Bounded: past `familyCellsMax` all further label sets share one cell `other`. */
export class MetricFamily<Cell> {
  readonly cells = new Map<string, { readonly labels: readonly string[]; readonly cell: Cell }>();
  readonly #labelCount: number;
  readonly #make: () => Cell;

  constructor(labelCount: number, make: () => Cell) {
    this.#labelCount = labelCount;
    this.#make = make;
  }

  /** The cell of these label values; keep it where the path is hot. */
  with(...labels: readonly string[]): Cell {
    const key = labels.join('\u0000');
    const known = this.cells.get(key);
    if (known) return known.cell;
    if (this.cells.size >= familyCellsMax && labels.some((label) => label !== 'other')) {
      return this.with(...new Array<string>(this.#labelCount).fill('other'));
    }
    const cell = this.#make();
    this.cells.set(key, { labels, cell });
    return cell;
  }

  /** Forgets a label set (a deleted topic's). */
  remove(...labels: readonly string[]): void {
    this.cells.delete(labels.join('\u0000'));
  }
}

/** Most label sets one metric keeps: 20,000 topics' worth of numbers is a few megabytes. */
export const familyCellsMax = 20_000;

type CellOf<D extends MetricDefinition> = D['kind'] extends 'histogram'
  ? HistogramCell
  : D extends { kind: 'gauge' } | { computed: true }
    ? GaugeCell
    : MetricCell;

/** What code writes to, by the keys of a table. */
export type MetricsOf<Table extends Record<string, MetricDefinition>> = {
  readonly [Key in keyof Table]: Table[Key] extends { labels: readonly string[]; computed: true }
    ? RowsCell
    : Table[Key] extends { labels: readonly string[] }
      ? MetricFamily<CellOf<Table[Key]>>
      : CellOf<Table[Key]>;
};

/** Cells and families for every entry of a table. */
export function createMetrics<const Table extends Record<string, MetricDefinition>>(table: Table): MetricsOf<Table> {
  const cells = Object.entries(table).map(([key, definition]) => {
    const make = () => createCell(definition);
    if (definition.labels && definition.computed) return [key, new RowsCell()];
    return [key, definition.labels ? new MetricFamily(definition.labels.length, make) : make()];
  });
  return Object.fromEntries(cells) as MetricsOf<Table>;
}

function createCell(definition: MetricDefinition): MetricCell | HistogramCell | GaugeCell {
  switch (definition.kind) {
    case 'counter':
      return definition.computed ? new GaugeCell() : new MetricCell();
    case 'gauge':
      return new GaugeCell();
    case 'histogram':
      return new HistogramCell(definition.buckets ?? LATENCY_BUCKETS_SECONDS);
  }
}

/** From 50 us to 30 s. */
export const LATENCY_BUCKETS_SECONDS = [
  0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
] as const;

/** The table. Areas with a file of their own spread their entries in (`...GROUP_METRICS` of group/metrics.ts). */
export const BROKER_METRICS = {
  connections: {
    kind: 'gauge',
    name: 'kafka_server_socketservermetrics_connection_count',
    help: 'Connections open now',
  },
  connectionsOpened: {
    kind: 'counter',
    name: 'kafka_server_socketservermetrics_connection_creation_total',
    help: 'Connections accepted since the start',
  },
  connectionsRefused: {
    kind: 'counter',
    name: 'kafka_network_socketserver_connections_refused_total',
    help: 'Connections closed at once because of max.connections or max.connections.per.ip',
  },
  protocolViolations: {
    kind: 'counter',
    name: 'kafka_network_socketserver_protocol_violations_total',
    help: 'Connections closed because their bytes were no valid request',
  },
  requests: {
    kind: 'counter',
    name: 'kafka_network_requestmetrics_requests_total',
    help: 'Requests taken up',
    labels: ['request', 'version'],
  },
  requestErrors: {
    kind: 'counter',
    name: 'kafka_network_requestmetrics_failures_total',
    help: 'Requests that ended in an unexpected error on our side',
    labels: ['request'],
  },
  throttled: {
    kind: 'counter',
    name: 'kafka_server_client_quota_throttled_total',
    help: 'Requests after which a quota made the client wait',
    labels: ['request'],
  },
  throttledSeconds: {
    kind: 'counter',
    name: 'kafka_server_client_quota_throttle_time_seconds_total',
    help: 'How long quotas made clients wait, in all',
    labels: ['request'],
  },
  requestSeconds: {
    kind: 'histogram',
    name: 'kafka_network_requestmetrics_total_time_seconds',
    help: 'Seconds from the last byte of a request to its answer being ready, waiting included',
    labels: ['request'],
  },
  requestBytesHeld: {
    kind: 'gauge',
    name: 'kafka_network_requestchannel_held_bytes',
    help: 'Bytes of requests that arrived or are arriving and are not answered yet',
  },
  authorizationsDenied: {
    kind: 'counter',
    name: 'kafka_server_authorizer_authorization_denied_total',
    help: 'Times that a client was refused because of the access rules',
  },
  acls: {
    kind: 'gauge',
    name: 'kafka_server_authorizer_acls_total_count',
    help: 'Access rules in the cluster',
  },
  bytesIn: {
    kind: 'counter',
    name: 'kafka_server_brokertopicmetrics_bytesin_total',
    help: 'Bytes of record batches produced',
    labels: ['topic'],
  },
  bytesOut: {
    kind: 'counter',
    name: 'kafka_server_brokertopicmetrics_bytesout_total',
    help: 'Bytes of record batches fetched',
    labels: ['topic'],
  },
  messagesIn: {
    kind: 'counter',
    name: 'kafka_server_brokertopicmetrics_messagesin_total',
    help: 'Records produced',
    labels: ['topic'],
  },
  failedProduces: {
    kind: 'counter',
    name: 'kafka_server_brokertopicmetrics_failedproducerequests_total',
    help: 'Partitions of Produce requests that were refused',
    labels: ['topic'],
  },
  failedFetches: {
    kind: 'counter',
    name: 'kafka_server_brokertopicmetrics_failedfetchrequests_total',
    help: 'Partitions of Fetch requests that were refused',
    labels: ['topic'],
  },
  partitions: {
    kind: 'gauge',
    name: 'kafka_server_replicamanager_partitioncount',
    help: 'Partitions hosted here',
  },
  leaders: { kind: 'gauge', name: 'kafka_server_replicamanager_leadercount', help: 'Partitions led from here' },
  offlinePartitions: {
    kind: 'gauge',
    name: 'kafka_server_replicamanager_offlinereplicacount',
    help: 'Partitions hosted here that a failed disk keeps offline',
  },
  parkedFetches: {
    kind: 'gauge',
    name: 'kafka_server_delayedoperationpurgatory_fetch_size',
    help: 'Fetch requests waiting for data or their deadline',
  },
  parkedProduces: {
    kind: 'gauge',
    name: 'kafka_server_delayedoperationpurgatory_produce_size',
    help: 'Produce requests waiting for their records to be safe',
  },
  fetchSessions: {
    kind: 'gauge',
    name: 'kafka_server_fetchsessioncache_numincrementalfetchsessions',
    help: 'Incremental fetch sessions held (KIP-227)',
  },
  fetchSessionPartitions: {
    kind: 'gauge',
    name: 'kafka_server_fetchsessioncache_numincrementalfetchpartitionscached',
    help: 'Partitions held in incremental fetch sessions',
  },
  fetchSessionEvictions: {
    kind: 'counter',
    computed: true,
    name: 'kafka_server_fetchsessioncache_incrementalfetchsessionevictions_total',
    help: 'Incremental fetch sessions given up for newer ones',
  },
  logWrites: {
    kind: 'counter',
    computed: true,
    name: 'moldau_log_writes_total',
    help: 'Writes of record batches to disk',
  },
  logWrittenBytes: {
    kind: 'counter',
    computed: true,
    name: 'moldau_log_written_bytes_total',
    help: 'Bytes of record batches written to disk',
  },
  logFlushes: {
    kind: 'counter',
    computed: true,
    name: 'kafka_log_logflushstats_logflush_total',
    help: 'Syncs of log files to stable storage',
  },
  logFlushSeconds: {
    kind: 'counter',
    computed: true,
    name: 'kafka_log_logflushstats_logflush_seconds_total',
    help: 'Seconds that syncs of log files took, summed',
  },
  logReadBytesMemory: {
    kind: 'counter',
    computed: true,
    name: 'moldau_log_read_memory_bytes_total',
    help: 'Bytes of fetches answered from memory',
  },
  logReadBytesDisk: {
    kind: 'counter',
    computed: true,
    name: 'moldau_log_read_disk_bytes_total',
    help: 'Bytes of fetches read from log files',
  },
  underReplicatedPartitions: {
    kind: 'gauge',
    name: 'kafka_server_replicamanager_underreplicatedpartitions',
    help: 'Partitions led here with fewer replicas in sync than they have',
  },
  underMinIsrPartitions: {
    kind: 'gauge',
    name: 'kafka_server_replicamanager_underminisrpartitioncount',
    help: 'Partitions led here with fewer replicas in sync than min.insync.replicas: acks=all is refused',
  },
  atMinIsrPartitions: {
    kind: 'gauge',
    name: 'kafka_server_replicamanager_atminisrpartitioncount',
    help: 'Partitions led here with just min.insync.replicas replicas in sync',
  },
  isrShrinks: {
    kind: 'counter',
    name: 'kafka_server_replicamanager_isrshrinks_total',
    help: 'Times a replica left the in-sync set of a partition led here',
  },
  isrExpands: {
    kind: 'counter',
    name: 'kafka_server_replicamanager_isrexpands_total',
    help: 'Times a replica joined the in-sync set of a partition led here',
  },
  isrChanges: {
    kind: 'counter',
    name: 'moldau_isr_changes_total',
    help: 'Changes of in-sync sets of partitions led here: shrink or expand, and why',
    labels: ['change', 'reason'],
  },
  failedIsrUpdates: {
    kind: 'counter',
    name: 'kafka_server_replicamanager_failedisrupdates_total',
    help: 'Changes of in-sync sets that the controller refused or could not be asked for',
  },
  damagedReplicas: {
    kind: 'gauge',
    name: 'moldau_damaged_replica_count',
    help: 'Partitions here with bytes that are known to be damaged and are not replaced yet',
  },
  repairedRanges: {
    kind: 'counter',
    name: 'moldau_repaired_ranges_total',
    help: 'Damaged stretches of logs here that were replaced by what another replica has',
  },
  replicaMaxLag: {
    kind: 'gauge',
    name: 'kafka_server_replicafetchermanager_maxlag',
    help: 'Largest number of records that a partition copied here is behind its leader',
  },
  replicaLag: {
    kind: 'gauge',
    name: 'kafka_server_fetcherlagmetrics_consumerlag',
    help: 'Records that a partition copied here is behind its leader',
    labels: ['topic', 'partition'],
  },
  followerLag: {
    kind: 'gauge',
    computed: true,
    name: 'moldau_follower_lag_records',
    help: 'Records of a partition led here that a follower is not known to have on its disk, of one that is away too',
    labels: ['topic', 'partition', 'broker'],
  },
  replicationBytesIn: {
    kind: 'counter',
    name: 'kafka_server_brokertopicmetrics_replicationbytesin_total',
    help: 'Bytes of record batches copied from other brokers',
  },
  replicationBytesOut: {
    kind: 'counter',
    name: 'kafka_server_brokertopicmetrics_replicationbytesout_total',
    help: 'Bytes of record batches copied by other brokers',
  },
  ...GROUP_METRICS,
  ...CONTROLLER_METRICS,
  ...ZOOKEEPER_METRICS,
} as const satisfies Record<string, MetricDefinition>;

export type BrokerMetrics = MetricsOf<typeof BROKER_METRICS>;
