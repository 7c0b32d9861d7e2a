// What happened in a fault run, as the outside saw it. Everybody appends (producers, readers, the group, the killer); the
// checker judges afterwards. A value says who wrote it: `<producer>/<partition>/<n>`, n counting from 0 per pair.

/** A batch that a producer began to send: values n … n + count - 1 of (producer, partition). */
export interface Batch {
  readonly producer: string;
  readonly partition: number;
  readonly n: number;
  readonly count: number;
  readonly idempotent: boolean;
  /** How many times it was put on the wire. */
  sends: number;
  acknowledged: boolean;
  /** Offset of its first record by the acknowledgement; undefined when that named none (a known duplicate). */
  baseOffset: number | undefined;
}

/** A record somebody read. */
export interface Sighting {
  readonly partition: number;
  readonly offset: number;
  readonly value: string;
}

/** One of the group's commits, or a look at what it has committed. */
export type CommitEvent =
  | { readonly kind: 'attempt' | 'acknowledged'; readonly partition: number; readonly offset: number }
  | { readonly kind: 'observed'; readonly partition: number; readonly offset: number }
  | { readonly kind: 'delivered'; readonly partition: number; readonly first: number; readonly last: number };

export class History {
  readonly batches: Batch[] = [];
  /** By readers that followed the log while the broker was being killed. */
  readonly sightings: Sighting[] = [];
  /** In the order in which they happened. */
  readonly commits: CommitEvent[] = [];
  /** Answers that no correct broker gives, as text. */
  readonly refusals: string[] = [];
  kills = 0;
  killsWhileStarting = 0;
}
