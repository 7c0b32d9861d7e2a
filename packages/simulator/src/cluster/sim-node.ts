// One broker of a simulated cluster: its machine and disk, and the run of the broker program on it, with a supervisor that
// starts it again as an operator's service manager would.
// Always: a crash drops the broker object and ends its run; a new run begins with new ports on the same disk.
import { Broker } from '@moldau/broker/broker';
import type { BrokerConfig } from '@moldau/broker/config/broker-config';
import { readBrokerConfig } from '@moldau/broker/config/read-config';
import type { EventLevel } from '@moldau/broker/events';
import type { Ports } from '@moldau/kernel';
import type { MetadataEngine } from '@moldau/metadata';
import { DiskPort } from '../disk/disk-port.ts';
import type { PowerCut } from '../disk/inode.ts';
import { SimDisk } from '../disk/sim-disk.ts';
import type { SimNetwork } from '../network/sim-network.ts';
import { type Boot, Machine } from '../world/machine.ts';
import { portsOf } from '../world/ports.ts';
import type { Prng } from '../world/prng.ts';
import type { World } from '../world/world.ts';

export interface NodeEvent {
  readonly at: number;
  readonly level: EventLevel;
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface NodeOptions {
  readonly id: number;
  readonly world: World;
  readonly network: SimNetwork;
  readonly draws: Prng;
  readonly settings: Readonly<Record<string, string>>;
  /** Opens this run's view of the metadata; absent: the broker's own embedded store. */
  readonly engine?: (boot: Boot, ports: Ports) => Promise<MetadataEngine>;
  /** Told of everything the broker logs. */
  readonly onEvent?: (node: SimNode, event: NodeEvent) => void;
}

/** Log events kept for the report of a failing seed. */
const EVENTS_KEPT = 400;
/** How long a service manager waits before it starts a program again. */
const RESTART_MS = 1_000;

export class SimNode {
  readonly id: number;
  readonly machine: Machine;
  readonly disk = new SimDisk();
  readonly events: NodeEvent[] = [];
  /** The broker while it serves. */
  broker: Broker | undefined;
  /** Should run: the supervisor starts it again when it ends by itself. */
  wanted = true;
  starts = 0;
  /** Why the last start failed; for the report. */
  startError: unknown;
  readonly #options: NodeOptions;
  readonly #config: BrokerConfig;
  readonly #draws: Prng;
  #diskPort: DiskPort | undefined;

  constructor(options: NodeOptions) {
    const { id, world, network, draws, settings } = options;
    this.id = id;
    this.#options = options;
    this.#draws = draws;
    this.machine = new Machine(world, `broker-${id}`, draws.fork('machine'));
    network.add(this.machine);
    this.#config = readBrokerConfig({
      values: {
        'node.id': String(id),
        listeners: 'PLAINTEXT://:9092',
        'advertised.listeners': `PLAINTEXT://broker-${id}:9092`,
        'log.dirs': '/data',
        ...settings,
      },
    }).config;
  }

  get running(): boolean {
    return this.machine.boot !== undefined;
  }

  /** Starts the program; does nothing while it runs or the power is off. */
  start(): void {
    if (this.running || !this.machine.powered) return;
    const boot = this.machine.start();
    this.starts++;
    const { network, world, engine, onEvent } = this.#options;
    const diskPort = new DiskPort(this.disk, boot, this.#draws.fork(`disk ${boot.number}`));
    this.#diskPort = diskPort;
    const ports = portsOf(boot, this.#draws.fork(`random ${boot.number}`), diskPort, network.port(boot));
    const program = async () => {
      const broker = await Broker.start({
        ports,
        config: this.#config,
        logLevel: 'debug',
        log: {
          write: (level, name, _meaning, fields) => {
            const event = { at: world.now, level, name, fields };
            this.events.push(event);
            if (this.events.length > EVENTS_KEPT) this.events.splice(0, EVENTS_KEPT / 2);
            onEvent?.(this, event);
          },
        },
        ...(engine && { engine: () => engine(boot, ports) }),
      });
      this.broker = broker;
      await broker.failed;
      await broker.stop('it failed');
    };
    world.schedule(0, boot, 'program', () => {
      program().then(
        () => this.#ended(boot, undefined),
        (error: unknown) => this.#ended(boot, error),
      );
    });
  }

  /** Stops in order; answers when it is down, or never if it crashes on the way. */
  async stop(): Promise<void> {
    const { broker } = this;
    const { boot } = this.machine;
    if (!broker || !boot) return;
    this.wanted = false;
    await broker.stop('the schedule says so');
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
    this.machine.powered = false;
    if (boot) this.#halt(boot);
    this.disk.powerCut(this.#draws.fork(`power cut at ${this.#options.world.now}`), how);
  }

  powerOn(): void {
    this.machine.powered = true;
    this.#options.network.retransmit();
  }

  #ended(boot: Boot, error: unknown): void {
    if (!boot.alive) return;
    this.startError = error;
    this.#halt(boot);
  }

  #halt(boot: Boot): void {
    this.broker = undefined;
    this.machine.halt();
    // After the boot's end: what it had asked of the disk happens or does not, and calls nobody back.
    this.#diskPort?.abandon();
    this.#options.network.processEnded(boot);
    this.#options.world.schedule(RESTART_MS, undefined, 'supervisor', () => {
      if (this.wanted) this.start();
    });
  }
}
