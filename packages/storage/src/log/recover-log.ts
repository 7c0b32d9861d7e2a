// Recovery after an unclean stop, or when derived files are gone (S6): the log is walked from its recovery point (or from
// the producer snapshot before it), every batch checked, and indexes, epochs and producers are made anew on the way.
//
// What does not check out:
//   past the recovery point   nobody was promised it is on disk: an unfinished write. It is cut. Should whole batches lie
//                             beyond the hole (pages of a power cut arrive in any order), the cut bytes are set aside first.
//   before the recovery point it was good once: damage. It stays where it is, is named, and reads of it are refused; what
//                             follows is kept and found again. Offsets are never given twice: if the end is damaged, the log
//                             goes on in a new segment past the recovery point.
import { baseOffsetOf, batchSizeOf } from '@moldau/protocol/records/batch-header';
import { LeaderEpochs } from '../checkpoint/leader-epochs.ts';
import { segmentFileName } from '../file-names.ts';
import { RELATIVE_OFFSET_MAX } from '../index/offset-index.ts';
import { producerFactsOf } from '../producer/producer-facts.ts';
import type { ProducerState } from '../producer/producer-state.ts';
import { lastOffsetAt, leaderEpochAt, maxTimestampAt } from '../segment/batch-facts.ts';
import { type WalkEnd, type WalkOptions, walkBatches, walkBatchesSync } from '../segment/batch-walk.ts';
import { findIntact } from '../segment/find-intact.ts';
import { Segment } from '../segment/segment.ts';
import { shorten } from './cut-log.ts';
import { type LoadInput, type OpeningLog, restoreProducers } from './load-log.ts';

export interface Recovered {
  readonly endOffset: number;
  readonly epochs: LeaderEpochs;
  /** Something was cut: the recovery point of the checkpoint no longer counts as the end. */
  readonly cut: boolean;
  /** Files were made, moved or removed. */
  readonly namesChanged: boolean;
  /** Segments that hold damage. */
  readonly damaged: readonly Segment[];
}

/** Small files are walked on the loop: ten thousand of them would otherwise wait for the pool one by one. */
const SYNC_WALK_BYTES_MAX = 1 << 20;
const QUARANTINE = 'quarantine';
/** Kafka's own compacted topics. */
const COMPACTED: ReadonlySet<string> = new Set(['__consumer_offsets', '__transaction_state']);

