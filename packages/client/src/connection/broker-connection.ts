// One connection to one broker: requests go out in pipelined order, answers come back in the same order and are matched
// by correlation id. Opening it includes learning the broker's versions.
// Always: every request is answered or rejected exactly once, by its answer, its own time-out or the end of the
// connection; after a time-out the connection is closed, because its later answers would wait behind the lost one.
import type { Connection, Endpoint, Ports, TimerHandle } from '@moldau/kernel';
import {
  APIS,
  type Api,
  type ApiName,
  apiByKey,
  decodeRawResponse,
  decodeResponse,
  encodeRawRequest,
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

/** A request whose body is bytes already: forwarded, or made by hand. */
export interface RawRequest {
  readonly apiKey: number;
  readonly apiVersion: number;
  /** In pieces, sent one after the other; not to be changed until the answer. */
  readonly body: readonly Uint8Array[];
}

/** Largest answer where no setting says more: far beyond what fetch.max.bytes makes by default. */
export const FRAME_BYTES_MAX = 0x10000000;
/** What 5 adds (the broker we believe to talk to) is of no use here, and brokers before 4.4 would have to be asked twice. */
const API_VERSIONS_FIRST = 4;
/** As Kafka wants it: letters, digits, dots and dashes. */
const SOFTWARE = { clientSoftwareName: 'moldau', clientSoftwareVersion: '0.1.0' };

/** What a connection is opened with where nothing else is said: Kafka's defaults. */
export const CONNECTION_DEFAULTS: ConnectionSettings = {
  clientId: 'moldau',
  requestTimeoutMs: 30_000,
  connectionsMaxIdleMs: 540_000,
  socketConnectionSetupTimeoutMs: 10_000,
  frameBytesMax: FRAME_BYTES_MAX,
};

interface Waiting {
  readonly api: Api;
  readonly version: number;
  /** The answer's body is wanted as bytes. */
  readonly raw: boolean;
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
    this.#write(this.#encode(api, version ?? this.versions.pick(api), this.#takeCorrelationId(), body));
  }

  /**
   * Sends a body that is encoded already; answers with the bytes of the answer's body, behind its header (a view of what
   * was received). The version goes out as it is said, whatever the broker claims to speak. Rejects with KafkaError.
   */
  sendRaw(request: RawRequest, options: { readonly timeoutMs?: number } = {}): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const { apiKey, apiVersion, body } = request;
      this.#await(resolve as (body: unknown) => void, reject, options.timeoutMs, (correlationId) => {
        const api = apiByKey(apiKey);
        if (!api || apiVersion < api.versions.min || apiVersion > api.versions.max) {
          throw new KafkaError('INVALID_REQUEST', { message: `There is no API ${apiKey} of version ${apiVersion}.` });
        }
        const { clientId } = this.#settings;
        this.#write(encodeRawRequest({ api, apiVersion, correlationId, clientId }, body));
        return { api, version: apiVersion, raw: true };
      });
    });
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
    this.#await(resolve, reject, options.timeoutMs, (correlationId) => {
      const version = options.version ?? this.versions.pick(api, options.newest);
      this.#write(this.#encode(api, version, correlationId, body));
      return { api: APIS[api], version, raw: false };
    });
  }

  /** Has `write` send a request and puts it in line for its answer. */
  #await(
    resolve: (body: unknown) => void,
    reject: (error: KafkaError) => void,
    timeoutMs: number | undefined,
    write: (correlationId: number) => Pick<Waiting, 'api' | 'version' | 'raw'>,
  ): void {
    if (this.#error) {
      reject(this.#error);
      return;
    }
    try {
      const correlationId = this.#takeCorrelationId();
      const sent = write(correlationId);
      const deadline = this.#ports.clock.monotonic() + (timeoutMs ?? this.#settings.requestTimeoutMs);
      this.#waiting.push({ ...sent, correlationId, deadline, resolve, reject });
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

  #encode<N extends ApiName>(name: N, apiVersion: number, correlationId: number, body: RequestOf<N>): Buffer[] {
    const { clientId } = this.#settings;
    return encodeRequest<(typeof APIS)[N]>({ api: APIS[name], apiVersion, correlationId, clientId }, body);
  }

  #write(frame: readonly Buffer[]): void {
    this.#lastUsedAt = this.#ports.clock.monotonic();
    this.#socket.write(frame);
  }

  #receive(frame: Buffer): void {
    const request = this.#waiting[0];
    if (!request) throw new ProtocolError('an answer that nobody asked for');
    if (frame.length < 4 || frame.readInt32BE(0) !== request.correlationId) {
      throw new ProtocolError(
        `an answer out of order: the next one due is ${request.correlationId} (${request.api.name})`,
      );
    }
    const { body } = request.raw
      ? decodeRawResponse(request.api, request.version, frame)
      : decodeResponse(request.api, layoutOf(request, frame), frame);
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
          new KafkaError('REQUEST_TIMED_OUT', {
            message: `No answer to ${request.api.name} from ${host}:${port} in time.`,
          }),
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
  const unsupported = api.key === APIS.ApiVersions.key && frame.length >= 6 && frame.readInt16BE(4) === 35;
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
