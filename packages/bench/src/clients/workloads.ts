// The rows of the client bench: what each client is made to do. Sizes and shapes are those in which people compare Node's
// clients: a send that is awaited before the next, batches of a hundred, many sends under way, and reading a topic.
import type { ConsumeStyle } from './candidate.ts';

export type Workload =
  | { readonly kind: 'produce'; readonly recordsPerSend: number; readonly underWay: number; readonly lingerMs: number }
  | { readonly kind: 'consume'; readonly style: ConsumeStyle };

export interface WorkloadRow {
  readonly key: string;
  readonly title: string;
  readonly workload: Workload;
}

export const recordSizes = [100, 1024, 10_240] as const;

export const workloads: readonly WorkloadRow[] = [
  {
    key: 'single',
    title: 'one send after the other',
    workload: { kind: 'produce', recordsPerSend: 1, underWay: 1, lingerMs: 0 },
  },
  {
    key: 'batch',
    title: 'batches of 100',
    workload: { kind: 'produce', recordsPerSend: 100, underWay: 1, lingerMs: 0 },
  },
  {
    key: 'pipelined',
    title: '1,000 sends under way',
    workload: { kind: 'produce', recordsPerSend: 1, underWay: 1000, lingerMs: 5 },
  },
  { key: 'consume', title: 'consume, as batches', workload: { kind: 'consume', style: 'batches' } },
  { key: 'consume-each', title: 'consume, a call for each', workload: { kind: 'consume', style: 'each' } },
];

/** How much a topic holds for the rows that consume, so that the fastest client reads for a second at least. */
export function topicBytes(recordBytes: number, quick: boolean): number {
  const full = recordBytes < 1000 ? 300e6 : 1.2e9;
  return quick ? full / 4 : full;
}
