// What happened in a run, as clients saw it: one event a line (JSON), in the order of time. Producers, readers and groups
// append; the checker judges afterwards and needs nothing else, so a history of real processes and one of the simulator
// are the same thing.
// A value names its writer and its place: `<writer>/<n>`, n counting from 0; a writer is one producer for one partition.

export interface PartitionKey {
  /** The topic, as `name` or, where a name may live twice, `name#incarnation`. */
  readonly topic: string;
  readonly partition: number;
}

export type HistoryEvent =
  /** A record was handed to the producer. `ordered`: the log must hold this writer's values once and in their order. */
  | (PartitionKey & {
      readonly kind: 'sent';
      readonly at: number;
      readonly value: string;
      readonly acks: 0 | 1 | -1;
      readonly ordered: boolean;
    })
  /** The producer was told that it is safe. Offset -1: not told where. */
  | (PartitionKey & { readonly kind: 'acked'; readonly at: number; readonly value: string; readonly offset: number })
  /** The producer was told that it failed; it may be in the log all the same. */
  | (PartitionKey & { readonly kind: 'failed'; readonly at: number; readonly value: string; readonly error: string })
  /**
   * A reader was handed a record. `session` changes when its position was set anew, by itself or by a rebalance; within one
   * session offsets only grow and nothing is left out.
   */
  | (PartitionKey & {
      readonly kind: 'polled';
      readonly at: number;
      readonly reader: string;
      readonly session: number;
      readonly offset: number;
      readonly value: string;
    })
  /** A reader asked where the partition ends. */
  | (PartitionKey & { readonly kind: 'end'; readonly at: number; readonly reader: string; readonly offset: number })
  /** A commit of a group: handed over, acknowledged, refused. One member commits one partition at a time. */
  | (PartitionKey & {
      readonly kind: 'commit' | 'commitAcked';
      readonly at: number;
      readonly group: string;
      readonly member: string;
      readonly offset: number;
    })
  /**
   * Somebody asked what the group has committed, and began to ask at `since`; -1 nothing. `dethroned`: at `since` a
   * coordinator was alive that had been replaced and could not know it. It serves reads on (invariant 26), so its answer may
   * be of before it was replaced; like Kafka's, it is not evidence that an acknowledged commit is gone.
   */
  | (PartitionKey & {
      readonly kind: 'committed';
      readonly at: number;
      readonly since: number;
      readonly dethroned?: boolean;
      readonly group: string;
      readonly offset: number;
    })
  /** The group gave a partition to a member. */
  | (PartitionKey & {
      readonly kind: 'assigned';
      readonly at: number;
      readonly group: string;
      readonly member: string;
      readonly generation: number;
    })
  /** From here on nothing is promised for the topic: it was deleted, or its data were given up by somebody's order. */
  | { readonly kind: 'abandoned'; readonly at: number; readonly topic: string };

/** What a partition holds when all is over, in the order of offsets. */
export interface FinalLog extends PartitionKey {
  /** Below it retention may have deleted. */
  readonly startOffset: number;
  readonly records: readonly (readonly [offset: number, value: string])[];
}

export class History {
  readonly events: HistoryEvent[] = [];

  add(event: HistoryEvent): void {
    this.events.push(event);
  }

  toLines(): string {
    return this.events.map((event) => `${JSON.stringify(event)}\n`).join('');
  }

  static fromLines(text: string): History {
    const history = new History();
    for (const line of text.split('\n')) if (line !== '') history.add(JSON.parse(line) as HistoryEvent);
    return history;
  }
}
