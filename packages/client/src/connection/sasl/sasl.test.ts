// The exchanges of SASL against published vectors and against brokers that lie; and JAAS lines as files have them.
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { nodeKeyDerivation } from '@moldau/kernel/node/key-derivation';
import { expect, test } from 'vitest';
import { KafkaError } from '../../errors.ts';
import { parseJaas } from './jaas.ts';
import { oauthBearerExchange } from './oauthbearer.ts';
import { plainExchange } from './plain.ts';
import { ITERATIONS_MAX, readChallenge, type ScramMechanism, scramExchange } from './scram.ts';

const text = (bytes: Buffer | undefined) => bytes?.toString('utf8');
const CANARY = 'p3ncil-canary';

async function failure(run: () => unknown): Promise<KafkaError> {
  try {
    await run();
  } catch (error) {
    expect(error).toBeInstanceOf(KafkaError);
    return error as KafkaError;
  }
  throw new Error('it did not fail');
}

/** The other side of SCRAM, to answer what no vector has. */
function server(mechanism: ScramMechanism, password: string, o: { iterations?: number; forge?: boolean } = {}) {
  const digest = mechanism === 'SCRAM-SHA-256' ? 'sha256' : 'sha512';
  const salt = Buffer.from('some salt');
  const iterations = o.iterations ?? 4096;
  let firstBare = '';
  let serverFirst = '';
  return {
    first: (token: Buffer) => {
      firstBare = text(token)!.replace(/^n,,/, '');
      const nonce = /r=(.*)$/.exec(firstBare)![1];
      serverFirst = `r=${nonce}ServerPart,s=${salt.toString('base64')},i=${iterations}`;
      return Buffer.from(serverFirst);
    },
    final: (token: Buffer) => {
      const [, withoutProof, proof] = /^(.*),p=(.*)$/.exec(text(token)!)!;
      const salted = pbkdf2Sync(password, salt, iterations, digest === 'sha256' ? 32 : 64, digest);
      const hmac = (key: Buffer, data: string) => createHmac(digest, key).update(data).digest();
      const auth = `${firstBare},${serverFirst},${withoutProof}`;
      const clientKey = hmac(salted, 'Client Key');
      const signature = hmac(createHash(digest).update(clientKey).digest(), auth);
      const expected = Buffer.from(clientKey.map((byte, index) => byte ^ signature[index]!)).toString('base64');
      if (proof !== expected) return Buffer.from('e=invalid-proof');
      const key = o.forge ? Buffer.from('not the server key') : hmac(salted, 'Server Key');
      return Buffer.from(`v=${hmac(key, auth).toString('base64')}`);
    },
  };
}

const scram = (mechanism: ScramMechanism, o: { password?: string; username?: string; nonce?: string } = {}) =>
  scramExchange({
    mechanism,
    username: o.username ?? 'user',
    password: o.password ?? 'pencil',
    nonce: o.nonce ?? 'rOprNGfwEbeRWgbNEkqO',
    keyDerivation: nodeKeyDerivation,
  });

test('PLAIN: two zero bytes, and UTF-8', () => {
  const exchange = plainExchange('jana', 'hesl\u00f3');
  expect(exchange.first()).toEqual(Buffer.from('\0jana\0hesl\u00f3', 'utf8'));
  expect(exchange.next(Buffer.alloc(0))).toBeUndefined();
});

test('SCRAM-SHA-256: the exchange of RFC 7677', async () => {
  const exchange = scram('SCRAM-SHA-256');
  expect(text(await exchange.first())).toBe('n,,n=user,r=rOprNGfwEbeRWgbNEkqO');
  const challenge = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096';
  expect(text(await exchange.next(Buffer.from(challenge)))).toBe(
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  );
  expect(await exchange.next(Buffer.from('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='))).toBeUndefined();
});

