// Encryption and authentication, by Kafka's names. Certificates and keys are PEM (KIP-651) or in PKCS#12 stores, which keytool
// has made since Java 9, whatever they are called; Java's older own stores (JKS) are refused with the way to convert them.
// Secret values are never in an error.
import type { OauthBearerTokenProvider } from '../connection/sasl/oauthbearer.ts';
import type { OwnMechanism } from '../connection/sasl/own.ts';
import { custom, disallowed, list, oneOf, type SettingsOf, text } from './setting.ts';

export type SecurityProtocol = 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL';

/** The short way to say what the `ssl.*` settings say; the names are those of Node's TLS. */
export interface TlsOptions {
  /** Certificates of those who are trusted, PEM; default: Node's own list. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[];
  /** Our certificate with its chain and its key, PEM, for brokers that ask for one. */
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly pfx?: Buffer;
  readonly passphrase?: string;
  /** The name that certificates must be for, in place of each broker's own host name. */
  readonly servername?: string;
  readonly ciphers?: string;
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3';
}

/** The short way to say what the `sasl.*` settings say. */
export type SaslOptions =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512' | 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
      readonly username: string;
      readonly password: string;
      /** They are the id and, in base64, the hmac of a delegation token; SCRAM only. */
      readonly tokenAuth?: boolean;
    }
  | { readonly mechanism: 'oauthbearer' | 'OAUTHBEARER'; readonly oauthBearerProvider: OauthBearerTokenProvider }
  | OwnMechanism;

const TLS_KEYS = ['ca', 'cert', 'key', 'pfx', 'passphrase', 'servername', 'ciphers', 'minVersion', 'maxVersion'];
/** TLS options of a face that has always taken whatever Node takes. */
const asNodeTakesThem = new WeakSet<object>();

/** Marks TLS options to be handed to Node as they are, `rejectUnauthorized: false` included; for the KafkaJS face. */
export function uncheckedTlsOptions<T extends object>(options: T): T {
  asNodeTakesThem.add(options);
  return options;
}

export function isUncheckedTls(options: object): boolean {
  return asNodeTakesThem.has(options);
}

function checkTls(value: unknown): true | TlsOptions | undefined {
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return undefined;
  if (typeof value !== 'object' || value === null) throw disallowed('true, or an object with ca, cert, key, ...');
  if (asNodeTakesThem.has(value)) return value as TlsOptions;
  const unknown = Object.keys(value).find((key) => !TLS_KEYS.includes(key));
  if (unknown === 'rejectUnauthorized') {
    throw disallowed(
      'an object without rejectUnauthorized: give `ca` to trust another authority, or set sslEndpointIdentificationAlgorithm to "" to accept a certificate for another name',
    );
  }
  if (unknown !== undefined) throw disallowed(`an object of ${TLS_KEYS.join(', ')}; there is no ${unknown}`);
  return value as TlsOptions;
}

const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const;

