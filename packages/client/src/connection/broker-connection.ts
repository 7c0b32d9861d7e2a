// One connection to one broker: requests go out in pipelined order, answers come back in the same order and are matched
// by correlation id. Opening it includes learning the broker's versions.
// Always: every request is answered or rejected exactly once, by its answer, its own time-out or the end of the
// connection; after a time-out the connection is closed, because its later answers would wait behind the lost one.
import type { Connection, Endpoint, Ports, TimerHandle } from '@moldau/kernel';
import {
  APIS,
  type ApiName,
  decodeResponse,
  encodeRequest,
  type InputOf,
  type MessageOf,
  ProtocolError,
} from '@moldau/protocol';
import type { ApiVersionsResponse } from '@moldau/protocol/messages/api-versions';
import { KafkaError, throwOnCode } from '../errors.ts';
import { BrokerVersions } from './api-versions.ts';
import { FrameSplitter, ImpossibleFrame } from './frame-splitter.ts';

export type RequestOf<N extends ApiName> = InputOf<(typeof APIS)[N]['request']>;
export type ResponseOf<N extends ApiName> = MessageOf<(typeof APIS)[N]['response']>;

export interface ConnectionSettings {
  readonly clientId: string;
  readonly requestTimeoutMs: number;
  readonly connectionsMaxIdleMs: number;
  readonly socketConnectionSetupTimeoutMs: number;
  /** Largest answer taken. Below 0x15030000 (a TLS alert read as a size) so that a wrong port is told as such. */
  readonly frameBytesMax: number;
}

export interface SendOptions {
  /** Default: the newest both sides know. */
  readonly version?: number;
  /** In place of `version`: the newest both sides know, but not above this. */
  readonly newest?: number;
  /** Default: request.timeout.ms. */
  readonly timeoutMs?: number;
}

/** Largest answer where no setting says more: far beyond what fetch.max.bytes makes by default. */
export const FRAME_BYTES_MAX = 0x10000000;
/** What 5 adds (the broker we believe to talk to) is of no use here, and brokers before 4.4 would have to be asked twice. */
const API_VERSIONS_FIRST = 4;
/** As Kafka wants it: letters, digits, dots and dashes. */
const SOFTWARE = { clientSoftwareName: 'moldau', clientSoftwareVersion: '0.1.0' };

interface Waiting {
  readonly api: ApiName;
  readonly version: number;
  readonly correlationId: number;
  readonly deadline: number;
  readonly resolve: (body: unknown) => void;
  readonly reject: (error: KafkaError) => void;
}

export class BrokerConnection {
  readonly endpoint: Endpoint;
  readonly #ports: Ports;
  readonly #settings: ConnectionSettings;
  readonly #socket: Connection;
  readonly #waiting: Waiting[] = [];
  readonly #splitter: FrameSplitter;
  readonly #closeListeners: ((error: KafkaError) => void)[] = [];
  #versions: BrokerVersions | undefined;
  #nextCorrelationId = 1;
  #timer: TimerHandle | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #lastUsedAt: number;
  #mutedUntil = 0;
  #error: KafkaError | undefined;

  private constructor(socket: Connection, endpoint: Endpoint, ports: Ports, settings: ConnectionSettings) {
    this.endpoint = endpoint;
    this.#ports = ports;
    this.#settings = settings;
    this.#socket = socket;
    this.#lastUsedAt = ports.clock.monotonic();
    this.#splitter = new FrameSplitter(settings.frameBytesMax, (frame) => this.#receive(frame));
    socket.start({
      onData: (chunk) => {
        try {
          this.#splitter.push(chunk);
        } catch (error) {
          this.#fail(error);
        }
      },
      onClose: (error) => this.#fail(error ?? new Error('the broker closed the connection')),
    });
  }

  /** Connects (every address of the name in turn) and negotiates versions. Rejects with KafkaError. */
  static async open(endpoint: Endpoint, ports: Ports, settings: ConnectionSettings): Promise<BrokerConnection> {
    const socket = await connectAny(endpoint, ports, settings.socketConnectionSetupTimeoutMs);
    const connection = new BrokerConnection(socket, endpoint, ports, settings);
    try {
      await connection.#negotiate();
    } catch (error) {
      connection.close(error as Error);
      throw error;
    }
    return connection;
  }

