// What the security settings come down to for one connection: how it is encrypted, and as whom it authenticates.
// Files are read when a connection is made, so that renewed certificates are taken up without a restart.
import { type Disk, DiskError, type Endpoint, type Ports, type TlsClientOptions } from '@moldau/kernel';
import { KafkaError } from '../errors.ts';
import { tokenEndpointProvider } from '../node/token-endpoint.ts';
import {
  isUncheckedTls,
  type SaslOptions,
  SECURITY_SETTINGS,
  type SecurityProtocol,
  type SecuritySettings,
  type TlsOptions,
} from '../settings/security-settings.ts';
import { type OptionsOf, resolveSettings } from '../settings/setting.ts';
import type { SaslCredentials } from './authentication.ts';
import { parseJaas } from './sasl/jaas.ts';

export interface Security {
  readonly protocol: SecurityProtocol;
  /** For a connection to this host; undefined: plain. Throws KafkaError when files are missing or wrong. */
  readonly tls: (endpoint: Endpoint) => TlsClientOptions | undefined;
  /** Undefined: no authentication. */
  readonly sasl: SaslCredentials | undefined;
}

/** The security of a connection from settings alone, for those who open connections themselves. */
export function securityFrom(options: OptionsOf<typeof SECURITY_SETTINGS>, ports: Ports): Security {
  return securityOf(resolveSettings(SECURITY_SETTINGS, options), ports);
}

/** Throws KafkaError INVALID_SETTING when the settings contradict each other or something is missing. */
export function securityOf(settings: SecuritySettings, ports: Ports): Security {
  const protocol = protocolOf(settings);
  const encrypted = protocol.endsWith('SSL');
  const authenticated = protocol.startsWith('SASL');
  if (!encrypted && settings.ssl) throw contradiction(`securityProtocol is ${protocol}, but ssl is given.`);
  if (!authenticated && (settings.sasl || settings.saslMechanism)) {
    throw contradiction(
      `securityProtocol is ${protocol}, but sasl or saslMechanism is given; SASL_${protocol} uses it.`,
    );
  }
  if (encrypted) versions(settings);
  return {
    protocol,
    tls: (endpoint) => (encrypted ? tlsOptions(settings, endpoint, ports.disk) : undefined),
    sasl: authenticated ? credentialsOf(settings) : undefined,
  };
}

function protocolOf(settings: SecuritySettings): SecurityProtocol {
  if (settings.securityProtocol) return settings.securityProtocol;
  if (settings.sasl) return settings.ssl ? 'SASL_SSL' : 'SASL_PLAINTEXT';
  return settings.ssl ? 'SSL' : 'PLAINTEXT';
}

function contradiction(message: string): KafkaError {
  return new KafkaError('INVALID_SETTING', { message });
}

function credentialsOf(settings: SecuritySettings): SaslCredentials {
  const { sasl } = settings;
  if (sasl) return fromShort(sasl);
  const jaas = settings.saslJaasConfig === undefined ? undefined : parseJaas(settings.saslJaasConfig);
  const mechanism = settings.saslMechanism;
  if (!mechanism) throw contradiction('saslMechanism is missing: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER.');
  if (mechanism === 'OAUTHBEARER') {
    const url = settings.saslOauthbearerTokenEndpointUrl;
    const provider = settings.saslOauthbearerTokenProvider;
    if (provider) return { mechanism, provider };
    if (url === undefined) {
      throw contradiction('OAUTHBEARER needs saslOauthbearerTokenProvider, or saslOauthbearerTokenEndpointUrl.');
    }
    const clientId = settings.saslOauthbearerClientCredentialsClientId ?? jaas?.get('clientId');
    const clientSecret = settings.saslOauthbearerClientCredentialsClientSecret ?? jaas?.get('clientSecret');
    if (clientId === undefined || clientSecret === undefined) {
      throw contradiction(
        'A token endpoint needs saslOauthbearerClientCredentialsClientId and saslOauthbearerClientCredentialsClientSecret.',
      );
    }
    const scope = settings.saslOauthbearerScope ?? jaas?.get('scope');
    return { mechanism, provider: tokenEndpointProvider({ url, clientId, clientSecret, scope }) };
  }
  const username = settings.saslUsername ?? jaas?.get('username');
  const password = settings.saslPassword ?? jaas?.get('password');
  if (!username || !password) {
    throw contradiction(`${mechanism} needs saslUsername and saslPassword (or saslJaasConfig, or sasl).`);
  }
  return { mechanism, username, password, ...(jaas?.get('tokenauth') === 'true' ? { tokenAuth: true } : {}) };
}

function fromShort(sasl: SaslOptions): SaslCredentials {
  if ('authenticate' in sasl) return { mechanism: 'own', own: sasl };
  if ('oauthBearerProvider' in sasl) return { mechanism: 'OAUTHBEARER', provider: sasl.oauthBearerProvider };
  const mechanism = sasl.mechanism.toUpperCase() as 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  return { mechanism, username: sasl.username, password: sasl.password, tokenAuth: sasl.tokenAuth ?? false };
}

