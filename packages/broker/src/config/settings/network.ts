// Listeners, sockets and the bounds of connections and requests.
import { INT_MAX, int, list, long, string } from '../setting.ts';

const kernelTunes = 'Node leaves the size of socket buffers to the operating system, which tunes them';
const oneLoop = 'one event loop serves a Moldau broker';

export const NETWORK_SETTINGS = {
  listeners: list(
    ['PLAINTEXT://:9092'],
    'Where to listen: name://host:port, ... An empty host means every interface.',
    {
      importance: 'HIGH',
      notEmpty: true,
    },
  ),
  'advertised.listeners': list(null, 'What clients are told to connect to, when it differs from listeners.', {
    importance: 'HIGH',
    notEmpty: true,
  }),
  'listener.security.protocol.map': string(
    'SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT',
    'Security protocol of each listener name: NAME:PROTOCOL, ...',
    { importance: 'LOW' },
  ),
  'early.start.listeners': list(null, 'Listeners that open before the authorizer is ready.', {
    importance: 'HIGH',
    inert: 'the access rules are read before any listener takes requests',
  }),
  'socket.request.max.bytes': int(104_857_600, 'Most bytes of one request.', { min: 1, importance: 'HIGH' }),
  'socket.listen.backlog.size': int(50, 'Connections that may wait to be accepted.', { min: 1 }),
  'socket.send.buffer.bytes': int(102_400, 'Socket send buffer (SO_SNDBUF).', {
    importance: 'HIGH',
    inert: kernelTunes,
  }),
  'socket.receive.buffer.bytes': int(102_400, 'Socket receive buffer (SO_RCVBUF).', {
    importance: 'HIGH',
    inert: kernelTunes,
  }),
  'max.connections': int(INT_MAX, 'Connections of all clients together.', { min: 0, mode: 'cluster-wide' }),
  'max.connections.per.ip': int(INT_MAX, 'Connections from one address.', { min: 0, mode: 'cluster-wide' }),
  'max.connections.per.ip.overrides': string('', 'Connections from single addresses: address:count, ...', {
    mode: 'cluster-wide',
  }),
  'max.connection.creation.rate': int(INT_MAX, 'New connections a second.', {
    min: 0,
    mode: 'cluster-wide',
    inert: 'the rate of new connections is not bounded yet; max.connections and max.connections.per.ip are',
  }),
  'connections.max.idle.ms': long(600_000, 'Connections without traffic for this long are closed.'),
  'connection.failed.authentication.delay.ms': int(
    100,
    'Wait before a connection is closed after failed authentication.',
    {
      min: 0,
      importance: 'LOW',
      inert: 'no listener authenticates yet',
    },
  ),
  'queued.max.requests': int(500, 'Requests being handled at a time before sockets are no longer read.', {
    min: 1,
    importance: 'HIGH',
    inert: 'requests under way are bounded by their bytes; see queued.max.request.bytes',
  }),
  'queued.max.request.bytes': long(
    -1,
    'Bytes of requests being handled before sockets are no longer read; -1: 256 MiB (Kafka: no bound).',
  ),
  'num.network.threads': int(3, 'Threads that read and write sockets.', {
    min: 1,
    importance: 'HIGH',
    mode: 'cluster-wide',
    inert: oneLoop,
  }),
  'socket.connection.setup.timeout.ms': long(10_000, 'How long a connection to another broker may take to open.', {
    inert: 'connections between brokers have a time-out of their own',
  }),
  'socket.connection.setup.timeout.max.ms': long(30_000, 'How long it may take at most, after repeated failures.', {
    inert: 'connections between brokers have a time-out of their own',
  }),
  'metrics.port': int(
    null,
    "Port of the Prometheus page `/metrics`; not served when unset, 0: any free port (Moldau's own).",
    {
      min: 0,
      max: 65_535,
    },
  ),
  'metrics.host': string('127.0.0.1', "Address on which the Prometheus page is served (Moldau's own)."),
};
