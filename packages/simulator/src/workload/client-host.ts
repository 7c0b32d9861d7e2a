// Where the clients of a run live: one machine, one program that never crashes, and what all client loops share.

import type { History } from '@moldau/history';
import type { Ports } from '@moldau/kernel';
import { DiskPort } from '../disk/disk-port.ts';
import { SimDisk } from '../disk/sim-disk.ts';
import type { SimNetwork } from '../network/sim-network.ts';
import { Machine } from '../world/machine.ts';
import { portsOf } from '../world/ports.ts';
import type { Prng } from '../world/prng.ts';
import type { World } from '../world/world.ts';

export class ClientHost {
  readonly machine: Machine;
  readonly ports: Ports;
  readonly world: World;
  readonly history: History;
  readonly draws: Prng;
  readonly bootstrapServers: string;
  /** Loops end at their next look; set when the chaos is over. */
  stopping = false;
  /** Loops that have not ended, by name: what hangs when the run does not come to its end. */
  readonly running = new Set<string>();
  readonly errors = new Map<string, number>();

  constructor(world: World, network: SimNetwork, history: History, draws: Prng, bootstrapServers: string) {
    this.world = world;
    this.history = history;
    this.draws = draws;
    this.bootstrapServers = bootstrapServers;
    this.machine = new Machine(world, 'client-1', draws.fork('machine'));
    network.add(this.machine);
    const boot = this.machine.start();
    const disk = new DiskPort(new SimDisk(), boot, draws.fork('disk'));
    this.ports = portsOf(boot, draws.fork('random'), disk, network.port(boot));
  }

  /** Settings of every client here: Kafka's, small. */
  get common() {
    return {
      ports: this.ports,
      bootstrapServers: this.bootstrapServers,
      requestTimeoutMs: 3_000,
      socketConnectionSetupTimeoutMs: 2_000,
      reconnectBackoffMs: 20,
      reconnectBackoffMaxMs: 500,
      retryBackoffMs: 20,
      retryBackoffMaxMs: 500,
      metadataMaxAgeMs: 5_000,
    };
  }

  /** Runs a loop on this machine; what it throws ends the run. */
  run(name: string, loop: () => Promise<void>): void {
    this.running.add(name);
    this.world.schedule(0, this.machine.boot, name, () => {
      loop().then(
        () => this.running.delete(name),
        (error: unknown) => this.world.fail(new Error(`${name} threw`, { cause: error })),
      );
    });
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.ports.timers.set(delayMs, resolve));
  }

  /** Notes an error that a client may meet in bad times. */
  met(error: unknown): void {
    const name = (error as { error?: string }).error ?? (error as Error)?.name ?? 'unknown';
    this.errors.set(name, (this.errors.get(name) ?? 0) + 1);
  }
}
