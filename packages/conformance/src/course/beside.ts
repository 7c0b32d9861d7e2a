// Holding what was printed against what is shown, and one broker's print against the other's.

import type { Typed } from './shell.ts';
import type { Step } from './transcript.ts';

/** Why `typed` is not what `step` shows; undefined when it is. */
export function difference(step: Step, typed: Typed): string | undefined {
  const wanted = `${step.shows
    .split(/<id>|<\.\.\.>/)
    .map(escaped)
    .join('.+?')}`;
  if (typed.status !== (step.status ?? 0)) return `status ${typed.status}, not ${step.status ?? 0}\n${typed.stderr}`;
  if (!new RegExp(`^${wanted}$`).test(plain(typed.stdout))) return `it printed\n${typed.stdout}`;
  if (step.says && !typed.stderr.includes(step.says)) return `on standard error it said\n${typed.stderr}`;
  return undefined;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/**
 * Without what KRaft adds to every topic of a new cluster: eligible leader replicas make min.insync.replicas=1 a setting
 * of the cluster instead of a default (KIP-966), so that Kafka lists it among a topic's own.
 */
function plain(text: string): string {
  return text.replace(/\tConfigs: .*/g, (configs) =>
    configs.replace(/\bmin\.insync\.replicas=1(,|$)/, '').replace(/,$/, ''),
  );
}

/** What is left of a print when everything that differs from run to run is taken out. */
export function normalized(typed: Typed): string {
  return plain(typed.stdout)
    .replace(/TopicId: \S{22}/g, 'TopicId: <id>')
    .replace(/(localhost|127\.0\.0\.1):\d+ +\(/g, '<broker> (')
    .replace(/CreateTime:\d+/g, 'CreateTime:<time>')
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uuid>');
}
