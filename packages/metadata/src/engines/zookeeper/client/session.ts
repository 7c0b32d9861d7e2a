// One session with a ZooKeeper ensemble: which server to talk to, what is asked and answered, when to ping, when it is over.
// Pure: time comes in as `now` (monotonic milliseconds), wishes go out as effects. `client.ts` carries them out.
// Always: requests are answered in the order they were sent; what was in flight when a connection broke fails with
// CONNECTION_LOSS (its outcome is unknown), what was not sent yet waits for the next connection; an expired session never
// comes back: whoever wants to go on makes a new one.
import type { Endpoint } from '@moldau/kernel';
import { type ZooKeeperErrorCode, zooKeeperErrorCode } from './errors.ts';
import { JuteReader } from './jute.ts';
import {
  decodeConnectAnswer,
  decodeReplyHeader,
  encodeConnect,
  encodeRequest,
  OP,
  type ReplyHeader,
  readNotice,
  type Watched,
  type WatchNotice,
  writeAuth,
  writeSetWatches2,
  XID,
} from './messages.ts';

/** A request; the machine only numbers, sends and answers it. */
export interface Call {
  readonly op: number;
  /** For messages. */
  readonly what: string;
  encode(xid: number): Buffer;
  /** Armed again after each reconnection, once this call was answered. */
  readonly watch?: Watched;
}

export interface Credentials {
  readonly scheme: string;
  readonly auth: Uint8Array;
}

export type Over = 'expired' | 'authFailed' | 'closed';

export type SessionState =
  /** `turnedAway`: the server was reached and closed the connection instead of letting the session in. */
  | { readonly kind: 'away'; readonly retryAt: number; readonly turnedAway: boolean }
  | { readonly kind: 'connecting'; readonly server: Endpoint; readonly until: number }
  | { readonly kind: 'handshaking'; readonly server: Endpoint; readonly until: number; readonly sentAt: number }
  | { readonly kind: 'connected'; readonly server: Endpoint }
  | { readonly kind: 'over'; readonly why: Over };

export type Effect =
  | { readonly kind: 'connect'; readonly server: Endpoint; readonly timeoutMs: number }
  | { readonly kind: 'disconnect'; readonly why: string }
  | { readonly kind: 'send'; readonly body: Buffer }
  | { readonly kind: 'answer'; readonly call: Call; readonly header: ReplyHeader; readonly reader: JuteReader }
  | { readonly kind: 'fail'; readonly call: Call; readonly code: ZooKeeperErrorCode; readonly detail: string }
  | { readonly kind: 'notice'; readonly notice: WatchNotice }
  /** Every watch is armed again; what changed in between came by no notice (C7): read. */
  | { readonly kind: 'rearmed' }
  | { readonly kind: 'stateChanged'; readonly state: SessionState; readonly why: string };

export interface SessionOptions {
  /** In the order in which they are tried. */
  readonly servers: readonly Endpoint[];
  /** Asked for; the ensemble may grant another. */
  readonly sessionTimeoutMs: number;
  /** Longest wait for an answer before the caller is told that the outcome is unknown. */
  readonly requestTimeoutMs: number;
  readonly inFlightMax: number;
  /** Requests that wait to be sent; more are refused with QUEUE_FULL. */
  readonly queueMax: number;
  readonly credentials: readonly Credentials[];
  readonly session?: { readonly id: string; readonly password: Uint8Array };
  /** [0, 1): spreads the pauses between attempts. */
  readonly random: () => number;
}

interface Pending {
  readonly call: Call;
  readonly xid: number;
  readonly submittedAt: number;
  readonly sentAt: number;
  /** Its caller was told already. */
  abandoned: boolean;
}

const NO_SESSION = '0'.repeat(16);
/** Pause after a round through all servers, doubling from the first to the second. */
const PAUSE_FIRST_MS = 50;
const PAUSE_MAX_MS = 1_000;
const CLOSE_WAIT_MS = 2_000;

export class Session {
  readonly #o: SessionOptions;
  #state: SessionState = { kind: 'away', retryAt: 0, turnedAway: false };
  #sessionId = NO_SESSION;
  #password: Uint8Array = Buffer.alloc(16);
  #timeoutMs: number;
  #lastZxid = 0;
  #xid = 0;
  #serverIndex = -1;
  /** Attempts that failed since the last connection. */
  #failures = 0;
  #queue: { call: Call; submittedAt: number }[] = [];
  #inFlight: Pending[] = [];
  #pings: number[] = [];
  #watches: Watched[] = [];
  #lastSentAt = 0;
  #lastReceivedAt = 0;
  #confirmedAt = Number.NEGATIVE_INFINITY;
  #closeUntil: number | undefined;
  #expectedTickAt = Number.POSITIVE_INFINITY;

