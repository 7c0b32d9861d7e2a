// One exchange of SASL tokens, whatever the mechanism. The tokens travel in SaslAuthenticate requests.
import { KafkaError } from '../../errors.ts';

export type SaslMechanism = 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'OAUTHBEARER';

export const SASL_MECHANISMS: readonly SaslMechanism[] = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'];

export interface SaslExchange {
  /** What we say first. */
  first(): Promise<Buffer> | Buffer;
  /** What we say to the broker's token; undefined when we are done. Throws when the broker cannot be believed. */
  next(token: Buffer): Promise<Buffer | undefined> | Buffer | undefined;
}

/** What we find wrong with the broker's part of an exchange. Never carries tokens. */
export function refused(mechanism: SaslMechanism, why: string): KafkaError {
  return new KafkaError('SASL_AUTHENTICATION_FAILED', { message: `Authentication by ${mechanism} failed: ${why}.` });
}
