// kafka-dump-log: shows what stands in the files of a partition, byte for byte as they are, broken ones too.
import { basename, resolve } from 'node:path';
import { isControl } from '@moldau/protocol/records/batch-header';
import { readRecords } from '@moldau/protocol/records/batch-reader';
import { requireOptions } from '../command-line/checks.ts';
import { defineOptions } from '../command-line/option.ts';
import type { ParsedOptions } from '../command-line/parsed-options.ts';
import type { Terminal } from '../terminal.ts';
import { defineTool } from '../tool.ts';
import { batchLine, recordMetadata } from './batch-text.ts';
import type { RecordDecoder } from './record-decoders.ts';
import { type FileBatch, SegmentFile } from './segment-file.ts';

const DECOMPRESSED_BYTES_MAX = 1024 ** 3;
const INT_MAX = 2 ** 31 - 1;

const OPTIONS = defineOptions({
  files: {
    description:
      'REQUIRED: the files to show, with commas between them: .log, .index, .timeindex, .snapshot, .txnindex.',
    argument: 'required',
    shown: 'file1, file2, ...',
  },
  'print-data-log': { description: 'Show the content of the records. On with every decoder option.' },
  'deep-iteration': { description: 'Show the records, not only the batches. On with --print-data-log.' },
  'verify-index-only': { description: 'Hold an index against its log without printing it.' },
  'index-sanity-check': { description: 'Only make the check that decides on start whether an index is built anew.' },
  'max-message-size': {
    description: 'Size of the largest batch.',
    argument: 'required',
    shown: 'size',
    kind: 'integer',
    default: 5 * 1024 * 1024,
  },
  'max-bytes': {
    description: 'Read no further than this into a .log file.',
    argument: 'required',
    shown: 'size',
    kind: 'integer',
    default: INT_MAX,
  },
  'key-decoder-class': {
    description: 'StringDecoder, IntegerDecoder or LongDecoder, with or without its package.',
    argument: 'optional',
    default: 'org.apache.kafka.tools.api.StringDecoder',
  },
  'value-decoder-class': {
    description: 'The same for values.',
    argument: 'optional',
    default: 'org.apache.kafka.tools.api.StringDecoder',
  },
  'offsets-decoder': { description: 'Read the records as those of __consumer_offsets.' },
  'transaction-log-decoder': { description: 'Read the records as those of __transaction_state.' },
  'share-group-state-decoder': { description: 'Read the records as those of __share_group_state.' },
  'cluster-metadata-decoder': {
    description: "Read the records as KRaft's metadata: not served, Moldau keeps its own.",
  },
  'remote-log-metadata-decoder': { description: 'Read the records as metadata of tiered storage: not served.' },
  'skip-record-metadata': { description: 'Print only keys and payloads of records, and no control records.' },
});

type Options = ParsedOptions<typeof OPTIONS>;

const DECODERS = [
  'print-data-log',
  'offsets-decoder',
  'transaction-log-decoder',
  'share-group-state-decoder',
  'cluster-metadata-decoder',
  'remote-log-metadata-decoder',
  'key-decoder-class',
  'value-decoder-class',
] as const;

export const dumpLog = defineTool({
  name: 'kafka-dump-log',
  purpose: 'This tool shows the content of log and index files.',
  options: OPTIONS,
  run: async (options, terminal) => {
    requireOptions(options, 'files');
    const findings = new Findings();
    try {
      for (const path of options.value('files')!.split(',')) await dumpFile(path, options, terminal, findings);
    } catch (error) {
      terminal.err(`${(error as Error).message}\n`);
      return 1;
    }
    terminal.err(findings.text());
    return 0;
  },
});

async function dumpFile(path: string, options: Options, terminal: Terminal, findings: Findings): Promise<void> {
  terminal.out(`Dumping ${path}\n`);
  const suffix = /\.[^.]*$/.exec(basename(path))?.[0];
  const request = { path, sanityOnly: options.has('index-sanity-check'), verifyOnly: options.has('verify-index-only') };
  const print = (text: string) => terminal.out(text);
  switch (suffix) {
    case '.log':
    case '.checkpoint':
      await dumpBatches(path, options, terminal, findings);
      break;
    case '.index': {
      const { dumpOffsetIndex } = await import('./index-files.ts');
      findings.offsetMismatches(path, dumpOffsetIndex(request, print));
      break;
    }
    case '.timeindex': {
      const { dumpTimeIndex } = await import('./index-files.ts');
      findings.timeIndex(path, dumpTimeIndex(request, print));
      break;
    }
    case '.snapshot': {
      const { producerSnapshotText } = await import('./state-files.ts');
      try {
        print(producerSnapshotText(path));
      } catch (error) {
        terminal.err(`${(error as Error).message}\n`);
      }
      break;
    }
    case '.txnindex': {
      const { abortedTransactionsText } = await import('./state-files.ts');
      print(abortedTransactionsText(path));
      break;
    }
    default:
      terminal.err(`Ignoring unknown file ${path}\n`);
  }
}

