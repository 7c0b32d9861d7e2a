// SASL OAUTHBEARER (RFC 7628, KIP-255, KIP-342): a token that somebody else has issued, with extensions for the broker.
import { KafkaError } from '../../errors.ts';
import { refused, type SaslExchange } from './exchange.ts';

export interface OauthBearerToken {
  /** As it is issued, mostly a JWT. */
  readonly value: string;
  /** For the broker's own use (KIP-342): names in letters, values printable. */
  readonly extensions?: { readonly [name: string]: string };
}

/** Asked at each authentication, first and again; caching until shortly before the end of the token is its own matter. */
export type OauthBearerTokenProvider = () => Promise<OauthBearerToken | string> | OauthBearerToken | string;

export function oauthBearerExchange(provider: OauthBearerTokenProvider): SaslExchange {
  let answered = false;
  return {
    first: async () => {
      const given = await provided(provider);
      const { value, extensions = {} } = typeof given === 'string' ? { value: given } : given;
      const pairs = Object.entries(extensions).map(([name, text]) => `${name}=${text}\x01`);
      checkToken(value, extensions);
      return Buffer.from(`n,,\x01auth=Bearer ${value}\x01${pairs.join('')}\x01`, 'utf8');
    },
    // A broker that refuses says why, in JSON, and wants one more byte before it fails the exchange (RFC 7628, 3.2.3).
    next: (token) => {
      if (token.length === 0) return undefined;
      if (answered) throw refused('OAUTHBEARER', 'the broker wants more than one token');
      answered = true;
      return Buffer.from('\x01');
    },
  };
}

async function provided(provider: OauthBearerTokenProvider): Promise<OauthBearerToken | string> {
  try {
    return await provider();
  } catch (cause) {
    if (cause instanceof KafkaError) throw cause;
    // Not retriable by the broker's doing, but the provider may have had a bad moment: the connection is tried again.
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new KafkaError('NETWORK_EXCEPTION', { message: `The token provider failed: ${why}`, cause });
  }
}

/** What would break the message apart. The token itself is not in the error. */
function checkToken(value: unknown, extensions: { readonly [name: string]: string }): void {
  if (typeof value !== 'string' || !/^[A-Za-z0-9\-._~+/]+=*$/.test(value)) {
    throw new KafkaError('INVALID_ARGUMENT', { message: 'The token provider gave no bearer token (RFC 6750).' });
  }
  for (const [name, text] of Object.entries(extensions)) {
    if (
      !/^[A-Za-z]+$/.test(name) ||
      name === 'auth' ||
      typeof text !== 'string' ||
      !/^[\x20-\x7e\t\r\n]+$/.test(text)
    ) {
      const message = `The extension ${JSON.stringify(name)} of the token is not one: names are letters (not "auth"), values printable.`;
      throw new KafkaError('INVALID_ARGUMENT', { message });
    }
  }
}
