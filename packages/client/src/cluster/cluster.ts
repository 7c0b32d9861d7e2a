// The client's view of a cluster and its way into it: keeps metadata fresh, opens connections when they are needed, backs
// off from brokers that fail, starts again from the bootstrap servers when all known ones are gone (KIP-899), when no
// metadata has come for long although it was wanted, or when a broker says so (KIP-1102).
// Owns: connections and metadata. Producer, Consumer and Admin each have one of these.
import type { Ports, TimerHandle } from '@moldau/kernel';
import { type ApiName, errorName } from '@moldau/protocol';
import { backoffMs } from '../connection/backoff.ts';
import {
  BrokerConnection,
  FRAME_BYTES_MAX,
  type RequestOf,
  type ResponseOf,
  type SendOptions,
} from '../connection/broker-connection.ts';
import { type Security, securityOf } from '../connection/security.ts';
import { asKafkaError, KafkaError, throwOnCode } from '../errors.ts';
import { type BootstrapServer, type COMMON_SETTINGS, parseServers } from '../settings/common-settings.ts';
import type { SettingsOf } from '../settings/setting.ts';
import { canonicalServers } from './canonical-servers.ts';
import { ClusterMetadata } from './metadata.ts';
import { sleep } from './sleep.ts';

export type ClusterSettings = Omit<SettingsOf<typeof COMMON_SETTINGS>, 'defaultApiTimeoutMs'> & {
  /** Bytes of the largest answer; default FRAME_BYTES_MAX. */
  readonly frameBytesMax?: number;
};

/**
 * 'data' carries produce, fetch, metadata and admin requests; 'coordinator' what members say to their group's
 * coordinator, so that a heartbeat never waits behind a long fetch (a broker answers a connection in order).
 */
export type Lane = 'data' | 'coordinator';

/** What the topics are that metadata is kept of. */
export type Interest =
  | { readonly kind: 'none' }
  | { readonly kind: 'all' }
  | { readonly kind: 'topics'; readonly names: ReadonlySet<string> };

/** One broker on one lane: its connection, or when to try again. */
interface Link {
  connection: BrokerConnection | undefined;
  dialing: Promise<BrokerConnection> | undefined;
  failures: number;
  retryAt: number;
  lastError: KafkaError | undefined;
}

/** A question for metadata. */
interface Refresh {
  promise: Promise<void>;
  /** Not sent yet: it will ask for everything that interests by then. */
  fresh: boolean;
}

/** Between attempts in the background when credentials or trust are wrong: brokers and their logs are spared. */
const FATAL_PAUSE_MS = 10_000;

export class Cluster {
  readonly ports: Ports;
  readonly settings: ClusterSettings;
  readonly metadata = new ClusterMetadata();
  readonly #bootstrap: BootstrapServer[];
  readonly #security: Security;
  readonly #links = new Map<string, Link>();
  readonly #onChange: () => void;
  /** Asked when metadata is refreshed. */
  readonly #interest: () => Interest;
  readonly #autoCreate: () => boolean;
  #seed: BrokerConnection | undefined;
  #seeking: Promise<BrokerConnection> | undefined;
  #refreshing: Refresh | undefined;
  #refreshFailures = 0;
  #refreshNotBefore = 0;
  #refreshDueAt = Number.POSITIVE_INFINITY;
  /** Since when metadata has been asked for without an answer; undefined when the last question was answered. */
  #unansweredSince: number | undefined;
  /** Opening a connection failed so many times in a row: the next one may take longer. */
  #openFailures = 0;
  #fatal: KafkaError | undefined;
  #ageTimer: TimerHandle | undefined;
  #closed = false;

