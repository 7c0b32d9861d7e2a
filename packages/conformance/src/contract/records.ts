// Records that carry what goes wrong easily: nulls against empties, bytes that are no text, headers, long values.
import type { ClientAdapter, Header, ReceivedRecord, SentRecord } from './client.ts';

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

/** One record of each awkward shape, as far as the client can send it. All to partition 0. */
export function awkwardRecords(can: ClientAdapter['can']): SentRecord[] {
  const headers: Header[][] = [
    [{ key: 'trace', value: Buffer.from('7f') }],
    [
      { key: 'empty', value: Buffer.alloc(0) },
      { key: 'bytes', value: everyByte },
      { key: 'řeka', value: Buffer.from('Vltava') },
    ],
  ];
  if (can.nullHeaders) headers.push([{ key: 'nothing', value: null }]);
  if (can.repeatedHeaders) {
    headers.push([
      { key: 'via', value: Buffer.from('a') },
      { key: 'via', value: Buffer.from('b') },
    ]);
  }
  const bodies: SentRecord[] = [
    { key: Buffer.from('k'), value: Buffer.from('v') },
    { key: null, value: Buffer.from('no key') },
    { key: Buffer.from('no value'), value: null },
    { key: Buffer.from('empty value'), value: Buffer.alloc(0) },
    { key: Buffer.alloc(0), value: Buffer.from('empty key') },
    { key: everyByte, value: everyByte },
    { key: Buffer.from('long'), value: Buffer.alloc(100_000, 'Moldau ') },
    ...headers.map((some, i) => ({ key: Buffer.from(`h${i}`), value: Buffer.from('with headers'), headers: some })),
  ];
  return bodies.map((record) => ({ ...record, partition: 0 }));
}

function shown(bytes: Buffer | null): string {
  return bytes === null ? 'null' : `${bytes.length}:${bytes.toString('hex').slice(0, 600)}`;
}

/** A record as comparable text: key, value and headers (headers of different keys in the order of their keys). */
export function content(record: Pick<SentRecord | ReceivedRecord, 'key' | 'value' | 'headers'>): string {
  const headers = (record.headers ?? [])
    .map(({ key, value }, order) => ({ key, value, order }))
    .toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.order - b.order))
    .map(({ key, value }) => `${key}=${shown(value)}`);
  return `${shown(record.key)} → ${shown(record.value)} [${headers.join(', ')}]`;
}

/** `count` records whose values are `<prefix>-<n>`, keys `<n mod keys>`. */
export function numbered(prefix: string, count: number, o: { from?: number; keys?: number } = {}): SentRecord[] {
  return Array.from({ length: count }, (_, i) => {
    const n = i + (o.from ?? 0);
    return { key: Buffer.from(`k${n % (o.keys ?? 10)}`), value: Buffer.from(`${prefix}-${n}`) };
  });
}

/** The values of records as text. */
export function values(records: readonly { value: Buffer | null }[]): string[] {
  return records.map(({ value }) => value?.toString() ?? 'null');
}

/** Each (partition, offset) once, at its first arrival. */
export function distinct(records: readonly ReceivedRecord[]): ReceivedRecord[] {
  const first = new Map<string, ReceivedRecord>();
  for (const record of records) {
    const at = `${record.partition}@${record.offset}`;
    if (!first.has(at)) first.set(at, record);
  }
  return [...first.values()];
}
