import { defineOptions } from '../command-line/option.ts';

/** The options of kafka-reassign-partitions. */
export const REASSIGN_OPTIONS = defineOptions({
  generate: {
    description: 'Propose where the partitions of topics could go. Nothing is moved.',
  },
  execute: { description: 'Begin the moves of --reassignment-json-file.' },
  verify: {
    description:
      'Say how far the moves of --reassignment-json-file are; when all moves are done, take the throttles back.',
  },
  cancel: { description: 'Stop moves that are under way; the partitions stay where they were.' },
  list: { description: 'Show all moves under way.' },
  'bootstrap-server': {
    description: 'A broker to connect to, or several.',
    argument: 'optional',
    shown: 'Server(s) to use for bootstrapping',
  },
  'bootstrap-controller': {
    description: 'The same: controllers are brokers here. For --cancel and --list.',
    argument: 'optional',
    shown: 'bootstrap controller to connect to',
  },
  'command-config': {
    description: 'File with settings of the connection.',
    argument: 'required',
    shown: 'Admin client property file',
  },
  'reassignment-json-file': {
    description:
      'A JSON file with the brokers that shall hold each partition, the first preferred as leader:\n' +
      '{"partitions":\n  [{"topic": "foo", "partition": 1, "replicas": [1,2,3], "log_dirs": ["any","any","any"]}],\n "version":1\n}\n' +
      'log_dirs may be left out; "any" leaves the choice to the broker, a path moves the replica into that directory.',
    argument: 'required',
    shown: 'manual assignment json file path',
  },
  'topics-to-move-json-file': {
    description:
      'A JSON file with the topics to propose moves for: {"topics": [{"topic": "foo"},{"topic": "foo1"}], "version":1}',
    argument: 'required',
    shown: 'topics to reassign json file path',
  },
  'broker-list': {
    description: 'The brokers that --generate may use, such as 0,1,2.',
    argument: 'required',
    shown: 'brokerlist',
  },
  'disable-rack-aware': { description: 'Propose without regard to racks.' },
  throttle: {
    description:
      'How many bytes a second the moves may take on each broker; at least 1024. To change it, --execute again with --additional.',
    argument: 'required',
    shown: 'throttle',
    kind: 'long',
    default: -1,
  },
  'replica-alter-log-dirs-throttle': {
    description: 'The same for moves between the log directories of a broker.',
    argument: 'required',
    shown: 'replicaAlterLogDirsThrottle',
    kind: 'long',
    default: -1,
  },
  timeout: {
    description: 'How long to wait, in ms, until moves into log directories have begun.',
    argument: 'required',
    shown: 'timeout',
    kind: 'long',
    default: 10_000,
  },
  additional: { description: 'Begin these moves, or change their throttle, though others are under way.' },
  'preserve-throttles': { description: 'Leave throttles as they are.' },
  'disallow-replication-factor-change': {
    description: 'Refuse moves that would change the number of replicas of a partition.',
  },
});
