// kafka-delete-records: removes the records before given offsets.
import { readFileSync } from 'node:fs';
import { shownException } from '../cluster/java-names.ts';
import { withAdmin } from '../cluster/with-admin.ts';
import { requireOptions } from '../command-line/checks.ts';
import { CommandLineError, defineOptions } from '../command-line/option.ts';
import { defineTool } from '../tool.ts';

export const deleteRecords = defineTool({
  name: 'kafka-delete-records',
  purpose: 'This tool deletes the records of partitions up to given offsets.',
  options: defineOptions({
    'bootstrap-server': {
      description: 'REQUIRED: a broker to connect to, or several.',
      argument: 'required',
      shown: 'server(s) to use for bootstrapping',
    },
    'offset-json-file': {
      description:
        'REQUIRED: a JSON file with the first offset to keep of each partition; -1 keeps nothing:\n' +
        '{"partitions":\n  [{"topic": "foo", "partition": 1, "offset": 1}],\n "version":1\n}',
      argument: 'required',
      shown: 'Offset json file path',
    },
    'command-config': {
      description: 'File with settings of the connection.',
      argument: 'required',
      shown: 'command config property file path',
    },
  }),
  run: async (options, terminal) => {
    requireOptions(options, 'bootstrap-server', 'offset-json-file');
    try {
      const wanted = parseOffsets(readFileSync(options.value('offset-json-file')!, 'utf8'));
      await withAdmin(options, terminal, async (admin) => {
        terminal.out('Executing records delete operation\n');
        const results = await admin.deleteRecords(wanted);
        terminal.out('Records delete operation completed:\n');
        for (const { topic, partition, lowWatermark } of results) {
          const outcome =
            lowWatermark instanceof Error ? `error: ${shownException(lowWatermark)}` : `low_watermark: ${lowWatermark}`;
          terminal.out(`partition: ${topic}-${partition}\t${outcome}\n`);
        }
      });
      return 0;
    } catch (error) {
      if (error instanceof CommandLineError) throw error;
      terminal.err(`${(error as Error).message}\n`);
      return 1;
    }
  },
});

export interface OffsetToKeep {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Reads the JSON file. Throws with what is wrong in it. */
export function parseOffsets(text: string): OffsetToKeep[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error('The input string is not a valid JSON');
  }
  const { version = 1, partitions } = (json ?? {}) as { version?: unknown; partitions?: unknown };
  if (version !== 1) throw new Error(`Not supported version field value ${version}`);
  if (!Array.isArray(partitions)) throw new Error('Missing partitions field');
  const offsets = partitions.map((entry: unknown, i) => {
    const { topic, partition, offset } = (entry ?? {}) as Record<string, unknown>;
    if (typeof topic !== 'string' || !Number.isSafeInteger(partition) || !Number.isSafeInteger(offset)) {
      throw new Error(`partitions[${i}] needs a "topic" in quotes and whole numbers as "partition" and "offset"`);
    }
    return { topic, partition: partition as number, offset: offset as number };
  });
  const keys = offsets.map(({ topic, partition }) => `${topic}-${partition}`);
  const twice = keys.filter((key, i) => keys.indexOf(key) !== i);
  if (twice.length > 0) {
    throw new Error(`Offset json file contains duplicate topic partitions: ${[...new Set(twice)].join(',')}`);
  }
  return offsets;
}
