// The client over TLS, against a ZooKeeper that serves nothing else: a certificate that is trusted lets us in, one that is
// not, or is for another host, does not.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodePorts } from '@moldau/kernel/node/ports';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ZooKeeperClient, type ZooKeeperOptions } from '../../src/engines/zookeeper/client/client.ts';
import { parseConnectString } from '../../src/engines/zookeeper/client/connect-string.ts';
import { type Ensemble, freePort, startEnsemble } from './zookeeper-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'moldau-zk-tls-'));
const store = join(folder, 'server.p12');
const password = 'changeit';
let ensemble: Ensemble;
let port: number;
let certificate: string;

beforeAll(async () => {
  const key = ['-genkeypair', '-alias', 'zk', '-keyalg', 'EC', '-dname', 'CN=zk', '-ext', 'SAN=dns:localhost'];
  const into = ['-keystore', store, '-storetype', 'PKCS12', '-storepass', password];
  execFileSync('keytool', [...key, ...into], { stdio: 'ignore' });
  execFileSync('keytool', ['-exportcert', '-rfc', '-alias', 'zk', '-file', join(folder, 'zk.pem'), ...into], {
    stdio: 'ignore',
  });
  certificate = readFileSync(join(folder, 'zk.pem'), 'utf8');
  const trust = ['-keystore', join(folder, 'trust.p12'), '-storetype', 'PKCS12', '-storepass', password, '-noprompt'];
  execFileSync('keytool', ['-importcert', '-alias', 'zk', '-file', join(folder, 'zk.pem'), ...trust], {
    stdio: 'ignore',
  });
  port = await freePort();
  ensemble = await startEnsemble(1, [
    'serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory',
    `secureClientPort=${port}`,
    `ssl.keyStore.location=${store}`,
    `ssl.keyStore.password=${password}`,
    'ssl.clientAuth=none',
  ]);
}, 60_000);
afterAll(async () => {
  await ensemble?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function connect(host: string, tls: NonNullable<ZooKeeperOptions['tls']>): Promise<string> {
  const options = { ports: nodePorts, connect: parseConnectString(`${host}:${port}`), sessionTimeoutMs: 4_000, tls };
  const client = new ZooKeeperClient(options);
  try {
    await client.connected(3_000);
    return (await client.getChildren('/')).names.join();
  } catch (error) {
    return (error as Error).message;
  } finally {
    await client.close();
  }
}

test('a trusted certificate lets us in, others do not', async () => {
  expect(await connect('localhost', { ca: [certificate] })).toBe('zookeeper');
  expect(await connect('localhost', {})).toMatch(/let us in within 3000 ms \(.*(self.signed|trust|certificate)/i);
  expect(await connect('127.0.0.1', { ca: [certificate] })).toMatch(/let us in within 3000 ms \(/);
  expect(await connect('127.0.0.1', { ca: [certificate], verifyName: false })).toBe('zookeeper');
});

test('a trust store of keytool says the same as the certificate in it', async () => {
  const pkcs12 = readFileSync(join(folder, 'trust.p12'));
  expect(await connect('localhost', { caStore: { pkcs12, passphrase: password } })).toBe('zookeeper');
  expect(await connect('localhost', { caStore: { pkcs12, passphrase: 'another' } })).toMatch(/password/);
});
