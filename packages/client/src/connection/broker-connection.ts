// One connection to one broker: requests go out in pipelined order, answers come back in the same order and are matched
// by correlation id. Opening it includes encryption, learning the broker's versions, and authentication.
// Always: every request is answered or rejected exactly once, by its answer, its own time-out or the end of the
// connection; after a time-out the connection is closed, because its later answers would wait behind the lost one.
//
// Authentication again (KIP-368): a broker closes a connection that sends a request after its session's end. So the
// first request after most of the session's life has the authentication go out before it: behind what is in flight, whose
// answers come first (a broker answers in order, and takes the handshake even after the session's end); what is sent
// meanwhile is held back, because a broker in the middle of an authentication takes nothing else.
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
import { authenticate, type SaslCredentials } from './authentication.ts';
import { asConnectionError, dial, type PeerState } from './dial.ts';
import { FrameSplitter } from './frame-splitter.ts';
import type { Security } from './security.ts';

export type RequestOf<N extends ApiName> = InputOf<(typeof APIS)[N]['request']>;
export type ResponseOf<N extends ApiName> = MessageOf<(typeof APIS)[N]['response']>;

export interface ConnectionSettings {
  readonly clientId: string;
  readonly requestTimeoutMs: number;
  readonly connectionsMaxIdleMs: number;
  readonly socketConnectionSetupTimeoutMs: number;
  /** Default: neither encrypted nor authenticated. */
  readonly security?: Security;
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

/** Requests held back during an authentication; more fail, for their sender does not wait for answers. */
const HELD_MAX = 10_000;

/** A request that is not written yet. */
interface Held {
  readonly deadline: number;
  readonly send: () => void;
  readonly reject: (error: KafkaError) => void;
}

interface Waiting {
  readonly api: Api;
  readonly version: number;
  /** The answer's body is wanted as bytes. */
  readonly raw: boolean;
  readonly correlationId: number;
  readonly deadline: number;
  /** Gets the answer while its bytes are lent, and `resolve` gets nothing. */
  readonly take: ((body: unknown) => void) | undefined;
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
  /** Something else than versions has been answered. */
  #answered = false;
  /** An authentication is under way (after the first). */
  #authenticating = false;
  /** When the next request has to wait for an authentication; monotonic. */
  #authenticateAt = Number.POSITIVE_INFINITY;
  readonly #held: Held[] = [];
  #error: KafkaError | undefined;

  private constructor(socket: Connection, endpoint: Endpoint, ports: Ports, settings: ConnectionSettings) {
    this.endpoint = endpoint;
    this.#ports = ports;
    this.#settings = settings;
    this.#socket = socket;
    this.#lastUsedAt = ports.clock.monotonic();
    this.#splitter = new FrameSplitter(
      settings.frameBytesMax,
      (frame) => this.#receive(frame),
      () => this.#waiting[0]?.take !== undefined,
    );
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

