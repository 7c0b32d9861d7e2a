// Encrypted connections: what works, and what each way of going wrong is told as. The broker is scripted, TLS before it.
import { execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodePorts } from '@moldau/kernel/node/ports';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PLAIN_VERSIONS, ScriptedBroker, startTalker } from '../../test/scripted-broker.ts';
import { Admin } from '../admin/admin.ts';
import { KafkaError } from '../errors.ts';
import { uncheckedTlsOptions } from '../settings/security-settings.ts';
import { CertificateAuthority, type Identity } from '../test/certificates.ts';
import { TlsProxy } from '../test/tls-proxy.ts';

let authority: CertificateAuthority;
let stranger: CertificateAuthority;
let server: Identity;
let client: Identity;
let broker: ScriptedBroker;
let directory: string;
const stops: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'moldau-tls-'));
  authority = await CertificateAuthority.create();
  stranger = await CertificateAuthority.create('Somebody else');
  server = await authority.issue({ name: 'broker', names: ['localhost'], addresses: ['127.0.0.1'] });
  client = await authority.issue({ name: 'alice' });
  broker = await ScriptedBroker.start(({ api }) =>
    api === 'ApiVersions' ? PLAIN_VERSIONS : { brokers: [], controllerId: 1, topics: [] },
  );
});
afterAll(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  await broker.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function proxied(options: object = {}): Promise<number> {
  const proxy = await TlsProxy.start(broker.port, { ...server, ...options });
  stops.push(() => proxy.stop());
  return proxy.port;
}

async function list(port: number, options: object, host = 'localhost'): Promise<unknown> {
  const admin = new Admin({ bootstrapServers: `${host}:${port}`, defaultApiTimeoutMs: 2000, ...options });
  try {
    return await admin.listTopics();
  } catch (error) {
    return error;
  } finally {
    await admin.close();
  }
}

function told(outcome: unknown): KafkaError {
  expect(outcome).toBeInstanceOf(KafkaError);
  return outcome as KafkaError;
}

test('a broker with a certificate of a trusted authority, for its name and for its address', async () => {
  const port = await proxied();
  expect(await list(port, { ssl: { ca: authority.cert } })).toEqual([]);
  expect(await list(port, { ssl: { ca: [authority.cert] } }, '127.0.0.1')).toEqual([]);
  expect(await list(port, { securityProtocol: 'SSL', sslTruststoreCertificates: authority.cert })).toEqual([]);
});

test('trust and key from PEM files, as KIP-651 has them; a renewed file is taken up by the next connection', async () => {
  const port = await proxied({ requestCert: true, ca: authority.cert });
  const trust = join(directory, 'trust.pem');
  const own = join(directory, 'own.pem');
  writeFileSync(trust, `comment\n${stranger.cert}\n${authority.cert}`);
  writeFileSync(own, client.key + client.cert);
  const files = { securityProtocol: 'SSL', sslTruststoreLocation: trust, sslKeystoreLocation: own };
  expect(await list(port, files)).toEqual([]);
  writeFileSync(trust, stranger.cert);
  expect(told(await list(port, files)).error).toBe('SSL_AUTHENTICATION_FAILED');
});

test('an authority that is not trusted', async () => {
  const error = told(await list(await proxied(), { ssl: { ca: stranger.cert } }));
  expect([error.error, error.retriable]).toEqual(['SSL_AUTHENTICATION_FAILED', false]);
  expect(error.message).toContain('nobody trusted here has signed');
});

test('without own trust the platform’s authorities count, and ours is not among them', async () => {
  const error = told(await list(await proxied(), { ssl: true }));
  expect(error.message).toContain('nobody trusted here has signed');
});

test('a certificate that is out of its time', async () => {
  const old = await authority.issue({ name: 'broker', names: ['localhost'], expired: true });
  const error = told(await list(await proxied(old), { ssl: { ca: authority.cert } }));
  expect([error.error, error.retriable]).toEqual(['SSL_AUTHENTICATION_FAILED', false]);
  expect(error.message).toContain('out of its time');
});

test('a certificate for another name, and the two ways to take it', async () => {
  const other = await authority.issue({ name: 'broker', names: ['broker-1.example.org'] });
  const port = await proxied(other);
  const error = told(await list(port, { ssl: { ca: authority.cert } }));
  expect(error.error).toBe('SSL_AUTHENTICATION_FAILED');
  expect(error.message).toContain('for another name');
  expect(await list(port, { ssl: { ca: authority.cert, servername: 'broker-1.example.org' } })).toEqual([]);
  expect(await list(port, { ssl: { ca: authority.cert }, sslEndpointIdentificationAlgorithm: '' })).toEqual([]);
  // The name may be any, the signature not.
  const untrusted = await list(port, { ssl: { ca: stranger.cert }, sslEndpointIdentificationAlgorithm: '' });
  expect(told(untrusted).error).toBe('SSL_AUTHENTICATION_FAILED');
});

test('a broker that wants a client certificate: with one, without one, with a stranger’s', async () => {
  const port = await proxied({ requestCert: true, rejectUnauthorized: true, ca: authority.cert });
  expect(await list(port, { ssl: { ca: authority.cert, ...client } })).toEqual([]);
  const without = told(await list(port, { ssl: { ca: authority.cert } }));
  expect([without.error, without.retriable]).toEqual(['SSL_AUTHENTICATION_FAILED', false]);
  expect(without.message).toContain('does not take our side');
  // Node's server hangs up without a word; Java's says why (see the suites against Apache Kafka).
  const mallory = told(
    await list(port, { ssl: { ca: authority.cert, ...(await stranger.issue({ name: 'mallory' })) } }),
  );
  expect(mallory.message).toContain('does not take our certificate');
});

test('a TLS port spoken to in plain', async () => {
  // Servers that send an alert are told apart at once (see broker-connection.test.ts); this one hangs up.
  const error = told(await list(await proxied(), { defaultApiTimeoutMs: 500 }));
  expect(error.error).toBe('REQUEST_TIMED_OUT');
  expect(error.message).toContain('is this a port for TLS');
});

test('a plain broker port spoken to in TLS: within the time allowed, with a hint', async () => {
  const error = told(await list(broker.port, { ssl: { ca: authority.cert }, defaultApiTimeoutMs: 500 }));
  expect(error.error).toBe('REQUEST_TIMED_OUT');
  expect(error.message).toContain('the port may not be one for TLS');
});

test('an HTTP server spoken to in TLS', async () => {
  const talker = await startTalker(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
  stops.push(() => talker.stop());
  const error = told(await list(talker.port, { ssl: { ca: authority.cert } }));
  expect([error.error, error.retriable]).toEqual(['NOT_A_KAFKA_BROKER', false]);
  expect(error.message).toContain('does not answer in TLS');
});

test('an encrypted private key, with its password, without it and with a wrong one', async () => {
  const port = await proxied({ requestCert: true, rejectUnauthorized: true, ca: authority.cert });
  const encrypted = createPrivateKey(client.key).export({
    ...{ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'canary-key-password' },
  } as { type: 'pkcs8'; format: 'pem'; cipher: string; passphrase: string });
  const own = {
    ...{ securityProtocol: 'SSL', sslTruststoreCertificates: authority.cert },
    ...{ sslKeystoreCertificateChain: client.cert, sslKeystoreKey: encrypted },
  };
  expect(await list(port, { ...own, sslKeyPassword: 'canary-key-password' })).toEqual([]);
  for (const wrong of [{}, { sslKeyPassword: 'canary-wrong' }]) {
    const error = told(await list(port, { ...own, ...wrong }));
    expect([error.error, error.retriable]).toEqual(['SSL_AUTHENTICATION_FAILED', false]);
    expect(error.message).toContain('our own certificate or key cannot be used');
    expect(error.message).not.toContain('canary');
  }
  expect(told(await list(port, { ...own, sslKeystoreKey: undefined })).message).toContain('belong together');
});

test('PKCS#12 stores made by openssl: those who are trusted, and our own key; by any name, and told apart by their content', async () => {
  const port = await proxied({ requestCert: true, rejectUnauthorized: true, ca: authority.cert });
  const at = (name: string) => join(directory, name);
  writeFileSync(at('authority.pem'), authority.cert);
  writeFileSync(at('alice.pem'), client.cert + client.key);
  const openssl = (...args: string[]) => execFileSync('openssl', ['pkcs12', '-export', ...args], { stdio: 'pipe' });
  // What Java calls *.jks has been PKCS#12 since Java 9.
  openssl('-nokeys', '-in', at('authority.pem'), '-out', at('trust.p12'), '-passout', 'pass:canary-trust');
  openssl('-in', at('alice.pem'), '-out', at('alice.jks'), '-passout', 'pass:canary-own');
  const trust = { sslTruststoreLocation: at('trust.p12'), sslTruststorePassword: 'canary-trust' };
  const own = { sslKeystoreLocation: at('alice.jks'), sslKeystorePassword: 'canary-own' };
  const ssl = { securityProtocol: 'SSL', ...trust, ...own };
  expect(await list(port, ssl)).toEqual([]);
  expect(await list(port, { ...ssl, sslTruststoreType: 'PKCS12', sslKeystoreType: 'pkcs12' })).toEqual([]);
  // As configurations of Java have it; the key's own password is the store's.
  expect(
    await list(port, {
      ...ssl,
      ...{ sslTruststoreType: 'JKS', sslKeystoreType: 'JKS', sslKeyPassword: 'canary-own' },
    }),
  ).toEqual([]);
  for (const wrong of [{ sslTruststorePassword: 'canary-x' }, { sslKeystorePassword: 'canary-x' }]) {
    const error = told(await list(port, { ...ssl, ...wrong }));
    expect([error.error, error.retriable]).toEqual(['SSL_AUTHENTICATION_FAILED', false]);
    expect(error.message).toMatch(/cannot be used .*(password|mac verify)/i);
    expect(error.message).not.toContain('canary');
  }
  expect(
    told(
      await list(port, { ...ssl, sslTruststoreLocation: at('alice.jks'), ...{ sslTruststorePassword: 'canary-own' } }),
    ).message,
  ).toContain('no certificate to trust');
  const notPem = told(await list(port, { ...ssl, sslTruststoreType: 'PEM' }));
  expect([notPem.error, notPem.message.includes('perhaps in PKCS#12')]).toEqual(['INVALID_SETTING', true]);
  const notPkcs12 = told(
    await list(port, { ...ssl, ...{ sslKeystoreLocation: at('alice.pem'), sslKeystoreType: 'PKCS12' } }),
  );
  expect([notPkcs12.error, notPkcs12.message.includes('is in PEM')]).toEqual(['INVALID_SETTING', true]);
});

test('versions of TLS that do not meet', async () => {
  const port = await proxied({ maxVersion: 'TLSv1.2' });
  const error = told(await list(port, { ssl: { ca: authority.cert }, sslEnabledProtocols: 'TLSv1.3' }));
  expect(error.error).toBe('SSL_AUTHENTICATION_FAILED');
  expect(await list(port, { ssl: { ca: authority.cert } })).toEqual([]);
});

test('a key that is none, a file that is missing, a JKS file', async () => {
  const port = await proxied();
  const junk = told(await list(port, { ssl: { ca: authority.cert, cert: client.cert, key: 'secret-junk' } }));
  expect(junk.error).toBe('SSL_AUTHENTICATION_FAILED');
  expect(junk.message).toContain('our own certificate or key cannot be used');
  expect(junk.message).not.toContain('secret-junk');
  const missing = told(await list(port, { securityProtocol: 'SSL', sslTruststoreLocation: '/nowhere/ca.pem' }));
  expect([missing.error, missing.message.includes('/nowhere/ca.pem')]).toEqual(['INVALID_SETTING', true]);
  const jks = join(directory, 'trust.jks');
  writeFileSync(jks, Buffer.from('feedfeed00000002', 'hex'));
  const form = told(await list(port, { securityProtocol: 'SSL', sslTruststoreLocation: jks }));
  expect(form.message).toContain('keytool');
});

test('settings that contradict each other, and a verification that would be switched off, are refused', () => {
  const refusal = (options: object) => {
    try {
      new Admin(options);
    } catch (error) {
      return (error as KafkaError).message;
    }
    throw new Error('it was taken');
  };
  expect(refusal({ ssl: { rejectUnauthorized: false } })).toContain('give `ca`');
  expect(refusal({ ssl: { certificate: 'x' } })).toContain('there is no certificate');
  expect(refusal({ ssl: true, securityProtocol: 'PLAINTEXT' })).toContain('PLAINTEXT, but ssl is given');
  expect(refusal({ ssl: 7 })).toContain('true, or an object');
  expect(refusal({ securityProtocol: 'TLS' })).toContain('SASL_SSL');
  expect(refusal({ ssl: true, sslEnabledProtocols: ['SSLv3'] })).toContain('SSLv3');
});

test('the KafkaJS face may hand Node’s own options through, rejectUnauthorized included', async () => {
  const port = await proxied();
  expect(await list(port, { ssl: uncheckedTlsOptions({ rejectUnauthorized: false }) })).toEqual([]);
  expect(told(await list(port, { ssl: uncheckedTlsOptions({}) })).error).toBe('SSL_AUTHENTICATION_FAILED');
});

test('a connection through the port alone: bytes, back-pressure and the end as on a plain one', async () => {
  const echo = await startTalker(Buffer.alloc(100_000, 7));
  const proxy = await TlsProxy.start(echo.port, server);
  stops.push(
    () => proxy.stop(),
    () => echo.stop(),
  );
  const tls = { servername: 'localhost', ca: [authority.cert] };
  const connection = await nodePorts.network.connect({ host: '127.0.0.1', port: proxy.port, timeoutMs: 2000, tls });
  let received = 0;
  const all = new Promise<void>((resolve) => {
    connection.start({
      onData: (chunk) => {
        received += chunk.length;
        if (received === 100_000) resolve();
      },
      onClose: () => {},
    });
  });
  connection.write([Buffer.from('a'), Buffer.from('b')]);
  await all;
  expect(connection.remote.port).toBe(proxy.port);
  connection.destroy();
});
