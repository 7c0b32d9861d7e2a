// Writes the results of a run: JSON for machines, Markdown for people, a plot for each kind of figure.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Bars, barChart } from './plot.ts';
import { markdown, type Results, ratio, shown } from './results.ts';

/** Figures of clusters that are times. */
const CLUSTER_TIMES = ['median', 'longest', 'start', 'change seen by all', 'controller failover'];

/** packages/bench/results */
export const resultsFolder = join(dirname(fileURLToPath(import.meta.url)), '../../results');

function chart(
  results: Results,
  title: string,
  subtitle: string,
  wanted: (name: string) => boolean,
): string | undefined {
  const groups: Bars[] = [];
  for (const measured of results.rows) {
    const names = new Set<string>();
    for (const figures of Object.values(measured.sides)) {
      if (typeof figures !== 'string') for (const { name } of figures) if (wanted(name)) names.add(name);
    }
    for (const name of names) {
      const bars = results.sides.flatMap(({ key, title: side }) => {
        const figures = measured.sides[key];
        const found = typeof figures === 'string' ? undefined : figures?.find((one) => one.name === name);
        if (!found) return [];
        const against = ratio(measured, key, name);
        const times = against === undefined || key === 'apache' ? '' : ` (${against.toFixed(2)}x)`;
        return [{ label: side, value: found.value, shown: `${shown(found.value)} ${found.unit}${times}` }];
      });
      const java = measured.row.startsWith('java-') ? ' (Java tools)' : '';
      const own = ['throughput', 'processor', 'time'].includes(name) ? '' : `, ${name}`;
      const what = measured.row.replace(/^java-/, '').replaceAll('-', ' ');
      groups.push({ title: `${what}${java}${own}`, bars });
    }
  }
  if (groups.length === 0) return undefined;
  const series = results.sides.map((side) => side.title);
  return barChart(title, subtitle, series, groups);
}

/** Writes everything under `name` into the results folder; resolves the paths written. */
export function writeResults(results: Results, name: string): string[] {
  mkdirSync(resultsFolder, { recursive: true });
  const written: string[] = [];
  const write = (file: string, text: string): void => {
    writeFileSync(join(resultsFolder, file), text);
    written.push(join(resultsFolder, file));
  };
  const plots: string[] = [];
  const plot = (kind: string, text: string | undefined): void => {
    if (text === undefined) return;
    plots.push(`${name}-${kind}.svg`);
    write(`${name}-${kind}.svg`, text);
  };
  const times = (figure: string): boolean =>
    ['p50', 'p99', 'mean', 'time', 'clean', 'after kill -9', 'create', ...CLUSTER_TIMES].includes(figure);
  const memory = (figure: string): boolean => ['idle', 'after load', 'resident'].includes(figure);
  plot(
    'throughput',
    chart(results, 'Throughput', 'more is better', (figure) => figure === 'throughput'),
  );
  plot(
    'processor',
    chart(results, 'Processor time of the broker', 'less is better', (figure) => figure === 'processor'),
  );
  plot('times', chart(results, 'Latency and start', 'less is better', times));
  plot('memory', chart(results, 'Resident memory', 'less is better', memory));
  write(`${name}.json`, `${JSON.stringify(results, null, 1)}\n`);
  write(`${name}.md`, markdown(results, plots));
  return written;
}
