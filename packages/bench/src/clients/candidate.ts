// What a client must be able to do to be measured, said so that each can do it in the way its own documentation shows.
// A candidate runs in a process of its own (worker.ts), so that nobody's garbage is another's pause.

/** How a candidate consumes: records one by one through a handler, or in the batches it hands out. */
export type ConsumeStyle = 'batches' | 'each';

export interface Candidate {
  /** Ready to send; called once. `lingerMs` 0 for single sends: nobody may wait for company that does not come. */
  openProducer(o: { readonly bootstrap: string; readonly lingerMs: number }): Promise<CandidateProducer>;
  /**
   * Joins a fresh group at the beginning of the topic and calls `seen` with how many records were handed to the
   * application and the bytes of their values. Resolves to the function that leaves.
   */
  consume(o: {
    readonly bootstrap: string;
    readonly topic: string;
    readonly group: string;
    readonly style: ConsumeStyle;
    seen(records: number, bytes: number): void;
  }): Promise<() => Promise<void>>;
}

export interface CandidateProducer {
  /** Resolves when every record is acknowledged (acks=all). */
  send(topic: string, values: readonly Buffer[]): Promise<void>;
  close(): Promise<void>;
}
