// Tokens from an OAuth server: asked once for many connections, and told apart when it fails. The server is the test's.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import type { KafkaError } from '../errors.ts';
import { tokenEndpointProvider } from './token-endpoint.ts';

const CANARY = 'canary-client-secret';
let server: Server | undefined;
afterEach(async () => {
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
});

/** Answers by a function of what was asked. */
async function endpoint(answer: (asked: { headers: IncomingMessage['headers']; body: string }) => [number, unknown]) {
  const made = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString('utf8');
    });
    request.on('end', () => {
      const [status, content] = answer({ headers: request.headers, body });
      response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
      response.end(typeof content === 'string' ? content : JSON.stringify(content));
    });
  });
  server = made;
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  const address = made.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const url = `http://127.0.0.1:${address.port}/token`;
  return (scope?: string) => tokenEndpointProvider({ url, clientId: 'app', clientSecret: CANARY, scope });
}

const failing = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error as KafkaError,
  );

test('a token for client id and secret, asked for once while it is good', async () => {
  const asked: { authorization: string | undefined; body: string }[] = [];
  const make = await endpoint(({ headers, body }) => {
    asked.push({ authorization: headers.authorization, body });
    return [200, { access_token: `token-${asked.length}`, expires_in: 3600 }];
  });
  const provider = make('kafka read');
  expect(await Promise.all([provider(), provider(), provider()])).toEqual(['token-1', 'token-1', 'token-1']);
  expect(await provider()).toBe('token-1');
  expect(asked).toEqual([
    {
      authorization: `Basic ${Buffer.from(`app:${CANARY}`).toString('base64')}`,
      body: 'grant_type=client_credentials&scope=kafka+read',
    },
  ]);
});

test('a token without a time is asked for each time', async () => {
  let count = 0;
  const provider = (await endpoint(() => [200, { access_token: `token-${++count}` }]))();
  expect([await provider(), await provider()]).toEqual(['token-1', 'token-2']);
});

test('a server that refuses, one in trouble, one that answers something else: told apart, without the secret', async () => {
  for (const [status, content, error, retriable] of [
    [401, { error: 'invalid_client' }, 'SASL_AUTHENTICATION_FAILED', false],
    [503, 'busy', 'NETWORK_EXCEPTION', true],
    [200, 'no json', 'NETWORK_EXCEPTION', true],
    [200, { token: 'x' }, 'NETWORK_EXCEPTION', true],
  ] as const) {
    const thrown = await failing((await endpoint(() => [status, content]))()());
    expect([thrown.error, thrown.retriable]).toEqual([error, retriable]);
    expect(thrown.message).not.toContain(CANARY);
    await new Promise((resolve) => server?.close(resolve));
    server = undefined;
  }
});

test('an address that is none is refused before anything is asked', () => {
  const settings = { clientId: 'app', clientSecret: CANARY, scope: undefined };
  expect(() => tokenEndpointProvider({ url: 'ftp://example.org', ...settings })).toThrow('http or https');
  expect(() => tokenEndpointProvider({ url: 'nonsense', ...settings })).toThrow('http or https');
});