function versions({ sslEnabledProtocols }: SecuritySettings): Pick<TlsClientOptions, 'minVersion' | 'maxVersion'> {
  const known = (['TLSv1.2', 'TLSv1.3'] as const).filter((version) => sslEnabledProtocols.includes(version));
  const strange = sslEnabledProtocols.find((version) => version !== 'TLSv1.2' && version !== 'TLSv1.3');
  if (strange !== undefined || known.length === 0) {
    throw contradiction(`sslEnabledProtocols takes TLSv1.2 and TLSv1.3, not ${strange ?? 'an empty list'}.`);
  }
  return { minVersion: known[0]!, maxVersion: known.at(-1)! };
}

function tlsOptions(settings: SecuritySettings, endpoint: Endpoint, disk: Disk): TlsClientOptions {
  const short: TlsOptions = typeof settings.ssl === 'object' ? settings.ssl : {};
  const verifyName = settings.sslEndpointIdentificationAlgorithm !== '';
  if (isUncheckedTls(short)) {
    return { servername: endpoint.host, verifyName, platform: short as Readonly<Record<string, unknown>> };
  }
  const { sslCipherSuites: ciphers } = settings;
  const { ca: given, servername = endpoint.host, ...rest } = short;
  const trust = given === undefined ? trusted(settings, disk) : { ca: Array.isArray(given) ? given : [given] };
  return {
    ...versions(settings),
    servername,
    verifyName,
    ...(ciphers.length > 0 ? { ciphers: ciphers.join(':') } : {}),
    ...trust,
    ...ownKey(settings, disk),
    ...rest,
  };
}

function trusted(settings: SecuritySettings, disk: Disk): Pick<TlsClientOptions, 'ca' | 'caStore'> {
  const { sslTruststoreCertificates: inline, sslTruststoreLocation: path, sslTruststorePassword: password } = settings;
  let text = inline;
  if (text === undefined && path !== undefined) {
    const store = readStore('sslTruststore', path, settings.sslTruststoreType, disk);
    if (Buffer.isBuffer(store)) {
      return { caStore: { pkcs12: store, ...(password === undefined ? {} : { passphrase: password }) } };
    }
    text = store;
  }
  if (text === undefined) return {};
  // Apart, because not every Node takes more than the first of one text.
  const certificates = text.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/g);
  if (!certificates) throw contradiction('sslTruststoreCertificates holds no certificate in PEM.');
  return { ca: certificates };
}

function ownKey(settings: SecuritySettings, disk: Disk): TlsClientOptions {
  const { sslKeystoreCertificateChain: cert, sslKeystoreKey: key, sslKeystoreLocation: path } = settings;
  const { sslKeyPassword, sslKeystorePassword } = settings;
  const withPassword = (passphrase: string | undefined) => (passphrase === undefined ? {} : { passphrase });
  if (cert !== undefined || key !== undefined) {
    if (cert === undefined || key === undefined) {
      throw contradiction('sslKeystoreCertificateChain and sslKeystoreKey belong together.');
    }
    return { cert, key, ...withPassword(sslKeyPassword ?? sslKeystorePassword) };
  }
  if (path === undefined) return {};
  const store = readStore('sslKeystore', path, settings.sslKeystoreType, disk);
  return Buffer.isBuffer(store)
    ? { pfx: store, ...withPassword(sslKeystorePassword ?? sslKeyPassword) }
    : { cert: store, key: store, ...withPassword(sslKeyPassword ?? sslKeystorePassword) };
}

/** PEM as text, PKCS#12 as bytes; `type` undefined or JKS: whichever it is. */
function readStore(
  setting: 'sslTruststore' | 'sslKeystore',
  path: string,
  type: 'PEM' | 'PKCS12' | 'JKS' | undefined,
  disk: Disk,
): string | Buffer {
  const bytes = readFile(`${setting}Location`, path, disk);
  const isPem = bytes.includes('-----BEGIN ');
  if (isPem && type !== 'PKCS12') return bytes.toString('latin1');
  // A DER sequence.
  if (!isPem && bytes[0] === 0x30 && type !== 'PEM') return bytes;
  const form = isPem
    ? 'is in PEM'
    : bytes[0] === 0x30
      ? 'is not in PEM, but perhaps in PKCS#12'
      : 'is not in PEM or PKCS#12';
  const isJks = bytes.length >= 4 && bytes.readUInt32BE(0) === JKS_MAGIC;
  const hint = isJks ? ' It is a JKS store: keytool -importkeystore -deststoretype PKCS12 converts it.' : '';
  throw contradiction(`${setting}Location: ${path} ${form} (${setting}Type: ${type ?? 'by its content'}).${hint}`);
}

const JKS_MAGIC = 0xfeedfeed;

function readFile(setting: string, path: string, disk: Disk): Buffer {
  try {
    return disk.readFileSync(path);
  } catch (cause) {
    const why = cause instanceof DiskError ? cause.code : String(cause);
    throw new KafkaError('INVALID_SETTING', { message: `${setting}: ${path} cannot be read (${why}).`, cause });
  }
}
