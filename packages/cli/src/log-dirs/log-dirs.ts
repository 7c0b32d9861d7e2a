// kafka-log-dirs: what lies in the log directories of the brokers, and how large it is.
import type { LogDirDescription } from '@moldau/client/admin/admin-model';
import { partitionText } from '@moldau/client/topic-partition';
import { exceptionClass, shownException } from '../cluster/java-names.ts';
import { withAdmin } from '../cluster/with-admin.ts';
import { requireOptions } from '../command-line/checks.ts';
import { CommandLineError, defineOptions } from '../command-line/option.ts';
import { byPartition } from '../reassign-partitions/reassignment-json.ts';
import { defineTool } from '../tool.ts';

export const logDirs = defineTool({
  name: 'kafka-log-dirs',
  purpose: 'This tool helps to query log directory usage on the specified brokers.',
  options: defineOptions({
    'bootstrap-server': {
      description: 'REQUIRED: a broker to connect to, or several.',
      argument: 'required',
      shown: 'The server(s) to use for bootstrapping',
    },
    'command-config': {
      description: 'File with settings of the connection.',
      argument: 'required',
      shown: 'Admin client property file',
    },
    describe: { description: 'REQUIRED: describe the directories.' },
    'topic-list': {
      description: 'Only these topics, such as topic1,topic2. All when absent.',
      argument: 'required',
      shown: 'Topic list',
      default: '',
    },
    'broker-list': {
      description: 'Only these brokers, such as 0,1,2. All when absent.',
      argument: 'required',
      shown: 'Broker list',
      default: '',
    },
  }),
  run: async (options, terminal) => {
    requireOptions(options, 'bootstrap-server', 'describe');
    const words = (name: 'topic-list' | 'broker-list') =>
      options
        .value(name)!
        .split(',')
        .filter((word) => word !== '');
    try {
      const wanted = words('broker-list').map((word) => {
        if (!/^\d+$/.test(word)) throw new Error(`For input string: "${word}"`);
        return Number(word);
      });
      return await withAdmin(options, terminal, async (admin) => {
        const there = (await admin.describeCluster()).nodes.map(({ id }) => id);
        const missing = wanted.filter((id) => !there.includes(id));
        if (missing.length > 0) {
          terminal.err(
            `ERROR: The given brokers do not exist from --broker-list: ${missing.join(',')}. Current existent brokers: ${there.join(',')}\n`,
          );
          return 1;
        }
        const brokers = wanted.length > 0 ? [...new Set(wanted)].sort((a, b) => a - b) : there;
        terminal.out('Querying brokers for log directories information\n');
        const described = new Map<number, readonly LogDirDescription[]>();
        for (const [broker, outcome] of await admin.describeLogDirs(brokers)) {
          if (outcome instanceof Error) throw outcome;
          described.set(broker, outcome);
        }
        terminal.out(`Received log directory information from brokers ${brokers.join(',')}\n`);
        terminal.out(`${logDirsText(described, words('topic-list'))}\n`);
        return 0;
      });
    } catch (error) {
      if (error instanceof CommandLineError) throw error;
      terminal.err(`${shownException(error)}\n`);
      return 1;
    }
  },
});

/** One line of JSON, its fields in the order of Kafka's tool; partitions in order. All topics when none are named. */
export function logDirsText(
  brokers: ReadonlyMap<number, readonly LogDirDescription[]>,
  topics: readonly string[],
): string {
  return JSON.stringify({
    brokers: [...brokers].map(([broker, directories]) => ({
      broker,
      logDirs: directories.map(({ path, error, replicas }) => ({
        partitions: replicas
          .filter(({ topic }) => topics.length === 0 || topics.includes(topic))
          .sort(byPartition)
          .map(({ sizeBytes, offsetLag, isFuture, ...where }) => ({
            partition: partitionText(where),
            size: sizeBytes,
            offsetLag,
            isFuture,
          })),
        error: error ? exceptionClass(error.error) : null,
        logDir: path,
      })),
    })),
    version: 1,
  });
}
