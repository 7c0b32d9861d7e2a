// One broker of a simulated cluster, in a process of its own or in one with all the others: how it is started, and what it
// logs. Whatever happens to the process (a kill, a power cut, a stall) happens to every broker in it.
import { Broker } from '@moldau/broker/broker';
import type { BrokerConfig } from '@moldau/broker/config/broker-config';
import { readBrokerConfig } from '@moldau/broker/config/read-config';
import type { EventLevel } from '@moldau/broker/events';
import type { Ports } from '@moldau/kernel';
import type { MetadataEngine } from '@moldau/metadata';
import type { PowerCut } from '../disk/inode.ts';
import type { SimDisk } from '../disk/sim-disk.ts';
import type { WatchedBroker } from '../oracles/session-oracle.ts';
import type { Boot, Machine } from '../world/machine.ts';
import type { World } from '../world/world.ts';
import type { Program, SimProcess } from './sim-process.ts';

export interface NodeEvent {
  readonly at: number;
  readonly level: EventLevel;
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface NodeOptions {
  readonly id: number;
  readonly world: World;
  readonly port: number;
  /** The name of its machine. */
  readonly host: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Told of everything the broker logs. */
  readonly onEvent?: (node: SimNode, event: NodeEvent) => void;
}

/** Log events kept for the report of a failing seed. */
const EVENTS_KEPT = 400;

export class SimNode {
  readonly id: number;
  readonly events: NodeEvent[] = [];
  readonly config: BrokerConfig;
  readonly address: string;
  /** The broker while it serves. */
  broker: Broker | undefined;
  /** Of the run that serves. */
  engine: MetadataEngine | undefined;
  /** Set once the process is made. */
  process!: SimProcess;
  readonly #options: NodeOptions;

  constructor(options: NodeOptions) {
    const { id, host, port, settings } = options;
    this.id = id;
    this.address = `${host}:${port}`;
    this.#options = options;
    this.config = readBrokerConfig({
      values: {
        'node.id': String(id),
        listeners: `PLAINTEXT://:${port}`,
        'advertised.listeners': `PLAINTEXT://${host}:${port}`,
        'log.dirs': '/data',
        ...settings,
      },
    }).config;
  }

  get machine(): Machine {
    return this.process.machine;
  }

  get disk(): SimDisk {
    return this.process.disk;
  }

  get running(): boolean {
    return this.process.running;
  }

  get starts(): number {
    return this.process.starts;
  }

  get startError(): unknown {
    return this.process.endError;
  }

  get wanted(): boolean {
    return this.process.wanted;
  }

  set wanted(wanted: boolean) {
    this.process.wanted = wanted;
  }

  /** For the oracle of sessions; undefined while the broker does not serve, or its session cannot expire. */
  get watched(): WatchedBroker | undefined {
    const { broker, engine, id } = this;
    const { boot } = this.machine;
    if (!broker || !engine || !boot) return undefined;
    const { context } = broker;
    return { id, boot, engine, imageOffset: context.image().offset, partitions: context.partitions.all() };
  }

  start(): void {
    this.process.start();
  }

  stop(): Promise<void> {
    return this.process.stop();
  }

  kill(): void {
    this.process.kill();
  }

  cutPower(how: PowerCut): void {
    this.process.cutPower(how);
  }

  powerOn(): void {
    this.process.powerOn();
  }

  /** Serves when it answers. `engine` absent: the broker's own embedded store. */
  async startBroker(ports: Ports, engine?: () => Promise<MetadataEngine>): Promise<Broker> {
    const { world, onEvent } = this.#options;
    this.engine = undefined;
    const opened =
      engine &&
      (async () => {
        this.engine = await engine();
        return this.engine;
      });
    this.broker = await Broker.start({
      ports,
      config: this.config,
      logLevel: 'debug',
      log: {
        write: (level, name, _meaning, fields) => {
          const event = { at: world.now, level, name, fields };
          this.events.push(event);
          if (this.events.length > EVENTS_KEPT) this.events.splice(0, EVENTS_KEPT / 2);
          onEvent?.(this, event);
        },
      },
      ...(opened && { engine: opened }),
    });
    return this.broker;
  }
}

/** One broker, its process its own. `engine` opens this run's view of the metadata. */
export function programOf(node: SimNode, engine?: (boot: Boot) => Promise<MetadataEngine>): Program {
  return {
    run: async (boot, ports) => {
      const broker = await node.startBroker(ports, engine && (() => engine(boot)));
      await broker.failed;
      await broker.stop('it failed');
    },
    stop: () => node.broker?.stop('the schedule says so'),
    over: () => {
      node.broker = undefined;
    },
  };
}
