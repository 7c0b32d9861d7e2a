// The edge: tokens for OAUTHBEARER from an OAuth server, for client id and secret (RFC 6749, 4.4), by Node's fetch. A token
// is kept for four fifths of its life, so that many connections share one.
import { KafkaError } from '../errors.ts';

/** Longest wait for the server. */
const TIMEOUT_MS = 10_000;
/** What is taken of an answer; a token has a few kilobytes. */
const ANSWER_BYTES_MAX = 1 << 20;

export function tokenEndpointProvider(o: {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string | undefined;
}): () => Promise<string> {
  if (!/^https?:$/.test(URL.parse(o.url)?.protocol ?? '')) {
    const message = 'saslOauthbearerTokenEndpointUrl must be an http or https address.';
    throw new KafkaError('INVALID_SETTING', { message });
  }
  let kept: { token: string; untilMs: number } | undefined;
  let asking: Promise<string> | undefined;
  const ask = async (): Promise<string> => {
    const basic = Buffer.from(`${encodeURIComponent(o.clientId)}:${encodeURIComponent(o.clientSecret)}`);
    const response = await fetch(o.url, {
      method: 'POST',
      headers: { authorization: `Basic ${basic.toString('base64')}`, accept: 'application/json' },
      body: new URLSearchParams({ grant_type: 'client_credentials', ...(o.scope ? { scope: o.scope } : {}) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: 'error',
    });
    if (!response.ok) {
      await response.body?.cancel();
      // Credentials that are wrong stay wrong; a server in trouble may recover.
      const error = response.status >= 500 ? 'NETWORK_EXCEPTION' : 'SASL_AUTHENTICATION_FAILED';
      throw new KafkaError(error, { message: `The token endpoint answered ${response.status}.` });
    }
    const text = await response.text();
    const answer = text.length > ANSWER_BYTES_MAX ? undefined : parsed(text);
    const token = answer?.access_token;
    if (typeof token !== 'string') {
      throw new KafkaError('NETWORK_EXCEPTION', { message: 'The token endpoint answered without an access_token.' });
    }
    const lifeS = typeof answer?.expires_in === 'number' ? answer.expires_in : 0;
    kept = { token, untilMs: Date.now() + lifeS * 800 };
    return token;
  };
  return () => {
    if (kept && Date.now() < kept.untilMs) return Promise.resolve(kept.token);
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return asking;
  };
}

function parsed(text: string): { access_token?: unknown; expires_in?: unknown } | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
