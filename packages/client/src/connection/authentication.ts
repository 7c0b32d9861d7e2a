// Who we are, said to a broker: the mechanism is agreed on (SaslHandshake), then tokens go back and forth
// (SaslAuthenticate). The same for the first time and for every time again (KIP-368).
import type { Endpoint, Ports } from '@moldau/kernel';
import { errorName } from '@moldau/protocol';
import { KafkaError } from '../errors.ts';
import type { RequestOf, ResponseOf } from './broker-connection.ts';
import type { SaslExchange, SaslMechanism } from './sasl/exchange.ts';
import { type OauthBearerTokenProvider, oauthBearerExchange } from './sasl/oauthbearer.ts';
import { type OwnMechanism, runOwn } from './sasl/own.ts';
import { plainExchange } from './sasl/plain.ts';
import { scramExchange } from './sasl/scram.ts';

export type SaslCredentials =
  | {
      readonly mechanism: Exclude<SaslMechanism, 'OAUTHBEARER'>;
      readonly username: string;
      readonly password: string;
      /** They are those of a delegation token; SCRAM only. */
      readonly tokenAuth?: boolean;
    }
  | { readonly mechanism: 'OAUTHBEARER'; readonly provider: OauthBearerTokenProvider }
  | { readonly mechanism: 'own'; readonly own: OwnMechanism };

/** Sends one of the two requests of an authentication, ahead of everything that waits for its end. */
export type SaslSend = <N extends 'SaslHandshake' | 'SaslAuthenticate'>(
  api: N,
  body: RequestOf<N>,
) => Promise<ResponseOf<N>>;

/** Tokens of one exchange; more is a broker that leads us around. SCRAM takes two. */
const TOKENS_MAX = 8;

/** Authenticates; answers how long that holds, in milliseconds, 0: for the life of the connection. */
export async function authenticate(
  credentials: SaslCredentials,
  ports: Ports,
  broker: Endpoint,
  send: SaslSend,
): Promise<number> {
  if (credentials.mechanism === 'own') return authenticateOwn(credentials.own, broker, send);
  const { mechanism } = credentials;
  const exchange = exchangeOf(credentials, ports);
  // Made before the handshake, so that a token that is long in coming does not leave the broker waiting in between.
  let token = await exchange.first();
  await handshake(mechanism, send);
  for (let count = 0; count < TOKENS_MAX; count++) {
    const answer = await send('SaslAuthenticate', { authBytes: token });
    if (answer.errorCode !== 0) throw failed(mechanism, answer.errorCode, answer.errorMessage);
    const next = await exchange.next(answer.authBytes);
    if (next === undefined) return answer.sessionLifetimeMs;
    token = next;
  }
  throw endless(mechanism);
}

async function handshake(mechanism: string, send: SaslSend): Promise<void> {
  const { errorCode, mechanisms } = await send('SaslHandshake', { mechanism });
  if (errorCode === 0) return;
  throw new KafkaError(errorName(errorCode), {
    message: `The broker does not take ${mechanism} here; it takes ${mechanisms.join(', ') || 'no mechanism'}.`,
  });
}

async function authenticateOwn(own: OwnMechanism, broker: Endpoint, send: SaslSend): Promise<number> {
  const { mechanism } = own;
  let sessionLifetimeMs = 0;
  let said = 0;
  await handshake(mechanism, send);
  await runOwn(own, broker, async (token) => {
    if (++said > TOKENS_MAX) throw endless(mechanism);
    const answer = await send('SaslAuthenticate', { authBytes: token });
    if (answer.errorCode !== 0) throw failed(mechanism, answer.errorCode, answer.errorMessage);
    sessionLifetimeMs = answer.sessionLifetimeMs;
    return answer.authBytes;
  });
  return sessionLifetimeMs;
}

function endless(mechanism: string): KafkaError {
  return new KafkaError('SASL_AUTHENTICATION_FAILED', { message: `${mechanism} comes to no end.` });
}

function failed(mechanism: string, errorCode: number, brokerSays: string | null): KafkaError {
  const says = brokerSays ? ` The broker says: ${brokerSays}` : '';
  return new KafkaError(errorName(errorCode), { message: `Authentication by ${mechanism} failed.${says}` });
}

function exchangeOf(credentials: Exclude<SaslCredentials, { mechanism: 'own' }>, ports: Ports): SaslExchange {
  switch (credentials.mechanism) {
    case 'OAUTHBEARER':
      return oauthBearerExchange(credentials.provider);
    case 'PLAIN':
      return plainExchange(credentials.username, credentials.password);
    case 'SCRAM-SHA-256':
    case 'SCRAM-SHA-512': {
      const { mechanism, username, password, tokenAuth = false } = credentials;
      const { keyDerivation, random } = ports;
      if (!keyDerivation) throw new KafkaError('ILLEGAL_STATE', { message: 'These ports cannot derive keys.' });
      const nonce = random.bytes(24).toString('base64').replaceAll('=', '');
      return scramExchange({ mechanism, username, password, nonce, keyDerivation, tokenAuth });
    }
  }
}
