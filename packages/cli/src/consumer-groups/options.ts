import { defineOptions } from '../command-line/option.ts';

/** The options of kafka-consumer-groups. */
export const CONSUMER_GROUPS_OPTIONS = defineOptions({
  'bootstrap-server': {
    description: 'A broker to connect to, or several. REQUIRED for everything but --validate-regex.',
    argument: 'required',
    shown: 'server to connect to',
  },
  'command-config': {
    description: 'File with settings of the connection.',
    argument: 'required',
    shown: 'command config property file',
  },
  list: { description: 'Print the ids of the groups.' },
  describe: { description: 'Show offsets, end offsets and lag of a group.' },
  delete: { description: 'Remove groups with all their offsets: --group g1 --group g2.' },
  'delete-offsets': { description: 'Remove the offsets of topics from a group.' },
  'reset-offsets': {
    description:
      'Set the offsets of a group that has no active members. Shows what would be set; --execute sets it. ' +
      'Where to: --to-datetime, --by-duration, --to-earliest, --to-latest, --shift-by, --from-file, --to-current or --to-offset. ' +
      'Of what: --all-topics or --topic, unless --from-file says it.',
  },
  'validate-regex': {
    description: 'Say whether a regular expression for subscriptions is valid.',
    argument: 'required',
    shown: 'regex',
  },
  group: { description: 'The group. Repeatable.', argument: 'required', shown: 'consumer group' },
  'all-groups': { description: 'All groups.' },
  topic: {
    description: 'The topic whose offsets to reset or remove, with partitions if not all: orders:0,1. Repeatable.',
    argument: 'required',
    shown: 'topic',
  },
  'all-topics': { description: 'With --reset-offsets: every topic the group has offsets of.' },
  members: { description: 'With --describe: the members.', onlyWith: ['describe'] },
  offsets: { description: 'With --describe: the offsets. This is the default.', onlyWith: ['describe'] },
  state: {
    description:
      'With --describe: the state of the group. With --list: states too, or only groups in some: --state stable,empty.',
    argument: 'optional',
    onlyWith: ['describe', 'list'],
  },
  type: {
    description: 'With --list: types too, or only groups of some: --type classic,consumer.',
    argument: 'optional',
    onlyWith: ['list'],
  },
  verbose: { description: 'With --describe: more columns.', onlyWith: ['describe'] },
  timeout: {
    description: 'How long to wait for an answer.',
    argument: 'required',
    shown: 'timeout (ms)',
    kind: 'long',
    default: 30_000,
  },
  'dry-run': { description: 'With --reset-offsets: only show. This is the default.' },
  execute: { description: 'With --reset-offsets: do it.' },
  export: { description: 'With --reset-offsets: print the result as CSV, for --from-file.' },
  'to-offset': { description: 'To this offset.', argument: 'required', shown: 'offset', kind: 'long' },
  'to-datetime': {
    description: "To the first record at or after this time: 'YYYY-MM-DDThh:mm:ss.sss'.",
    argument: 'required',
    shown: 'datetime',
  },
  'by-duration': {
    description: "To the first record of the last such time: 'PnDTnHnMnS'.",
    argument: 'required',
    shown: 'duration',
  },
  'to-earliest': { description: 'To the first record there is.' },
  'to-latest': { description: 'To the end.' },
  'to-current': { description: 'To where the group is: the end where it has no offset.' },
  'shift-by': {
    description: 'By so many records on, or back when negative.',
    argument: 'required',
    shown: 'number-of-offsets',
    kind: 'long',
  },
  'from-file': { description: 'To what a CSV file says.', argument: 'required', shown: 'path to CSV file' },
});
