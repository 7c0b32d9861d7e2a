// A client of ZooKeeper, one object for one session: carries out what the session wishes (sockets, timers), and gives its
// requests the shape of methods. When the session is over (`onOver`), so is the object: make another.
// In the flow: the engine asks and watches here; `session.ts` decides; kernel's Network carries the bytes.
import type {
  Clock,
  Connection,
  Endpoint,
  Network,
  Random,
  TimerHandle,
  Timers,
  TlsClientOptions,
} from '@moldau/kernel';
import type { ConnectString } from './connect-string.ts';
import { ZooKeeperError, zooKeeperErrorCode } from './errors.ts';
import { Frames, framed } from './frames.ts';
import { JuteError, type JuteReader, type JuteWriter } from './jute.ts';
import {
  type Acl,
  encodeRequest,
  OP,
  type Operation,
  type OperationResult,
  readAcls,
  readMulti,
  readStat,
  type Stat,
  type Watched,
  type WatchMode,
  type WatchNotice,
  writeAddWatch,
  writeMulti,
  writeOperation,
  writePathWatch,
} from './messages.ts';
import { type Call, type Credentials, type Effect, type Over, Session, type SessionState } from './session.ts';

export interface ZooKeeperOptions {
  readonly ports: {
    readonly clock: Clock;
    readonly timers: Timers;
    readonly random: Random;
    readonly network: Network;
  };
  readonly connect: ConnectString;
  /** Asked for. Default 18,000 (Kafka's). */
  readonly sessionTimeoutMs?: number;
  /** Default: the session time-out. */
  readonly requestTimeoutMs?: number;
  /** Requests sent and not answered. Default 10 (Kafka's). */
  readonly inFlightMax?: number;
  /** Shown to the ensemble on each connection; for digest, `user:password`. */
  readonly credentials?: readonly Credentials[];
  /** A session to go on with, instead of a new one. */
  readonly session?: { readonly id: string; readonly password: Uint8Array };
  /** Servers are reached encrypted. Their name in it is the host of `connect`. */
  readonly tls?: TlsClientOptions;
  readonly onState?: (state: SessionState, why: string) => void;
  /** Called once; nothing more comes after it. */
  readonly onOver?: (why: Over) => void;
}

/** `rearmed`: the connection was made anew, and changes in between came by no event. Read again. */
export type WatchListener = (event: NonNullable<WatchNotice['event']> | 'rearmed', path: string) => void;

interface Request extends Call {
  readonly resolve: (header: { zxid: number; error: number }, reader: JuteReader) => void;
  readonly reject: (error: ZooKeeperError) => void;
}

/** Below the server's jute.maxbuffer for requests, and above anything it answers us with. */
const FRAME_BYTES_MAX = 64 * 1024 * 1024;
const QUEUE_MAX = 20_000;

export class ZooKeeperClient {
  readonly #o: ZooKeeperOptions;
  readonly #chroot: string;
  readonly #session: Session;
  readonly #watchers = new Set<{ watched: Watched; listener: WatchListener }>();
  readonly #stateWaiters = new Set<() => void>();
  #connection: Connection | undefined;
  /** Grows with each connection; events of older ones are nobody's (R8). */
  #generation = 0;
  #timer: TimerHandle | undefined;
  #effects: Effect[] = [];
  #running = false;
  #sends: Buffer[] = [];
  #abandoned = false;
  /** Why the last attempt failed, for messages. */
  #lastTrouble = '';

