import { defineOptions } from '../command-line/option.ts';

/** The options of kafka-console-consumer. */
export const CONSOLE_CONSUMER_OPTIONS = defineOptions({
  'bootstrap-server': {
    description: 'REQUIRED: a broker to connect to, or several.',
    argument: 'required',
    shown: 'server to connect to',
  },
  topic: { description: 'The topic to read.', argument: 'required', shown: 'topic' },
  include: {
    description: 'A regular expression for the topics to read.',
    argument: 'required',
    shown: 'Java regex (String)',
  },
  partition: {
    description: 'Read only this partition, from its end unless --offset says otherwise.',
    argument: 'required',
    shown: 'partition',
    kind: 'integer',
  },
  offset: {
    description: "With --partition: where to begin, a number, 'earliest' or 'latest'.",
    argument: 'required',
    shown: 'consume offset',
    default: 'latest',
  },
  'from-beginning': { description: 'Begin with the first record there is, unless the group has an offset already.' },
  group: {
    description: 'The group to read in; a group of its own when left out.',
    argument: 'required',
    shown: 'consumer group id',
  },
  'max-messages': {
    description: 'Stop after so many records.',
    argument: 'required',
    shown: 'num_messages',
    kind: 'integer',
  },
  'timeout-ms': {
    description: 'Stop when no record came for so long.',
    argument: 'required',
    shown: 'timeout_ms',
    kind: 'long',
  },
  'isolation-level': {
    description: 'read_committed leaves out what transactions did not commit.',
    argument: 'required',
    default: 'read_uncommitted',
  },
  'skip-message-on-error': { description: 'Go on when a record cannot be shown.' },
  'key-deserializer': {
    description: 'How to read keys: string, integer, long, double …',
    argument: 'required',
    shown: 'deserializer for keys',
  },
  'value-deserializer': { description: 'How to read values.', argument: 'required', shown: 'deserializer for values' },
  formatter: {
    description: 'How to show records, by the name of the class.',
    argument: 'required',
    shown: 'class',
    default: 'org.apache.kafka.tools.consumer.DefaultMessageFormatter',
  },
  'formatter-property': {
    description:
      'A property of the formatter, key=value:\n print.timestamp, print.key, print.offset, print.partition, print.epoch, print.headers, print.value = true|false\n' +
      ' key.separator, line.separator, headers.separator, null.literal\n key.deserializer, value.deserializer, headers.deserializer',
    argument: 'required',
    shown: 'prop',
  },
  property: { description: '(Deprecated: --formatter-property) The same.', argument: 'required', shown: 'prop' },
  'formatter-config': {
    description: 'File with properties of the formatter.',
    argument: 'required',
    shown: 'config file',
  },
  'command-property': {
    description: 'A setting of the consumer, key=value.',
    argument: 'required',
    shown: 'consumer_prop',
  },
  'consumer-property': {
    description: '(Deprecated: --command-property) The same.',
    argument: 'required',
    shown: 'consumer_prop',
  },
  'command-config': { description: 'File with settings of the consumer.', argument: 'required', shown: 'config file' },
  'consumer.config': {
    description: '(Deprecated: --command-config) The same.',
    argument: 'required',
    shown: 'config file',
  },
  'enable-systest-events': { description: 'Print shutdown_complete at the end, for system tests.' },
});
