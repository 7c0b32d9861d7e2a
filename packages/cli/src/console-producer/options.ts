import { defineOptions } from '../command-line/option.ts';

const READER_PROPERTIES =
  'A property of the line reader, key=value:\n parse.key=false\n key.separator=\\t\n parse.headers=false\n headers.delimiter=\\t\n' +
  ' headers.separator=,\n headers.key.separator=:\n ignore.error=false\n null.marker= (a key, value or header equal to it becomes null)\n' +
  'A line holds headers, key and value in this order, as far as they are asked for: "h1:v1,h2:v2\\tkey\\tvalue".';

/** The options of kafka-console-producer. */
export const CONSOLE_PRODUCER_OPTIONS = defineOptions({
  topic: { description: 'REQUIRED: the topic to write to.', argument: 'required', shown: 'topic' },
  'bootstrap-server': {
    description: 'REQUIRED: brokers to connect to, HOST1:PORT1,HOST2:PORT2.',
    argument: 'required',
    shown: 'server to connect to',
  },
  sync: { description: 'Send each line when it comes and wait until it is acknowledged.' },
  'compression-codec': {
    description: "'none', 'gzip', 'snappy', 'lz4' or 'zstd'; 'gzip' when given without a value.",
    argument: 'optional',
    shown: 'compression-codec',
  },
  'batch-size': {
    description: 'Bytes of a batch (batch.size).',
    argument: 'required',
    shown: 'size',
    kind: 'integer',
    default: 16_384,
  },
  'message-send-max-retries': {
    description: 'How often to try again (retries).',
    argument: 'required',
    kind: 'integer',
    default: 3,
  },
  'retry-backoff-ms': {
    description: 'Pause before a retry (retry.backoff.ms).',
    argument: 'required',
    kind: 'long',
    default: 100,
  },
  timeout: {
    description: 'How long a line may wait for others to make a batch (linger.ms).',
    argument: 'required',
    shown: 'timeout_ms',
    kind: 'long',
    default: 1000,
  },
  'request-required-acks': {
    description: 'Which acknowledgements to wait for (acks): 0, 1, or -1 for all replicas in sync.',
    argument: 'required',
    shown: 'request required acks',
    default: '-1',
  },
  'request-timeout-ms': {
    description: 'How long to wait for an answer (request.timeout.ms).',
    argument: 'required',
    shown: 'request timeout ms',
    kind: 'integer',
    default: 1500,
  },
  'metadata-expiry-ms': {
    description: 'How long to trust what is known of the cluster (metadata.max.age.ms).',
    argument: 'required',
    shown: 'metadata expiration interval',
    kind: 'long',
    default: 300_000,
  },
  'max-block-ms': {
    description: 'How long to wait while nothing can be sent (max.block.ms).',
    argument: 'required',
    shown: 'max block on send',
    kind: 'long',
    default: 60_000,
  },
  'max-memory-bytes': {
    description: 'Bytes that may wait to be sent (buffer.memory).',
    argument: 'required',
    shown: 'total memory in bytes',
    kind: 'long',
    default: 33_554_432,
  },
  'max-partition-memory-bytes': {
    description: '(Deprecated: --batch-size) Bytes of a batch.',
    argument: 'required',
    shown: 'memory in bytes per partition',
    kind: 'integer',
    default: 16_384,
  },
  'line-reader': {
    description: 'How lines become records. The default is the only one.',
    argument: 'required',
    shown: 'reader_class',
    default: 'org.apache.kafka.tools.LineMessageReader',
  },
  'socket-buffer-size': {
    description: 'Has no effect: the system chooses.',
    argument: 'required',
    shown: 'size',
    kind: 'integer',
    default: 102_400,
  },
  'reader-property': { description: READER_PROPERTIES, argument: 'required', shown: 'prop' },
  property: { description: '(Deprecated: --reader-property) The same.', argument: 'required', shown: 'prop' },
  'reader-config': {
    description: 'File with properties of the line reader.',
    argument: 'required',
    shown: 'config file',
  },
  'command-property': {
    description: 'A setting of the producer, key=value.',
    argument: 'required',
    shown: 'producer_prop',
  },
  'producer-property': {
    description: '(Deprecated: --command-property) The same.',
    argument: 'required',
    shown: 'producer_prop',
  },
  'command-config': { description: 'File with settings of the producer.', argument: 'required', shown: 'config file' },
  'producer.config': {
    description: '(Deprecated: --command-config) The same.',
    argument: 'required',
    shown: 'config file',
  },
});