export async function recoverLog(
  input: LoadInput,
  log: OpeningLog,
  producers: ProducerState,
  knownEpochs: LeaderEpochs | undefined,
): Promise<Recovered> {
  const { segments, files } = log;
  const recoveryPoint = input.clean ? Number.POSITIVE_INFINITY : input.recoveryPoint;
  const epochs = knownEpochs ?? new LeaderEpochs();
  const replayFrom = restoreProducers(input, log, producers, Number.POSITIVE_INFINITY);
  // After a clean stop only what the snapshot lacks is walked; the recovery point is the end.
  // Without the epochs' checkpoint every batch is asked for its own.
  const from = knownEpochs ? Math.min(replayFrom, recoveryPoint) : segments.first.baseOffset;
  let scannedBytes = 0;
  let cutBytes = 0;
  let namesChanged = false;
  const damaged: Segment[] = [];
  let endOffset = segments.first.baseOffset;
  // Offsets missing inside a segment: the work of compaction, which may also empty the end of one.
  let compacted = COMPACTED.has(input.topic);
  const nowMs = input.context.clock.now();

  /** What an intact batch tells of epochs and producers. */
  const learn = (buffer: Buffer, at: number): void => {
    const epoch = leaderEpochAt(buffer, at);
    if (epoch >= 0 && epoch > (epochs.latest?.epoch ?? -1)) epochs.assign(epoch, baseOffsetOf(buffer, at));
    const facts = producerFactsOf(buffer, at);
    if (facts && facts.baseOffset >= replayFrom) producers.apply(facts, nowMs);
  };

  const start = Math.max(0, segments.floor(from));
  for (let i = start; i < segments.count; i++) {
    const segment = segments.at(i)!;
    if (i > start && segment.baseOffset > endOffset && !compacted && segment.baseOffset > recoveryPoint) {
      // The end of the segment before never reached the disk: what follows the hole is set aside (15).
      cutBytes += setAsideFrom(input, log, i, 'the log has a hole before it');
      namesChanged = true;
      break;
    }
    if (i > start && segment.baseOffset < endOffset) {
      // A name that a power cut brought back: the file was set aside or removed, and the log went on without it.
      cutBytes += setAsideFrom(input, log, i, `the segment before it goes on to ${endOffset}`);
      namesChanged = true;
      break;
    }
    let nextOffset = -1;
    const walked = await walkSegment(input, log, segment, Math.max(from, segment.baseOffset), (buffer, at) => {
      if (nextOffset >= 0 && baseOffsetOf(buffer, at) > nextOffset) compacted = true;
      nextOffset = lastOffsetAt(buffer, at) + 1;
      learn(buffer, at);
    });
    scannedBytes += segment.sizeBytes - walked.from;
    endOffset = Math.max(walked.end.nextOffset, segment.baseOffset);
    if (walked.end.reason !== 'end') {
      const { position, detail } = walked.end;
      if (endOffset < recoveryPoint) {
        const { filePath: file } = segment;
        input.context.events({ kind: 'logDamaged', log: log.name, file, position, detail });
        namesChanged = true;
        const endMin = Math.max(endOffset, input.recoveryPoint);
        endOffset = goOnPastDamage(input, log, { number: i, position, endMin, damaged, learn });
        producers.endOffset = endOffset;
        break;
      }
      cutBytes += cutTail(input, log, segment, position, endOffset);
      if (i + 1 < segments.count) {
        cutBytes += setAsideFrom(input, log, i + 1, `the log is cut at ${endOffset} before it`);
        namesChanged = true;
      }
      break;
    }
  }
  for (const segment of segments.all) {
    segment.writeIndexes(input.context.disk);
    // Kept on disk only, until somebody needs them.
    if (segment.indexes) {
      if (segment === segments.active) segment.syncedBytes = 0;
      segment.indexes = undefined;
    }
  }
  const latest = files.latestSnapshot;
  if (latest !== undefined && latest > endOffset) {
    // A snapshot of what the power cut took: back to the one before.
    files.forgetSnapshots(endOffset);
    await files.reloadProducers(log, producers, endOffset);
  }
  const { context } = input;
  if (!input.clean) {
    const { path: directory } = context.directory;
    context.events({ kind: 'logRecovered', log: log.name, directory, endOffset, scannedBytes, cutBytes });
  }
  return { endOffset, epochs, cut: cutBytes > 0, namesChanged, damaged };
}

