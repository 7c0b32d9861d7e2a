// Each setting of ZooKeeper's, by Kafka's name, to what it does: the client's options, its TLS, the engine. A setting that
// the table gets and that no row here speaks of fails the last test.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodePorts } from '@moldau/kernel/node/ports';
import { afterAll, describe, expect, test } from 'vitest';
import { readBrokerConfig } from '../config/read-config.ts';
import { ZOOKEEPER_SETTINGS } from '../config/settings/zookeeper.ts';
import { clientOptions } from './open-zookeeper.ts';

const directory = mkdtempSync(join(tmpdir(), 'moldau-zookeeper-settings-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const file = (name: string, content: string | Buffer): string => {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
};
const pem = file('store.pem', '-----BEGIN CERTIFICATE-----\n');
const pkcs12 = file('store.p12', Buffer.from([0x30, 0x82, 1, 2]));
const junk = file('store.junk', 'junk');
const jks = file('store.jks', Buffer.from([0xfe, 0xed, 0xfe, 0xed]));

type Settings = Readonly<Record<string, string>>;
const tls: Settings = { 'zookeeper.ssl.client.enable': 'true' };
function options(settings: Settings) {
  const { config } = readBrokerConfig({ values: { 'zookeeper.connect': 'z:2181', ...settings } });
  return clientOptions(nodePorts, config);
}

describe('reaches the client of ZooKeeper', () => {
  const rows: [settings: Settings, options: object][] = [
    [
      { 'zookeeper.connect': 'a:1,b:2/kafka' },
      {
        connect: {
          servers: [
            { host: 'a', port: 1 },
            { host: 'b', port: 2 },
          ],
          chroot: '/kafka',
        },
      },
    ],
    [{ 'zookeeper.session.timeout.ms': '7000' }, { sessionTimeoutMs: 7_000 }],
    [{ 'zookeeper.max.in.flight.requests': '3' }, { inFlightMax: 3 }],
    [{ 'zookeeper.digest.credentials': 'u:p' }, { credentials: [{ scheme: 'digest', auth: Buffer.from('u:p') }] }],
    [tls, { tls: { minVersion: 'TLSv1.2', verifyName: true } }],
    [
      { ...tls, 'zookeeper.ssl.truststore.location': pem },
      { tls: { ca: [Buffer.from('-----BEGIN CERTIFICATE-----\n')] } },
    ],
    [
      { ...tls, 'zookeeper.ssl.truststore.location': pem, 'zookeeper.ssl.truststore.type': 'pem' },
      { tls: { ca: [expect.anything()] } },
    ],
    [
      { ...tls, 'zookeeper.ssl.keystore.location': pem },
      {
        tls: { cert: Buffer.from('-----BEGIN CERTIFICATE-----\n'), key: Buffer.from('-----BEGIN CERTIFICATE-----\n') },
      },
    ],
    [
      { ...tls, 'zookeeper.ssl.keystore.location': pkcs12, 'zookeeper.ssl.keystore.type': 'PKCS12' },
      { tls: { pfx: Buffer.from([0x30, 0x82, 1, 2]) } },
    ],
    [{ ...tls, 'zookeeper.ssl.keystore.password': 'secret' }, { tls: { passphrase: 'secret' } }],
    [
      { ...tls, 'zookeeper.ssl.truststore.location': pkcs12, 'zookeeper.ssl.truststore.password': 'trusted' },
      { tls: { caStore: { pkcs12: Buffer.from([0x30, 0x82, 1, 2]), passphrase: 'trusted' } } },
    ],
    [{ ...tls, 'zookeeper.ssl.protocol': 'TLSv1.3' }, { tls: { minVersion: 'TLSv1.3' } }],
    [
      { ...tls, 'zookeeper.ssl.enabled.protocols': 'TLSv1.2' },
      { tls: { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } },
    ],
    [
      { ...tls, 'zookeeper.ssl.enabled.protocols': 'TLSv1.3,TLSv1.2', 'zookeeper.ssl.protocol': 'TLSv1.3' },
      { tls: { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' } },
    ],
    [{ ...tls, 'zookeeper.ssl.cipher.suites': 'A,B' }, { tls: { ciphers: 'A:B' } }],
    [{ ...tls, 'zookeeper.ssl.endpoint.identification.algorithm': '' }, { tls: { verifyName: false } }],
  ];
  test.each(rows)('%j', (settings, expected) => {
    expect(options(settings)).toMatchObject(expected);
  });

  test('without zookeeper.ssl.client.enable nothing is encrypted, whatever else is said', () => {
    expect(
      options({ 'zookeeper.ssl.truststore.location': pem, 'zookeeper.ssl.protocol': 'TLSv1.3' }).tls,
    ).toBeUndefined();
  });

  const reached = new Set(rows.flatMap(([settings]) => Object.keys(settings)));
  /** Read where the engine is opened; the suites with a real ZooKeeper show what they do. */
  const ofEngine = ['zookeeper.connection.timeout.ms', 'zookeeper.set.acl'];
  test.each(Object.entries(ZOOKEEPER_SETTINGS))('no setting is left without a word: %s', (name, { effect }) => {
    const isShown = reached.has(name) || ofEngine.includes(name);
    expect(effect.kind === 'honoured').toBe(isShown);
    if (effect.kind !== 'honoured') expect(effect.why).not.toBe('');
  });
});

describe('is refused with what to do', () => {
  test.each<[Settings, RegExp]>([
    [{ 'zookeeper.connect': 'z:port' }, /^zookeeper\.connect=z:port: /],
    [{ 'zookeeper.set.acl': 'true' }, /needs zookeeper\.digest\.credentials/],
    [{ 'zookeeper.digest.credentials': 'nobody' }, /not of the form user:password/],
    [
      { ...tls, 'zookeeper.ssl.truststore.location': '/no/such' },
      /^zookeeper\.ssl\.truststore\.location: \/no\/such cannot be read/,
    ],
    [{ ...tls, 'zookeeper.ssl.truststore.location': junk }, /is neither PEM nor PKCS#12/],
    [
      { ...tls, 'zookeeper.ssl.truststore.location': pkcs12, 'zookeeper.ssl.truststore.type': 'PEM' },
      /zookeeper\.ssl\.truststore\.type=PEM, but .* is not PEM/,
    ],
    [{ ...tls, 'zookeeper.ssl.truststore.location': jks }, /JKS key store; convert it/],
    [
      { ...tls, 'zookeeper.ssl.truststore.type': 'JKS' },
      /zookeeper\.ssl\.truststore\.type=JKS: only PEM and PKCS12 can be read/,
    ],
    [
      { ...tls, 'zookeeper.ssl.keystore.location': jks },
      /zookeeper\.ssl\.keystore\.location: .* JKS key store; convert it/,
    ],
    [{ ...tls, 'zookeeper.ssl.keystore.type': 'JKS' }, /only PEM and PKCS12 can be read/],
    [
      { ...tls, 'zookeeper.ssl.keystore.location': pem, 'zookeeper.ssl.keystore.type': 'PKCS12' },
      /zookeeper\.ssl\.keystore\.type=PKCS12, but .* is PEM/,
    ],
    [{ ...tls, 'zookeeper.ssl.protocol': 'TLSv1.1' }, /must be one of: TLSv1\.2, TLSv1\.3/],
    [{ ...tls, 'zookeeper.ssl.enabled.protocols': 'TLSv1' }, /must be one of: TLSv1\.2, TLSv1\.3/],
    [{ ...tls, 'zookeeper.ssl.crl.enable': 'true' }, /revocation lists are not looked at/],
    [{ ...tls, 'zookeeper.ssl.ocsp.enable': 'true' }, /OCSP is not asked/],
  ])('%j', (settings, message) => {
    expect(() => options(settings)).toThrow(message);
  });
});
