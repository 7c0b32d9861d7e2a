// One connection that frames are thrown at: many at a time, then a request that must be answered, then the question how
// far the broker came. It answers in order, so an answer to frame n says that all before n are done.
import { connect, type Socket } from 'node:net';
import { APIS, encodeRequest } from '@moldau/protocol';

/** How a volley ended. */
export type Outcome =
  | { readonly kind: 'answered' }
  /** The broker closed the connection, or reset it. */
  | { readonly kind: 'closed'; readonly lastAnswered: number }
  /** Neither an answer to the last request nor the end, for as long as it was given. */
  | { readonly kind: 'silent'; readonly lastAnswered: number };

/** Correlation ids of the closing requests: no frame has one, unless a mutation gives it one. */
const CLOSING_ID = 0x7fff0000;

export class FuzzConnection {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #closingId = CLOSING_ID;
  #lastAnswered = -1;
  /** Answers to frames have ids below this; any other is due to a mutation and says nothing. */
  #idsEnd = 0;
  #heardAt = 0;
  #closed = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    const gone = () => {
      this.#closed = true;
      // With a reset instead of a farewell no port stays in TIME_WAIT: a run opens more connections than there are ports.
      socket.resetAndDestroy();
      this.#wake();
    };
    socket.on('end', gone);
    socket.on('error', gone);
    socket.on('close', gone);
  }

  static open(host: string, port: number): Promise<FuzzConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true, allowHalfOpen: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new FuzzConnection(socket));
      });
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Sends the frames (each with its size before it; their correlation ids count up from `firstId`) and one good request
   * behind them.
   */
  async volley(frames: readonly Buffer[], firstId: number, silenceMs: number): Promise<Outcome> {
    const closingId = ++this.#closingId;
    this.#lastAnswered = firstId - 1;
    this.#idsEnd = firstId + frames.length;
    const of = { api: APIS.ApiVersions, apiVersion: 0, correlationId: closingId, clientId: 'fuzz' };
    this.#socket.write(Buffer.concat([...frames, ...encodeRequest(of, {})]));
    this.#heardAt = performance.now();
    for (;;) {
      if (this.#lastAnswered === closingId) return { kind: 'answered' };
      if (this.#closed) return { kind: 'closed', lastAnswered: this.#lastAnswered };
      // Silence is when nothing came, not when much came slowly.
      const leftMs = this.#heardAt + silenceMs - performance.now();
      if (leftMs <= 0) return { kind: 'silent', lastAnswered: this.#lastAnswered };
      await this.#change(leftMs);
    }
  }

  /** Sends bytes that may be no whole frame, and the end. True when the broker ends the connection too. */
  async sendAndEnd(bytes: Buffer, withinMs: number): Promise<boolean> {
    const deadline = performance.now() + withinMs;
    this.#socket.end(bytes);
    while (!this.#closed && performance.now() < deadline) await this.#change(deadline - performance.now());
    return this.#closed;
  }

  drop(): void {
    this.#socket.resetAndDestroy();
  }

  #take(bytes: Buffer): void {
    this.#heardAt = performance.now();
    let rest = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    while (rest.length >= 8) {
      const size = rest.readInt32BE(0);
      if (rest.length < 4 + size) break;
      const correlationId = rest.readInt32BE(4);
      if (correlationId === this.#closingId || (correlationId > this.#lastAnswered && correlationId < this.#idsEnd)) {
        this.#lastAnswered = correlationId;
      }
      rest = rest.subarray(4 + size);
    }
    this.#received = rest;
    this.#wake();
  }

  #change(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
