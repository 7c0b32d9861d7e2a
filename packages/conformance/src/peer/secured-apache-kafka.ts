// Apache Kafka with its security switched on: every kind of listener beside a plain one, ACLs enforced, users for each
// mechanism. Certificates are made when it starts. What the suites of our client are held against until brokers of ours
// can do the same; a peer of ours would answer the same `SecuredPeer`.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CertificateAuthority, type Identity } from '@moldau/client/test/certificates';
import { apacheVersion } from './apache-jars.ts';
import { apacheProcess, newClusterId } from './apache-kafka.ts';
import type { Peer } from './broker-process.ts';
import { freePorts } from './free-ports.ts';

/**
 * `plaintext`: whoever comes is the super user ANONYMOUS. `ssl`: takes client certificates; `mtls`: wants them, and their
 * common name is the principal. `saslPlaintext`, `saslSsl`: every mechanism. `reauth`: SASL over plain, sessions of three
 * seconds.
 */
export type SecuredListener = 'plaintext' | 'ssl' | 'mtls' | 'saslPlaintext' | 'saslSsl' | 'reauth';

export interface SecuredPeer {
  readonly broker: Peer;
  /** `host:port` by listener; certificates are for `localhost` and 127.0.0.1. */
  readonly bootstrap: Readonly<Record<SecuredListener, string>>;
  /** Whom clients have to trust, PEM. */
  readonly authority: CertificateAuthority;
  /** The certificate of the user `alice`. */
  readonly alice: Identity;
  /** Stops it and removes what it left. */
  close(): Promise<void>;
}

/** Users of PLAIN, with their passwords. `admin` is a super user. SCRAM users are for the tests to make. */
export const PLAIN_USERS = { admin: 'admin-secret', alice: 'alice-secret' } as const;

const NAMES: Readonly<Record<SecuredListener, readonly [name: string, protocol: string]>> = {
  plaintext: ['PLAINTEXT', 'PLAINTEXT'],
  ssl: ['TLS', 'SSL'],
  mtls: ['MTLS', 'SSL'],
  saslPlaintext: ['SASLPLAIN', 'SASL_PLAINTEXT'],
  saslSsl: ['SASLTLS', 'SASL_SSL'],
  reauth: ['REAUTH', 'SASL_PLAINTEXT'],
};
const LISTENERS = Object.keys(NAMES) as SecuredListener[];
const SASL_LISTENERS = ['saslplain', 'sasltls', 'reauth'];
const SECURITY = 'org.apache.kafka.common.security';

/** Starts a fresh broker and resolves when it serves. */
export async function startSecuredApacheKafka(
  o: { version?: string; properties?: Readonly<Record<string, string | number | boolean>> } = {},
): Promise<SecuredPeer> {
  const ports = await freePorts(LISTENERS.length + 1);
  const controllerPort = ports.at(-1)!;
  const authority = await CertificateAuthority.create();
  const server = await authority.issue({ name: 'broker', names: ['localhost'], addresses: ['127.0.0.1'] });
  const files = mkdtempSync(join(tmpdir(), 'secured-kafka-'));
  writeFileSync(join(files, 'broker.pem'), server.key + server.cert);
  writeFileSync(join(files, 'authority.pem'), authority.cert);

  const addresses = LISTENERS.map((listener, index) => `${NAMES[listener][0]}://localhost:${ports[index]}`);
  const users = Object.entries(PLAIN_USERS).map(([name, password]) => ` user_${name}="${password}"`);
  const settings: Record<string, string | number | boolean> = {
    'node.id': 1,
    'controller.quorum.voters': `1@localhost:${controllerPort}`,
    listeners: [...addresses, `CONTROLLER://localhost:${controllerPort}`].join(),
    'advertised.listeners': addresses.join(),
    'listener.security.protocol.map': [
      ...LISTENERS.map((listener) => NAMES[listener].join(':')),
      'CONTROLLER:PLAINTEXT',
    ].join(),
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 5,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.num.partitions': 5,
    'transaction.state.log.min.isr': 1,
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS;User:admin',
    'delegation.token.secret.key': 'a secret of this test',
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': join(files, 'broker.pem'),
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': join(files, 'authority.pem'),
    'ssl.principal.mapping.rules': 'RULE:^CN=([^,]+).*$/$1/,DEFAULT',
    'ssl.client.auth': 'none',
    'listener.name.mtls.ssl.client.auth': 'required',
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
  };
  for (const listener of SASL_LISTENERS) {
    const jaas = (mechanism: string, module: string) => {
      settings[`listener.name.${listener}.${mechanism}.sasl.jaas.config`] = `${SECURITY}.${module} required;`;
    };
    settings[`listener.name.${listener}.plain.sasl.jaas.config`] =
      `${SECURITY}.plain.PlainLoginModule required${users.join('')};`;
    jaas('scram-sha-256', 'scram.ScramLoginModule');
    jaas('scram-sha-512', 'scram.ScramLoginModule');
    jaas('oauthbearer', 'oauthbearer.OAuthBearerLoginModule');
    if (listener !== 'reauth') continue;
    for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer']) {
      settings[`listener.name.${listener}.${mechanism}.connections.max.reauth.ms`] = 3000;
    }
  }
  const close = async () => {
    await broker.close();
    rmSync(files, { recursive: true, force: true });
  };
  const broker = apacheProcess({
    version: o.version ?? apacheVersion,
    port: ports[0]!,
    clusterId: newClusterId(),
    heap: '512M',
    settings: { ...settings, ...o.properties },
  });
  try {
    await broker.start();
  } catch (error) {
    await close();
    throw error;
  }
  const bootstrap = Object.fromEntries(LISTENERS.map((listener, index) => [listener, `localhost:${ports[index]}`]));
  return {
    broker,
    bootstrap: bootstrap as Record<SecuredListener, string>,
    authority,
    alice: await authority.issue({ name: 'alice' }),
    close,
  };
}

/** A token as the unsecured validator of Kafka's brokers takes it: a JWT that nobody signed. */
export function unsecuredToken(subject: string, lifeS = 3600): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const nowS = Math.floor(Date.now() / 1000);
  return `${part({ alg: 'none' })}.${part({ sub: subject, iat: nowS, exp: nowS + lifeS })}.`;
}