function checkSasl(value: unknown): SaslOptions {
  const shape = 'an object { mechanism, username, password } or { mechanism: "oauthbearer", oauthBearerProvider }';
  if (typeof value !== 'object' || value === null) throw disallowed(shape);
  const { mechanism, username, password, oauthBearerProvider, authenticate } = value as { [name: string]: unknown };
  if (typeof authenticate === 'function' && isText(mechanism)) return value as SaslOptions;
  const known = typeof mechanism === 'string' && MECHANISMS.find((name) => name === mechanism.toUpperCase());
  if (!known) throw disallowed(`${shape}, with a mechanism of ${MECHANISMS.join(', ')}`);
  if (known === 'OAUTHBEARER' ? typeof oauthBearerProvider !== 'function' : !isText(username) || !isText(password)) {
    throw disallowed(shape);
  }
  return value as SaslOptions;
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

const optionalText = (kafka: string, doc: string, secret = false) =>
  text({ kafka, default: undefined, doc, ...(secret ? { secret } : {}) });

/** JKS is what configurations of Java say without thinking, of stores that are PKCS12. */
const STORE_TYPES = ['PEM', 'PKCS12', 'JKS'] as const;

const storeType = (kafka: string) =>
  custom<(typeof STORE_TYPES)[number] | undefined>({
    kafka,
    default: undefined,
    doc: 'Form of that file: PEM or PKCS12. Default: by its content, as with JKS, which is what Java calls its stores; one that really is JKS becomes PKCS12 by keytool -importkeystore -deststoretype PKCS12.',
    check: (value) => {
      const known = STORE_TYPES.find((type) => typeof value === 'string' && type === value.toUpperCase());
      if (!known) throw disallowed(`one of ${STORE_TYPES.join(', ')}`);
      return known;
    },
  });

export const SECURITY_SETTINGS = {
  securityProtocol: custom<SecurityProtocol | undefined>({
    kafka: 'security.protocol',
    default: undefined,
    doc: 'How brokers are spoken to: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL. Default: PLAINTEXT, or what the options ssl and sasl imply.',
    check: (value) => {
      const name = typeof value === 'string' ? value.toUpperCase() : '';
      const known = (['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const).find((one) => one === name);
      if (!known) throw disallowed('one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL');
      return known;
    },
  }),
  ssl: custom<true | TlsOptions | undefined>({
    kafka: 'ssl',
    default: undefined,
    secret: true,
    doc: 'Encrypts: true, or { ca, cert, key, passphrase, servername, ... } as Node’s TLS names them. The short way to say what the ssl… settings say.',
    check: checkTls,
  }),
  sslTruststoreCertificates: optionalText(
    'ssl.truststore.certificates',
    'Certificates of those who are trusted, PEM. Default: those that Node comes with.',
  ),
  sslTruststoreLocation: optionalText(
    'ssl.truststore.location',
    'A file of them, in PEM or PKCS#12; read at each connection.',
  ),
  sslTruststoreType: storeType('ssl.truststore.type'),
  sslTruststorePassword: optionalText('ssl.truststore.password', 'Of a PKCS12 file.', true),
  sslKeystoreCertificateChain: optionalText(
    'ssl.keystore.certificate.chain',
    'Our own certificate and those that lead to its authority, PEM.',
  ),
  sslKeystoreKey: optionalText('ssl.keystore.key', 'The private key to it, PEM (PKCS#8).', true),
  sslKeystoreLocation: optionalText(
    'ssl.keystore.location',
    'A file with key and certificates in one; read at each connection.',
  ),
  sslKeystoreType: storeType('ssl.keystore.type'),
  sslKeystorePassword: optionalText('ssl.keystore.password', 'Of a PKCS12 file.', true),
  sslKeyPassword: optionalText('ssl.key.password', 'Of an encrypted private key.', true),
  sslEndpointIdentificationAlgorithm: oneOf({
    kafka: 'ssl.endpoint.identification.algorithm',
    default: 'https',
    values: ['https', ''],
    doc: 'https: a broker’s certificate must be for the host that was connected to. Empty: it must be trusted, but may be for any.',
  }),
  sslEnabledProtocols: list({
    kafka: 'ssl.enabled.protocols',
    default: ['TLSv1.2', 'TLSv1.3'],
    doc: 'Versions of TLS that are spoken: TLSv1.2, TLSv1.3 or both.',
  }),
  sslCipherSuites: list({
    kafka: 'ssl.cipher.suites',
    default: [],
    doc: 'Cipher suites, as OpenSSL names them, the preferred first. Default: Node’s.',
  }),
  sasl: custom<SaslOptions | undefined>({
    kafka: 'sasl',
    default: undefined,
    secret: true,
    doc: 'Authenticates: { mechanism, username, password } or { mechanism: "oauthbearer", oauthBearerProvider }; or, for a mechanism of one’s own, { mechanism, authenticate }, which says its tokens itself. The short way to say what the sasl… settings say.',
    check: checkSasl,
  }),
  saslMechanism: custom<(typeof MECHANISMS)[number] | undefined>({
    kafka: 'sasl.mechanism',
    default: undefined,
    doc: 'PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER. No default: Kafka’s is GSSAPI, which this client does not have.',
    check: (value) => {
      const known = MECHANISMS.find((name) => typeof value === 'string' && name === value.toUpperCase());
      if (!known) throw disallowed(`one of ${MECHANISMS.join(', ')}`);
      return known;
    },
  }),
  saslUsername: optionalText('sasl.username', 'For PLAIN and SCRAM.'),
  saslPassword: optionalText('sasl.password', 'For PLAIN and SCRAM.', true),
  saslJaasConfig: optionalText(
    'sasl.jaas.config',
    'Java’s way to say user name and password, as configuration files of courses have it: module required username="…" password="…";',
    true,
  ),
  saslOauthbearerTokenProvider: custom<OauthBearerTokenProvider | undefined>({
    kafka: 'sasl.oauthbearer.token.provider',
    default: undefined,
    doc: 'For OAUTHBEARER: a function that answers the token, or { value, extensions }; asked at each authentication.',
    check: (value) => {
      if (typeof value !== 'function') throw disallowed('a function that answers a token');
      return value as OauthBearerTokenProvider;
    },
  }),
  saslOauthbearerTokenEndpointUrl: optionalText(
    'sasl.oauthbearer.token.endpoint.url',
    'For OAUTHBEARER without a provider: where tokens are had for client id and secret (OAuth’s client credentials).',
  ),
  saslOauthbearerClientCredentialsClientId: optionalText(
    'sasl.oauthbearer.client.credentials.client.id',
    'The client id for that.',
  ),
  saslOauthbearerClientCredentialsClientSecret: optionalText(
    'sasl.oauthbearer.client.credentials.client.secret',
    'The secret for that.',
    true,
  ),
  saslOauthbearerScope: optionalText('sasl.oauthbearer.scope', 'The scope to ask for, if any.'),
};

export type SecuritySettings = SettingsOf<typeof SECURITY_SETTINGS>;
