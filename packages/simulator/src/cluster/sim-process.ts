// One process of a simulated cluster: its machine and disk, the run of its program, and a supervisor that starts it again as
// an operator's service manager would.
// Always: a crash ends the run of all that is in the process at once; a new run begins with new ports on the same disk.
import type { Ports } from '@moldau/kernel';
import { DiskPort } from '../disk/disk-port.ts';
import type { PowerCut } from '../disk/inode.ts';
import { SimDisk } from '../disk/sim-disk.ts';
import type { SimNetwork } from '../network/sim-network.ts';
import { type Boot, Machine } from '../world/machine.ts';
import { portsOf } from '../world/ports.ts';
import type { Prng } from '../world/prng.ts';
import type { World } from '../world/world.ts';

/** What runs in a process. */
export interface Program {
  /** Ends when it has stopped by itself; pends as long as it serves. */
  run(boot: Boot, ports: Ports): Promise<void>;
  /** Comes down in order. Undefined: it does not serve yet, or no more. */
  stop(): Promise<void> | undefined;
  /** The run is over: what it made is gone. */
  over(): void;
}

export interface ProcessOptions {
  readonly name: string;
  readonly world: World;
  readonly network: SimNetwork;
  readonly draws: Prng;
  readonly program: Program;
  /** Brokers in it. Default 1. */
  readonly brokers?: number;
}

/** How long a service manager waits before it starts a program again. */
const RESTART_MS = 1_000;

export class SimProcess {
  readonly machine: Machine;
  readonly disk = new SimDisk();
  /** Should run: the supervisor starts it again when it ends by itself. */
  wanted = true;
  starts = 0;
  /** Why the last run ended by itself; for the report. */
  endError: unknown;
  readonly #options: ProcessOptions;
  #diskPort: DiskPort | undefined;

  constructor(options: ProcessOptions) {
    const { name, world, network, draws } = options;
    this.#options = options;
    this.machine = new Machine(world, name, draws.fork('machine'));
    network.add(this.machine);
  }

  get running(): boolean {
    return this.machine.boot !== undefined;
  }

  /** Starts the program; does nothing while it runs or the power is off. */
  start(): void {
    if (this.running || !this.machine.powered) return;
    const boot = this.machine.start();
    this.starts++;
    const { network, world, draws, program, brokers } = this.#options;
    const diskPort = new DiskPort(this.disk, boot, draws.fork(`disk ${boot.number}`), brokers);
    this.#diskPort = diskPort;
    const ports = portsOf(boot, draws.fork(`random ${boot.number}`), diskPort, network.port(boot));
    world.schedule(0, boot, 'program', () => {
      program.run(boot, ports).then(
        () => this.#ended(boot, undefined),
        (error: unknown) => this.#ended(boot, error),
      );
    });
  }

  /** Stops in order; answers when it is down, or never if it crashes on the way. */
  async stop(): Promise<void> {
    const { boot } = this.machine;
    const stopped = boot && this.#options.program.stop();
    if (!stopped) return;
    this.wanted = false;
    await stopped;
    this.#halt(boot);
  }

  /** kill -9: what the system had taken is there at the next start. */
  kill(): void {
    const { boot } = this.machine;
    if (boot) this.#halt(boot);
  }

  /** The power goes: what was not synced is there or not. */
  cutPower(how: PowerCut): void {
    const { boot } = this.machine;
    const { draws, world } = this.#options;
    this.machine.powered = false;
    if (boot) this.#halt(boot);
    this.disk.powerCut(draws.fork(`power cut at ${world.now}`), how);
  }

  powerOn(): void {
    this.machine.powered = true;
    this.#options.network.retransmit();
  }

  #ended(boot: Boot, error: unknown): void {
    if (!boot.alive) return;
    this.endError = error;
    this.#halt(boot);
  }

  #halt(boot: Boot): void {
    this.#options.program.over();
    this.machine.halt();
    // After the boot's end: what it had asked of the disk happens or does not, and calls nobody back.
    this.#diskPort?.abandon();
    this.#options.network.processEnded(boot);
    this.#options.world.schedule(RESTART_MS, undefined, 'supervisor', () => {
      if (this.wanted) this.start();
    });
  }
}