  /**
   * `interest`: the topics to keep metadata of, asked at each refresh. `onChange`: metadata or a connection changed;
   * called once per event, so it should only note and come back later.
   */
  constructor(o: {
    ports: Ports;
    settings: ClusterSettings;
    interest?: () => Interest;
    autoCreate?: () => boolean;
    onChange?: () => void;
  }) {
    this.ports = o.ports;
    this.settings = o.settings;
    this.#bootstrap = parseServers(o.settings.bootstrapServers);
    this.#security = securityOf(o.settings, o.ports);
    this.#interest = o.interest ?? (() => ({ kind: 'none' }));
    this.#autoCreate = o.autoCreate ?? (() => false);
    this.#onChange = o.onChange ?? (() => {});
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /**
   * Why the cluster cannot be spoken to, when that will not pass by waiting: wrong credentials, no trust, no broker. Undefined
   * while any connection stands. Calls that wait for metadata should fail with it instead of waiting on.
   */
  get fatal(): KafkaError | undefined {
    for (const { connection } of this.#links.values()) if (connection?.isOpen) return undefined;
    return this.#fatal;
  }

  /** The open connection, or undefined: then one is on its way (after its back-off) and `onChange` will be called. */
  connectionNow(nodeId: number, lane: Lane = 'data'): BrokerConnection | undefined {
    const link = this.#link(nodeId, lane);
    if (link.connection?.isOpen) return link.connection;
    if (!link.dialing && !this.#closed) this.#dial(nodeId, link).catch(() => {});
    return undefined;
  }

  /** Why there is no open connection to the broker, in words; undefined when there is one. */
  trouble(nodeId: number, lane: Lane = 'data'): string | undefined {
    const link = this.#link(nodeId, lane);
    if (link.connection?.isOpen) return undefined;
    return link.lastError?.message ?? `There is no connection to broker ${nodeId} yet.`;
  }

  /** The connection to a broker, opened when needed. Rejects with KafkaError when it cannot be reached. */
  async connection(nodeId: number, lane: Lane = 'data'): Promise<BrokerConnection> {
    this.#assertOpen();
    const link = this.#link(nodeId, lane);
    if (link.connection?.isOpen) return link.connection;
    return link.dialing ?? this.#dial(nodeId, link);
  }

  /** A connection to whichever broker answers first: open ones, then known ones, then the bootstrap servers. */
  async anyConnection(): Promise<BrokerConnection> {
    this.#assertOpen();
    let best: BrokerConnection | undefined;
    for (const [key, { connection }] of this.#links) {
      if (!connection?.isOpen || key.endsWith('coordinator')) continue;
      if (!best || connection.inFlight < best.inFlight) best = connection;
    }
    if (best) return best;
    if (this.#seed?.isOpen) return this.#seed;
    this.#seeking ??= this.#seek().finally(() => {
      this.#seeking = undefined;
    });
    return this.#seeking;
  }

  /** Known brokers first, those that are backed off left out; then the bootstrap servers, if they may be. */
  async #seek(): Promise<BrokerConnection> {
    const failures: KafkaError[] = [];
    for (const { id } of shuffled([...this.metadata.brokers.values()], this.ports)) {
      const link = this.#link(id, 'data');
      if (link.retryAt > this.ports.clock.monotonic() && !link.dialing) {
        if (link.lastError) failures.push(link.lastError);
        continue;
      }
      try {
        return await this.connection(id);
      } catch (error) {
        failures.push(asKafkaError(error));
      }
    }
    const again = this.settings.metadataRecoveryStrategy === 'rebootstrap';
    if (again || this.metadata.brokers.size === 0) {
      for (const server of shuffled(await this.#bootstrapServers(), this.ports)) {
        this.#assertOpen();
        try {
          this.#seed = await this.#open(server);
          return this.#seed;
        } catch (error) {
          failures.push(asKafkaError(error));
        }
      }
    }
    this.#assertOpen();
    const last = failures.find(({ retriable }) => !retriable);
    if (last) throw last;
    const all = failures.map(({ message }) => message).join(' ');
    throw new KafkaError('NETWORK_EXCEPTION', { message: `No broker can be reached. ${all}` });
  }

  async #bootstrapServers(): Promise<readonly BootstrapServer[]> {
    return this.settings.clientDnsLookup === 'use_all_dns_ips'
      ? this.#bootstrap
      : canonicalServers(this.#bootstrap, this.ports.network);
  }

  /** Forgets the brokers: the next question goes to the bootstrap servers. Connections are left to those who use them. */
  #rebootstrap(): void {
    if (this.settings.metadataRecoveryStrategy === 'none') return;
    this.metadata.forgetBrokers();
    for (const [key, { connection }] of this.#links) {
      connection?.close(
        new KafkaError('NETWORK_EXCEPTION', { message: 'The client starts again from its bootstrap servers.' }),
      );
      this.#links.delete(key);
    }
    this.#seed?.close();
    this.#seed = undefined;
  }

  /** Sends one request, once: to a broker by id, to any, or to the controller. */
  async send<N extends ApiName>(
    to: number | 'any' | 'controller',
    api: N,
    body: RequestOf<N> | ((version: number) => RequestOf<N>),
    options: SendOptions & { lane?: Lane } = {},
  ): Promise<ResponseOf<N>> {
    const connection =
      to === 'any'
        ? await this.anyConnection()
        : await this.connection(to === 'controller' ? await this.#controllerId() : to, options.lane);
    const version = options.version ?? connection.versions.pick(api, options.newest);
    if (connection.throttledForMs > 0) await sleep(this.ports.timers, connection.throttledForMs);
    const filled = typeof body === 'function' ? body(version) : body;
    return connection.send(api, filled, { ...options, version });
  }

  /** Asks for metadata now. Calls while one is under way share it, unless the interest has grown since. */
  refresh(): Promise<void> {
    if (this.#refreshing?.fresh) return this.#refreshing.promise;
    const before = this.#refreshing?.promise.catch(() => {}) ?? Promise.resolve();
    const run: Refresh = { promise: Promise.resolve(), fresh: true };
    run.promise = before.then(() => this.#refresh(run));
    this.#refreshing = run;
    const settle = () => {
      if (this.#refreshing === run) this.#refreshing = undefined;
    };
    run.promise.then(settle, settle);
    return run.promise;
  }

  /** As `refresh`, in the background and paced: soon, tried again after failures; `onChange` says when something is known. */
  requestRefresh(): void {
    if (this.#closed || this.#refreshing?.fresh) return;
    const waitMs = this.#refreshNotBefore - this.ports.clock.monotonic();
    if (waitMs > 0) {
      this.#armRefresh(waitMs);
      return;
    }
    this.refresh().then(
      () => {
        this.#refreshFailures = 0;
        this.#refreshNotBefore = this.ports.clock.monotonic() + this.settings.retryBackoffMs;
      },
      () => {
        this.#refreshFailures++;
        const pauseMs = this.#fatal ? FATAL_PAUSE_MS : this.#retryPauseMs(this.#refreshFailures);
        this.#refreshNotBefore = this.ports.clock.monotonic() + pauseMs;
        this.#armRefresh(pauseMs);
        this.#onChange();
      },
    );
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#ageTimer) this.ports.timers.clear(this.#ageTimer);
    const error = new KafkaError('CLIENT_CLOSED');
    this.#seed?.close(error);
    for (const { connection } of this.#links.values()) connection?.close(error);
    for (const { dialing } of this.#links.values())
      dialing?.then(
        (opened) => opened.close(error),
        () => {},
      );
  }

  #assertOpen(): void {
    if (this.#closed) throw new KafkaError('CLIENT_CLOSED');
  }

  #retryPauseMs(failures: number): number {
    const { retryBackoffMs: firstMs, retryBackoffMaxMs: maxMs } = this.settings;
    return backoffMs(failures, { firstMs, maxMs }, this.ports.random);
  }

  async #controllerId(): Promise<number> {
    if (this.metadata.controllerId < 0 || !this.metadata.brokers.has(this.metadata.controllerId)) await this.refresh();
    if (this.metadata.controllerId < 0) {
      throw new KafkaError('COORDINATOR_NOT_AVAILABLE', { message: 'The cluster has no controller at the moment.' });
    }
    return this.metadata.controllerId;
  }

  /** `mayStartAgain`: a bootstrap server that wants us to start again itself is not believed a second time. */
  async #refresh(run: { fresh: boolean }, mayStartAgain = true): Promise<void> {
    const now = this.ports.clock.monotonic();
    this.#unansweredSince ??= now;
    if (now - this.#unansweredSince >= this.settings.metadataRecoveryRebootstrapTriggerMs) {
      this.#unansweredSince = now;
      this.#rebootstrap();
    }
    const connection = await this.anyConnection();
    const version = connection.versions.pick('Metadata', 13);
    // From here on the question stands: an interest that grows now needs another one.
    run.fresh = false;
    const interest = this.#interest();
    const topics =
      interest.kind === 'all' ? null : interest.kind === 'none' ? [] : [...interest.names].map((name) => ({ name }));
    // v0 has no null: there an empty list asks for all.
    const answer = await connection.send(
      'Metadata',
      { topics: version === 0 ? (topics ?? []) : topics, allowAutoTopicCreation: this.#autoCreate() || version < 4 },
      { version },
    );
    const startAgain = errorName(answer.errorCode) === 'REBOOTSTRAP_REQUIRED';
    if (startAgain && mayStartAgain && this.settings.metadataRecoveryStrategy === 'rebootstrap') {
      this.#rebootstrap();
      await this.#refresh(run, false);
      return;
    }
    throwOnCode(answer.errorCode);
    this.#unansweredSince = undefined;
    if (this.#closed) return;
    this.metadata.apply(answer, this.ports.clock.monotonic(), interest.kind !== 'topics');
    this.#dropUnknownLinks();
    this.#adoptSeed();
    if (this.#ageTimer) this.ports.timers.clear(this.#ageTimer);
    this.#ageTimer = undefined;
    // Earlier by up to a fifth: clients that were started together do not all ask at once.
    this.#armRefresh(this.settings.metadataMaxAgeMs * (0.8 + 0.2 * this.ports.random.float()));
    this.#onChange();
  }

  /** Sees to a refresh after so long at the latest; an earlier one that is due already stays. */
  #armRefresh(delayMs: number): void {
    const dueAt = this.ports.clock.monotonic() + delayMs;
    if (this.#closed || (this.#ageTimer && this.#refreshDueAt <= dueAt)) return;
    if (this.#ageTimer) this.ports.timers.clear(this.#ageTimer);
    this.#refreshDueAt = dueAt;
    this.#ageTimer = this.ports.timers.set(delayMs, () => {
      this.#ageTimer = undefined;
      if (this.#interest().kind !== 'none') this.requestRefresh();
    });
  }

  /** Brokers that left the cluster are not connected to again: their addresses may be somebody else's tomorrow. */
  #dropUnknownLinks(): void {
    for (const [key, link] of this.#links) {
      if (this.metadata.brokers.has(Number.parseInt(key, 10))) continue;
      link.connection?.close(new KafkaError('NETWORK_EXCEPTION', { message: 'The broker has left the cluster.' }));
      this.#links.delete(key);
    }
  }

  /** The bootstrap connection serves as the link to its broker, once the brokers' addresses are known. */
  #adoptSeed(): void {
    const seed = this.#seed;
    if (!seed?.isOpen) return;
    for (const { id, host, port } of this.metadata.brokers.values()) {
      if (host !== seed.endpoint.host || port !== seed.endpoint.port) continue;
      const link = this.#link(id, 'data');
      if (!link.connection?.isOpen && !link.dialing) this.#attach(link, seed);
      return;
    }
  }

  #attach(link: Link, connection: BrokerConnection): void {
    link.connection = connection;
    link.failures = 0;
    link.retryAt = 0;
    connection.onClose(() => {
      if (link.connection === connection) link.connection = undefined;
      link.retryAt = this.ports.clock.monotonic() + this.#reconnectPauseMs(1);
      this.#onChange();
    });
  }

  #link(nodeId: number, lane: Lane): Link {
    const key = `${nodeId} ${lane}`;
    let link = this.#links.get(key);
    if (!link) {
      link = { connection: undefined, dialing: undefined, failures: 0, retryAt: 0, lastError: undefined };
      this.#links.set(key, link);
    }
    return link;
  }

  #dial(nodeId: number, link: Link): Promise<BrokerConnection> {
    const dialing = this.#dialOnce(nodeId, link).finally(() => {
      link.dialing = undefined;
      this.#onChange();
    });
    link.dialing = dialing;
    return dialing;
  }

  async #dialOnce(nodeId: number, link: Link): Promise<BrokerConnection> {
    const now = this.ports.clock.monotonic();
    if (link.retryAt > now) await sleep(this.ports.timers, link.retryAt - now);
    this.#assertOpen();
    const node = this.metadata.brokers.get(nodeId);
    try {
      if (!node) {
        throw new KafkaError('NETWORK_EXCEPTION', { message: `Broker ${nodeId} is not known to be up.` });
      }
      const connection = await this.#open(node);
      this.#attach(link, connection);
      return connection;
    } catch (error) {
      link.failures++;
      link.retryAt = this.ports.clock.monotonic() + this.#reconnectPauseMs(link.failures);
      link.lastError = asKafkaError(error);
      // The broker may have moved; ask the others.
      this.requestRefresh();
      throw link.lastError;
    }
  }

