// The network between virtual machines: TCP as programs see it, packets as the fault schedule sees them. Names are
// addresses: a machine is reached by its name.
// Always: the bytes of one direction arrive in order or the connection ends; nothing passes a cut; a program that ended
// on a machine that is up resets its connections and refuses new ones, a machine without power says nothing at all.
import type { ConnectOptions, Endpoint, Listener, ListenOptions, Network } from '@moldau/kernel';
import type { Boot, Machine } from '../world/machine.ts';
import type { Prng } from '../world/prng.ts';
import type { World } from '../world/world.ts';
import { SimConnection } from './sim-connection.ts';

/** How packets fare now. Set by the fault schedule; directions are apart: `from>to`. */
export interface NetworkFaults {
  /** Median one-way delay. */
  delayMs: number;
  /** Share of writes that arrive in several pieces. */
  chunkShare: number;
  /** A connection that could not send for so long is given up. */
  tcpTimeoutMs: number;
}

interface Bound {
  readonly boot: Boot;
  readonly options: ListenOptions;
}

interface Host {
  readonly machine: Machine;
  readonly listeners: Map<number, Bound>;
  nextPort: number;
}

/** When a SYN is sent again. */
const SYN_RETRIES_MS = [0, 1_000, 3_000, 7_000, 15_000];

export class SimNetwork {
  readonly world: World;
  readonly draws: Prng;
  readonly faults: NetworkFaults = { delayMs: 0.2, chunkShare: 0.1, tcpTimeoutMs: 20_000 };
  readonly connections = new Set<SimConnection>();
  readonly #hosts = new Map<string, Host>();
  readonly #cuts = new Set<string>();
  /** Until when a direction is slow, and by how much. */
  readonly #clogs = new Map<string, { untilMs: number; delayMs: number }>();

  constructor(world: World, draws: Prng) {
    this.world = world;
    this.draws = draws;
  }

  add(machine: Machine): void {
    this.#hosts.set(machine.name, { machine, listeners: new Map(), nextPort: 40_000 });
  }

  cut(from: string, to: string): void {
    this.#cuts.add(`${from}>${to}`);
  }

  clog(from: string, to: string, delayMs: number, durationMs: number): void {
    this.#clogs.set(`${from}>${to}`, { untilMs: this.world.now + durationMs, delayMs });
  }

  /** Ends all cuts, or those of one direction; what was held is sent again. */
  mend(from?: string, to?: string): void {
    if (from === undefined || to === undefined) {
      this.#cuts.clear();
      this.#clogs.clear();
    } else this.#cuts.delete(`${from}>${to}`);
    this.retransmit();
  }

  /** What was held back is tried again: a cut ended, or a machine has power. */
  retransmit(): void {
    for (const connection of this.connections) connection.retransmit();
  }

  passes(from: Machine, to: Machine): boolean {
    return from.powered && to.powered && !this.#cuts.has(`${from.name}>${to.name}`);
  }

  delayMs(from: Machine, to: Machine): number {
    if (from === to) return 0.02;
    const clog = this.#clogs.get(`${from.name}>${to.name}`);
    const extra = clog && clog.untilMs > this.world.now ? this.draws.range(0, clog.delayMs) : 0;
    return Math.max(0.05, this.draws.skewed(this.faults.delayMs)) + extra;
  }

  /** The program on a machine ended; the machine is up or not. */
  processEnded(boot: Boot): void {
    const { machine } = boot;
    const host = this.#hosts.get(machine.name);
    for (const [port, bound] of host?.listeners ?? []) if (bound.boot === boot) host?.listeners.delete(port);
    for (const connection of [...this.connections]) {
      if (connection.boot === boot) connection.processEnded(machine.powered);
    }
  }

  /** Resets one connection drawn among those that stand. */
  resetOne(): void {
    const all = [...this.connections];
    if (all.length > 0) this.draws.pick(all).reset();
  }

  port(boot: Boot): Network {
    const { machine } = boot;
    return {
      listen: async (options) => this.#listen(boot, options),
      connect: (options) => this.#connect(boot, options),
      resolve: async (host) => {
        const name = host === 'localhost' || host === '127.0.0.1' ? machine.name : host;
        if (!this.#hosts.has(name)) throw coded('ENOTFOUND', `getaddrinfo ENOTFOUND ${host}`);
        return [name];
      },
    };
  }

  #listen(boot: Boot, options: ListenOptions): Listener {
    const host = this.#hosts.get(boot.machine.name)!;
    const port = options.port === 0 ? host.nextPort++ : options.port;
    if (host.listeners.has(port)) throw coded('EADDRINUSE', `listen EADDRINUSE: address already in use :${port}`);
    const bound = { boot, options };
    host.listeners.set(port, bound);
    return {
      endpoint: { host: boot.machine.name, port },
      close: async () => {
        if (host.listeners.get(port) === bound) host.listeners.delete(port);
      },
    };
  }

  #connect(boot: Boot, { host, port, timeoutMs }: ConnectOptions): Promise<SimConnection> {
    const { world } = this;
    const from = boot.machine;
    const to = this.#hosts.get(host === 'localhost' || host === '127.0.0.1' ? from.name : host);
    if (!to) return Promise.reject(coded('ENOTFOUND', `getaddrinfo ENOTFOUND ${host}`));
    return new Promise((resolve, reject) => {
      let over = false;
      const settle = (label: string, delayMs: number, run: () => void) =>
        world.schedule(delayMs, boot, label, () => {
          if (over) return;
          over = true;
          run();
        });
      settle('connect timeout', timeoutMs, () =>
        reject(coded('ETIMEDOUT', `connect ETIMEDOUT ${host}:${port} after ${timeoutMs} ms`)),
      );
      let arrived = false;
      for (const waitMs of SYN_RETRIES_MS) {
        if (waitMs > timeoutMs) break;
        // The system connects, not the program: a stalled program does not stop it.
        world.schedule(waitMs + this.delayMs(from, to.machine), undefined, 'syn', () => {
          if (arrived || over || !boot.alive || !this.passes(from, to.machine)) return;
          if (!this.passes(to.machine, from)) return;
          arrived = true;
          const back = this.delayMs(to.machine, from);
          const bound = to.listeners.get(port);
          if (!bound) {
            settle('refused', back, () => reject(coded('ECONNREFUSED', `connect ECONNREFUSED ${host}:${port}`)));
            return;
          }
          const [near, far] = SimConnection.pair(this, boot, bound.boot, this.#ephemeral(from), { host, port });
          world.schedule(0, bound.boot, 'accept', () => bound.options.onConnection(far));
          settle('connected', back, () => resolve(near));
        });
      }
    });
  }

  #ephemeral(machine: Machine): Endpoint {
    return { host: machine.name, port: this.#hosts.get(machine.name)!.nextPort++ };
  }
}

export function coded(code: string, message: string): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Error(message);
  error.code = code;
  return error;
}