/** Walks a segment from the index entry before `fromOffset`, renewing its indexes. Falls back to its start when that entry lies. */
async function walkSegment(
  input: LoadInput,
  log: OpeningLog,
  segment: Segment,
  fromOffset: number,
  visit: (buffer: Buffer, at: number) => void,
): Promise<{ end: WalkEnd; from: number }> {
  const { context } = input;
  const read = segment.sizeBytes === 0 ? 'empty' : segment.readIndexes(context.disk);
  let from = 0;
  let offsetMin = segment.baseOffset;
  if (typeof read === 'string') {
    segment.startIndexes(segment.sizeBytes === 0 ? 'empty' : 'unknown');
  } else {
    const { offsets, times } = read.indexes;
    const slot = offsets.floor(fromOffset - 1);
    if (slot < 0) segment.startIndexes('unknown');
    else {
      from = offsets.positionAt(slot);
      if (slot > 0) offsetMin = offsets.offsetAt(slot - 1) + 1;
      const entryOffset = offsets.offsetAt(slot);
      offsets.truncateTo(entryOffset + 1);
      times.truncateTo(entryOffset + 1);
      segment.adoptIndexes(read, 0);
      segment.forgetIndexFiles();
      segment.maxTimestamp = times.lastTimestamp;
      segment.maxTimestampOffset = times.count > 0 ? times.offsetAt(times.count - 1) : -1;
    }
  }
  const options: WalkOptions = {
    from,
    to: segment.sizeBytes,
    offsetMin,
    offsetMax: segment.baseOffset + RELATIVE_OFFSET_MAX,
    checksums: true,
    visit: (buffer, at, position) => {
      const size = batchSizeOf(buffer, at);
      segment.noteBatch(position, size, lastOffsetAt(buffer, at), maxTimestampAt(buffer, at), log.indexIntervalBytes);
      visit(buffer, at);
      return true;
    },
  };
  const file = context.disk.openSync(segment.filePath, 'read');
  let end: WalkEnd;
  try {
    end =
      segment.sizeBytes - from <= SYNC_WALK_BYTES_MAX
        ? walkBatchesSync(file, options)
        : await walkBatches(file, options);
  } finally {
    file.closeSync();
  }
  if (end.reason !== 'end' && end.position === from && from > 0) {
    context.events({ kind: 'rebuilt', log: log.name, file: segment.path('index'), reason: end.detail });
    context.disk.removeSync(segment.path('index'));
    return await walkSegment(input, log, segment, segment.baseOffset, visit);
  }
  if (from === 0 && end.reason === 'end') segment.verifiedBytes = end.position;
  if (segment.sealed) segment.seal();
  return { end, from };
}

/** Removes an unfinished write at the end. Answers how many bytes went. */
function cutTail(input: LoadInput, log: OpeningLog, segment: Segment, position: number, endOffset: number): number {
  const { context } = input;
  const bytes = segment.sizeBytes - position;
  if (holdsBatches(input, segment, position + 1, endOffset)) {
    const directory = `${input.path}/${QUARANTINE}`;
    const path = `${directory}/${segmentFileName(segment.baseOffset, 'log')}.from-${position}`;
    context.disk.makeDirectorySync(directory);
    copyTail(input, segment, position, path);
    const reason = `whole batches follow an unfinished write at byte ${position}; the log was cut there`;
    context.events({ kind: 'quarantined', log: log.name, path, reason });
  }
  shorten(context, segment, position, endOffset);
  context.files.close(segment);
  return bytes;
}

/** How much of a file is looked at in one piece. A tail may be a gigabyte of zeros that Kafka set aside. */
const WINDOW_BYTES = 16 << 20;

/** Whether intact batches lie in the file at or past `from`. */
function holdsBatches(input: LoadInput, segment: Segment, from: number, offsetMin: number): boolean {
  return eachWindow(input, segment, from, (window) => findIntact(window, 0, offsetMin) < 0) === 'stopped';
}

function copyTail(input: LoadInput, segment: Segment, from: number, path: string): void {
  const copy = input.context.disk.openSync(path, 'create');
  let at = 0;
  try {
    eachWindow(input, segment, from, (window) => {
      copy.writeSync([window], at);
      at += window.length;
      return true;
    });
    copy.datasyncSync();
  } finally {
    copy.closeSync();
  }
}

function eachWindow(
  input: LoadInput,
  segment: Segment,
  from: number,
  visit: (window: Buffer, position: number) => boolean,
): 'all' | 'stopped' {
  const file = input.context.disk.openSync(segment.filePath, 'read');
  try {
    for (let position = from; position < segment.sizeBytes; position += WINDOW_BYTES) {
      const window = Buffer.allocUnsafeSlow(Math.min(WINDOW_BYTES, segment.sizeBytes - position));
      const filled = file.readSync(window, position);
      if (!visit(window.subarray(0, filled), position)) return 'stopped';
    }
  } finally {
    file.closeSync();
  }
  return 'all';
}

