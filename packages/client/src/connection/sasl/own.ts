// A SASL mechanism that the application brings along: it says its tokens and hears what the broker answers, as often as it
// takes. The handshake, sessions that end, and what a refusal means stay the client's.
import type { Endpoint } from '@moldau/kernel';
import { asKafkaError, KafkaError } from '../../errors.ts';

export interface OwnMechanism {
  /** Its name, as the broker knows it. */
  readonly mechanism: string;
  /**
   * Called for each authentication, the first of a connection and every one after it. `say` sends a token and answers with the
   * broker's; it rejects when the broker refuses. Returns when there is nothing left to say; throws to give up.
   */
  authenticate(say: (token: Buffer) => Promise<Buffer>, broker: Endpoint): Promise<void>;
}

/** What the application threw is told as SASL_AUTHENTICATION_FAILED, with its words. */
export async function runOwn(own: OwnMechanism, broker: Endpoint, say: (token: Buffer) => Promise<Buffer>) {
  try {
    await own.authenticate(say, broker);
  } catch (thrown) {
    if (thrown instanceof KafkaError) throw thrown;
    // As faces of other clients wrap what `say` threw.
    const { cause } = thrown as { cause?: unknown };
    if (cause instanceof KafkaError) throw cause;
    const message = `Authentication by ${own.mechanism} failed: ${asKafkaError(thrown).message}`;
    throw new KafkaError('SASL_AUTHENTICATION_FAILED', { message, cause: thrown });
  }
}
