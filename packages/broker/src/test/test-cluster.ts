// Several real brokers for tests in this process, over one embedded store: real sockets, a directory each. Everything it
// starts, `stop` ends.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '@moldau/kernel';
import { nodePorts } from '@moldau/kernel/node/ports';
import { type ClusterImage, EmbeddedStore } from '@moldau/metadata';
import { TestBroker } from './test-broker.ts';

export class TestCluster {
  readonly store: EmbeddedStore;
  readonly #directory: string;
  readonly #brokers = new Map<number, TestBroker>();

  private constructor(directory: string, store: EmbeddedStore) {
    this.#directory = directory;
    this.store = store;
  }

  /** Brokers 1 to `count`; settings go to each, `ofBroker` adds to them. */
  static async start(
    count: number,
    settings: Readonly<Record<string, string>> = {},
    ofBroker: (id: number) => Readonly<Record<string, string>> = () => ({}),
  ): Promise<TestCluster> {
    const directory = await mkdtemp(join(tmpdir(), 'moldau-cluster-'));
    const store = await EmbeddedStore.open({ ports: nodePorts, directory: join(directory, 'metadata') });
    const cluster = new TestCluster(directory, store);
    try {
      for (let id = 1; id <= count; id++) await cluster.add(id, { ...settings, ...ofBroker(id) });
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  async add(id: number, settings: Readonly<Record<string, string>> = {}): Promise<TestBroker> {
    const broker = await TestBroker.start({ 'node.id': String(id), ...settings }, async () => this.store.member());
    this.#brokers.set(id, broker);
    return broker;
  }

  broker(id: number): TestBroker {
    return must(this.#brokers.get(id), `broker ${id} is in the test cluster`);
  }

  /** `host:port` of every broker, comma separated. */
  get bootstrap(): string {
    return [...this.#brokers.values()].map(({ endpoint: { host, port } }) => `${host}:${port}`).join(',');
  }

  /** What was decided last. */
  get image(): ClusterImage {
    return this.store.image;
  }

  /** The store takes the broker for dead while it lives. */
  expire(id: number): Promise<void> {
    return this.store.expire(id, 'its session expired');
  }

  /** The broker is gone as by kill -9, and the store finds out. */
  async crash(id: number): Promise<void> {
    await this.broker(id).crash();
    await this.store.leave(id);
  }

  async stop(): Promise<void> {
    for (const broker of this.#brokers.values()) await broker.stop();
    await this.store.close();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
