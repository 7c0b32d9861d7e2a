// Cuts the records of one decision into batches that the metadata store takes: a node of ZooKeeper holds about a megabyte,
// and one broker of a cluster with ten thousand partitions that goes changes most of them. Pure.
// Always: one batch, or parts that take effect together with the last of them, so that every decision is atomic.
import type { MetadataRecord } from '@moldau/metadata';

/** Of the array that a batch is written as. */
const BRACKETS = 2;
/** Kept free for the record that says which part a batch is. */
const MARK = 80;

/**
 * Batches in the order of the records, each at most `bytesMax` of JSON; a single record other than `partitionsSet` is never
 * cut. To be appended in one turn: what comes between two parts ends the decision without effect.
 */
export function recordBatches(records: readonly MetadataRecord[], bytesMax: number): MetadataRecord[][] {
  if (BRACKETS + sizeOf(records) <= bytesMax) return [[...records]];
  const parts: MetadataRecord[][] = [];
  let part: MetadataRecord[] = [];
  let bytes = BRACKETS + MARK;
  for (const record of records) {
    for (const piece of cut(record, bytesMax)) {
      const size = sizeOf([piece]);
      if (part.length > 0 && bytes + size > bytesMax) {
        parts.push(part);
        part = [];
        bytes = BRACKETS + MARK;
      }
      part.push(piece);
      bytes += size;
    }
  }
  parts.push(part);
  if (parts.length === 1) return parts;
  return parts.map((one, index) => [{ kind: 'transactionPart', part: index + 1, of: parts.length }, ...one]);
}

function* cut(record: MetadataRecord, bytesMax: number): IterableIterator<MetadataRecord> {
  const fits = BRACKETS + MARK + sizeOf([record]) <= bytesMax;
  if (record.kind !== 'partitionsSet' || record.partitions.length < 2 || fits) {
    yield record;
    return;
  }
  const half = record.partitions.length >> 1;
  yield* cut({ ...record, partitions: record.partitions.slice(0, half) }, bytesMax);
  yield* cut({ ...record, partitions: record.partitions.slice(half) }, bytesMax);
}

/** As JSON, with the comma behind each. */
function sizeOf(records: readonly MetadataRecord[]): number {
  return records.reduce((sum, record) => sum + Buffer.byteLength(JSON.stringify(record)) + 1, 0);
}
