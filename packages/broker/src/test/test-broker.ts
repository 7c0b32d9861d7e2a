// A real broker for tests, in this process: its own temporary directory, a free port, the machine's own ports. Everything
// it starts, `stop` ends.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodePorts } from '@moldau/kernel/node/ports';
import type { MetadataEngine } from '@moldau/metadata';
import { Broker } from '../broker.ts';
import { readBrokerConfig } from '../config/read-config.ts';
import type { EventLevel, LogSink } from '../events.ts';
import { RawClient } from './raw-client.ts';

export interface TestEvent {
  readonly level: EventLevel;
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export class TestBroker {
  readonly directory: string;
  /** Everything logged since the first start, debug events too. */
  readonly events: TestEvent[] = [];
  #broker: Broker | undefined;
  readonly #settings: Readonly<Record<string, string>>;
  readonly #engine: (() => Promise<MetadataEngine>) | undefined;
  readonly #clients: RawClient[] = [];

  private constructor(
    directory: string,
    settings: Readonly<Record<string, string>>,
    engine: (() => Promise<MetadataEngine>) | undefined,
  ) {
    this.directory = directory;
    this.#settings = settings;
    this.#engine = engine;
  }

  /**
   * Starts a broker with Kafka's settings by name; unset ones have small, quick values for tests. `engine`: its view of a
   * metadata store that others share.
   */
  static async start(
    settings: Readonly<Record<string, string>> = {},
    engine?: () => Promise<MetadataEngine>,
  ): Promise<TestBroker> {
    const directory = await mkdtemp(join(tmpdir(), 'moldau-broker-'));
    const test = new TestBroker(directory, settings, engine);
    await test.#open();
    return test;
  }

  get broker(): Broker {
    if (!this.#broker) throw new Error('the test broker is stopped');
    return this.#broker;
  }

  get endpoint(): { readonly host: string; readonly port: number } {
    return { host: '127.0.0.1', port: this.broker.boundPorts[0]! };
  }

  /** Connects to the listener of this index. */
  async connect(listener = 0): Promise<RawClient> {
    const client = await RawClient.connect({ host: '127.0.0.1', port: this.broker.boundPorts[listener]! });
    this.#clients.push(client);
    return client;
  }

  /** Connects to the first listener as another machine would: Linux has all of 127.0.0.0/8 on its loopback. */
  async connectFrom(localAddress: string): Promise<RawClient> {
    const client = await RawClient.connect({ ...this.endpoint, localAddress });
    this.#clients.push(client);
    return client;
  }

  /** Names of the events logged, in order. */
  eventNames(): string[] {
    return this.events.map(({ name }) => name);
  }

  /** Stops in order and starts again on the same directory, with `between` done while it is down. */
  async restart(between?: () => Promise<unknown>): Promise<void> {
    await this.#close();
    await between?.();
    await this.#open();
  }

  /** Gone as by kill -9; its directory stays. */
  async crash(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.destroy();
    await this.#broker?.crash();
    this.#broker = undefined;
  }

  /** Starts again on the same directory after a crash. */
  async comeBack(): Promise<void> {
    await this.#open();
  }

  async stop(): Promise<void> {
    await this.#close();
    await rm(this.directory, { recursive: true, force: true });
  }

  async #open(): Promise<void> {
    const { config } = readBrokerConfig({
      values: {
        listeners: 'PLAINTEXT://127.0.0.1:0',
        'log.dirs': join(this.directory, 'logs'),
        'group.initial.rebalance.delay.ms': '0',
        'log.durability': 'os',
        ...this.#settings,
      },
    });
    const sink: LogSink = {
      write: (level, name, _meaning, fields) => this.events.push({ level, name, fields }),
    };
    const engine = this.#engine && { engine: this.#engine };
    this.#broker = await Broker.start({ ports: nodePorts, config, log: sink, logLevel: 'debug', ...engine });
  }

  /** Stops in order and keeps the directory: `open` starts it again. */
  close(): Promise<void> {
    return this.#close();
  }

  open(): Promise<void> {
    return this.#open();
  }

  async #close(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.destroy();
    await this.#broker?.stop('test');
    this.#broker = undefined;
  }
}
