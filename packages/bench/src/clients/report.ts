// The figures of the client bench as a table, as files and as plots. Each row names how far our client is ahead of the
// best of the others: below 1.0 somebody else is faster there.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resultsFolder } from '../report/files.ts';
import { type Bars, barChart } from '../report/plot.ts';
import { shown } from '../report/results.ts';
import { type Cell, tableLines } from '../report/table.ts';
import type { WorkerResult } from './worker.ts';

export interface ClientCell {
  readonly broker: string;
  readonly client: string;
  readonly row: string;
  readonly recordBytes: number;
  readonly result: WorkerResult | undefined;
  /** Why there is no result. */
  readonly failure: string | undefined;
}

export interface ClientResults {
  readonly at: string;
  readonly machine: string;
  readonly quick: boolean;
  readonly brokers: readonly { readonly key: string; readonly title: string }[];
  readonly clients: readonly { readonly key: string; readonly title: string; readonly ours: boolean }[];
  readonly rows: readonly { readonly key: string; readonly title: string }[];
  readonly sizes: readonly number[];
  readonly cells: readonly ClientCell[];
}

function cellOf(results: ClientResults, broker: string, row: string, bytes: number, client: string) {
  return results.cells.find(
    (one) => one.broker === broker && one.row === row && one.recordBytes === bytes && one.client === client,
  );
}

/** Our native client's figure divided by the best of the others'. */
function lead(results: ClientResults, broker: string, row: string, bytes: number): number | undefined {
  const rate = (client: string) => cellOf(results, broker, row, bytes, client)?.result?.recordsPerSecond;
  const ours = rate('moldau');
  const others = results.clients.flatMap(({ key, ours: own }) => (own ? [] : [rate(key) ?? 0]));
  const best = Math.max(0, ...others);
  return ours === undefined || best === 0 ? undefined : ours / best;
}

function sizeText(bytes: number): string {
  return bytes >= 1024 ? `${bytes / 1024} KiB` : `${bytes} B`;
}

function cells(results: ClientResults): Cell[][] {
  const right = (text: string, colour?: Cell['colour']): Cell => ({
    text,
    align: 'right',
    ...(colour && { colour }),
  });
  const head: Cell[] = [{ text: 'records/s' }, right('size'), ...results.clients.map(({ title }) => right(title))];
  const lines: Cell[][] = [[...head, right('ahead')].map((cell) => ({ ...cell, colour: 'bold' }))];
  for (const broker of results.brokers) {
    lines.push([{ text: broker.title, colour: 'bold' }]);
    for (const row of results.rows) {
      for (const bytes of results.sizes) {
        const ahead = lead(results, broker.key, row.key, bytes);
        lines.push([
          { text: `  ${row.title}` },
          right(sizeText(bytes)),
          ...results.clients.map(({ key }) => {
            const found = cellOf(results, broker.key, row.key, bytes, key);
            return right(found?.result ? shown(found.result.recordsPerSecond) : '-');
          }),
          right(
            ahead === undefined ? '' : `${ahead.toFixed(2)}x`,
            ahead === undefined ? undefined : ahead >= 1 ? 'green' : 'red',
          ),
        ]);
      }
    }
  }
  return lines;
}

export function clientTable(results: ClientResults, coloured: boolean): string {
  const failures = results.cells.flatMap(({ broker, client, row, recordBytes, result, failure }) =>
    result ? [] : [`${broker}, ${client}, ${row} ${recordBytes} B: ${failure}`],
  );
  return `${[...tableLines(cells(results), coloured), ...failures].join('\n')}\n`;
}

function plotOf(results: ClientResults, broker: { key: string; title: string }): string {
  const groups: Bars[] = results.rows.flatMap((row) =>
    results.sizes.map((bytes) => ({
      title: `${row.title}, ${sizeText(bytes)}`,
      bars: results.clients.flatMap(({ key, title }) => {
        const rate = cellOf(results, broker.key, row.key, bytes, key)?.result?.recordsPerSecond;
        return rate === undefined ? [] : [{ label: title, value: rate, shown: shown(rate) }];
      }),
    })),
  );
  return barChart(
    `Clients for Node on ${broker.title}`,
    'records per second, more is better; each row has a scale of its own',
    results.clients.map(({ title }) => title),
    groups,
  );
}

/** Writes JSON, Markdown and one plot a broker; answers the paths. */
export function writeClientResults(results: ClientResults, name: string): string[] {
  mkdirSync(resultsFolder, { recursive: true });
  const written: string[] = [];
  const write = (file: string, text: string): void => {
    writeFileSync(join(resultsFolder, file), text);
    written.push(join(resultsFolder, file));
  };
  const lines = [
    '# Clients for Node side by side',
    '',
    `${results.at}, ${results.machine}.${results.quick ? ' A quick run: figures wobble.' : ''}`,
    '',
    'Records per second with acks=all on a broker in page-cache mode, each cell a process of its own. "ahead" is',
    '@moldau/client divided by the best of the three others. Defaults everywhere, but for our batch.size: 1 MB, as Confluent has it.',
    '',
  ];
  for (const broker of results.brokers) {
    const file = `${name}-${broker.key}.svg`;
    write(file, plotOf(results, broker));
    lines.push(`![${broker.title}](${file})`, '');
  }
  const rows = cells(results);
  const columns = Math.max(...rows.map((row) => row.length));
  rows.forEach((row, index) => {
    const texts = Array.from({ length: columns }, (_, i) => row[i]?.text.trim() ?? '');
    if (row.length === 1) texts[0] = `**${texts[0]}**`;
    lines.push(`| ${texts.join(' | ')} |`);
    if (index === 0) lines.push(`|${row.map((cell) => (cell.align === 'right' ? ' --: ' : ' --- ')).join('|')}|`);
  });
  write(`${name}.json`, `${JSON.stringify(results, null, 1)}\n`);
  write(`${name}.md`, `${lines.join('\n')}\n`);
  return written;
}