  constructor(options: ZooKeeperOptions) {
    this.#o = options;
    const { servers, chroot } = options.connect;
    const { random } = options.ports;
    this.#chroot = chroot;
    const sessionTimeoutMs = options.sessionTimeoutMs ?? 18_000;
    this.#session = new Session({
      servers: shuffled(servers, random),
      sessionTimeoutMs,
      requestTimeoutMs: options.requestTimeoutMs ?? sessionTimeoutMs,
      inFlightMax: options.inFlightMax ?? 10,
      queueMax: QUEUE_MAX,
      credentials: options.credentials ?? [],
      ...(options.session && { session: options.session }),
      random: () => random.float(),
    });
    this.#run(this.#session.start(this.#now()));
  }

  get state(): SessionState {
    return this.#session.state;
  }

  /** 16 hex digits, as `Stat.ephemeralOwner` shows them; all zeros before the first connection. */
  get sessionId(): string {
    return this.#session.sessionId;
  }

  /** Whoever shows it may go on with the session: a secret. */
  get password(): Uint8Array {
    return this.#session.password;
  }

  /** As granted; before the first connection, as asked for. */
  get sessionTimeoutMs(): number {
    return this.#session.timeoutMs;
  }

  /** Monotonic milliseconds when the newest answered request was sent; -Infinity before there was one. */
  get confirmedAtMs(): number {
    return this.#session.confirmedAt;
  }

  get lastZxid(): number {
    return this.#session.lastZxid;
  }

  /** Answers once connected. Throws ZooKeeperError: CONNECTION_LOSS when not within `timeoutMs`, or why the session is over. */
  connected(timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const { timers } = this.#o.ports;
      const finish = (error?: ZooKeeperError) => {
        this.#stateWaiters.delete(look);
        timers.clear(timer);
        if (error) reject(error);
        else resolve();
      };
      const look = () => {
        const { state } = this.#session;
        if (state.kind === 'connected') finish();
        else if (state.kind === 'over')
          finish(new ZooKeeperError(overCode(state.why), `the session with ZooKeeper is over: ${state.why}`));
      };
      const timer = timers.set(timeoutMs, () => {
        const servers = this.#o.connect.servers.map(({ host, port }) => `${host}:${port}`).join(',');
        finish(
          new ZooKeeperError(
            'CONNECTION_LOSS',
            `No ZooKeeper at ${servers} let us in within ${timeoutMs} ms${this.#lastTrouble ? ` (${this.#lastTrouble})` : ''}`,
          ),
        );
      });
      this.#stateWaiters.add(look);
      look();
    });
  }

  /** Throws NODE_EXISTS, NO_NODE (of the parent), NO_AUTH. */
  create(path: string, data: Uint8Array, options: { ephemeral?: boolean; acl?: readonly Acl[] } = {}): Promise<void> {
    const operation: Operation = { kind: 'create', path: this.#whole(path), data, ...options };
    return this.#ask(
      OP.create,
      `create ${path}`,
      (writer) => writeOperation(writer, operation),
      () => {},
    );
  }

  /** Throws NO_NODE, BAD_VERSION, NOT_EMPTY, NO_AUTH. Version -1 is any. */
  delete(path: string, version = -1): Promise<void> {
    const operation: Operation = { kind: 'delete', path: this.#whole(path), version };
    return this.#ask(
      OP.delete,
      `delete ${path}`,
      (writer) => writeOperation(writer, operation),
      () => {},
    );
  }

  /** Undefined when there is none. */
  async exists(path: string): Promise<Stat | undefined> {
    return this.#optional(
      this.#ask(OP.exists, `exists ${path}`, (writer) => writePathWatch(writer, this.#whole(path)), readStat),
    );
  }

  /** Throws NO_NODE, NO_AUTH. */
  getData(path: string): Promise<{ data: Buffer; stat: Stat }> {
    return this.#ask(
      OP.getData,
      `read ${path}`,
      (writer) => writePathWatch(writer, this.#whole(path)),
      (reader) => ({ data: reader.bytes() ?? Buffer.alloc(0), stat: readStat(reader) }),
    );
  }

  /** As `getData`; undefined when there is no such znode. */
  findData(path: string): Promise<{ data: Buffer; stat: Stat } | undefined> {
    return this.#optional(this.getData(path));
  }

  /** Throws NO_NODE, BAD_VERSION, NO_AUTH. */
  setData(path: string, data: Uint8Array, version = -1): Promise<Stat> {
    const operation: Operation = { kind: 'setData', path: this.#whole(path), data, version };
    return this.#ask(OP.setData, `write ${path}`, (writer) => writeOperation(writer, operation), readStat);
  }

  /** Names of the children, in no order. Throws NO_NODE. */
  getChildren(path: string): Promise<{ names: string[]; stat: Stat }> {
    return this.#ask(
      OP.getChildren2,
      `list ${path}`,
      (writer) => writePathWatch(writer, this.#whole(path)),
      (reader) => ({ names: reader.vector(4, () => reader.string()), stat: readStat(reader) }),
    );
  }

  getAcl(path: string): Promise<{ acl: Acl[]; stat: Stat }> {
    return this.#ask(
      OP.getAcl,
      `read the ACL of ${path}`,
      (writer) => writer.string(this.#whole(path)),
      (reader) => ({ acl: readAcls(reader), stat: readStat(reader) }),
    );
  }

  /** What is read after this is at least as new as any write answered before it, by anybody. */
  sync(path: string): Promise<void> {
    return this.#ask(
      OP.sync,
      `sync ${path}`,
      (writer) => writer.string(this.#whole(path)),
      () => {},
    );
  }

  /**
   * All operations or none. Answers their results and the zxid of the whole. Throws ZooKeeperError of the first that was
   * refused, with its index in `operation`.
   */
  multi(operations: readonly Operation[]): Promise<{ results: OperationResult[]; zxid: number }> {
    const whole = operations.map((one) => ({ ...one, path: this.#whole(one.path) }));
    return this.#ask(
      OP.multi,
      'multi',
      (writer) => writeMulti(writer, whole),
      (reader, header) => {
        const results = readMulti(reader);
        const refused = results.findIndex((one) => one.kind === 'error' && one.error !== 0);
        const result = results[refused];
        if (result?.kind === 'error') {
          const of = operations[refused];
          const detail = `ZooKeeper refused ${of?.kind} ${of?.path} in a multi: ${zooKeeperErrorCode(result.error)}`;
          throw new ZooKeeperError(zooKeeperErrorCode(result.error), detail, { operation: refused });
        }
        return { results, zxid: header.zxid };
      },
    );
  }

  /**
   * Calls `listener` for each change at `path` (persistent: its data, its children; recursive: it and everything below, no
   * childrenChanged), until the session is over. Answers once armed: what was written before must be read.
   */
  async addWatch(path: string, mode: WatchMode, listener: WatchListener): Promise<void> {
    const watched: Watched = { path: this.#whole(path), mode };
    const entry = { watched, listener };
    this.#watchers.add(entry);
    try {
      await this.#ask(
        OP.addWatch,
        `watch ${path}`,
        (writer) => writeAddWatch(writer, watched.path, mode),
        () => {},
        watched,
      );
    } catch (error) {
      this.#watchers.delete(entry);
      throw error;
    }
  }

  /** Ends the session; its ephemeral znodes are gone when this answers, unless ZooKeeper is away. */
  close(): Promise<void> {
    if (this.#abandoned) return Promise.resolve();
    return new Promise((resolve) => {
      const look = () => {
        if (this.#session.state.kind !== 'over') return;
        this.#stateWaiters.delete(look);
        resolve();
      };
      this.#stateWaiters.add(look);
      this.#run(this.#session.close(this.#now()));
      look();
    });
  }

  /** Lets go of the socket without ending the session, as a process that dies does. For tests. */
  abandon(): void {
    this.#generation++;
    if (this.#timer) this.#o.ports.timers.clear(this.#timer);
    this.#connection?.destroy();
    this.#abandoned = true;
  }

  #now(): number {
    return this.#o.ports.clock.monotonic();
  }

  #whole(path: string): string {
    if (this.#chroot === '') return path;
    return path === '/' ? this.#chroot : this.#chroot + path;
  }

  async #optional<T>(asked: Promise<T>): Promise<T | undefined> {
    try {
      return await asked;
    } catch (error) {
      if (error instanceof ZooKeeperError && error.code === 'NO_NODE') return undefined;
      throw error;
    }
  }

  #ask<T>(
    op: number,
    what: string,
    body: (writer: JuteWriter) => void,
    read: (reader: JuteReader, header: { zxid: number }) => T,
    watch?: Watched,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const request: Request = {
        op,
        what,
        encode: (xid) => encodeRequest(xid, op, body),
        ...(watch && { watch }),
        resolve: (header, reader) => {
          if (header.error !== 0 && !(op === OP.multi && reader.remaining > 0)) {
            const code = zooKeeperErrorCode(header.error);
            reject(new ZooKeeperError(code, `ZooKeeper refused to ${what}: ${code}`));
            return;
          }
          try {
            resolve(read(reader, header));
          } catch (error) {
            reject(error);
          }
        },
        reject,
      };
      this.#run(this.#session.submit(request, this.#now()));
    });
  }

  /** In the order they were wished: what a listener asks for while it is told goes to the end, or xids would be mixed up. */
  #run(effects: readonly Effect[]): void {
    this.#effects.push(...effects);
    if (this.#running) return;
    this.#running = true;
    try {
      for (let effect = this.#effects.shift(); effect && !this.#abandoned; effect = this.#effects.shift()) {
        this.#carryOut(effect);
      }
      if (this.#sends.length > 0) this.#connection?.write(this.#sends.splice(0));
    } finally {
      this.#running = false;
    }
    this.#setTimer();
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'connect':
        void this.#connect(effect.server, effect.timeoutMs);
        return;
      case 'disconnect':
        this.#generation++;
        this.#sends = [];
        this.#connection?.destroy();
        this.#connection = undefined;
        return;
      case 'send':
        this.#sends.push(...framed(effect.body));
        return;
      case 'answer':
        (effect.call as Request).resolve(effect.header, effect.reader);
        return;
      case 'fail': {
        const message = `could not ${effect.call.what} in ZooKeeper: ${effect.detail}`;
        (effect.call as Request).reject(new ZooKeeperError(effect.code, message));
        return;
      }
      case 'notice':
        this.#notify(effect.notice);
        return;
      case 'rearmed':
        for (const { watched, listener } of [...this.#watchers]) listener('rearmed', this.#short(watched.path));
        return;
      case 'stateChanged':
        if (effect.state.kind === 'away') this.#lastTrouble = effect.why;
        this.#o.onState?.(effect.state, effect.why);
        for (const look of [...this.#stateWaiters]) look();
        if (effect.state.kind === 'over') this.#o.onOver?.(effect.state.why);
        return;
    }
  }

  #setTimer(): void {
    const { timers } = this.#o.ports;
    if (this.#timer) timers.clear(this.#timer);
    this.#timer = undefined;
    const dueAt = this.#session.dueAt();
    if (dueAt === Number.POSITIVE_INFINITY || this.#abandoned) return;
    this.#timer = timers.set(Math.max(0, dueAt - this.#now()), () => {
      this.#timer = undefined;
      this.#run(this.#session.tick(this.#now()));
    });
  }

  async #connect(server: Endpoint, timeoutMs: number): Promise<void> {
    const generation = ++this.#generation;
    let connection: Connection;
    try {
      const { tls, ports } = this.#o;
      const encrypted = tls && { tls: { servername: server.host, ...tls } };
      connection = await ports.network.connect({ ...server, timeoutMs, ...encrypted });
    } catch (error) {
      if (generation === this.#generation) this.#run(this.#session.lost((error as Error).message, this.#now()));
      return;
    }
    if (generation !== this.#generation) {
      connection.destroy();
      return;
    }
    this.#connection = connection;
    const frames = new Frames(FRAME_BYTES_MAX);
    const lost = (why: string) => {
      if (generation === this.#generation) this.#run(this.#session.lost(why, this.#now()));
    };
    connection.start({
      onData: (chunk) => {
        try {
          for (const frame of frames.push(chunk)) {
            if (generation !== this.#generation) return;
            this.#run(this.#session.frame(frame, this.#now()));
          }
        } catch (error) {
          if (!(error instanceof JuteError || error instanceof RangeError)) throw error;
          lost(error.message);
        }
      },
      onClose: (error) => lost(error?.message ?? 'it closed the connection'),
    });
    this.#run(this.#session.opened(this.#now()));
  }

  #notify({ event, path }: WatchNotice): void {
    if (event === undefined) return;
    for (const { watched, listener } of [...this.#watchers]) {
      const below =
        watched.mode === 'persistentRecursive' && (watched.path === '/' || path.startsWith(`${watched.path}/`));
      if (path === watched.path || below) listener(event, this.#short(path));
    }
  }

  #short(path: string): string {
    return path.slice(this.#chroot.length) || '/';
  }
}

function overCode(why: Over) {
  return why === 'expired' ? 'SESSION_EXPIRED' : why === 'authFailed' ? 'AUTH_FAILED' : 'CLOSED';
}

function shuffled<T>(values: readonly T[], random: Random): T[] {
  const result = values.slice();
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random.float() * (i + 1));
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}
