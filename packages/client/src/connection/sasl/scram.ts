// SASL SCRAM (RFC 5802, RFC 7677): both sides prove that they know the password, and neither says it. The hashing of the
// password is slow on purpose and happens in the port.
// Always: the broker's nonce begins with ours; its signature is checked before we count as authenticated; an iteration
// count below Kafka's own minimum (a broker that wants the password cheap to guess) or beyond a million (one that wants
// us busy) is refused. Names and passwords go as UTF-8 without SASLprep, as in Kafka's clients and tools.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { KeyDerivation } from '@moldau/kernel';
import { refused, type SaslExchange, type SaslMechanism } from './exchange.ts';

export type ScramMechanism = Extract<SaslMechanism, `SCRAM-${string}`>;

export const SCRAM_DIGESTS = { 'SCRAM-SHA-256': 'sha256', 'SCRAM-SHA-512': 'sha512' } as const;
/** Kafka's ScramMechanism.minIterations. */
export const ITERATIONS_MIN = 4096;
export const ITERATIONS_MAX = 1_000_000;

/** A value as an attribute carries it: '=' and ',' have a meaning there. */
function saslName(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C');
}

/** 'r=...,s=...,i=...' by letter, in the order of the message. */
function attributes(message: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const part of message.split(',')) {
    if (/^[a-zA-Z]=/.test(part)) found.set(part[0]!, part.slice(2));
    else found.set('', part);
  }
  return found;
}

export interface ScramChallenge {
  readonly nonce: string;
  readonly salt: Buffer;
  readonly iterations: number;
}

/** Reads and checks the server's first message. */
export function readChallenge(mechanism: ScramMechanism, message: string, ownNonce: string): ScramChallenge {
  const parts = attributes(message);
  const error = parts.get('e');
  if (error !== undefined) throw refused(mechanism, `the broker says "${error}"`);
  if (parts.has('m')) throw refused(mechanism, 'the broker wants an extension that is not known');
  const [nonce, salt, count] = [parts.get('r'), parts.get('s'), parts.get('i')];
  if (nonce === undefined || salt === undefined || count === undefined || parts.has('')) {
    throw refused(mechanism, 'the broker’s challenge is not one of SCRAM');
  }
  if (!nonce.startsWith(ownNonce) || nonce.length === ownNonce.length) {
    throw refused(mechanism, 'the broker’s nonce does not continue ours, so its answer is not to our question');
  }
  const iterations = Number(count);
  if (!/^[1-9]\d*$/.test(count) || iterations < ITERATIONS_MIN || iterations > ITERATIONS_MAX) {
    const bounds = `${ITERATIONS_MIN} to ${ITERATIONS_MAX}`;
    throw refused(mechanism, `the broker wants ${count.slice(0, 20)} iterations, and ${bounds} are taken`);
  }
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(salt)) throw refused(mechanism, 'the broker’s salt is not in base64');
  return { nonce, salt: Buffer.from(salt, 'base64'), iterations };
}

/** Our proof, and the signature that the broker has to show for it. */
export function prove(
  mechanism: ScramMechanism,
  saltedPassword: Buffer,
  authMessage: string,
): { proof: Buffer; serverSignature: Buffer } {
  const digest = SCRAM_DIGESTS[mechanism];
  const hmac = (key: Buffer, text: string) => createHmac(digest, key).update(text, 'utf8').digest();
  const clientKey = hmac(saltedPassword, 'Client Key');
  const storedKey = createHash(digest).update(clientKey).digest();
  const signature = hmac(storedKey, authMessage);
  return {
    proof: Buffer.from(clientKey.map((byte, index) => byte ^ signature[index]!)),
    serverSignature: hmac(hmac(saltedPassword, 'Server Key'), authMessage),
  };
}

/** `nonce`: fresh for each exchange, printable, without commas. */
export function scramExchange(o: {
  readonly mechanism: ScramMechanism;
  readonly username: string;
  readonly password: string;
  readonly nonce: string;
  readonly keyDerivation: KeyDerivation;
  /** User name and password are a delegation token's id and secret (KIP-48). */
  readonly tokenAuth?: boolean;
}): SaslExchange {
  const { mechanism, nonce } = o;
  const firstBare = `n=${saslName(o.username)},r=${nonce}${o.tokenAuth ? ',tokenauth=true' : ''}`;
  let expected: Buffer | undefined;
  return {
    first: () => Buffer.from(`n,,${firstBare}`, 'utf8'),
    next: async (token) => {
      const message = token.toString('utf8');
      if (expected) {
        verify(mechanism, message, expected);
        return undefined;
      }
      const challenge = readChallenge(mechanism, message, nonce);
      const saltedPassword = await o.keyDerivation.pbkdf2({
        digest: SCRAM_DIGESTS[mechanism],
        password: Buffer.from(o.password, 'utf8'),
        salt: challenge.salt,
        iterations: challenge.iterations,
      });
      // biws: base64 of 'n,,', that there is no channel binding.
      const finalBare = `c=biws,r=${challenge.nonce}`;
      const { proof, serverSignature } = prove(mechanism, saltedPassword, `${firstBare},${message},${finalBare}`);
      expected = serverSignature;
      return Buffer.from(`${finalBare},p=${proof.toString('base64')}`, 'utf8');
    },
  };
}

function verify(mechanism: ScramMechanism, message: string, expected: Buffer): void {
  const parts = attributes(message);
  const error = parts.get('e');
  if (error !== undefined) throw refused(mechanism, `the broker says "${error}"`);
  const signature = Buffer.from(parts.get('v') ?? '', 'base64');
  if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
    throw refused(mechanism, 'the broker does not prove that it knows the password, so it may be an impostor');
  }
}
