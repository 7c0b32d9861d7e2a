// A broker in this process that clients reach only through a TcpProxy: it advertises the proxy's address.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Broker } from '@moldau/broker';
import { readBrokerConfig } from '@moldau/broker/config/read-config';
import { nodePorts } from '@moldau/kernel/node/ports';
import { Admin } from '../admin/admin.ts';
import { KafkaError } from '../errors.ts';
import { TcpProxy } from './tcp-proxy.ts';

export class ProxiedBroker {
  readonly admin: Admin;
  readonly #directory: string;
  readonly #overrides: readonly string[];
  /** The one at work is the last. */
  readonly #proxies: TcpProxy[];
  #broker: Broker;
  #topics = 0;

  private constructor(proxy: TcpProxy, broker: Broker, directory: string, overrides: readonly string[]) {
    this.#proxies = [proxy];
    this.#broker = broker;
    this.#directory = directory;
    this.#overrides = overrides;
    this.admin = new Admin({ bootstrapServers: this.address, requestTimeoutMs: 1000 });
  }

  static async start(overrides: readonly string[] = []): Promise<ProxiedBroker> {
    const directory = mkdtempSync(join(tmpdir(), 'moldau-client-'));
    const proxy = await TcpProxy.start();
    const port = await freePort();
    proxy.target = { host: '127.0.0.1', port };
    return new ProxiedBroker(proxy, await opened(proxy, directory, overrides), directory, overrides);
  }

  get proxy(): TcpProxy {
    return this.#proxies.at(-1)!;
  }

  /** Starts again under another address; at the one before nobody is at home any more. */
  async move(): Promise<void> {
    const { target } = this.proxy;
    this.proxy.refusing = true;
    await this.#broker.stop('it moves');
    const proxy = await TcpProxy.start();
    proxy.target = target;
    this.#proxies.push(proxy);
    this.#broker = await opened(proxy, this.#directory, this.#overrides);
  }

  /** The proxy's. */
  get address(): string {
    return `127.0.0.1:${this.proxy.port}`;
  }

  async newTopic(numPartitions = 1): Promise<string> {
    const name = `topic-${++this.#topics}`;
    const outcome = (await this.admin.createTopics([{ name, numPartitions }])).get(name);
    if (outcome instanceof KafkaError) throw outcome;
    return name;
  }

  async stop(): Promise<void> {
    await this.admin.close();
    for (const proxy of this.#proxies) await proxy.close();
    await this.#broker.stop('the tests are over');
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

function opened(proxy: TcpProxy, directory: string, overrides: readonly string[]): Promise<Broker> {
  const { config } = readBrokerConfig({
    overrides: [
      `listeners=PLAINTEXT://127.0.0.1:${proxy.target!.port}`,
      `advertised.listeners=PLAINTEXT://127.0.0.1:${proxy.port}`,
      `log.dirs=${directory}`,
      'group.initial.rebalance.delay.ms=0',
      'group.min.session.timeout.ms=100',
      'offsets.topic.num.partitions=1',
      ...overrides,
    ],
  });
  return Broker.start({ ports: nodePorts, config, hostName: 'localhost' });
}

/** The broker's endpoints tell the address it advertises, not the port it is bound to: so the port is chosen here. */
async function freePort(): Promise<number> {
  const held = await TcpProxy.start();
  await held.close();
  return held.port;
}
