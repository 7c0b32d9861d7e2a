// From an endpoint to a byte stream: each address of the name in turn, encrypted where wanted; and what goes wrong on the
// way or later, in words that say what to look at.
import { type Connection, type Endpoint, type Ports, type TlsClientOptions, TlsError } from '@moldau/kernel';
import { ProtocolError } from '@moldau/protocol';
import { KafkaError } from '../errors.ts';
import { ImpossibleFrame } from './frame-splitter.ts';

/** Every address gets `timeoutMs`. Rejects with the error of the last one, as a KafkaError. */
export async function dial(
  endpoint: Endpoint,
  ports: Ports,
  timeoutMs: number,
  tls: TlsClientOptions | undefined,
): Promise<Connection> {
  const { host, port } = endpoint;
  let lastError: unknown;
  let addresses: string[] = [];
  try {
    addresses = await ports.network.resolve(host);
  } catch (error) {
    lastError = error;
  }
  for (const address of addresses) {
    try {
      return await ports.network.connect({
        host: address,
        port,
        timeoutMs,
        lendsChunks: true,
        ...(tls ? { tls } : {}),
      });
    } catch (error) {
      lastError = error;
    }
  }
  if (lastError instanceof TlsError) throw encryptionError(lastError, `${host}:${port}`);
  const text = lastError instanceof Error ? lastError.message : 'the name has no address';
  const hint = tls && addresses.length > 0 ? hintAtPlain(lastError) : '';
  throw new KafkaError('NETWORK_EXCEPTION', {
    message: `Cannot connect to ${host}:${port}: ${text}.${hint}`,
    cause: lastError,
  });
}

/** A broker closes a plain port that is greeted in TLS, because the greeting is no frame. A dying broker looks the same. */
function hintAtPlain(error: unknown): string {
  return (error as { code?: string } | undefined)?.code === 'ECONNRESET'
    ? ' If that repeats itself, the port may not be one for TLS (security.protocol).'
    : '';
}

const ENCRYPTION: { readonly [K in TlsError['reason']]: string } = {
  untrusted: 'shows a certificate that nobody trusted here has signed; give its authority as ssl.ca or sslTruststore…',
  expired: 'shows a certificate that is out of its time',
  name: 'shows a certificate for another name; connect by a name that it is for, or see sslEndpointIdentificationAlgorithm',
  refused: 'does not take our side of the encryption (does it want a client certificate? sslKeystore…)',
  'not-tls': 'does not answer in TLS: the port may be a plain one (security.protocol), or no broker',
  material: 'was not asked: our own certificate or key cannot be used',
  other: 'and we do not come to an encrypted connection',
};

function encryptionError(error: TlsError, address: string): KafkaError {
  const name = error.reason === 'not-tls' ? 'NOT_A_KAFKA_BROKER' : 'SSL_AUTHENTICATION_FAILED';
  return new KafkaError(name, {
    message: `${address} ${ENCRYPTION[error.reason]} (${error.code}: ${error.message}).`,
    cause: error,
  });
}

/** What a peer has answered before it ended the connection: nothing, its versions only, or more. */
export type PeerState = 'silent' | 'silent, encrypted' | 'versions only' | 'spoken';

const HINTS: { readonly [K in PeerState]: string } = {
  silent: ' It was closed before anything was said: is this a port for TLS?',
  'silent, encrypted': ' It was closed before anything was said: perhaps the broker does not take our certificate?',
  // A listener with SASL tells its versions to anybody, and closes at the first other request.
  'versions only': ' It was closed at the first request: does this port want SASL (security.protocol, sasl.mechanism)?',
  spoken: '',
};

/** What ended a connection, as a KafkaError. `state`: what the peer has answered before. */
export function asConnectionError(cause: unknown, address: string, state: PeerState): KafkaError {
  if (cause instanceof KafkaError) return cause;
  if (cause instanceof TlsError) return encryptionError(cause, address);
  if (cause instanceof ImpossibleFrame || cause instanceof ProtocolError) {
    return new KafkaError('NOT_A_KAFKA_BROKER', { message: `${address} ${guess(cause)}`, cause });
  }
  const text = cause instanceof Error ? cause.message : String(cause);
  const hint = HINTS[state];
  return new KafkaError('NETWORK_EXCEPTION', { message: `Connection to ${address} lost: ${text}.${hint}`, cause });
}

/** What a peer that is no broker gives itself away by. */
function guess(cause: ImpossibleFrame | ProtocolError): string {
  if (cause instanceof ProtocolError) return `does not answer as a Kafka broker does: ${cause.message}.`;
  const start = cause.sizeBytes.toString('latin1');
  if (start === 'HTTP') return 'answers in HTTP, not in the Kafka protocol.';
  if (cause.sizeBytes[0] === 0x15 && cause.sizeBytes[1] === 0x03) {
    return 'answers in TLS: it wants an encrypted connection (security.protocol SSL or SASL_SSL).';
  }
  return `does not speak the Kafka protocol: it sent ${cause.message}.`;
}
