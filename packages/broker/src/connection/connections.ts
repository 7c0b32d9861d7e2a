// All connections of this broker: how many there may be, and the sweep that ends idle, overdue and lingering ones. One
// timer for all of them.
import type { Connection, TimerHandle } from '@moldau/kernel';
import type { BrokerContext } from '../context.ts';
import { CONNECTION_EVENTS } from '../events.ts';
import { servedApi } from '../handlers/table.ts';
import { ClientConnection, type ConnectionHost } from './connection.ts';
import { FrameMemory } from './frame-memory.ts';
import { Pipeline, violated } from './pipeline.ts';
import { RequestBudget, requestBytesMaxDefault } from './request-budget.ts';

/** How often the sweep looks; more often where connections.max.idle.ms is short. */
const sweepIntervalMs = 5_000;
const sweepIntervalMsMin = 50;
/** A connection that we ended and whose client does not close its side is torn down after this. */
const lingerMs = 10_000;

export class Connections implements ConnectionHost {
  readonly frameBytesMax: number;
  readonly budget: RequestBudget;
  readonly frameMemory = new FrameMemory();
  readonly #broker: BrokerContext;
  readonly #pipeline: Pipeline;
  /** Serving. */
  readonly #open = new Set<ClientConnection>();
  /** Ended by us, socket not gone yet, with the time of the end. */
  readonly #lingering = new Map<ClientConnection, number>();
  readonly #perAddress = new Map<string, number>();
  #lastId = 0;
  #sweepTimer: TimerHandle | undefined;
  #stopping: (() => void) | undefined;

  constructor(broker: BrokerContext) {
    this.#broker = broker;
    const { config, metrics } = broker;
    this.frameBytesMax = config.socketRequestMaxBytes;
    this.budget = new RequestBudget(
      config.queuedMaxRequestBytes > 0 ? config.queuedMaxRequestBytes : requestBytesMaxDefault,
    );
    this.#pipeline = new Pipeline(broker);
    metrics.connections.read = () => this.#open.size;
    metrics.requestBytesHeld.read = () => this.budget.heldBytes;
    this.#armSweep();
  }

  get count(): number {
    return this.#open.size;
  }

  /** Takes a socket up, or closes it at once when there are too many. */
  accept(socket: Connection, listener: string): void {
    const { config, metrics, events } = this.#broker;
    const address = socket.remote.host;
    const fromAddress = this.#perAddress.get(address) ?? 0;
    const perAddressMax = config.maxConnectionsPerIpOverrides.get(address) ?? config.maxConnectionsPerIp;
    const limit =
      this.#open.size + this.#lingering.size >= config.maxConnections
        ? { limit: 'max.connections', limitValue: config.maxConnections }
        : fromAddress >= perAddressMax
          ? { limit: 'max.connections.per.ip', limitValue: perAddressMax }
          : undefined;
    if (limit || this.#stopping) {
      if (limit) {
        metrics.connectionsRefused.value++;
        events.emit(CONNECTION_EVENTS.refused, { remote: address, listener, ...limit });
      }
      socket.start({ onData: () => {}, onClose: () => {} });
      socket.destroy();
      return;
    }
    const connection = new ClientConnection(this, socket, ++this.#lastId, listener);
    this.#open.add(connection);
    this.#perAddress.set(address, fromAddress + 1);
    metrics.connectionsOpened.value++;
    events.emit(CONNECTION_EVENTS.opened, { connection: connection.id, remote: connection.remote, listener });
    connection.start();
  }

  /** Lets every request in flight be answered, then ends all connections; after `graceMs` without mercy. */
  stop(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      let timer: TimerHandle | undefined;
      this.#stopping = () => {
        if (timer) this.#broker.ports.timers.clear(timer);
        if (this.#sweepTimer) this.#broker.ports.timers.clear(this.#sweepTimer);
        this.#sweepTimer = undefined;
        for (const connection of this.#lingering.keys()) connection.destroy('the broker stops');
        resolve();
      };
      for (const connection of [...this.#open]) connection.stop();
      if (this.#open.size === 0) {
        this.#stopping();
        return;
      }
      timer = this.#broker.ports.timers.set(graceMs, () => {
        for (const connection of [...this.#open]) connection.destroy('the broker stops');
      });
    });
  }

  // What connections call.

  now(): number {
    return this.#broker.ports.clock.monotonic();
  }

  after(delayMs: number, run: () => void): TimerHandle {
    return this.#broker.ports.timers.set(delayMs, run);
  }

  clear(timer: TimerHandle): void {
    this.#broker.ports.timers.clear(timer);
  }

  mayPipeline(frame: Buffer): boolean {
    return this.#pipeline.mayPipeline(frame);
  }

  serve(...args: Parameters<ConnectionHost['serve']>): void {
    this.#pipeline.serve(...args);
  }

  throttled(apiKey: number, throttleMs: number): void {
    const { metrics } = this.#broker;
    const api = servedApi(apiKey)?.api ?? String(apiKey);
    metrics.throttled.with(api).value++;
    metrics.throttledSeconds.with(api).value += throttleMs / 1_000;
  }

  violated(connection: ClientConnection, reason: string): void {
    violated(this.#broker, connection, reason);
  }

  closed(connection: ClientConnection, reason: string): void {
    this.#open.delete(connection);
    this.#lingering.set(connection, this.now());
    const address = connection.remoteHost;
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(address, left);
    else this.#perAddress.delete(address);
    const { id, remote } = connection;
    this.#broker.events.emit(CONNECTION_EVENTS.closed, { connection: id, remote, reason });
    if (this.#open.size === 0) this.#stopping?.();
  }

  gone(connection: ClientConnection): void {
    this.#lingering.delete(connection);
  }

  #armSweep(): void {
    const idleMs = this.#broker.config.connectionsMaxIdleMs;
    const waitMs = idleMs > 0 ? Math.max(sweepIntervalMsMin, Math.min(sweepIntervalMs, idleMs / 4)) : sweepIntervalMs;
    this.#sweepTimer = this.#broker.ports.timers.set(waitMs, () => {
      this.#sweep();
      this.#armSweep();
    });
  }

  #sweep(): void {
    const now = this.now();
    const idleMs = this.#broker.config.connectionsMaxIdleMs;
    for (const connection of [...this.#open]) {
      const overdue = connection.overdue(now);
      if (overdue) {
        const { id, remote } = connection;
        this.#broker.events.emit(CONNECTION_EVENTS.frameOverdue, { connection: id, remote, ...overdue });
        connection.destroy('a request did not arrive whole in time');
      } else if (idleMs >= 0 && connection.idleSince(now - idleMs)) {
        connection.close('idle for longer than connections.max.idle.ms');
      }
    }
    for (const [connection, since] of this.#lingering) {
      if (now - since > lingerMs) connection.destroy('the client did not close its side');
    }
  }
}
