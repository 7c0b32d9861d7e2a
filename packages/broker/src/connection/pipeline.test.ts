import { nodePorts } from '@moldau/kernel/node/ports';
import { APIS, decodeResponse, encodeRequest } from '@moldau/protocol';
import { expect, test } from 'vitest';
import type { BrokerContext } from '../context.ts';
import { EventLog } from '../events.ts';
import { SERVED_APIS } from '../handlers/table.ts';
import { BROKER_METRICS, createMetrics } from '../metrics.ts';
import { FakeSocket } from '../test/fake-socket.ts';
import { Connections } from './connections.ts';

/** Just what ApiVersions and the pipeline itself look at. */
function serving() {
  const logged: string[] = [];
  const broker = {
    nodeId: 4,
    clusterId: 'the-cluster',
    ports: nodePorts,
    config: {
      socketRequestMaxBytes: 10_000,
      queuedMaxRequestBytes: -1,
      maxConnections: 3,
      maxConnectionsPerIp: 2,
      maxConnectionsPerIpOverrides: new Map<string, number>(),
      connectionsMaxIdleMs: 600_000,
    },
    metrics: createMetrics(BROKER_METRICS),
    events: new EventLog({
      write: (_level, name, _meaning, fields) => logged.push(`${name} ${fields.reason ?? ''}`),
    }),
    servedApis: SERVED_APIS,
  } as unknown as BrokerContext;
  const connections = new Connections(broker);
  const accept = () => {
    const socket = new FakeSocket();
    const raw: Buffer[] = [];
    socket.write = (chunks) => {
      raw.push(...chunks.map((chunk) => Buffer.from(chunk)));
      return true;
    };
    connections.accept(socket, 'PLAINTEXT');
    return { socket, sent: () => Buffer.concat(raw) };
  };
  return { broker, connections, accept, logged };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function apiVersionsRequest(apiVersion: number, body: object = {}): Buffer {
  const of = { api: APIS.ApiVersions, apiVersion, correlationId: 9, clientId: 'c' };
  return Buffer.concat(encodeRequest(of, { clientSoftwareName: 'x', clientSoftwareVersion: '1', ...body }));
}

test.each([0, 1, 2, 3, 4, 5])('ApiVersions v%i lists what is served, Produce from 0', async (version) => {
  const { accept, connections } = serving();
  const { socket, sent } = accept();
  socket.receiveBytes(apiVersionsRequest(version));
  await turn();
  const { correlationId, body } = decodeResponse(APIS.ApiVersions, version, sent().subarray(4));
  expect(correlationId).toBe(9);
  expect(body.errorCode).toBe(0);
  expect(body.apiKeys.find(({ apiKey }) => apiKey === 0)).toMatchObject({ minVersion: 0, maxVersion: 13 });
  expect(body.apiKeys).toHaveLength(SERVED_APIS.length);
  await connections.stop(0);
});

test('an ApiVersions of the future is answered in the layout of v0 with its range, and the connection goes on', async () => {
  const { accept, connections } = serving();
  const { socket, sent } = accept();
  const request = apiVersionsRequest(3);
  request.writeInt16BE(77, 6);
  socket.receiveBytes(request);
  await turn();
  const { correlationId, body } = decodeResponse(APIS.ApiVersions, 0, sent().subarray(4));
  expect(correlationId).toBe(9);
  expect(body.errorCode).toBe(35);
  expect(body.apiKeys).toEqual([{ apiKey: 18, minVersion: 0, maxVersion: 5 }]);
  expect(socket.ended).toBe(false);
  await connections.stop(0);
});

test.each([
  ['a client software name with spaces', 3, { clientSoftwareName: 'my client' }, 42],
  ['a version that ends in a dash', 4, { clientSoftwareVersion: '1-' }, 42],
  ['a cluster without a node', 5, { clusterId: 'the-cluster' }, 42],
  ['another cluster', 5, { clusterId: 'other', nodeId: 4 }, 129],
  ['another node', 5, { clusterId: 'the-cluster', nodeId: 5 }, 129],
  ['this very node', 5, { clusterId: 'the-cluster', nodeId: 4 }, 0],
] as const)('ApiVersions with %s', async (_name, version, body, code) => {
  const { accept, connections } = serving();
  const { socket, sent } = accept();
  socket.receiveBytes(apiVersionsRequest(version, body));
  await turn();
  expect(decodeResponse(APIS.ApiVersions, version, sent().subarray(4)).body.errorCode).toBe(code);
  await connections.stop(0);
});

function header(apiKey: number, apiVersion: number, rest = Buffer.alloc(0)): Buffer {
  const frame = Buffer.alloc(14 + rest.length);
  frame.writeInt32BE(10 + rest.length, 0);
  frame.writeInt16BE(apiKey, 4);
  frame.writeInt16BE(apiVersion, 6);
  frame.writeInt16BE(-1, 12);
  rest.copy(frame, 14);
  return frame;
}

test.each([
  ['an API that nobody has', header(999, 0), 'API key 999'],
  ['a negative key', header(-5, 0), 'API key -5'],
  ['an API of the controller', header(52, 0), 'API key 52'],
  ['a version too old', header(0, 2), 'version 2 of Produce'],
  ['a version too new', header(1, 99), 'version 99 of Fetch'],
  ['a body that ends early', header(3, 1), ''],
  ['no header at all', Buffer.from([0, 0, 0, 2, 0, 1]), 'a frame of 2 bytes'],
])('%s ends the connection with an event and a count, and nothing else', async (_name, bytes, reason) => {
  const { accept, logged, broker, connections } = serving();
  const { socket, sent } = accept();
  socket.receiveBytes(bytes);
  await turn();
  expect(sent()).toHaveLength(0);
  expect(socket.ended).toBe(true);
  expect(logged.find((line) => line.startsWith('connection.protocolViolation'))).toContain(reason);
  expect(broker.metrics.protocolViolations.value).toBe(1);
  await connections.stop(0);
});

test('bytes behind a body are passed over, as in Kafka', async () => {
  const { accept, connections } = serving();
  const { socket, sent } = accept();
  socket.receiveBytes(header(18, 0, Buffer.from('more')));
  await turn();
  expect(decodeResponse(APIS.ApiVersions, 0, sent().subarray(4)).body.errorCode).toBe(0);
  await connections.stop(0);
});

test('connections past max.connections.per.ip and max.connections are closed at once', async () => {
  const { accept, broker, connections } = serving();
  const [first, second, third] = [accept(), accept(), accept()];
  expect([first, second, third].map(({ socket }) => socket.destroyed)).toEqual([false, false, true]);
  expect(broker.metrics.connectionsRefused.value).toBe(1);
  first!.socket.destroy();
  expect(accept().socket.destroyed).toBe(false);
  expect(connections.count).toBe(2);
  await connections.stop(0);
});

test('a handler that fails answers UNKNOWN_SERVER_ERROR, is logged and counted, and the connection goes on', async () => {
  const { accept, broker, connections, logged } = serving();
  const { socket, sent } = accept();
  const { servedApis } = broker;
  (broker as { servedApis: unknown }).servedApis = undefined;
  socket.receiveBytes(apiVersionsRequest(2));
  await turn();
  expect(decodeResponse(APIS.ApiVersions, 2, sent().subarray(4)).body.errorCode).toBe(-1);
  expect(logged.some((line) => line.startsWith('connection.requestFailed'))).toBe(true);
  expect(broker.metrics.requestErrors.with('ApiVersions').value).toBe(1);
  (broker as { servedApis: unknown }).servedApis = servedApis;
  const before = sent().length;
  socket.receiveBytes(apiVersionsRequest(2));
  await turn();
  expect(decodeResponse(APIS.ApiVersions, 2, sent().subarray(before + 4)).body.errorCode).toBe(0);
  await connections.stop(0);
});
