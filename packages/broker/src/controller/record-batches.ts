// Cuts the records of one decision into batches that the metadata store takes: a node of ZooKeeper holds about a megabyte,
// and one broker of a cluster with ten thousand partitions that goes changes most of them. Pure.
//
// What is cut is not atomic any more: a controller that dies between two batches leaves the first behind. So every decision
// orders its records such that each beginning of them is a picture from which the next controller goes on: partitions
// before the word about the broker that they change for. A topic with its settings and partitions stays together as long
// as it fits into one batch by itself.
import type { MetadataRecord } from '@moldau/metadata';

/** Of the array that a batch is written as. */
const BRACKETS = 2;

/** Batches in the order of the records, each at most `bytesMax` of JSON; a single record other than `partitionsSet` is never cut. */
export function recordBatches(records: readonly MetadataRecord[], bytesMax: number): MetadataRecord[][] {
  const batches: MetadataRecord[][] = [];
  let batch: MetadataRecord[] = [];
  let bytes = BRACKETS;
  const add = (unit: readonly MetadataRecord[], size: number) => {
    if (batch.length > 0 && bytes + size > bytesMax) {
      batches.push(batch);
      batch = [];
      bytes = BRACKETS;
    }
    batch.push(...unit);
    bytes += size;
  };
  for (const unit of together(records)) {
    const size = sizeOf(unit);
    if (BRACKETS + size <= bytesMax) add(unit, size);
    else for (const record of unit) for (const piece of cut(record, bytesMax)) add([piece], sizeOf([piece]));
  }
  if (batch.length > 0 || batches.length === 0) batches.push(batch);
  return batches;
}

/** A new topic and what belongs to it; everything else alone. */
function together(records: readonly MetadataRecord[]): MetadataRecord[][] {
  const units: MetadataRecord[][] = [];
  for (const record of records) {
    const last = units.at(-1);
    const belongs = record.kind === 'configSet' || record.kind === 'partitionsSet';
    if (last?.[0]?.kind === 'topicCreated' && belongs) last.push(record);
    else units.push([record]);
  }
  return units;
}

function* cut(record: MetadataRecord, bytesMax: number): IterableIterator<MetadataRecord> {
  if (record.kind !== 'partitionsSet' || record.partitions.length < 2 || BRACKETS + sizeOf([record]) <= bytesMax) {
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
