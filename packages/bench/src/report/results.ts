// The figures of a run: kept as JSON, shown as a table, written as Markdown. A ratio always stands to Apache Kafka in the
// same run; for times, memory and processor seconds less than 1 is better, for throughput more.
import type { Figure, Row } from '../rows/row.ts';
import { type Cell, tableLines } from './table.ts';

export interface Measured {
  readonly row: string;
  readonly title: string;
  readonly group: string;
  /** By side key; a text instead of figures says why there are none. */
  readonly sides: Readonly<Record<string, readonly Figure[] | string>>;
}

export interface Results {
  /** Heading and explanation of the page; those of single brokers when absent. */
  readonly title?: string;
  readonly note?: string;
  readonly at: string;
  readonly machine: {
    readonly cores: number;
    readonly model: string;
    readonly memoryGiB: number;
    readonly kernel: string;
  };
  readonly versions: Readonly<Record<string, string>>;
  readonly quick: boolean;
  readonly sides: readonly { readonly key: string; readonly title: string }[];
  readonly rows: readonly Measured[];
}

export const PEER = 'apache';

/** A number as people read it: 1,234 · 56.7 · 0.089. */
export function shown(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en-US');
  if (value >= 100) return value.toFixed(0);
  if (value >= 10) return value.toFixed(1);
  if (value >= 1) return value.toFixed(2);
  return value === 0 ? '0' : value.toFixed(3);
}

function figuresOf(measured: Measured, side: string): readonly Figure[] {
  const found = measured.sides[side];
  return typeof found === 'string' || found === undefined ? [] : found;
}

/** Value divided by the peer's; undefined where there is nothing to divide by. */
export function ratio(measured: Measured, side: string, name: string): number | undefined {
  const mine = figuresOf(measured, side).find((one) => one.name === name)?.value;
  const peer = figuresOf(measured, PEER).find((one) => one.name === name)?.value;
  return mine === undefined || peer === undefined || peer === 0 ? undefined : mine / peer;
}

/** Whether a figure reaches its aim; undefined where there is none, or nobody to compare with. */
export function reached(measured: Measured, side: string, figure: Figure): boolean | undefined {
  if (!figure.aim || side === PEER) return undefined;
  const value = figure.aim.of === 'value' ? figure.value : ratio(measured, side, figure.name);
  if (value === undefined) return undefined;
  return figure.better === 'higher' ? value >= figure.aim.bound : value <= figure.aim.bound;
}

/** The aims of our sides; more than one where a side has its own. */
function aimText(figures: readonly Figure[]): string {
  const texts = figures.map((figure) => {
    if (!figure.aim) return '';
    const sign = figure.better === 'higher' ? '>=' : '<=';
    return figure.aim.of === 'peer'
      ? `${sign} ${figure.aim.bound}x`
      : `${sign} ${shown(figure.aim.bound)} ${figure.unit}`.trimEnd();
  });
  return [...new Set(texts)].join(', ');
}

/** Heads and rows of the table, as plain cells, so that terminal and Markdown show the same. */
function cells(results: Results): Cell[][] {
  const others = results.sides.filter(({ key }) => key !== PEER);
  const peer = results.sides.find(({ key }) => key === PEER);
  const right = (text: string, colour?: Cell['colour']): Cell => ({
    text,
    align: 'right',
    ...(colour ? { colour } : {}),
  });
  const head: Cell[] = [{ text: '' }, { text: 'figure' }, { text: 'unit' }];
  if (peer) head.push(right(peer.title));
  for (const side of others) head.push(right(side.title), ...(peer ? [right('ratio')] : []));
  head.push({ text: 'aim' });
  const lines: Cell[][] = [head.map((cell) => ({ ...cell, colour: 'bold' }))];
  let group = '';
  for (const measured of results.rows) {
    if (measured.group !== group) lines.push([{ text: measured.group, colour: 'bold' }]);
    group = measured.group;
    const names = [...new Set(results.sides.flatMap(({ key }) => figuresOf(measured, key).map((one) => one.name)))];
    names.forEach((name, i) => {
      const any = results.sides.flatMap(({ key }) => figuresOf(measured, key)).find((one) => one.name === name);
      const line: Cell[] = [
        { text: i === 0 ? `  ${measured.title}` : '' },
        { text: name },
        { text: any?.unit ?? '', colour: 'dim' },
      ];
      const value = (side: string): Figure | undefined => figuresOf(measured, side).find((one) => one.name === name);
      if (peer) line.push(right(value(PEER) ? shown(value(PEER)?.value ?? 0) : '-'));
      for (const side of others) {
        const found = value(side.key);
        const ok = found ? reached(measured, side.key, found) : undefined;
        const colour = ok === undefined ? undefined : ok ? 'green' : 'red';
        line.push(right(found ? shown(found.value) : '-', colour));
        if (!peer) continue;
        const against = ratio(measured, side.key, name);
        line.push(right(against === undefined ? '' : `${against.toFixed(2)}x`, colour));
      }
      const ours = others.flatMap(({ key }) => value(key) ?? []);
      line.push({ text: aimText(ours.length > 0 || !any ? ours : [any]), colour: 'dim' });
      lines.push(line);
    });
    for (const { key, title } of results.sides) {
      const why = measured.sides[key];
      if (typeof why === 'string')
        lines.push([{ text: `  ${measured.title}` }, { text: `${title}: ${why}`, colour: 'red' }]);
    }
  }
  return lines;
}

export function terminalTable(results: Results, coloured: boolean): string {
  return `${tableLines(cells(results), coloured).join('\n')}\n`;
}

const SINGLE =
  'Both in page-cache mode; "durable" is Moldau in its default, where an acknowledgement means that the disk has it.\n' +
  'Processor seconds are those of the broker process with all its threads, per 10^9 bytes of record values.';

export function markdown(results: Results, plots: readonly string[]): string {
  const { machine } = results;
  const lines = [
    `# ${results.title ?? 'Moldau beside Apache Kafka'}`,
    '',
    `${results.at}, ${machine.cores} cores (${machine.model}), ${machine.memoryGiB} GiB, Linux ${machine.kernel}. ` +
      Object.entries(results.versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', ') +
      `.${results.quick ? ' A quick run: short loads, figures wobble.' : ''}`,
    '',
    results.note ?? SINGLE,
    '',
  ];
  for (const plot of plots) lines.push(`![${plot}](${plot})`, '');
  let columns = 0;
  for (const row of cells(results)) {
    columns = Math.max(columns, row.length);
    const texts = Array.from({ length: columns }, (_, i) => row[i]?.text.trim() ?? '');
    if (row.length === 1) texts[0] = `**${texts[0]}**`;
    lines.push(`| ${texts.join(' | ')} |`);
    if (lines.filter((line) => line.startsWith('|')).length === 1) {
      lines.push(`|${row.map((cell) => (cell.align === 'right' ? ' --: ' : ' --- ')).join('|')}|`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** One line for the progress display. */
export function summary(row: Row, figures: readonly Figure[]): string {
  return `${row.key}: ${figures.map(({ name, value, unit }) => `${name} ${shown(value)} ${unit}`.trimEnd()).join(', ')}`;
}
