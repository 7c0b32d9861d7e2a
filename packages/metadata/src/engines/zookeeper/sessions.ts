// Sees to it that there is a session with ZooKeeper: when one is over, the next is made, checked and made ready before
// anybody gets it. Whatever was bound to the old one (registration, leadership, watches) is told first.
// Always: the loop here asks nothing of the session that it replaces, so that no request that waits can hold it up (C8).
import type { TimerHandle } from '@moldau/kernel';
import { EngineError } from '../../engine.ts';
import { ZooKeeperClient, type ZooKeeperOptions } from './client/client.ts';
import type { Over } from './client/session.ts';
import type { ZooKeeperEvent } from './events.ts';

/** Pause before a store that was refused, or credentials that were, are tried again. */
const REFUSED_PAUSE_MS = 2_000;
const TROUBLE_PAUSE_MS = 100;
/** A server with older data than the session has seen turns it away for ever: what saves us from obeying it (C11). */
const TURNED_AWAY =
  'Servers of ZooKeeper are reached and do not let the session in. Either they have no majority, or their data is older than what was seen there before (wiped, or rolled back): bring the newest data back, then restart this broker if need be.';

export interface SessionsOptions {
  readonly zooKeeper: ZooKeeperOptions;
  readonly connectionTimeoutMs: number;
  /** Everything a new session needs before it is used; throws EngineError FOREIGN when the store is not ours. */
  readonly prepare: (client: ZooKeeperClient) => Promise<void>;
  /** The session is there for everybody: what came while it was prepared is looked at now. */
  readonly onReady: () => void;
  /** Called at once when the session is over. */
  readonly onLost: (why: string) => void;
  readonly onEvent: (event: ZooKeeperEvent) => void;
}

export class Sessions {
  readonly #o: SessionsOptions;
  #current: ZooKeeperClient | undefined;
  #making: ZooKeeperClient | undefined;
  readonly #waiters = new Set<{ resolve: (client: ZooKeeperClient) => void; reject: (error: Error) => void }>();
  #closed = false;
  #pause: { timer: TimerHandle; done: () => void } | undefined;
  #loop: Promise<void> | undefined;

  constructor(options: SessionsOptions) {
    this.#o = options;
  }

  /** The session that is ready now. */
  get current(): ZooKeeperClient | undefined {
    return this.#current;
  }

  /** The first session. Throws when there is none within the connection time-out, or the store is refused. */
  async open(): Promise<void> {
    await this.#make(true);
  }

  /** A session that is ready; waits for one. Throws EngineError CLOSED. */
  ready(): Promise<ZooKeeperClient> {
    if (this.#closed) return Promise.reject(closed());
    if (this.#current) return Promise.resolve(this.#current);
    return new Promise((resolve, reject) => this.#waiters.add({ resolve, reject }));
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { reject } of this.#waiters) reject(closed());
    this.#waiters.clear();
    if (this.#pause) {
      this.#o.zooKeeper.ports.timers.clear(this.#pause.timer);
      this.#pause.done();
    }
    await Promise.all([this.#current?.close(), this.#making?.close()]);
    this.#current = undefined;
    await this.#loop;
  }

  /** As a process that dies: ZooKeeper hears nothing of it. For tests. */
  abandon(): void {
    this.#closed = true;
    this.#current?.abandon();
    this.#making?.abandon();
  }

  async #make(first: boolean): Promise<void> {
    let over: ((why: Over) => void) | undefined;
    let turnedAwayTold = false;
    const client: ZooKeeperClient = new ZooKeeperClient({
      ...this.#o.zooKeeper,
      onState: (state, why) => {
        const server = 'server' in state ? `${state.server.host}:${state.server.port}` : '';
        this.#o.onEvent({ kind: 'sessionState', state: state.kind, server, why });
        if (state.kind === 'connected') turnedAwayTold = false;
        if (state.kind === 'away' && state.turnedAway && !turnedAwayTold && this.#unconfirmed(client)) {
          turnedAwayTold = true;
          this.#o.onEvent({ kind: 'storeRefused', detail: TURNED_AWAY });
        }
      },
      onOver: (why) => over?.(why),
    });
    this.#making = client;
    try {
      await client.connected(first ? this.#o.connectionTimeoutMs : 2 ** 31 - 1);
      await this.#o.prepare(client);
    } catch (error) {
      await client.close();
      throw error;
    } finally {
      this.#making = undefined;
    }
    if (this.#closed || client.state.kind === 'over') {
      await client.close();
      throw closed();
    }
    over = (why) => this.#over(client, why);
    this.#current = client;
    for (const { resolve } of this.#waiters) resolve(client);
    this.#waiters.clear();
    this.#o.onReady();
  }

  /** Longer than the session lasts. */
  #unconfirmed(client: ZooKeeperClient): boolean {
    return this.#o.zooKeeper.ports.clock.monotonic() - client.confirmedAtMs > client.sessionTimeoutMs;
  }

  #over(client: ZooKeeperClient, why: Over): void {
    if (this.#current !== client) return;
    this.#current = undefined;
    if (this.#closed) return;
    this.#o.onEvent({ kind: 'sessionOver', why });
    this.#o.onLost(`the session with ZooKeeper is over (${why})`);
    this.#loop = this.#again();
  }

  async #again(): Promise<void> {
    while (!this.#closed) {
      try {
        await this.#make(false);
        return;
      } catch (error) {
        if (this.#closed) return;
        const refused = error instanceof EngineError;
        if (refused) this.#o.onEvent({ kind: 'storeRefused', detail: error.message });
        else this.#o.onEvent({ kind: 'troubled', what: 'making a new session', error });
        await this.#sleep(refused ? REFUSED_PAUSE_MS : TROUBLE_PAUSE_MS);
      }
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((done) => {
      this.#pause = { timer: this.#o.zooKeeper.ports.timers.set(ms, done), done };
    });
  }
}

function closed(): EngineError {
  return new EngineError('CLOSED', 'the metadata engine is closed');
}
