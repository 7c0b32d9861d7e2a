// TLS by node:tls, on the side that connects; and what its many error codes come down to.
import { isIP } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { type ConnectOptions, type TlsClientOptions, TlsError } from '../network.ts';
import { readPkcs12, type StoreContents } from './pkcs12.ts';

/** OpenSSL's codes for a certificate that nobody we trust has signed. */
const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
  'CERT_SIGNATURE_FAILURE',
  'INVALID_CA',
  'INVALID_PURPOSE',
]);

/** What the code of a TLS error means. Codes of the socket below (ECONNREFUSED, ETIMEDOUT) mean nothing here: undefined. */
export function tlsReason(code: string): TlsError['reason'] | undefined {
  if (UNTRUSTED.has(code)) return 'untrusted';
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') return 'expired';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'name';
  if (/^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNEXPECTED_MESSAGE)$/.test(code)) {
    return 'not-tls';
  }
  if (code.startsWith('ERR_SSL_') && (code.includes('ALERT') || code.includes('UNSUPPORTED_PROTOCOL')))
    return 'refused';
  if (/^ERR_(SSL|OSSL|TLS|CRYPTO)_/.test(code)) return 'other';
  return undefined;
}

/** The error as a TlsError, if it is one; unchanged otherwise. */
export function asTlsError(error: Error): Error {
  if (error instanceof TlsError) return error;
  // Whoever destroys a connection may give a reason of his own, with a code of his own.
  const given: unknown = (error as NodeJS.ErrnoException).code;
  const code = typeof given === 'string' ? given : '';
  const reason = tlsReason(code);
  // OpenSSL's message: thread, 'error', number, library, function, reason, file, line. The reason is for people.
  const text = /:error:[^:]*:[^:]*:[^:]*:([^:]+)/.exec(error.message)?.[1] ?? error.message.trim().split('\n')[0]!;
  return reason ? new TlsError(reason, code, text, { cause: error }) : error;
}

/** Starts to connect; 'secureConnect' or 'error' follows. Throws TlsError when our own certificates cannot be used. */
export function startTls({ host, port, tls = {} }: ConnectOptions): TLSSocket {
  const { servername, verifyName = true, platform, caStore, ...rest } = tls;
  const ca = caStore ? trustedIn(caStore) : tls.ca;
  const options: ConnectionOptions = {
    host,
    port,
    ...(rest as ConnectionOptions),
    ...(ca ? { ca: [...ca] } : {}),
    // RFC 6066 allows no addresses as SNI; a certificate for an address is checked against `host`.
    ...(servername !== undefined && !isIP(servername) ? { servername } : {}),
    ...(verifyName ? {} : { checkServerIdentity: () => undefined }),
    ...(platform as ConnectionOptions | undefined),
  };
  try {
    return connect(options);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    // In ciphers that Node's OpenSSL does not have any more.
    if (code === 'ERR_CRYPTO_UNSUPPORTED_OPERATION' && tls.pfx) return connect({ ...options, ...ownIn(tls) });
    throw material(error);
  }
}

function trustedIn({ pkcs12, passphrase }: NonNullable<TlsClientOptions['caStore']>): readonly string[] {
  const { trusted } = opened(pkcs12, passphrase);
  if (trusted.length === 0) throw material(new Error('the PKCS#12 store holds no certificate to trust'));
  return trusted;
}

function ownIn({ pfx, passphrase }: TlsClientOptions): ConnectionOptions {
  const { chain, key } = opened(pfx!, passphrase);
  if (key === undefined) throw material(new Error('the PKCS#12 store holds no private key'));
  return { pfx: undefined, passphrase: undefined, cert: chain.join(''), key };
}

function opened(store: Buffer, passphrase: string | undefined): StoreContents {
  try {
    return readPkcs12(store, passphrase);
  } catch (error) {
    throw material(error);
  }
}

function material(error: unknown): TlsError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return new TlsError('material', code, message, { cause: error });
}
