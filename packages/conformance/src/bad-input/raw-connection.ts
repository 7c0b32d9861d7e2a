// A socket to a broker with nothing in between: whole requests, or any bytes at all, and what comes back.
import { connect, type Socket } from 'node:net';
import { type Api, decodeResponse, encodeRequest, type InputOf, type MessageOf } from '@moldau/protocol';

/** How long a broker may take for any answer, on a machine that does other things as well. */
const ANSWER_MS = 10_000;

export class RawConnection {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #closed = false;
  #wake: () => void = () => {};
  #correlationId = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes: Buffer) => {
      this.#received = Buffer.concat([this.#received, bytes]);
      this.#wake();
    });
    const gone = () => {
      this.#closed = true;
      this.#wake();
    };
    socket.on('end', gone);
    socket.on('error', gone);
    socket.on('close', gone);
  }

  /** From `localAddress` where it is given. */
  static open(host: string, port: number, localAddress?: string): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const from = localAddress === undefined ? {} : { localAddress };
      const socket = connect({ host, port, ...from, noDelay: true, allowHalfOpen: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RawConnection(socket));
      });
    });
  }

  send(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** Says that nothing more will be sent; answers can still come. */
  sendEnd(): void {
    this.#socket.end();
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Sends a request and decodes its answer. */
  async ask<A extends Api>(api: A, apiVersion: number, body: InputOf<A['request']>): Promise<MessageOf<A['response']>> {
    const correlationId = ++this.#correlationId;
    this.send(Buffer.concat(encodeRequest({ api, apiVersion, correlationId, clientId: 'bad-input' }, body)));
    const frame = await this.frame();
    if (frame === undefined)
      throw new Error(`the broker closed the connection instead of answering ${api.name} v${apiVersion}`);
    const answer = decodeResponse(api, apiVersion, frame);
    if (answer.correlationId !== correlationId)
      throw new Error(`answer ${answer.correlationId} to request ${correlationId}`);
    return answer.body;
  }

  /** The next frame without its size; undefined when the broker closed the connection instead. */
  async frame(): Promise<Buffer | undefined> {
    const deadline = performance.now() + ANSWER_MS;
    for (;;) {
      const size = this.#received.length < 4 ? undefined : this.#received.readInt32BE(0);
      if (size !== undefined && this.#received.length >= 4 + size) {
        const frame = this.#received.subarray(4, 4 + size);
        this.#received = this.#received.subarray(4 + size);
        return frame;
      }
      if (this.#closed) return undefined;
      await this.#change(deadline, 'neither an answer nor the end of the connection');
    }
  }

  /** Resolves when the broker has closed the connection. Rejects when it answers, or does neither. */
  async closedByBroker(): Promise<void> {
    const frame = await this.frame();
    if (frame !== undefined)
      throw new Error(`the broker answered ${frame.length} bytes: ${frame.toString('hex', 0, 60)}`);
  }

  /** Whether nothing has come for `milliseconds`. */
  async silentFor(milliseconds: number): Promise<boolean> {
    const before = this.#received.length;
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    return !this.#closed && this.#received.length === before;
  }

  #change(deadline: number, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const left = deadline - performance.now();
      const timer = setTimeout(() => reject(new Error(`${what} within ${ANSWER_MS} ms`)), Math.max(0, left));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
