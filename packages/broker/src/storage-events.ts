// What the log store tells of by itself, as log events. Keys and fields are those of its StorageEvent.
import type { StorageEvent } from '@moldau/storage';
import { type EventDefinition, type EventEntry, type EventLog, eventTable } from './events.ts';

const definitions = {
  directoryFailed: {
    level: 'error',
    meaning: 'A log directory failed and is taken out of service until a restart; its partitions are offline.',
    fields: { directory: 'text', error: 'error' },
  },
  storageStalled: {
    level: 'error',
    meaning: 'No space or no file descriptors: appends to this log are refused until there is room. Reads go on.',
    fields: { log: 'text', directory: 'text', error: 'error' },
  },
  storageResumed: {
    level: 'info',
    meaning: 'There is room again for this log.',
    fields: { log: 'text', directory: 'text' },
  },
  directoryLoaded: {
    level: 'info',
    meaning: 'A log directory is loaded.',
    fields: { directory: 'text', logs: 'number', clean: 'boolean', tookMs: 'duration' },
  },
  logRecovered: {
    level: 'info',
    meaning: 'A log was checked after an unclean stop; cutBytes of an unfinished write were cut off its end.',
    fields: { log: 'text', directory: 'text', endOffset: 'number', scannedBytes: 'bytes', cutBytes: 'bytes' },
  },
  logDamaged: {
    level: 'error',
    meaning: 'Bytes that had been good fail their checks. They stay on disk; reads of them are refused.',
    fields: { log: 'text', file: 'text', position: 'number', detail: 'text' },
  },
  quarantined: {
    level: 'warn',
    meaning: 'Files were set aside instead of removed. A person decides about them.',
    fields: { log: 'text', path: 'text', reason: 'text' },
  },
  rebuilt: {
    level: 'info',
    meaning: 'An index, snapshot or checkpoint did not hold up and was made again from the log.',
    fields: { log: 'text', file: 'text', reason: 'text' },
  },
  ignored: {
    level: 'warn',
    meaning: 'Something in a log directory is not ours. It is left alone.',
    fields: { path: 'text', reason: 'text' },
  },
  segmentRolled: {
    level: 'debug',
    meaning: 'A log began a new segment.',
    fields: { log: 'text', baseOffset: 'number', reason: 'text' },
  },
  segmentsDeleted: {
    level: 'info',
    meaning: 'Old segments left a log.',
    fields: { log: 'text', startOffset: 'number', segments: 'number', bytes: 'bytes', reason: 'text' },
  },
  logMoveBegun: {
    level: 'info',
    meaning:
      'A replica is being moved to another log directory of this broker, and is served from the old one meanwhile.',
    fields: { log: 'text', from: 'text', directory: 'text' },
  },
  logMoved: {
    level: 'info',
    meaning: 'A replica has moved to another log directory. The old one is removed after file.delete.delay.ms.',
    fields: { log: 'text', from: 'text', directory: 'text', bytes: 'bytes', tookMs: 'duration' },
  },
  logMoveFailed: {
    level: 'error',
    meaning: 'A replica could not be moved to another log directory. It is whole where it was; order the move again.',
    fields: { log: 'text', directory: 'text', error: 'error' },
  },
  logDeleted: {
    level: 'info',
    meaning: 'The log of a deleted partition is gone from disk.',
    fields: { log: 'text', directory: 'text' },
  },
  retentionPaused: {
    level: 'warn',
    meaning: 'The wall clock jumped; retention by time waits, because it could delete live data.',
    fields: { jumpMs: 'duration', resumesInMs: 'duration' },
  },
} as const satisfies Record<StorageEvent['kind'], EventDefinition>;

export const STORAGE_EVENTS = eventTable('storage', definitions);

/** Writes a storage event into the log. */
export function logStorageEvent(events: EventLog, event: StorageEvent): void {
  const { kind, ...fields } = event;
  events.emit(STORAGE_EVENTS[kind] as EventEntry, fields as unknown as Record<string, never>);
}
