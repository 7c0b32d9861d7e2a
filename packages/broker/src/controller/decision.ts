// What a command of the controller comes to: records to append, and what to answer once they are durable and applied.
import type { MetadataRecord } from '@moldau/metadata';
import type { WireError } from '@moldau/protocol';

export interface Decision<Result> {
  readonly records: readonly MetadataRecord[];
  readonly result: Result;
}

/** What a command got: NONE, or a refusal with Kafka's words (null: the words of the error itself). */
export interface Outcome {
  readonly error: WireError;
  readonly detail: string | null;
}

export const DONE: Outcome = { error: 'NONE', detail: null };

export function refused(error: WireError, detail: string | null = null): Outcome {
  return { error, detail };
}
