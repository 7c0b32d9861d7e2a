// A broker that does what a test tells it: answers requests by a function, or says nothing, or hangs up. Real sockets on a
// free port.
import type { Connection, Listener } from '@moldau/kernel';
import { nodeNetwork } from '@moldau/kernel/node/network';
import { type Api, apiByKey, decodeRequest, decodeRequestHeader, encodeResponse, type InputOf } from '@moldau/protocol';
import { FrameSplitter } from '../src/connection/frame-splitter.ts';

export interface Asked {
  readonly api: string;
  readonly version: number;
  readonly body: Record<string, unknown>;
  readonly connection: Connection;
}

/** A body; 'silence'; 'hang up'. A promise holds back all answers behind it, as brokers do. */
export type Reply = object | 'silence' | 'hang up' | Promise<object>;

/** Versions as an old broker would list them: enough for metadata and little else. */
export const PLAIN_VERSIONS = {
  errorCode: 0,
  apiKeys: [
    { apiKey: 3, minVersion: 0, maxVersion: 12 },
    { apiKey: 18, minVersion: 0, maxVersion: 4 },
    { apiKey: 22, minVersion: 0, maxVersion: 4 },
    { apiKey: 0, minVersion: 0, maxVersion: 9 },
  ],
};

export class ScriptedBroker {
  readonly port: number;
  readonly asked: Asked[] = [];
  readonly #listener: Listener;
  readonly #connections: Connection[] = [];

  private constructor(listener: Listener) {
    this.#listener = listener;
    this.port = listener.endpoint.port;
  }

  static async start(reply: (asked: Asked) => Reply): Promise<ScriptedBroker> {
    let broker: ScriptedBroker | undefined;
    const listener = await nodeNetwork.listen({
      host: '127.0.0.1',
      port: 0,
      onConnection: (connection) => broker!.#serve(connection, reply),
    });
    broker = new ScriptedBroker(listener);
    return broker;
  }

  #serve(connection: Connection, reply: (asked: Asked) => Reply): void {
    this.#connections.push(connection);
    let before: Promise<unknown> | undefined;
    const splitter = new FrameSplitter(1 << 24, (frame) => {
      const header = decodeRequestHeader(frame);
      const api = apiByKey(header.apiKey)!;
      const body = decodeRequest<Api>(api, header, frame) as Record<string, unknown>;
      const asked = { api: api.name, version: header.apiVersion, body, connection };
      this.asked.push(asked);
      const answer = reply(asked);
      if (answer === 'hang up') connection.destroy();
      else if (answer === 'silence') return;
      else if (before || answer instanceof Promise) {
        before = Promise.all([answer, before]).then(([body]) => this.#answer(connection, api, header, body));
      } else this.#answer(connection, api, header, answer);
    });
    connection.start({
      // The network may lend its buffer for the call only.
      onData: (chunk) => {
        try {
          splitter.push(Buffer.from(chunk));
        } catch {
          // No frame of Kafka's: brokers hang up.
          connection.destroy();
        }
      },
      onClose: () => {},
    });
  }

  #answer(
    connection: Connection,
    api: Api,
    header: { apiVersion: number; correlationId: number },
    body: object & { version?: number },
  ): void {
    const { version = header.apiVersion, ...fields } = body;
    connection.write(
      encodeResponse(
        { api, apiVersion: version, correlationId: header.correlationId },
        fields as InputOf<Api['response']>,
      ),
    );
  }

  async stop(): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    await this.#listener.close();
  }
}

/** A server that sends these bytes to whoever connects, once something came. */
export async function startTalker(bytes: Buffer): Promise<{ port: number; stop(): Promise<void> }> {
  const connections: Connection[] = [];
  const listener = await nodeNetwork.listen({
    host: '127.0.0.1',
    port: 0,
    onConnection: (connection) => {
      connections.push(connection);
      connection.start({ onData: () => connection.write([bytes]), onClose: () => {} });
    },
  });
  return {
    port: listener.endpoint.port,
    stop: async () => {
      for (const connection of connections) connection.destroy();
      await listener.close();
    },
  };
}
