// A client for tests that speaks frames and nothing else: it sends what it is told, valid or not, and shows what comes
// back in the order it comes.
import { connect, type Socket } from 'node:net';
import {
  APIS,
  type Api,
  type ApiName,
  decodeResponse,
  encodeRequest,
  type InputOf,
  type MessageOf,
} from '@moldau/protocol';
import { FrameMemory } from '../connection/frame-memory.ts';
import { Framing } from '../connection/framing.ts';

type ApiOf<Name extends ApiName> = (typeof APIS)[Name];

export class RawClient {
  readonly #socket: Socket;
  readonly #framing = new Framing({ frameBytesMax: 2 ** 31 - 1, admit: () => true }, new FrameMemory());
  #frames: Buffer[] = [];
  #waiting: ((frame: Buffer) => void)[] = [];
  #correlationId = 0;
  /** Resolves when the broker has ended the connection. */
  readonly closed: Promise<void>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      this.#framing.push(chunk as Buffer);
      while (this.#framing.next() === 'frame') this.#took(this.#framing.takeFrame());
    });
    this.closed = new Promise((resolve) => socket.on('close', () => resolve()));
  }

  /** From `localAddress` where it is given: who a client is, as long as there is no authentication. */
  static connect(endpoint: {
    readonly host: string;
    readonly port: number;
    readonly localAddress?: string;
  }): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ ...endpoint, noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => resolve(new RawClient(socket)));
    });
  }

  /** Sends a request and answers its response. */
  async call<Name extends ApiName>(
    name: Name,
    apiVersion: number,
    body: InputOf<ApiOf<Name>['request']>,
  ): Promise<MessageOf<ApiOf<Name>['response']>> {
    this.send(name, apiVersion, body);
    return this.response(name, apiVersion);
  }

  /** Sends a request and waits for nothing. Answers its correlation id. */
  send<Name extends ApiName>(name: Name, apiVersion: number, body: InputOf<ApiOf<Name>['request']>): number {
    const correlationId = ++this.#correlationId;
    const of = { api: APIS[name] as Api, apiVersion, correlationId, clientId: 'raw' };
    this.bytes(Buffer.concat(encodeRequest(of, body as never)));
    return correlationId;
  }

  /** The next frame, as the response to a request of this API and version. */
  async response<Name extends ApiName>(name: Name, apiVersion: number): Promise<MessageOf<ApiOf<Name>['response']>> {
    return decodeResponse(APIS[name] as Api, apiVersion, await this.frame()).body as MessageOf<ApiOf<Name>['response']>;
  }

  /** The next frame without its size. Rejects when the connection ends first. */
  frame(): Promise<Buffer> {
    const frame = this.#frames.shift();
    if (frame) return Promise.resolve(frame);
    return new Promise((resolve, reject) => {
      this.#waiting.push(resolve);
      void this.closed.then(() => reject(new Error('the broker closed the connection')));
    });
  }

  bytes(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** Stops reading, as a slow client does. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #took(frame: Buffer): void {
    const waiting = this.#waiting.shift();
    if (waiting) waiting(frame);
    else this.#frames.push(frame);
  }
}
