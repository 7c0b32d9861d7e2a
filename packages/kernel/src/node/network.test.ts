import { expect, test } from 'vitest';
import type { Connection } from '../network.ts';
import { nodeNetwork } from './network.ts';

test('bytes written as several chunks arrive in order, and both sides hear the close', async () => {
  const received: Buffer[] = [];
  let serverClosed: () => void = () => {};
  const closed = new Promise<void>((resolve) => {
    serverClosed = resolve;
  });
  const listener = await nodeNetwork.listen({
    host: '127.0.0.1',
    port: 0,
    onConnection: (connection) =>
      connection.start({
        onData: (chunk) => {
          received.push(chunk);
        },
        onEnd: () => connection.end(),
        onClose: () => serverClosed(),
      }),
  });
  const client = await nodeNetwork.connect({ ...listener.endpoint, timeoutMs: 1_000 });
  const clientClosed = new Promise<void>((resolve) => client.start({ onData: () => {}, onClose: () => resolve() }));
  client.write([Buffer.from('one '), Buffer.from('two '), Buffer.from('three')]);
  client.end();
  await Promise.all([closed, clientClosed]);
  expect(Buffer.concat(received).toString()).toBe('one two three');
  await listener.close();
});

test('a refused connection is an error with the system code', async () => {
  const listener = await nodeNetwork.listen({ host: '127.0.0.1', port: 0, onConnection: () => {} });
  const { port } = listener.endpoint;
  await listener.close();
  await expect(nodeNetwork.connect({ host: '127.0.0.1', port, timeoutMs: 1_000 })).rejects.toMatchObject({
    code: 'ECONNREFUSED',
  });
});

test('a reader that pauses makes write answer false, and drains when it resumes', async () => {
  let server: Connection | undefined;
  let readBytes = 0;
  const listener = await nodeNetwork.listen({
    host: '127.0.0.1',
    port: 0,
    onConnection: (connection) => {
      server = connection;
      connection.start({
        onData: (chunk) => {
          readBytes += chunk.length;
        },
        onClose: () => {},
      });
      connection.pause();
    },
  });
  const client = await nodeNetwork.connect({ ...listener.endpoint, timeoutMs: 1_000 });
  let drained: () => void = () => {};
  const drain = new Promise<void>((resolve) => {
    drained = resolve;
  });
  client.start({ onData: () => {}, onDrain: () => drained(), onClose: () => {} });
  const block = Buffer.alloc(1 << 20);
  let sentBytes = 0;
  while (client.write([block])) sentBytes += block.length;
  sentBytes += block.length;
  expect(client.queuedBytes).toBeGreaterThan(0);
  while (!server) await new Promise((resolve) => setImmediate(resolve));
  server.resume();
  await drain;
  client.end();
  while (readBytes < sentBytes) await new Promise((resolve) => setImmediate(resolve));
  client.destroy();
  await listener.close();
});
