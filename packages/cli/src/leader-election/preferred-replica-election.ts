// kafka-preferred-replica-election of Kafka 2.x and earlier, for the scripts and courses of that time: what
// kafka-leader-election does with `--election-type preferred`, of all partitions unless a file names some.
import { defineOptions } from '../command-line/option.ts';
import { defineTool } from '../tool.ts';
import { leaderElection } from './leader-election.ts';

const OPTIONS = defineOptions({
  'bootstrap-server': {
    description: 'REQUIRED: a broker to connect to, or several; --zookeeper finds them.',
    argument: 'required',
    shown: 'host:port',
  },
  'admin.config': { description: 'File with settings of the connection.', argument: 'required', shown: 'config file' },
  'path-to-json-file': {
    description:
      'A JSON file with the partitions: {"partitions": [{"topic": "foo", "partition": 1}]}. All partitions when it is not given.',
    argument: 'required',
    shown: 'Path to JSON file',
  },
});

export const preferredReplicaElection = defineTool({
  name: 'kafka-preferred-replica-election',
  purpose:
    'This tool causes leadership for each partition to be transferred back to the "preferred replica", it can be used to balance leadership among the servers.',
  options: OPTIONS,
  run: async (options, terminal) => {
    terminal.err('Warning: this tool is deprecated; Kafka 3.0 removed it. Use kafka-leader-election instead.\n');
    const words = (['bootstrap-server', 'admin.config', 'path-to-json-file'] as const).flatMap((name) => {
      const value = options.value(name);
      return value === undefined ? [] : [`--${name}`, value];
    });
    const all = options.has('path-to-json-file') ? [] : ['--all-topic-partitions'];
    return await leaderElection.run(['--election-type', 'preferred', ...all, ...words], terminal);
  },
});