/** Moves the files of segments from number `from` on out of the log's way. Answers how many bytes they hold. */
function setAsideFrom(input: LoadInput, log: OpeningLog, from: number, reason: string): number {
  const { context, path } = input;
  let bytes = 0;
  for (const segment of log.segments.removeFrom(from)) {
    context.files.close(segment);
    bytes += segment.sizeBytes;
    for (const kind of ['index', 'timeindex', 'snapshot'] as const) context.disk.removeSync(segment.path(kind));
    if (segment.sizeBytes === 0) {
      context.disk.removeSync(segment.filePath);
      continue;
    }
    const aside = `${path}/${QUARANTINE}/${segmentFileName(segment.baseOffset, 'log')}`;
    context.disk.makeDirectorySync(`${path}/${QUARANTINE}`);
    context.disk.renameSync(segment.filePath, aside);
    context.events({ kind: 'quarantined', log: log.name, path: aside, reason });
  }
  log.segments.active.sealed = false;
  return bytes;
}

/**
 * Damage before the recovery point: segment number `number`, from `position` on. Its file stays as it is, and so do the
 * segments after it; what is intact behind the damage is indexed, so that reads find it, and learned from: a follower that
 * did not know its last epochs would be told to cut where an older one ended, below what was promised, and refuse to copy
 * ever again; a leader that did not know its producers would take their repeats. The log goes on in a new segment past
 * everything that was ever given: at `endMin` or later. An empty one that an earlier recovery made for this is it: a second
 * one of the same name would share its file, and retention would take the records of both with the first.
 */
function goOnPastDamage(
  input: LoadInput,
  log: OpeningLog,
  o: {
    readonly number: number;
    readonly position: number;
    readonly endMin: number;
    /** The segments that hold damage are added to it. */
    readonly damaged: Segment[];
    readonly learn: (buffer: Buffer, at: number) => void;
  },
): number {
  const { context } = input;
  const { number, position, endMin, damaged, learn } = o;
  const { segments } = log;
  let end = endMin;
  const { active } = segments;
  const isEmpty = active.sizeBytes === 0 && segments.count - 1 > number;
  for (let i = number; i < segments.count; i++) {
    const segment = segments.at(i)!;
    if (isEmpty && segment === active && active.baseOffset >= end) return active.baseOffset;
    if (i > number) segment.startIndexes('unknown');
    const found = indexIntact(input, log, segment, i === number ? position + 1 : 0, learn);
    end = Math.max(end, segment.baseOffset, found.endOffset);
    if (i === number || found.damaged) damaged.push(segment);
    segment.seal();
  }
  const next = new Segment(log.home, end, context.clock.now());
  next.createFiles(context.disk);
  segments.add(next);
  return end;
}

/** Indexes every intact batch of the file from `from` on (just past a damaged one, or 0), whatever lies between. */
function indexIntact(
  input: LoadInput,
  log: OpeningLog,
  segment: Segment,
  from: number,
  learn: (buffer: Buffer, at: number) => void,
): { readonly endOffset: number; readonly damaged: boolean } {
  const bytes = input.context.disk.readFileSync(segment.filePath);
  let endOffset = segment.baseOffset;
  let expectedAt = from;
  let damaged = false;
  for (;;) {
    const at = findIntact(bytes, expectedAt, endOffset);
    // One past the last offset found.
    if (at < 0) return { endOffset, damaged: damaged || expectedAt < bytes.length };
    // The first one behind a damaged stretch gets an entry of its own, by its first offset, whatever the interval.
    const isBehindDamage = at > expectedAt;
    if (isBehindDamage) {
      segment.indexes!.offsets.append(baseOffsetOf(bytes, at), at);
      damaged = true;
    }
    const size = batchSizeOf(bytes, at);
    const lastOffset = lastOffsetAt(bytes, at);
    // A second entry for the same place would make the index one that does not hold up when it is read back.
    const interval = isBehindDamage ? Number.POSITIVE_INFINITY : log.indexIntervalBytes;
    segment.noteBatch(at, size, lastOffset, maxTimestampAt(bytes, at), interval);
    learn(bytes, at);
    endOffset = lastOffset + 1;
    expectedAt = at + size;
  }
}
