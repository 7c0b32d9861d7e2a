// What the ZooKeeper engine tells without being asked.
import type { SessionState } from './client/session.ts';

export type ZooKeeperEvent =
  | {
      readonly kind: 'sessionState';
      readonly state: SessionState['kind'];
      readonly server: string;
      readonly why: string;
    }
  /** The ensemble gave the session up, or it was refused: registration and leadership are gone. */
  | { readonly kind: 'sessionOver'; readonly why: string }
  /** What is in ZooKeeper does not fit what was seen there before; nothing is done with it. */
  | { readonly kind: 'storeRefused'; readonly detail: string }
  /** Somebody else's registration under our id is in the way. */
  | { readonly kind: 'registrationWaits'; readonly brokerId: number; readonly waitMs: number }
  | { readonly kind: 'deposed'; readonly epoch: number; readonly why: string }
  /** The batches in between were gone: the picture was taken from a snapshot. */
  | { readonly kind: 'snapshotLoaded'; readonly fromOffset: number; readonly offset: number }
  | { readonly kind: 'snapshotTaken'; readonly offset: number; readonly bytes: number }
  | { readonly kind: 'snapshotFailed'; readonly error: unknown }
  /** The znodes for people (`/brokers/topics`) could not be brought up to date; tried again with the next change. */
  | { readonly kind: 'topicsNotPublished'; readonly error: unknown }
  | { readonly kind: 'troubled'; readonly what: string; readonly error: unknown };
