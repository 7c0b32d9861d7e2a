// Everything storage tells its owner about without being asked. Data only: the broker has the table that turns them into
// log lines and metrics.
import type { BrokerDiskError } from './broker-disk-error.ts';

export type StorageEvent =
  /** A log directory failed and is fenced: nothing is read from it or appended to it before a restart. */
  | { readonly kind: 'directoryFailed'; readonly directory: string; readonly error: BrokerDiskError }
  /** The volume is full or descriptors ran out; appends to this log are refused until `storageResumed`. Reads go on. */
  | {
      readonly kind: 'storageStalled';
      readonly log: string;
      readonly directory: string;
      readonly error: BrokerDiskError;
    }
  | { readonly kind: 'storageResumed'; readonly log: string; readonly directory: string }
  /** Loading of a directory is done. */
  | {
      readonly kind: 'directoryLoaded';
      readonly directory: string;
      readonly logs: number;
      readonly clean: boolean;
      readonly tookMs: number;
    }
  /** A log was recovered after an unclean stop. `cutBytes` of an unfinished write were removed at the end. */
  | {
      readonly kind: 'logRecovered';
      readonly log: string;
      readonly directory: string;
      readonly endOffset: number;
      readonly scannedBytes: number;
      readonly cutBytes: number;
    }
  /** Bytes that fail their checks where they had been good. They stay on disk; reads of them are refused. */
  | {
      readonly kind: 'logDamaged';
      readonly log: string;
      readonly file: string;
      readonly position: number;
      readonly detail: string;
    }
  /** Files set aside instead of removed, with the reason. A person decides about them. */
  | { readonly kind: 'quarantined'; readonly log: string; readonly path: string; readonly reason: string }
  /** A derived file (index, snapshot, checkpoint) did not hold up and was made again from the log. */
  | { readonly kind: 'rebuilt'; readonly log: string; readonly file: string; readonly reason: string }
  /** Something in the log directory that is not ours; it is left alone. */
  | { readonly kind: 'ignored'; readonly path: string; readonly reason: string }
  | {
      readonly kind: 'segmentRolled';
      readonly log: string;
      readonly baseOffset: number;
      readonly reason: 'size' | 'time' | 'index' | 'offset range' | 'retention';
    }
  | {
      readonly kind: 'segmentsDeleted';
      readonly log: string;
      readonly startOffset: number;
      readonly segments: number;
      readonly bytes: number;
      readonly reason: 'time' | 'size' | 'start offset';
    }
  /** A log begins to move to another log directory; it goes on where it is meanwhile. */
  | { readonly kind: 'logMoveBegun'; readonly log: string; readonly from: string; readonly directory: string }
  /** A log is in `directory` now. `tookMs` and `bytes` are 0 where a crash came between and this start finished it. */
  | {
      readonly kind: 'logMoved';
      readonly log: string;
      readonly from: string;
      readonly directory: string;
      readonly bytes: number;
      readonly tookMs: number;
    }
  /** It stays where it was. */
  | { readonly kind: 'logMoveFailed'; readonly log: string; readonly directory: string; readonly error: Error }
  | { readonly kind: 'logDeleted'; readonly log: string; readonly directory: string }
  /** The wall clock moved against the monotonic one; retention by time waits (it could delete live data). */
  | { readonly kind: 'retentionPaused'; readonly jumpMs: number; readonly resumesInMs: number };

export type StorageEvents = (event: StorageEvent) => void;
