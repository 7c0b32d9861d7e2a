// TLS before any plain port: so that a test has a broker behind TLS whatever that broker can do.
import { connect, type Socket } from 'node:net';
import { createServer, type Server, type TlsOptions } from 'node:tls';

export class TlsProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, sockets: Set<Socket>) {
    this.#server = server;
    this.#sockets = sockets;
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('a listening server without a port');
    this.port = address.port;
  }

  static start(target: number, options: TlsOptions): Promise<TlsProxy> {
    const sockets = new Set<Socket>();
    const keep = (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    };
    const server = createServer(options, (socket) => {
      const behind = connect(target, '127.0.0.1');
      keep(socket);
      keep(behind);
      socket.pipe(behind).pipe(socket);
      socket.on('close', () => behind.destroy());
      behind.on('close', () => socket.destroy());
    });
    server.on('tlsClientError', () => {});
    server.on('connection', keep);
    return new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve(new TlsProxy(server, sockets)));
    });
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