  get versions(): BrokerVersions {
    if (!this.#versions) throw new KafkaError('ILLEGAL_STATE', { message: 'The connection is not open yet.' });
    return this.#versions;
  }

  get isOpen(): boolean {
    return this.#error === undefined;
  }

  /** Requests that wait for their answer. */
  get inFlight(): number {
    return this.#waiting.length;
  }

  /** Milliseconds for which the broker's quota wants no further requests; 0 mostly. */
  get throttledForMs(): number {
    return Math.max(0, this.#mutedUntil - this.#ports.clock.monotonic());
  }

  onClose(listener: (error: KafkaError) => void): void {
    if (this.#error) listener(this.#error);
    else this.#closeListeners.push(listener);
  }

  /** Sends one request; answers with the decoded body. Rejects with KafkaError; error codes inside the body are the caller's. */
  send<N extends ApiName>(api: N, body: RequestOf<N>, options: SendOptions = {}): Promise<ResponseOf<N>> {
    return new Promise((resolve, reject) => {
      this.#send(api, body, options, resolve as (body: unknown) => void, reject);
    });
  }

  /** Sends a request that gets no answer (Produce with acks 0). */
  sendOneWay<N extends ApiName>(api: N, body: RequestOf<N>, version?: number): void {
    if (this.#error) throw this.#error;
    this.#write(api, version ?? this.versions.pick(api), this.#takeCorrelationId(), body);
  }

  /** Bytes given to the network and not yet taken by it. */
  get queuedBytes(): number {
    return this.#socket.queuedBytes;
  }

  close(error?: Error): void {
    this.#fail(error ?? new KafkaError('CLIENT_CLOSED', { message: 'The connection was closed.' }));
  }

  #send<N extends ApiName>(
    api: N,
    body: RequestOf<N>,
    options: SendOptions,
    resolve: (body: unknown) => void,
    reject: (error: KafkaError) => void,
  ): void {
    if (this.#error) {
      reject(this.#error);
      return;
    }
    try {
      const version = options.version ?? this.versions.pick(api, options.newest);
      const correlationId = this.#takeCorrelationId();
      this.#write(api, version, correlationId, body);
      const deadline = this.#ports.clock.monotonic() + (options.timeoutMs ?? this.#settings.requestTimeoutMs);
      this.#waiting.push({ api, version, correlationId, deadline, resolve, reject });
      this.#arm(deadline);
    } catch (error) {
      reject(
        error instanceof KafkaError
          ? error
          : new KafkaError('INVALID_REQUEST', { message: String(error), cause: error }),
      );
    }
  }

  #takeCorrelationId(): number {
    const id = this.#nextCorrelationId;
    this.#nextCorrelationId = id === 0x7fffffff ? 1 : id + 1;
    return id;
  }

  #write<N extends ApiName>(name: N, apiVersion: number, correlationId: number, body: RequestOf<N>): void {
    const api = APIS[name];
    const frame = encodeRequest<(typeof APIS)[N]>(
      { api, apiVersion, correlationId, clientId: this.#settings.clientId },
      body,
    );
    this.#lastUsedAt = this.#ports.clock.monotonic();
    this.#socket.write(frame);
  }

  #receive(frame: Buffer): void {
    const request = this.#waiting[0];
    if (!request) throw new ProtocolError('an answer that nobody asked for');
    if (frame.length < 4 || frame.readInt32BE(0) !== request.correlationId) {
      throw new ProtocolError(`an answer out of order: the next one due is ${request.correlationId} (${request.api})`);
    }
    const { body } = decodeResponse(APIS[request.api], layoutOf(request, frame), frame);
    this.#waiting.shift();
    this.#lastUsedAt = this.#ports.clock.monotonic();
    const throttleMs = (body as { throttleTimeMs?: number }).throttleTimeMs ?? 0;
    if (throttleMs > 0) this.#mutedUntil = this.#lastUsedAt + throttleMs;
    request.resolve(body);
  }

  /** Learns the broker's versions, newest question first; an older broker says how new the question may be. */
  async #negotiate(): Promise<void> {
    const settle = async (version: number): Promise<ApiVersionsResponse> => {
      const timeoutMs = Math.min(this.#settings.requestTimeoutMs, this.#settings.socketConnectionSetupTimeoutMs);
      return this.send('ApiVersions', SOFTWARE, { version, timeoutMs });
    };
    let version = API_VERSIONS_FIRST;
    let answer = await settle(version);
    if (answer.errorCode === 35) {
      const range = answer.apiKeys.find(({ apiKey }) => apiKey === APIS.ApiVersions.key);
      version = Math.min(version, range?.maxVersion ?? 0);
      answer = await settle(version);
    }
    throwOnCode(answer.errorCode);
    this.#versions = new BrokerVersions(answer);
    this.#arm(this.#idleDeadline());
  }

  #idleDeadline(): number {
    const { connectionsMaxIdleMs } = this.#settings;
    return connectionsMaxIdleMs < 0 ? Number.POSITIVE_INFINITY : this.#lastUsedAt + connectionsMaxIdleMs;
  }

  /** One timer serves all requests and the idle close: it fires at the earliest deadline and looks at all. */
  #arm(deadline: number): void {
    if (deadline >= this.#timerAt || deadline === Number.POSITIVE_INFINITY) return;
    if (this.#timer) this.#ports.timers.clear(this.#timer);
    this.#timerAt = deadline;
    this.#timer = this.#ports.timers.set(deadline - this.#ports.clock.monotonic(), () => this.#onTimer());
  }

  #onTimer(): void {
    this.#timer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = this.#ports.clock.monotonic();
    let next = this.#waiting.length === 0 ? this.#idleDeadline() : Number.POSITIVE_INFINITY;
    for (const request of this.#waiting) {
      if (request.deadline <= now) {
        const { host, port } = this.endpoint;
        this.#fail(
          new KafkaError('REQUEST_TIMED_OUT', { message: `No answer to ${request.api} from ${host}:${port} in time.` }),
        );
        return;
      }
      next = Math.min(next, request.deadline);
    }
    if (this.#waiting.length === 0 && next <= now) {
      this.#fail(new KafkaError('NETWORK_EXCEPTION', { message: 'The connection was closed for idleness.' }));
      return;
    }
    this.#arm(Math.max(next, now + 1));
  }