async function dumpBatches(path: string, options: Options, terminal: Terminal, findings: Findings): Promise<void> {
  const name = basename(path);
  if (name.endsWith('.log') && !/^\d+\.log$/.test(name)) {
    throw new Error(`${name} is not named after an offset, as segments are.`);
  }
  if (name.endsWith('.log')) terminal.out(`Log starting offset: ${Number(name.split('.')[0])}\n`);
  else terminal.out(snapshotTitle(name));
  const withContent = DECODERS.some((option) => options.has(option));
  const deep = withContent || options.has('deep-iteration');
  const decode = withContent ? await decoderOf(options) : undefined;
  const controlText = deep ? (await import('./control-record.ts')).controlText : undefined;
  const skipMetadata = options.has('skip-record-metadata');
  const bytesMax = options.numberOr('max-bytes', INT_MAX);
  const segment = new SegmentFile(path, bytesMax);
  let previous = -1;
  let validBytes = 0;
  try {
    for (const batch of segment.batches()) {
      let text = batchLine(batch);
      validBytes = batch.position + sizeOf(batch);
      if (deep) {
        const control = isControl(batch.buffer, batch.at);
        for (const record of readRecords(batch.buffer, batch.at, { decompressedBytesMax: DECOMPRESSED_BYTES_MAX })) {
          if (record.offset !== previous + 1) findings.gap(path, previous, record.offset);
          previous = record.offset;
          if (!skipMetadata) text += recordMetadata(batch, record) + (control ? controlText!(record) : '');
          if (decode && !control) text += contentText(decode(record), skipMetadata ? '| ' : ' ');
          text += '\n';
        }
      }
      terminal.out(text);
    }
    const trailing = segment.sizeBytes - validBytes;
    if (trailing > 0 && bytesMax === INT_MAX) terminal.out(`Found ${trailing} invalid bytes at the end of ${name}\n`);
  } finally {
    segment.close();
  }
}

function sizeOf({ buffer, at }: FileBatch): number {
  return 12 + buffer.readInt32BE(at + 8);
}

function snapshotTitle(name: string): string {
  const match = /^(\d{20})-(\d{10})\.checkpoint$/.exec(name);
  return match
    ? `Snapshot end offset: ${Number(match[1])}, epoch: ${Number(match[2])}\n`
    : 'KRaft bootstrap snapshot\n';
}

function contentText({ key, value }: ReturnType<RecordDecoder>, before: string): string {
  let text = '';
  if (key !== undefined) text += `${before}key: ${key}`;
  if (value !== undefined) text += `${key === undefined ? before : ' '}payload: ${value}`;
  return text;
}

async function decoderOf(options: Options): Promise<RecordDecoder> {
  const { internalTopicDecoder, wordDecoder } = await import('./record-decoders.ts');
  if (options.has('offsets-decoder')) return internalTopicDecoder('__consumer_offsets');
  if (options.has('transaction-log-decoder')) return internalTopicDecoder('__transaction_state');
  if (options.has('share-group-state-decoder')) return internalTopicDecoder('__share_group_state');
  for (const option of ['cluster-metadata-decoder', 'remote-log-metadata-decoder'] as const) {
    if (options.has(option)) throw new Error(`--${option}: these records are not among those that can be read here.`);
  }
  return wordDecoder(options.value('key-decoder-class')!, options.value('value-decoder-class')!);
}

/** What is wrong with the files, said at the end on standard error. */
class Findings {
  readonly #offsets: string[] = [];
  readonly #times: [string[], string[], string[]] = [[], [], []];
  readonly #gaps = new Map<string, string[]>();

  offsetMismatches(path: string, list: readonly { indexOffset: number; logOffset: number }[]): void {
    if (list.length === 0) return;
    this.#offsets.push(`Mismatches in :${resolve(path)}`);
    for (const entry of list)
      this.#offsets.push(`  Index offset: ${entry.indexOffset}, log offset: ${entry.logOffset}`);
  }

  timeIndex(path: string, found: import('./index-files.ts').TimeIndexFindings): void {
    const add = (into: string[], title: string, lines: string[]) => {
      if (lines.length > 0) into.push(`${title} in :${resolve(path)}`, ...lines);
    };
    const [mismatches, order, missing] = this.#times;
    add(
      mismatches,
      'Found timestamp mismatch',
      found.timestampMismatches.map(({ index, log }) => `  Index timestamp: ${index}, log timestamp: ${log}`),
    );
    add(
      order,
      'Found out of order timestamp',
      found.outOfOrder.map(
        ({ index, previous }) => `  Index timestamp: ${index}, Previously indexed timestamp: ${previous}`,
      ),
    );
    add(
      missing,
      'The following indexed offsets are not found',
      found.offsetsNotFound.map(({ index, log }) => `  Indexed offset: ${index}, found log offset: ${log}`),
    );
  }

  gap(path: string, from: number, to: number): void {
    const lines = this.#gaps.get(path) ?? [];
    lines.push(`  ${from} is followed by ${to}`);
    this.#gaps.set(path, lines);
  }

  text(): string {
    const lines = [...this.#offsets, ...this.#times.flat()];
    for (const [path, gaps] of this.#gaps) lines.push(`Non-consecutive offsets in ${resolve(path)}`, ...gaps);
    return lines.map((line) => `${line}\n`).join('');
  }
}
