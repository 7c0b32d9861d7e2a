// A TCP proxy between a client and a ZooKeeper server that can cut, hold back and lose what passes.
import { createServer, connect as dial, type Server, type Socket } from 'node:net';

export class CuttingProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #pairs = new Set<[Socket, Socket]>();
  /** No bytes pass in either direction; connections stay. */
  frozen = false;
  /** New connections are refused. */
  refusing = false;
  /** What the server answers is thrown away; requests pass. */
  losingAnswers = false;
  delayMs = 0;

  private constructor(server: Server, port: number, target: () => number) {
    this.#server = server;
    this.port = port;
    server.on('connection', (near) => {
      if (this.refusing) {
        near.destroy();
        return;
      }
      const far = dial(target(), '127.0.0.1');
      const pair: [Socket, Socket] = [near, far];
      this.#pairs.add(pair);
      for (const [from, to] of [pair, [far, near] as const]) {
        from.on('error', () => {});
        from.on('data', (chunk: Buffer) => this.#pass(chunk, to, from === far));
        from.on('close', () => {
          to.destroy();
          this.#pairs.delete(pair);
        });
      }
    });
  }

  static async start(target: () => number): Promise<CuttingProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (typeof address !== 'object' || !address) throw new Error('no port');
    return new CuttingProxy(server, address.port, target);
  }

  #pass(chunk: Buffer, to: Socket, answer: boolean): void {
    if (this.frozen || (answer && this.losingAnswers)) return;
    if (this.delayMs === 0) to.write(chunk);
    else setTimeout(() => !to.destroyed && to.write(chunk), this.delayMs);
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Breaks what stands. */
  cut(): void {
    for (const [near, far] of this.#pairs) {
      near.destroy();
      far.destroy();
    }
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
