import { COMMON_SETTINGS } from './common-settings.ts';
import { custom, disallowed, flag, integer, type OptionsOf, oneOf, text } from './setting.ts';

const { defaultApiTimeoutMs: _, ...common } = COMMON_SETTINGS;

export const PRODUCER_SETTINGS = {
  ...common,
  acks: custom<0 | 1 | 'all'>({
    kafka: 'acks',
    default: 'all',
    doc: 'When a record counts as sent: 0 when it is handed to the network, 1 when the leader has it, all when every in-sync replica has it.',
    check: (value) => {
      if (value === 'all' || value === -1 || value === '-1') return 'all';
      if (value === 1 || value === '1') return 1;
      if (value === 0 || value === '0') return 0;
      throw disallowed('0, 1 or all');
    },
  }),
  enableIdempotence: custom<boolean | undefined>({
    kafka: 'enable.idempotence',
    default: undefined,
    doc: 'Each record is written exactly once and in order, whatever is retried. Default: on, unless acks or max.in.flight.requests.per.connection rule it out.',
    check: flag({ kafka: '', doc: '', default: true }).check,
  }),
  batchSize: integer({
    kafka: 'batch.size',
    default: 16_384,
    doc: 'Records for one partition are sent together up to this many bytes.',
  }),
  lingerMs: integer({
    kafka: 'linger.ms',
    default: 5,
    doc: 'A batch that is not full waits this long for more records.',
  }),
  bufferMemory: integer({
    kafka: 'buffer.memory',
    default: 33_554_432,
    min: 1024,
    doc: 'Bytes of records that may wait to be sent or answered; beyond it senders wait. Up to 8 MiB beside it are kept to be written in again.',
  }),
  maxBlockMs: integer({
    kafka: 'max.block.ms',
    default: 60_000,
    doc: 'How long a record may wait for room in the buffer, or for its topic to be found.',
  }),
  maxRequestSize: integer({
    kafka: 'max.request.size',
    default: 1_048_576,
    doc: 'Largest request, and with it the largest record, in bytes before compression.',
  }),
  compressionType: oneOf({
    kafka: 'compression.type',
    default: 'none',
    values: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
    doc: 'Codec of the batches.',
  }),
  compressionGzipLevel: integer({
    kafka: 'compression.gzip.level',
    default: -1,
    min: -1,
    max: 9,
    doc: 'Level of gzip; -1 is its default.',
  }),
  compressionZstdLevel: integer({
    kafka: 'compression.zstd.level',
    default: 3,
    min: -131_072,
    max: 22,
    doc: 'Level of zstd.',
  }),
  retries: integer({
    kafka: 'retries',
    default: 2_147_483_647,
    max: 2_147_483_647,
    doc: 'How often a batch is sent again after an error that may pass, within delivery.timeout.ms.',
  }),
  deliveryTimeoutMs: integer({
    kafka: 'delivery.timeout.ms',
    default: 120_000,
    doc: 'A record is acknowledged or has failed after this at the latest.',
  }),
  maxInFlightRequestsPerConnection: integer({
    kafka: 'max.in.flight.requests.per.connection',
    default: 5,
    min: 1,
    doc: 'Requests to one broker that may wait for their answer.',
  }),
  transactionalId: text({
    kafka: 'transactional.id',
    default: undefined,
    doc: 'Name of this producer across restarts. With it, records go in transactions, and a newer producer of the same name fences this one.',
  }),
  transactionTimeoutMs: integer({
    kafka: 'transaction.timeout.ms',
    default: 60_000,
    min: 1,
    max: 2_147_483_647,
    doc: 'A transaction open for longer is aborted by the coordinator.',
  }),
  partitionerIgnoreKeys: flag({
    kafka: 'partitioner.ignore.keys',
    default: false,
    doc: 'Records with a key are spread like those without.',
  }),
  partitionerClass: oneOf({
    kafka: 'partitioner.class',
    default: 'default',
    values: ['default', 'roundRobin'],
    also: { 'org.apache.kafka.clients.producer.RoundRobinPartitioner': 'roundRobin' },
    doc: 'Where records without a partition go: by key, or stuck together where they have none (default); or one partition after the other. The option partitioner takes one of your own.',
  }),
  partitionerAvailabilityTimeoutMs: integer({
    kafka: 'partitioner.availability.timeout.ms',
    default: 0,
    doc: 'Records without key pass by brokers that have not taken a batch that was ready for so long; 0 is never.',
  }),
  partitionerAdaptivePartitioningEnable: flag({
    kafka: 'partitioner.adaptive.partitioning.enable',
    default: true,
    doc: 'Records without key go less to partitions whose broker is slow.',
  }),
};

export type ProducerSettingOptions = OptionsOf<typeof PRODUCER_SETTINGS>;
