// --print-metrics: names and values, aligned.
import { javaFixed } from '../text/java-text.ts';

/** Sorted by name; whole numbers as they are, others with three digits. */
export function metricsTable(metrics: Readonly<Record<string, number>>): string {
  const names = Object.keys(metrics).sort();
  const width = Math.max(...names.map((name) => name.length));
  let text = `\n${'Metric Name'.padEnd(width)}   Value\n`;
  for (const name of names) text += `${name.padEnd(width)} : ${javaFixed(metrics[name]!, 3)}\n`;
  return text;
}