for (const mechanism of ['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const) {
  test(`${mechanism}: both sides agree, also on names with commas and equals signs`, async () => {
    const exchange = scram(mechanism, { username: 'a=b,c', password: 'p,=\u00fc' });
    const other = server(mechanism, 'p,=\u00fc');
    const first = await exchange.first();
    expect(text(first)).toBe('n,,n=a=3Db=2Cc,r=rOprNGfwEbeRWgbNEkqO');
    const proof = await exchange.next(other.first(first));
    expect(await exchange.next(other.final(proof!))).toBeUndefined();
  });

  test(`${mechanism}: a broker that does not know the password is found out`, async () => {
    const exchange = scram(mechanism, { password: CANARY });
    const other = server(mechanism, CANARY, { forge: true });
    const proof = await exchange.next(other.first(await exchange.first()));
    const error = await failure(() => exchange.next(other.final(proof!)));
    expect([error.error, error.retriable]).toEqual(['SASL_AUTHENTICATION_FAILED', false]);
    expect(error.message).toContain('impostor');
    expect(JSON.stringify({ ...error, message: error.message, stack: error.stack })).not.toContain(CANARY);
  });

  test(`${mechanism}: a wrong password is the broker’s to tell`, async () => {
    const exchange = scram(mechanism, { password: 'wrong' });
    const other = server(mechanism, 'right');
    const proof = await exchange.next(other.first(await exchange.first()));
    expect((await failure(() => exchange.next(other.final(proof!)))).message).toContain('invalid-proof');
  });
}

test('SCRAM: what a broker’s challenge may not be', () => {
  const salt = 's=W22ZaJ0SNY7soEsUEjb6gQ==';
  for (const [challenge, why] of [
    [`r=other,${salt},i=4096`, 'nonce'],
    [`r=mine,${salt},i=4096`, 'nonce'],
    [`r=mine1,${salt},i=4095`, 'iterations'],
    [`r=mine1,${salt},i=${ITERATIONS_MAX + 1}`, 'iterations'],
    [`r=mine1,${salt},i=1e6`, 'iterations'],
    [`r=mine1,${salt},i=-4096`, 'iterations'],
    [`r=mine1,s=*,i=4096`, 'salt'],
    [`r=mine1,${salt}`, 'not one of SCRAM'],
    [`m=ext,r=mine1,${salt},i=4096`, 'extension'],
    ['e=unknown-user', 'unknown-user'],
    ['', 'not one of SCRAM'],
  ] as const) {
    expect(() => readChallenge('SCRAM-SHA-256', challenge, 'mine'), challenge).toThrow(why);
  }
  expect(readChallenge('SCRAM-SHA-256', `r=mine1,${salt},i=1000000`, 'mine').iterations).toBe(ITERATIONS_MAX);
});

test('OAUTHBEARER: token and extensions as RFC 7628 and KIP-342 have them', async () => {
  const exchange = oauthBearerExchange(() => ({ value: 'abc.def', extensions: { logicalCluster: 'lkc-1' } }));
  expect(text(await exchange.first())).toBe('n,,\x01auth=Bearer abc.def\x01logicalCluster=lkc-1\x01\x01');
  expect(await exchange.next(Buffer.alloc(0))).toBeUndefined();
});

test('OAUTHBEARER: a refusal is answered with one byte, and only once', async () => {
  const exchange = oauthBearerExchange(async () => 'abc');
  expect(text(await exchange.first())).toBe('n,,\x01auth=Bearer abc\x01\x01');
  expect(await exchange.next(Buffer.from('{"status":"invalid_token"}'))).toEqual(Buffer.from('\x01'));
  expect((await failure(() => exchange.next(Buffer.from('more')))).error).toBe('SASL_AUTHENTICATION_FAILED');
});

test('OAUTHBEARER: a token or extension that would break the message apart is refused unsent, and not shown', async () => {
  for (const given of [
    `${CANARY}\x01user=admin`,
    '',
    7,
    { value: 'abc', extensions: { auth: 'x' } },
    { value: 'abc', extensions: { a: `${CANARY}\x01` } },
    { value: 'abc', extensions: { 'a-b': 'x' } },
  ]) {
    const error = await failure(() => oauthBearerExchange(() => given as string).first());
    expect(error.error).toBe('INVALID_ARGUMENT');
    expect(error.message).not.toContain(CANARY);
  }
  const down = await failure(() => oauthBearerExchange(() => Promise.reject(new Error('down'))).first());
  expect([down.error, down.retriable]).toEqual(['NETWORK_EXCEPTION', true]);
});

test('JAAS lines as configuration files have them', () => {
  const plain =
    'org.apache.kafka.common.security.plain.PlainLoginModule required username="alice" password="a;\\"b=c" ;';
  expect(Object.fromEntries(parseJaas(plain))).toEqual({ username: 'alice', password: 'a;"b=c' });
  expect(Object.fromEntries(parseJaas('x.Y required\n  username="u"\n  password=\'p\'\n  tokenauth=true;\n'))).toEqual({
    username: 'u',
    password: 'p',
    tokenauth: 'true',
  });
  for (const wrong of [
    `username="a" password="${CANARY}"`,
    `x.Y required password="${CANARY}"`,
    `x.Y required ${CANARY};`,
  ]) {
    expect(() => parseJaas(wrong)).toThrow('saslJaasConfig');
    try {
      parseJaas(wrong);
    } catch (error) {
      expect((error as Error).message).not.toContain(CANARY);
    }
  }
});