  constructor(options: SessionOptions) {
    this.#o = options;
    this.#timeoutMs = options.sessionTimeoutMs;
    if (options.session) {
      this.#sessionId = options.session.id;
      this.#password = options.session.password;
    }
  }

  get state(): SessionState {
    return this.#state;
  }

  /** 16 hex digits; all zeros before the first connection. */
  get sessionId(): string {
    return this.#sessionId;
  }

  get password(): Uint8Array {
    return this.#password;
  }

  /** As granted by the ensemble. */
  get timeoutMs(): number {
    return this.#timeoutMs;
  }

  /** Zxid of the newest write this session has seen. */
  get lastZxid(): number {
    return this.#lastZxid;
  }

  /**
   * When the newest request was sent that the ensemble answered: the session held then, and holds for its time-out from
   * there on. Counted from the sending, because the answer may have been long on its way.
   */
  get confirmedAt(): number {
    return this.#confirmedAt;
  }

  get waiting(): number {
    return this.#queue.length + this.#inFlight.length;
  }

  /** When `tick` is due; Infinity when nothing is. */
  dueAt(): number {
    this.#expectedTickAt = this.#due();
    return this.#expectedTickAt;
  }

  #due(): number {
    const state = this.#state;
    const oldest = this.#inFlight.find((one) => !one.abandoned)?.submittedAt ?? this.#queue[0]?.submittedAt;
    const queued = this.#queue[0]?.submittedAt ?? Number.POSITIVE_INFINITY;
    const asked = Math.min(oldest ?? Number.POSITIVE_INFINITY, queued) + this.#o.requestTimeoutMs;
    const closing = this.#closeUntil ?? Number.POSITIVE_INFINITY;
    switch (state.kind) {
      case 'away':
        return Math.min(state.retryAt, asked, closing);
      case 'connecting':
      case 'handshaking':
        return Math.min(state.until, asked, closing);
      case 'connected':
        return Math.min(
          this.#lastSentAt + this.#timeoutMs / 3,
          this.#lastReceivedAt + (this.#timeoutMs * 2) / 3,
          asked,
          closing,
        );
      case 'over':
        return Number.POSITIVE_INFINITY;
    }
  }

  start(now: number): Effect[] {
    return this.#tryNext(now, 'the session begins');
  }

  submit(call: Call, now: number): Effect[] {
    if (this.#state.kind === 'over')
      return [this.#failed(call, this.#overCode(this.#state.why), 'the session is over')];
    if (this.#closeUntil !== undefined) return [this.#failed(call, 'CLOSED', 'the session is being closed')];
    if (this.#queue.length >= this.#o.queueMax) {
      return [this.#failed(call, 'QUEUE_FULL', `${this.#queue.length} requests wait for ZooKeeper`)];
    }
    this.#queue.push({ call, submittedAt: now });
    return this.#sendQueued(now);
  }

  /** Ends the session in order: its ephemeral znodes go at once. */
  close(now: number): Effect[] {
    if (this.#state.kind === 'over' || this.#closeUntil !== undefined) return [];
    this.#closeUntil = now + CLOSE_WAIT_MS;
    const refused = this.#queue
      .splice(0)
      .map(({ call }) => this.#failed(call, 'CLOSED', 'the session is being closed'));
    if (this.#state.kind !== 'connected') return [...refused, ...this.#end('closed', 'closed by this side')];
    return [...refused, this.#send(encodeRequest(0, OP.closeSession), now)];
  }

  tick(now: number): Effect[] {
    const effects: Effect[] = [];
    // A loop that stood still heard nothing, but what arrived meanwhile may still wait in the socket: read it first (R9).
    const late = now - this.#expectedTickAt;
    if (late > this.#timeoutMs / 6) this.#lastReceivedAt = Math.max(this.#lastReceivedAt, now - this.#timeoutMs / 3);
    if (this.#closeUntil !== undefined && now >= this.#closeUntil) return this.#end('closed', 'closed by this side');
    effects.push(...this.#timeOut(now));
    const state = this.#state;
    switch (state.kind) {
      case 'away':
        if (now >= state.retryAt) effects.push(...this.#tryNext(now, 'trying again'));
        break;
      case 'connecting':
      case 'handshaking':
        if (now >= state.until) effects.push(...this.lost('it did not answer in time', now));
        break;
      case 'connected':
        if (now >= this.#lastReceivedAt + (this.#timeoutMs * 2) / 3) {
          effects.push(...this.lost(`nothing was heard for ${Math.round(now - this.#lastReceivedAt)} ms`, now));
        } else if (now >= this.#lastSentAt + this.#timeoutMs / 3) {
          this.#pings.push(now);
          effects.push(this.#send(encodeRequest(XID.ping, OP.ping), now));
        }
        break;
      case 'over':
        break;
    }
    return effects;
  }

  /** The socket that was asked for is there. */
  opened(now: number): Effect[] {
    if (this.#state.kind !== 'connecting') return [];
    const { server, until } = this.#state;
    this.#state = { kind: 'handshaking', server, until, sentAt: now };
    const body = encodeConnect({
      lastZxid: this.#lastZxid,
      timeoutMs: this.#o.sessionTimeoutMs,
      sessionId: this.#sessionId,
      password: this.#password,
    });
    return [this.#send(body, now)];
  }

  /** The socket broke, could not be made, or is given up. */
  lost(why: string, now: number): Effect[] {
    const state = this.#state;
    if (state.kind === 'over' || state.kind === 'away') return [];
    const server = `${state.server.host}:${state.server.port}`;
    const effects: Effect[] = [{ kind: 'disconnect', why }];
    for (const { call, abandoned } of this.#inFlight.splice(0)) {
      if (!abandoned) effects.push(this.#failed(call, 'CONNECTION_LOSS', `the connection to ${server} broke: ${why}`));
    }
    this.#pings = [];
    if (this.#closeUntil !== undefined) return [...effects, ...this.#end('closed', 'closed by this side')];
    this.#failures = state.kind === 'connected' ? 0 : this.#failures + 1;
    const rounds = Math.floor(this.#failures / this.#o.servers.length);
    const pauseMs =
      rounds === 0
        ? 0
        : Math.min(PAUSE_MAX_MS, PAUSE_FIRST_MS * 2 ** Math.min(rounds - 1, 10)) * (0.5 + this.#o.random());
    return [
      ...effects,
      ...this.#enter(
        { kind: 'away', retryAt: now + pauseMs, turnedAway: state.kind === 'handshaking' },
        `${server}: ${why}`,
      ),
    ];
  }

  frame(frame: Buffer, now: number): Effect[] {
    this.#lastReceivedAt = now;
    if (this.#state.kind === 'handshaking') return this.#greeted(frame, now);
    if (this.#state.kind !== 'connected') return [];
    const reader = new JuteReader(frame);
    const header = decodeReplyHeader(reader);
    if (header.zxid > 0) this.#lastZxid = Math.max(this.#lastZxid, header.zxid);
    switch (header.xid) {
      case XID.notification:
        return [{ kind: 'notice', notice: readNotice(reader) }];
      case XID.ping:
        this.#confirm(this.#pings.shift());
        return [];
      case XID.auth:
        return header.error === 0 ? [] : this.#end('authFailed', 'ZooKeeper refused the credentials');
      case XID.setWatches:
        return header.error === 0 ? [{ kind: 'rearmed' }] : this.lost(`watches: error ${header.error}`, now);
      case 0:
        return this.#closeUntil === undefined ? [] : this.#end('closed', 'closed by this side');
      default:
        return this.#answered(header, reader, now);
    }
  }

  #greeted(frame: Buffer, now: number): Effect[] {
    const state = this.#state;
    if (state.kind !== 'handshaking') return [];
    const { timeoutMs, sessionId, password } = decodeConnectAnswer(frame);
    if (timeoutMs <= 0) return this.#end('expired', 'ZooKeeper has given the session up');
    const again = this.#sessionId !== NO_SESSION;
    this.#sessionId = sessionId;
    this.#password = password;
    this.#timeoutMs = timeoutMs;
    this.#failures = 0;
    this.#confirm(state.sentAt);
    const { server } = state;
    const effects = this.#enter({ kind: 'connected', server }, again ? 'the session goes on' : 'a new session');
    for (const { scheme, auth } of this.#o.credentials) {
      effects.push(
        this.#send(
          encodeRequest(XID.auth, OP.auth, (writer) => writeAuth(writer, scheme, auth)),
          now,
        ),
      );
    }
    if (this.#watches.length > 0) {
      const watches = this.#watches;
      const zxid = this.#lastZxid;
      const body = encodeRequest(XID.setWatches, OP.setWatches2, (writer) => writeSetWatches2(writer, zxid, watches));
      effects.push(this.#send(body, now));
    }
    return [...effects, ...this.#sendQueued(now)];
  }

  #answered(header: ReplyHeader, reader: JuteReader, now: number): Effect[] {
    const first = this.#inFlight.shift();
    if (first?.xid !== header.xid) {
      // Without order nothing that follows can be told apart. What is left, and the first, is unknown.
      if (first) this.#inFlight.unshift(first);
      return this.lost(`answer ${header.xid} came where ${first?.xid ?? 'none'} was due`, now);
    }
    this.#confirm(first.sentAt);
    const { watch } = first.call;
    if (watch && header.error === 0) this.#watches.push(watch);
    const effects: Effect[] = first.abandoned ? [] : [{ kind: 'answer', call: first.call, header, reader }];
    if (zooKeeperErrorCode(header.error) === 'SESSION_EXPIRED')
      effects.push(...this.#end('expired', 'ZooKeeper says so'));
    if (zooKeeperErrorCode(header.error) === 'SESSION_MOVED') effects.push(...this.lost('the session moved', now));
    return [...effects, ...this.#sendQueued(now)];
  }

  #confirm(sentAt: number | undefined): void {
    if (sentAt !== undefined) this.#confirmedAt = Math.max(this.#confirmedAt, sentAt);
  }

  #tryNext(now: number, why: string): Effect[] {
    this.#serverIndex = (this.#serverIndex + 1) % this.#o.servers.length;
    const server = this.#o.servers[this.#serverIndex]!;
    // A silent server must leave time for the others before the session expires.
    const timeoutMs = Math.max(250, Math.min(10_000, (this.#timeoutMs * 2) / 3 / this.#o.servers.length));
    return [
      ...this.#enter({ kind: 'connecting', server, until: now + timeoutMs }, why),
      { kind: 'connect', server, timeoutMs },
    ];
  }

  #sendQueued(now: number): Effect[] {
    if (this.#state.kind !== 'connected') return [];
    const effects: Effect[] = [];
    while (this.#queue.length > 0 && this.#inFlight.length < this.#o.inFlightMax) {
      const { call, submittedAt } = this.#queue.shift()!;
      this.#xid = this.#xid >= 0x7fff_ffff ? 1 : this.#xid + 1;
      this.#inFlight.push({ call, xid: this.#xid, submittedAt, sentAt: now, abandoned: false });
      effects.push(this.#send(call.encode(this.#xid), now));
    }
    return effects;
  }

  #timeOut(now: number): Effect[] {
    const before = now - this.#o.requestTimeoutMs;
    const effects: Effect[] = [];
    for (const one of this.#inFlight) {
      if (one.submittedAt > before) break;
      if (one.abandoned) continue;
      one.abandoned = true;
      effects.push(this.#failed(one.call, 'OPERATION_TIMEOUT', `no answer within ${this.#o.requestTimeoutMs} ms`));
    }
    while (this.#queue.length > 0 && this.#queue[0]!.submittedAt <= before) {
      const { call } = this.#queue.shift()!;
      effects.push(this.#failed(call, 'OPERATION_TIMEOUT', `ZooKeeper was away for ${this.#o.requestTimeoutMs} ms`));
    }
    return effects;
  }

  #end(why: Over, detail: string): Effect[] {
    const code = this.#overCode(why);
    const calls = [...this.#inFlight.filter((one) => !one.abandoned), ...this.#queue].map(({ call }) => call);
    this.#inFlight = [];
    this.#queue = [];
    const open = this.#state.kind !== 'away';
    return [
      ...(open ? [{ kind: 'disconnect', why: detail } as const] : []),
      ...this.#enter({ kind: 'over', why }, detail),
      ...calls.map((call) => this.#failed(call, code, detail)),
    ];
  }

  #overCode(why: Over): ZooKeeperErrorCode {
    switch (why) {
      case 'expired':
        return 'SESSION_EXPIRED';
      case 'authFailed':
        return 'AUTH_FAILED';
      case 'closed':
        return 'CLOSED';
    }
  }

  #enter(state: SessionState, why: string): Effect[] {
    this.#state = state;
    return [{ kind: 'stateChanged', state, why }];
  }

  #send(body: Buffer, now: number): Effect {
    this.#lastSentAt = now;
    return { kind: 'send', body };
  }

  #failed(call: Call, code: ZooKeeperErrorCode, detail: string): Effect {
    return { kind: 'fail', call, code, detail };
  }
}