  #fail(cause: unknown): void {
    if (this.#error) return;
    const { host, port } = this.endpoint;
    const error = asConnectionError(cause, `${host}:${port}`);
    this.#error = error;
    if (this.#timer) this.#ports.timers.clear(this.#timer);
    this.#timer = undefined;
    this.#socket.destroy();
    for (const request of this.#waiting.splice(0)) request.reject(error);
    for (const listener of this.#closeListeners.splice(0)) listener(error);
  }
}

/** A broker that does not know the version of ApiVersions asked answers in the layout of version 0. */
function layoutOf({ api, version }: Waiting, frame: Buffer): number {
  const unsupported = api === 'ApiVersions' && frame.length >= 6 && frame.readInt16BE(4) === 35;
  return unsupported ? 0 : version;
}

function asConnectionError(cause: unknown, address: string): KafkaError {
  if (cause instanceof KafkaError) return cause;
  if (cause instanceof ImpossibleFrame || cause instanceof ProtocolError) {
    return new KafkaError('NOT_A_KAFKA_BROKER', { message: `${address} ${guess(cause)}`, cause });
  }
  const text = cause instanceof Error ? cause.message : String(cause);
  return new KafkaError('NETWORK_EXCEPTION', { message: `Connection to ${address} lost: ${text}.`, cause });
}

/** What a peer that is no broker gives itself away by. */
function guess(cause: ImpossibleFrame | ProtocolError): string {
  if (cause instanceof ProtocolError) return `does not answer as a Kafka broker does: ${cause.message}.`;
  const start = cause.sizeBytes.toString('latin1');
  if (start === 'HTTP') return 'answers in HTTP, not in the Kafka protocol.';
  if (cause.sizeBytes[0] === 0x15 && cause.sizeBytes[1] === 0x03) {
    return 'answers in TLS: it wants an encrypted connection.';
  }
  return `does not speak the Kafka protocol: it sent ${cause.message}.`;
}

async function connectAny(endpoint: Endpoint, ports: Ports, timeoutMs: number): Promise<Connection> {
  const { host, port } = endpoint;
  let lastError: unknown;
  let addresses: string[] = [];
  try {
    addresses = await ports.network.resolve(host);
  } catch (error) {
    lastError = error;
  }
  for (const address of addresses) {
    try {
      return await ports.network.connect({ host: address, port, timeoutMs });
    } catch (error) {
      lastError = error;
    }
  }
  const text = lastError instanceof Error ? lastError.message : 'the name has no address';
  throw new KafkaError('NETWORK_EXCEPTION', {
    message: `Cannot connect to ${host}:${port}: ${text}.`,
    cause: lastError,
  });
}
