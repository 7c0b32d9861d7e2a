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

test('connections of a listener with a read buffer lend it, pause and resume, and hear the end', async () => {
  const readBuffer = Buffer.alloc(256 * 1024);
  const received: Buffer[] = [];
  let server: Connection | undefined;
  let closed = false;
  const listener = await nodeNetwork.listen({
    host: '127.0.0.1',
    port: 0,
    readBuffer,
    onConnection: (connection) => {
      server = connection;
      connection.start({
        onData: (chunk) => {
          expect(chunk.buffer).toBe(readBuffer.buffer);
          received.push(Buffer.from(chunk));
        },
        onEnd: () => {
          connection.write([Buffer.from('bye')]);
          connection.end();
        },
        onClose: () => {
          closed = true;
        },
      });
    },
  });
  const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
  const client = await nodeNetwork.connect({ ...listener.endpoint, timeoutMs: 1_000 });
  const answer: Buffer[] = [];
  client.start({
    onData: (chunk) => {
      answer.push(chunk);
    },
    onClose: () => {},
  });
  client.write([Buffer.from('first')]);
  while (received.length === 0) await turn();
  server!.pause();
  await turn();
  client.write([Buffer.alloc(1 << 20, 7)]);
  for (let i = 0; i < 10; i++) await turn();
  expect(Buffer.concat(received).length).toBe(5);
  server!.resume();
  while (Buffer.concat(received).length < 5 + (1 << 20)) await turn();
  expect(Buffer.concat(received).subarray(0, 5).toString()).toBe('first');
  client.end();
  while (!closed) await turn();
  expect(Buffer.concat(answer).toString()).toBe('bye');
  expect(server!.remote.host).toBe('127.0.0.1');
  expect(server!.local.port).toBe(listener.endpoint.port);
  await listener.close();
});

test('connections that lend their chunks read into one memory: a chunk is good until the call is over', async () => {
  const listener = await nodeNetwork.listen({
    host: '127.0.0.1',
    port: 0,
    onConnection: (connection) =>
      connection.start({ onData: (chunk) => connection.write([Buffer.from(chunk)]), onClose: () => {} }),
  });
  const memories = new Set<ArrayBufferLike>();
  const echoes = ['first', 'second'].map(async (text) => {
    const connection = await nodeNetwork.connect({ ...listener.endpoint, timeoutMs: 1_000, lendsChunks: true });
    const got = new Promise<string>((resolve) => {
      const onData = (chunk: Buffer) => {
        memories.add(chunk.buffer);
        resolve(chunk.toString());
      };
      connection.start({ onData, onClose: () => {} });
    });
    connection.write([Buffer.from(text)]);
    const echo = await got;
    connection.destroy();
    return echo;
  });
  expect(await Promise.all(echoes)).toEqual(['first', 'second']);
  expect(memories.size).toBe(1);
  await listener.close();
});
