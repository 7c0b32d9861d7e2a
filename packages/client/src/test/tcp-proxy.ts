// A TCP proxy for tests: stands between a client and a broker and misbehaves as networks do. It can hold bytes back for a
// time, cut connections, and go silent while they stay open (half-open: what is sent vanishes, nothing comes back).
import { createServer, type Server, Socket } from 'node:net';

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  /** Bytes of either direction are dropped from now on. */
  deaf: boolean;
}

export class TcpProxy {
  readonly port: number;
  /** Where connections go; may be set after the proxy has started. */
  target: { readonly host: string; readonly port: number } | undefined;
  /** Each chunk waits this long, in both directions; order is kept. */
  delayMs = 0;
  /** New connections are closed at once. */
  refusing = false;
  /** New connections are half-open from their first byte: taken, and never answered. */
  silent = false;
  accepted = 0;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
    server.on('connection', (socket) => this.#accept(socket));
  }

  static start(): Promise<TcpProxy> {
    const server = createServer();
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => resolve(new TcpProxy(server, (server.address() as { port: number }).port)));
    });
  }

  get open(): number {
    return this.#pairs.size;
  }

  /** Ends all connections that stand. */
  cut(): void {
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server.destroy();
    }
  }

  /** Connections that stand now go deaf for good, without being closed; new ones work. */
  halfOpen(): void {
    for (const pair of this.#pairs) pair.deaf = true;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(client: Socket): void {
    this.accepted++;
    client.on('error', () => {});
    if (this.refusing || !this.target) {
      client.destroy();
      return;
    }
    const server = new Socket();
    const pair: Pair = { client, server, deaf: this.silent };
    this.#pairs.add(pair);
    server.on('error', () => {});
    server.connect(this.target.port, this.target.host);
    for (const socket of [client, server]) socket.setNoDelay(true);
    this.#pipe(pair, client, server);
    this.#pipe(pair, server, client);
    const end = () => {
      this.#pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    client.on('close', end);
    server.on('close', end);
  }

  #pipe(pair: Pair, from: Socket, to: Socket): void {
    from.on('data', (chunk: Buffer) => {
      if (pair.deaf) return;
      const pass = () => {
        if (!pair.deaf && to.writable) to.write(chunk);
      };
      if (this.delayMs > 0) setTimeout(pass, this.delayMs);
      else pass();
    });
    from.on('end', () => {
      if (!pair.deaf) to.end();
    });
  }
}
