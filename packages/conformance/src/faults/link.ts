// A connection of a fault run: requests go out at once, answers come back in the order of the requests, and the end of the
// connection rejects whatever waits. Nothing is retried here; what to do about a lost answer is what the run is about.
import { connect, type Socket } from 'node:net';
import { type Api, decodeResponse, encodeRequest, type InputOf, type MessageOf } from '@moldau/protocol';

interface Waiting {
  readonly decode: (frame: Buffer) => void;
  readonly reject: (error: Error) => void;
}

export class Link {
  readonly #socket: Socket;
  readonly #clientId: string;
  readonly #waiting: Waiting[] = [];
  #received: Buffer = Buffer.alloc(0);
  #correlation = 0;
  #ended: Error | undefined;

  private constructor(socket: Socket, clientId: string) {
    this.#socket = socket;
    this.#clientId = clientId;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', () => {}); // 'close' follows
    socket.on('close', () => this.#end(new Error('the connection ended')));
  }

  static open(host: string, port: number, clientId: string): Promise<Link> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new Link(socket, clientId));
      });
    });
  }

  get ended(): boolean {
    return this.#ended !== undefined;
  }

  ask<A extends Api>(api: A, apiVersion: number, body: InputOf<A['request']>): Promise<MessageOf<A['response']>> {
    return new Promise((resolve, reject) => {
      if (this.#ended) {
        reject(this.#ended);
        return;
      }
      const correlationId = this.#correlation++;
      this.#socket.cork();
      for (const part of encodeRequest({ api, apiVersion, correlationId, clientId: this.#clientId }, body)) {
        this.#socket.write(part);
      }
      this.#socket.uncork();
      const decode = (frame: Buffer): void => {
        const answer = decodeResponse(api, apiVersion, frame);
        if (answer.correlationId !== correlationId) {
          throw new Error(`an answer out of order: ${answer.correlationId} for ${correlationId}`);
        }
        resolve(answer.body);
      };
      this.#waiting.push({ decode, reject });
    });
  }

  close(): void {
    this.#socket.destroy();
    this.#end(new Error('closed here'));
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= 4) {
      const end = 4 + this.#received.readInt32BE(0);
      if (this.#received.length < end) return;
      const waiting = this.#waiting.shift();
      try {
        waiting?.decode(this.#received.subarray(4, end));
      } catch (error) {
        waiting?.reject(error instanceof Error ? error : new Error(String(error)));
        this.close();
        return;
      }
      this.#received = this.#received.subarray(end);
    }
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

/** Opens a link as soon as there is somebody to talk to; undefined once `wanted` says no. */
export async function openLink(
  o: { host: string; port: number; clientId: string },
  wanted: () => boolean,
): Promise<Link | undefined> {
  while (wanted()) {
    try {
      return await Link.open(o.host, o.port, o.clientId);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  return undefined;
}
