// TCP by node:net, TLS over it by node:tls. One object per socket; chunks pass through without a copy.
import { lookup, lookupService } from 'node:dns/promises';
import { createServer, Socket, type SocketConstructorOpts } from 'node:net';
import type { Connection, ConnectionEvents, ConnectOptions, Endpoint, Listener, Network } from '../network.ts';
import { asTlsError, startTls } from './tls.ts';

class NodeConnection implements Connection {
  readonly remote: Endpoint;
  readonly local: Endpoint;
  readonly #socket: Socket;
  /** Reads go into a lent buffer and come by `deliver`; no 'data' events then. */
  readonly #lent: boolean;
  #events: ConnectionEvents | undefined;
  #error: Error | undefined;
  #closed = false;

  constructor(socket: Socket, lent = false) {
    this.#socket = socket;
    this.#lent = lent;
    this.remote = { host: plainAddress(socket.remoteAddress), port: socket.remotePort ?? 0 };
    this.local = { host: plainAddress(socket.localAddress), port: socket.localPort ?? 0 };
    socket.setNoDelay?.(true);
    // A socket without an error listener would end the process.
    socket.on('error', (error) => {
      // With TLS 1.3 a peer refuses our certificate after we took the connection for established.
      this.#error = asTlsError(error);
    });
    socket.on('close', () => {
      this.#closed = true;
      this.#events?.onClose(this.#error);
    });
  }

  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  start(events: ConnectionEvents): void {
    this.#events = events;
    const socket = this.#socket;
    if (this.#closed || socket.destroyed) {
      if (this.#closed) queueMicrotask(() => events.onClose(this.#error));
      return;
    }
    if (this.#lent) socket.resume();
    else socket.on('data', (chunk: Buffer) => events.onData(chunk));
    socket.on('drain', () => events.onDrain?.());
    socket.on('end', () => (events.onEnd ? events.onEnd() : socket.end()));
  }

  /** A lent chunk. */
  deliver(chunk: Buffer): void {
    this.#events?.onData(chunk);
  }

  write(chunks: readonly Uint8Array[]): boolean {
    const socket = this.#socket;
    if (!socket.writable) return true;
    if (chunks.length === 1) return socket.write(chunks[0]!);
    socket.cork();
    let room = true;
    for (const chunk of chunks) room = socket.write(chunk);
    socket.uncork();
    return room;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(error?: Error): void {
    this.#socket.destroy(error);
  }
}

/**
 * The accepted connection again, reading into `buffer`. Node offers `onread` to sockets that connect and not to those that
 * are accepted, so the handle changes over to a socket made with it; undefined when this Node hides the handle.
 */
function lending(accepted: Socket, buffer: Buffer): NodeConnection | undefined {
  const holder = accepted as unknown as { _handle: { readStart?: unknown; useUserBuffer?: unknown } | null };
  const handle = holder._handle;
  if (typeof handle?.useUserBuffer !== 'function' || typeof handle.readStart !== 'function') return undefined;
  holder._handle = null;
  accepted.destroy();
  let connection: NodeConnection | undefined;
  const options = {
    handle,
    allowHalfOpen: true,
    onread: {
      buffer,
      callback: (bytes: number, into: Uint8Array) => {
        connection?.deliver(Buffer.from(into.buffer, into.byteOffset, bytes));
        return true;
      },
    },
  };
  connection = new NodeConnection(new Socket(options as unknown as SocketConstructorOpts), true);
  return connection;
}

/** An IPv4 peer on a dual-stack socket is written as IPv4, as Kafka logs it. */
function plainAddress(address: string | undefined): string {
  if (address === undefined) return '';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}

/** What connections that lend their chunks read into, one at a time; made when the first one is. */
let scratch: Buffer | undefined;
const SCRATCH_BYTES = 256 * 1024;
/** Other runtimes take Node's `onread` for nothing, and would deliver no byte. */
const isNode = process.versions.bun === undefined && (globalThis as { Deno?: unknown }).Deno === undefined;

/** A socket to connect with that reads into `scratch`, and what tells it where its chunks go. */
function lendingSocket(): { socket: Socket; deliverTo(connection: NodeConnection): void } {
  scratch ??= Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  const buffer = scratch;
  let receiver: NodeConnection | undefined;
  const callback = (bytes: number): boolean => {
    receiver?.deliver(buffer.subarray(0, bytes));
    return true;
  };
  const socket = new Socket({ allowHalfOpen: false, onread: { buffer, callback } } as SocketConstructorOpts);
  return {
    socket,
    deliverTo: (connection) => {
      receiver = connection;
    },
  };
}

/** `open` starts to connect and calls back when the connection stands, encrypted if it is to be. */
function connected(
  { host, port, timeoutMs }: ConnectOptions,
  lending: ReturnType<typeof lendingSocket> | undefined,
  open: (onConnect: () => void) => Socket,
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = open(() => {
      clearTimeout(timeout);
      socket.off('error', failed);
      const connection = new NodeConnection(socket, lending !== undefined);
      lending?.deliverTo(connection);
      resolve(connection);
    });
    const timeout = setTimeout(() => {
      const error: NodeJS.ErrnoException = new Error(`connect ETIMEDOUT ${host}:${port} after ${timeoutMs} ms`);
      error.code = 'ETIMEDOUT';
      socket.destroy(error);
    }, timeoutMs);
    const failed = (error: Error) => {
      clearTimeout(timeout);
      socket.destroy();
      reject(asTlsError(error));
    };
    socket.once('error', failed);
  });
}

/** Opens a socket of one's own, and calls `onConnect` when it is connected, encrypted if it is to be. */
export type OpenSocket = (to: Endpoint & { readonly onConnect: () => void }) => Socket;

/**
 * The network over sockets that somebody else opens, through a proxy, say. They get host names as they are, and see to
 * encryption themselves.
 */
export function networkOver(open: OpenSocket): Network {
  return {
    ...nodeNetwork,
    resolve: async (host) => [host],
    connect: (options) =>
      connected(options, undefined, (established) => {
        const { host, port } = options;
        let told = false;
        const onConnect = () => {
          // Not before `open` has returned the socket, and once.
          if (!told) queueMicrotask(established);
          told = true;
        };
        return open({ host, port, onConnect });
      }),
  };
}

export const nodeNetwork: Network = {
  listen: ({ host, port, onConnection, backlog, readBuffer }) =>
    new Promise<Listener>((resolve, reject) => {
      const server = createServer(
        { allowHalfOpen: true, pauseOnConnect: readBuffer !== undefined, noDelay: true },
        (socket) => {
          const connection = readBuffer && lending(socket, readBuffer);
          if (readBuffer && !connection) socket.resume();
          onConnection(connection ?? new NodeConnection(socket));
        },
      );
      server.once('error', reject);
      server.listen({ host: host === '' ? undefined : host, port, backlog: backlog ?? 511 }, () => {
        server.off('error', reject);
        // Accepting may fail later (EMFILE); the server retries by itself, and the process must not end for it.
        server.on('error', () => {});
        const bound = server.address();
        const boundPort = typeof bound === 'object' && bound ? bound.port : port;
        const boundHost = typeof bound === 'object' && bound ? bound.address : host;
        resolve({
          endpoint: { host: boundHost, port: boundPort },
          close: () => new Promise<void>((closed) => server.close(() => closed())),
        });
      });
    }),

  connect: (options) => {
    const lending = options.lendsChunks && !options.tls && isNode ? lendingSocket() : undefined;
    return connected(options, lending, (onConnect) => {
      const socket = lending?.socket ?? (options.tls ? startTls(options) : new Socket({ allowHalfOpen: false }));
      if (options.tls) socket.once('secureConnect', onConnect);
      else socket.connect({ host: options.host, port: options.port }, onConnect);
      return socket;
    });
  },

  resolve: async (host) => (await lookup(host, { all: true })).map((entry) => entry.address),

  canonicalName: async (address) => {
    try {
      return (await lookupService(address, 0)).hostname;
    } catch {
      return address;
    }
  },
};