  /** Connects (every address of the name in turn), negotiates versions and authenticates. Rejects with KafkaError. */
  static async open(endpoint: Endpoint, ports: Ports, settings: ConnectionSettings): Promise<BrokerConnection> {
    const tls = settings.security?.tls(endpoint);
    const socket = await dial(endpoint, ports, settings.socketConnectionSetupTimeoutMs, tls);
    const connection = new BrokerConnection(socket, endpoint, ports, settings);
    // A provider of tokens may never answer; and what ends the connection ends the opening.
    const ended = new Promise<never>((_, reject) => connection.onClose(reject));
    const guard = ports.timers.set(settings.requestTimeoutMs, () => connection.#setupTimedOut());
    const setUp = async () => {
      await connection.#negotiate();
      if (settings.security?.sasl) await connection.#authenticate(settings.security.sasl);
    };
    try {
      await Promise.race([setUp(), ended]);
    } catch (error) {
      connection.close(error as Error);
      throw error;
    } finally {
      ports.timers.clear(guard);
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
    return this.#waiting.length + this.#held.length;
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

  /**
   * As `send`, but `take` gets the answer while its bytes are lent: whatever is to outlive that call must be copied in it.
   * Resolves when it was called. `take` must not throw: what it throws is nobody's to handle.
   */
  sendLent<N extends ApiName>(
    api: N,
    body: RequestOf<N>,
    take: (answer: ResponseOf<N>) => void,
    options: SendOptions = {},
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#send(api, body, options, resolve as (body: unknown) => void, reject, take as (body: unknown) => void);
    });
  }

  /** Sends a request that gets no answer (Produce with acks 0). */
  sendOneWay<N extends ApiName>(api: N, body: RequestOf<N>, version?: number): void {
    if (this.#error) throw this.#error;
    const picked = version ?? this.versions.pick(api);
    const send = () => this.#write(this.#encode(api, picked, this.#takeCorrelationId(), body));
    if (!this.#hold({ deadline: Number.POSITIVE_INFINITY, send, reject: () => {} })) send();
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
        return { api, version: apiVersion, raw: true, take: undefined };
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
    take?: (body: unknown) => void,
  ): void {
    this.#await(resolve, reject, options.timeoutMs, (correlationId) => {
      const version = options.version ?? this.versions.pick(api, options.newest);
      this.#write(this.#encode(api, version, correlationId, body));
      return { api: APIS[api], version, raw: false, take };
    });
  }

  /** Has `write` send a request and puts it in line for its answer. */
  #await(
    resolve: (body: unknown) => void,
    reject: (error: KafkaError) => void,
    timeoutMs: number | undefined,
    write: (correlationId: number) => Pick<Waiting, 'api' | 'version' | 'raw' | 'take'>,
  ): void {
    if (this.#error) {
      reject(this.#error);
      return;
    }
    const deadline = this.#ports.clock.monotonic() + (timeoutMs ?? this.#settings.requestTimeoutMs);
    const send = () => {
      try {
        const correlationId = this.#takeCorrelationId();
        this.#waiting.push({ ...write(correlationId), correlationId, deadline, resolve, reject });
      } catch (error) {
        reject(
          error instanceof KafkaError
            ? error
            : new KafkaError('INVALID_REQUEST', { message: String(error), cause: error }),
        );
      }
    };
    if (!this.#hold({ deadline, send, reject })) send();
    this.#arm(deadline);
  }

  /** Keeps a request back when an authentication is under way or due (then it starts); false: it may go out now. */
  #hold(request: Held): boolean {
    const sasl = this.#settings.security?.sasl;
    if (!sasl || (!this.#authenticating && this.#ports.clock.monotonic() < this.#authenticateAt)) return false;
    if (this.#held.length >= HELD_MAX) {
      request.reject(new KafkaError('NETWORK_EXCEPTION', { message: 'Too many requests wait for an authentication.' }));
      return true;
    }
    this.#held.push(request);
    if (!this.#authenticating) {
      this.#authenticating = true;
      this.#authenticate(sasl).then(
        () => {
          this.#authenticating = false;
          for (const { send } of this.#held.splice(0)) send();
        },
        (error: unknown) => this.#fail(error),
      );
    }
    return true;
  }

  /** Whoever calls this sees to its failure: it ends the connection. */
  async #authenticate(sasl: SaslCredentials): Promise<void> {
    const startedAt = this.#ports.clock.monotonic();
    const lifetimeMs = await authenticate(sasl, this.#ports, this.endpoint, (api, body) => this.#ahead(api, body));
    // As Kafka's clients: at 85 to 95 percent of it, so that a slow network and many clients at once do no harm.
    const part = 0.85 + 0.1 * this.#ports.random.float();
    this.#authenticateAt = lifetimeMs > 0 ? startedAt + lifetimeMs * part : Number.POSITIVE_INFINITY;
  }

  /** Sends past what is held back. Behind long requests in flight it may take as long as they may. */
  #ahead<N extends ApiName>(api: N, body: RequestOf<N>, version?: number): Promise<ResponseOf<N>> {
    const { requestTimeoutMs, socketConnectionSetupTimeoutMs } = this.#settings;
    const now = this.#ports.clock.monotonic();
    let deadline = now + Math.min(requestTimeoutMs, socketConnectionSetupTimeoutMs);
    for (const request of this.#waiting) deadline = Math.max(deadline, request.deadline);
    return new Promise((resolve, reject) => {
      if (this.#error) throw this.#error;
      const picked = version ?? this.versions.pick(api);
      const correlationId = this.#takeCorrelationId();
      this.#write(this.#encode(api, picked, correlationId, body));
      this.#waiting.push({
        ...{ api: APIS[api], version: picked, raw: false, take: undefined, correlationId, deadline, reject },
        resolve: resolve as (body: unknown) => void,
      });
      this.#arm(deadline);
    });
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
    if (this.#versions) this.#answered = true;
    this.#lastUsedAt = this.#ports.clock.monotonic();
    const throttleMs = (body as { throttleTimeMs?: number }).throttleTimeMs ?? 0;
    if (throttleMs > 0) this.#mutedUntil = this.#lastUsedAt + throttleMs;
    if (!request.take) {
      request.resolve(body);
      return;
    }
    try {
      request.take(body);
    } catch (error) {
      // No fault of the connection: it must not look like one.
      void Promise.reject(error);
    }
    request.resolve(undefined);
  }

  /** Learns the broker's versions, newest question first; an older broker says how new the question may be. */
  async #negotiate(): Promise<void> {
    const settle = (version: number): Promise<ApiVersionsResponse> => this.#ahead('ApiVersions', SOFTWARE, version);
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

  #setupTimedOut(): void {
    const { host, port } = this.endpoint;
    const message = `The connection to ${host}:${port} was not ready in time (versions, authentication).`;
    this.#fail(new KafkaError('REQUEST_TIMED_OUT', { message }));
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
    const { host, port } = this.endpoint;
    const idle = this.inFlight === 0;
    let next = idle ? this.#idleDeadline() : Number.POSITIVE_INFINITY;
    for (const { deadline, api } of this.#waiting) {
      if (deadline <= now) {
        const message = `No answer to ${api.name} from ${host}:${port} in time.`;
        this.#fail(new KafkaError('REQUEST_TIMED_OUT', { message }));
        return;
      }
      next = Math.min(next, deadline);
    }
    for (const { deadline } of this.#held) {
      if (deadline <= now) {
        const message = `Authentication with ${host}:${port} did not end in time.`;
        this.#fail(new KafkaError('REQUEST_TIMED_OUT', { message }));
        return;
      }
      next = Math.min(next, deadline);
    }
    if (idle && next <= now) {
      this.#fail(new KafkaError('NETWORK_EXCEPTION', { message: 'The connection was closed for idleness.' }));
      return;
    }
    this.#arm(Math.max(next, now + 1));
  }

  #peerState(): PeerState {
    const { security } = this.#settings;
    if (!this.#versions) return security?.protocol.endsWith('SSL') ? 'silent, encrypted' : 'silent';
    return this.#answered || security?.sasl ? 'spoken' : 'versions only';
  }

  #fail(cause: unknown): void {
    if (this.#error) return;
    const { host, port } = this.endpoint;
    const error = asConnectionError(cause, `${host}:${port}`, this.#peerState());
    this.#error = error;
    if (this.#timer) this.#ports.timers.clear(this.#timer);
    this.#timer = undefined;
    // Who watches the stream hears that it was we who gave up.
    this.#socket.destroy(error.error === 'REQUEST_TIMED_OUT' ? error : undefined);
    for (const request of this.#waiting.splice(0)) request.reject(error);
    for (const request of this.#held.splice(0)) request.reject(error);
    for (const listener of this.#closeListeners.splice(0)) listener(error);
  }
}

/** A broker that does not know the version of ApiVersions asked answers in the layout of version 0. */
function layoutOf({ api, version }: Waiting, frame: Buffer): number {
  const unsupported = api.key === APIS.ApiVersions.key && frame.length >= 6 && frame.readInt16BE(4) === 35;
  return unsupported ? 0 : version;
}
