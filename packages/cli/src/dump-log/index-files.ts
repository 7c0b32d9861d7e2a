// The offset and time index of a segment: printed, or held against the log that they index.
import { readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { isLogAppendTime, lastOffsetOf, maxTimestampOf } from '@moldau/protocol/records/batch-header';
import { readRecords } from '@moldau/protocol/records/batch-reader';
import { type FileBatch, SegmentFile } from './segment-file.ts';

const OFFSET_ENTRY_BYTES = 8;
const TIME_ENTRY_BYTES = 12;
const DECOMPRESSED_BYTES_MAX = 1024 ** 3;

export interface IndexRequest {
  readonly path: string;
  /** Only look whether the file can be an index; broken ones throw. */
  readonly sanityOnly: boolean;
  /** Hold it against the log without printing the entries. */
  readonly verifyOnly: boolean;
}

export interface OffsetMismatch {
  readonly indexOffset: number;
  readonly logOffset: number;
}

export interface TimeIndexFindings {
  readonly timestampMismatches: { readonly index: number; readonly log: number }[];
  readonly outOfOrder: { readonly index: number; readonly previous: number }[];
  readonly offsetsNotFound: { readonly index: number; readonly log: number }[];
}

interface Sibling {
  readonly baseOffset: number;
  readonly log: string;
  readonly index: string;
}

function siblings(path: string): Sibling {
  const name = basename(path).split('.')[0]!;
  const folder = dirname(resolve(path));
  return { baseOffset: Number(name), log: join(folder, `${name}.log`), index: join(folder, `${name}.index`) };
}

/** Prints (by `print`) and answers the entries that do not point at the batch they should. */
export function dumpOffsetIndex(request: IndexRequest, print: (text: string) => void): OffsetMismatch[] {
  const { path } = request;
  const { baseOffset, log } = siblings(path);
  const bytes = readFileSync(path);
  const count = Math.floor(bytes.length / OFFSET_ENTRY_BYTES);
  const offsetAt = (i: number) => baseOffset + bytes.readInt32BE(i * OFFSET_ENTRY_BYTES);
  if (count === 0) {
    print(`${path} is empty.\n`);
    return [];
  }
  if (request.sanityOnly) {
    const last = offsetAt(count - 1);
    if (last < baseOffset) {
      throw new Error(
        `Corrupt index found, index file (${resolve(path)}) has non-zero size but the last offset is ${last} which is less than the base offset ${baseOffset}.`,
      );
    }
    refuseFraction('Index', path, bytes.length, OFFSET_ENTRY_BYTES);
    print(`${path} passed sanity check.\n`);
    return [];
  }
  const mismatches: OffsetMismatch[] = [];
  const segment = new SegmentFile(log);
  try {
    if (segment.sizeBytes === 0 && offsetAt(0) === baseOffset) {
      // Nothing was appended yet: all of the file is room that was set aside.
      print(`${path} is empty.\n`);
      return [];
    }
    for (let i = 0; i < count; i++) {
      const offset = offsetAt(i);
      // Room that was set aside and never used holds zeros.
      if (offset === baseOffset && i > 0) break;
      const position = bytes.readInt32BE(i * OFFSET_ENTRY_BYTES + 4);
      const [batch] = first(segment, position);
      const logOffset = batch ? lastOffsetOf(batch.buffer, batch.at) : -1;
      if (logOffset !== offset) mismatches.push({ indexOffset: offset, logOffset });
      if (!request.verifyOnly) print(`offset: ${offset} position: ${position}\n`);
    }
  } finally {
    segment.close();
  }
  return mismatches.sort((a, b) => b.indexOffset - a.indexOffset);
}

/** Prints (by `print`) and answers what does not agree with the log or with itself. */
export function dumpTimeIndex(request: IndexRequest, print: (text: string) => void): TimeIndexFindings {
  const { path } = request;
  const { baseOffset, log, index } = siblings(path);
  const bytes = readFileSync(path);
  const count = Math.floor(bytes.length / TIME_ENTRY_BYTES);
  const timestampAt = (i: number) => Number(bytes.readBigInt64BE(i * TIME_ENTRY_BYTES));
  const offsetAt = (i: number) => baseOffset + bytes.readInt32BE(i * TIME_ENTRY_BYTES + 8);
  if (request.sanityOnly) {
    checkTimeIndex(resolve(path), baseOffset, bytes.length, count, timestampAt, offsetAt);
    print(`${path} passed sanity check.\n`);
    return { timestampMismatches: [], outOfOrder: [], offsetsNotFound: [] };
  }
  const findings: TimeIndexFindings = { timestampMismatches: [], outOfOrder: [], offsetsNotFound: [] };
  const positions = readFileSync(index);
  const segment = new SegmentFile(log);
  let previous = -1;
  try {
    for (let i = 0; i < count; i++) {
      const offset = offsetAt(i);
      const timestamp = timestampAt(i);
      if (offset === baseOffset && i > 0) break;
      checkTimeEntry(segment, floorPosition(positions, offset - baseOffset), { timestamp, offset, previous }, findings);
      if (!request.verifyOnly) print(`timestamp: ${timestamp} offset: ${offset}\n`);
      previous = timestamp;
    }
  } finally {
    segment.close();
  }
  return findings;
}

function checkTimeEntry(
  segment: SegmentFile,
  from: number,
  entry: { readonly timestamp: number; readonly offset: number; readonly previous: number },
  findings: TimeIndexFindings,
): void {
  for (const { buffer, at } of segment.batches(from)) {
    const last = lastOffsetOf(buffer, at);
    if (last < entry.offset) continue;
    if (last !== entry.offset) {
      findings.offsetsNotFound.push({ index: entry.offset, log: last });
      return;
    }
    const greatest = isLogAppendTime(buffer, at)
      ? maxTimestampOf(buffer, at)
      : readRecords(buffer, at, { decompressedBytesMax: DECOMPRESSED_BYTES_MAX }).reduce(
          (max, { timestamp }) => Math.max(max, timestamp),
          -1,
        );
    if (greatest !== entry.timestamp) findings.timestampMismatches.push({ index: entry.timestamp, log: greatest });
    if (entry.previous >= entry.timestamp) {
      findings.outOfOrder.push({ index: entry.timestamp, previous: entry.previous });
    }
    return;
  }
  findings.offsetsNotFound.push({ index: entry.offset, log: -1 });
}

/** Position of the last entry at or before the offset; 0 when there is none. */
function floorPosition(index: Buffer, relativeOffset: number): number {
  let low = 0;
  let high = Math.floor(index.length / OFFSET_ENTRY_BYTES) - 1;
  // Zeros at the end are unused room, not entries.
  while (high > 0 && index.readInt32BE(high * OFFSET_ENTRY_BYTES) === 0) high--;
  let position = 0;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    if (index.readInt32BE(middle * OFFSET_ENTRY_BYTES) <= relativeOffset) {
      position = index.readInt32BE(middle * OFFSET_ENTRY_BYTES + 4);
      low = middle + 1;
    } else {
      high = middle - 1;
    }
  }
  return position;
}

function checkTimeIndex(
  path: string,
  baseOffset: number,
  length: number,
  count: number,
  timestampAt: (i: number) => number,
  offsetAt: (i: number) => number,
): void {
  if (count > 0) {
    const [firstTime, lastTime, lastOffset] = [timestampAt(0), timestampAt(count - 1), offsetAt(count - 1)];
    const found = `Corrupt time index found, time index file (${path}) has non-zero size but the last`;
    if (lastTime < firstTime) {
      throw new Error(`${found} timestamp is ${lastTime} which is less than the first timestamp ${firstTime}`);
    }
    if (lastOffset < baseOffset) {
      throw new Error(`${found} offset is ${lastOffset} which is less than the first offset ${baseOffset}`);
    }
  }
  refuseFraction('Time index', path, length, TIME_ENTRY_BYTES);
}

function refuseFraction(what: string, path: string, length: number, entryBytes: number): void {
  if (length % entryBytes !== 0) {
    throw new Error(
      `${what} file ${resolve(path)} is corrupt, found ${length} bytes which is neither positive nor a multiple of ${entryBytes}`,
    );
  }
}

function first(segment: SegmentFile, position: number): FileBatch[] {
  for (const batch of segment.batches(position)) return [batch];
  return [];
}
