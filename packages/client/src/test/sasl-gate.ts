// A SASL listener before a Moldau broker, which has none of its own: any mechanism, any token, sessions of `sessionMs` (KIP-368).
// To mechanisms that are not Kafka's own it answers 'heard ' and the token.
// It answers what belongs to authentication and hands the rest through. As Kafka does, it answers a connection in the order
// of its requests, and closes one that sends anything else before, or in the middle of, an authentication, or after the
// session's end.
import { createServer, type Server, Socket } from 'node:net';
import {
  APIS,
  type Api,
  apiByKey,
  decodeRequest,
  decodeRequestHeader,
  decodeResponse,
  encodeResponse,
  type InputOf,
} from '@moldau/protocol';
import { FrameSplitter } from '../connection/frame-splitter.ts';

const [API_VERSIONS, HANDSHAKE, AUTHENTICATE] = [18, 17, 36];
const OFFERED = [
  { apiKey: HANDSHAKE!, minVersion: 0, maxVersion: 1 },
  { apiKey: AUTHENTICATE!, minVersion: 0, maxVersion: 2 },
];

/** A request in line for its answer. */
interface Due {
  readonly api: Api;
  readonly apiVersion: number;
  readonly correlationId: number;
  /** Frames without their size. */
  answer: readonly Buffer[] | undefined;
}

export class SaslGate {
  readonly port: number;
  readonly #server: Server;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #sessionMs: number;
  readonly #sockets = new Set<Socket>();
  /** What was said, as `mechanism token`. */
  readonly tokens: string[] = [];
  /** Authentications on connections that had one before. */
  again = 0;
  /** Of these, how many had requests before them whose answers were still to come. */
  againBehindOthers = 0;

  private constructor(server: Server, target: { readonly host: string; readonly port: number }, sessionMs: number) {
    this.#server = server;
    this.#target = target;
    this.#sessionMs = sessionMs;
    this.port = (server.address() as { port: number }).port;
    server.on('connection', (socket) => this.#serve(socket));
  }

  static start(target: { readonly host: string; readonly port: number }, sessionMs: number): Promise<SaslGate> {
    const server = createServer();
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => resolve(new SaslGate(server, target, sessionMs)));
    });
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(client: Socket): void {
    const broker = new Socket();
    broker.connect(this.#target.port, this.#target.host);
    const line: Due[] = [];
    let authenticatedUntil: number | undefined;
    let mechanism: string | undefined;
    const end = () => {
      for (const socket of [client, broker]) {
        this.#sockets.delete(socket);
        socket.destroy();
      }
    };
    for (const socket of [client, broker]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', end);
    }
    const flush = () => {
      while (line[0]?.answer) for (const part of line.shift()!.answer!) client.write(part);
    };
    const fromClient = new FrameSplitter(1 << 26, (frame) => {
      const header = decodeRequestHeader(frame);
      const api = apiByKey(header.apiKey)!;
      const due: Due = { api, apiVersion: header.apiVersion, correlationId: header.correlationId, answer: undefined };
      line.push(due);
      if (api.key === HANDSHAKE) {
        if (authenticatedUntil !== undefined) {
          this.again++;
          if (line.length > 1) this.againBehindOthers++;
        }
        mechanism = decodeRequest(APIS.SaslHandshake, header, frame).mechanism;
        due.answer = encoded(due, { errorCode: 0, mechanisms: [mechanism] });
      } else if (api.key === AUTHENTICATE && mechanism !== undefined) {
        const { authBytes } = decodeRequest(APIS.SaslAuthenticate, header, frame);
        this.tokens.push(`${mechanism} ${authBytes}`);
        const answer = mechanism === 'PLAIN' ? '' : `heard ${authBytes}`;
        mechanism = undefined;
        authenticatedUntil = performance.now() + this.#sessionMs;
        due.answer = encoded(due, {
          ...{ errorCode: 0, errorMessage: null, authBytes: Buffer.from(answer) },
          sessionLifetimeMs: this.#sessionMs,
        });
      } else if (
        api.key !== API_VERSIONS &&
        (mechanism !== undefined || !(performance.now() <= (authenticatedUntil ?? 0)))
      ) {
        end();
        return;
      } else {
        const size = Buffer.alloc(4);
        size.writeInt32BE(frame.length);
        broker.write(Buffer.concat([size, frame]));
      }
      flush();
    });
    const fromBroker = new FrameSplitter(1 << 26, (frame) => {
      const due = line.find(({ api, answer }) => !answer && api.key !== HANDSHAKE && api.key !== AUTHENTICATE)!;
      if (due.api.key === API_VERSIONS) {
        const { body } = decodeResponse(APIS.ApiVersions, due.apiVersion, frame);
        due.answer = encoded(due, { ...body, apiKeys: [...body.apiKeys, ...OFFERED] });
      } else {
        const size = Buffer.alloc(4);
        size.writeInt32BE(frame.length);
        due.answer = [size, frame];
      }
      flush();
    });
    client.on('data', (chunk: Buffer) => fromClient.push(chunk));
    broker.on('data', (chunk: Buffer) => fromBroker.push(chunk));
  }
}

function encoded({ api, apiVersion, correlationId }: Due, body: object): Buffer[] {
  return encodeResponse({ api, apiVersion, correlationId }, body as InputOf<Api['response']>);
}