  #reconnectPauseMs(failures: number): number {
    const { reconnectBackoffMs: firstMs, reconnectBackoffMaxMs: maxMs } = this.settings;
    return backoffMs(failures, { firstMs, maxMs }, this.ports.random);
  }

  async #open(server: { host: string; port: number }): Promise<BrokerConnection> {
    const { socketConnectionSetupTimeoutMs: firstMs, socketConnectionSetupTimeoutMaxMs: maxMs } = this.settings;
    const longest = { firstMs, maxMs: Math.max(firstMs, maxMs) };
    const setupTimeoutMs =
      this.#openFailures === 0 ? firstMs : backoffMs(this.#openFailures + 1, longest, this.ports.random);
    let connection: BrokerConnection;
    try {
      connection = await BrokerConnection.open({ host: server.host, port: server.port }, this.ports, {
        ...this.settings,
        socketConnectionSetupTimeoutMs: setupTimeoutMs,
        security: this.#security,
        frameBytesMax: this.settings.frameBytesMax ?? FRAME_BYTES_MAX,
      });
    } catch (error) {
      this.#openFailures++;
      const kafkaError = asKafkaError(error);
      if (!kafkaError.retriable) this.#fatal = kafkaError;
      throw kafkaError;
    }
    this.#openFailures = 0;
    this.#fatal = undefined;
    if (this.#closed) {
      connection.close();
      throw new KafkaError('CLIENT_CLOSED');
    }
    return connection;
  }
}

function shuffled<T>(items: readonly T[], ports: Ports): T[] {
  const copy = [...items];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(ports.random.float() * (i + 1));
    [copy[i], copy[j]] = [copy[j]!, copy[i]!];
  }
  return copy;
}
