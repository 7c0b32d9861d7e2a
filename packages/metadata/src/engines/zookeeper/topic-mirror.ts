// Keeps /brokers/topics true: for each topic Kafka's JSON with its id and who holds its partitions. For people and tools
// that look there; Moldau itself never reads it. Written by the controller behind the log, a few topics in one multi under
// its epoch. Leaders and in-sync sets (…/partitions/<p>/state) are not kept there: one more write for each of their changes.
// Always: what was published is what `#published` says, so that a change that changes nothing here costs nothing.
import type { ClusterImage, TopicImage } from '../../image.ts';
import type { ZooKeeperClient } from './client/client.ts';
import { isZooKeeperError } from './client/errors.ts';
import type { Acl, Operation } from './client/messages.ts';
import { BROKER_TOPICS, CONTROLLER_EPOCH, topicPath } from './layout.ts';
import { encodeTopic } from './znode-json.ts';

const TOPICS_PER_MULTI = 50;
const BYTES_PER_MULTI = 500_000;

export interface MirrorOptions {
  readonly client: ZooKeeperClient;
  readonly epochVersion: number;
  readonly acl: readonly Acl[];
  readonly image: () => ClusterImage;
  readonly onFailed: (error: unknown) => void;
}

export class TopicMirror {
  readonly #o: MirrorOptions;
  /** JSON by topic as it is in ZooKeeper; undefined until it was read. */
  #published: Map<string, string> | undefined;
  /** Topics that may have changed. */
  readonly #dirty = new Set<string>();
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(options: MirrorOptions) {
    this.#o = options;
  }

  changed(topics: Iterable<string>): void {
    for (const topic of topics) this.#dirty.add(topic);
    this.#kick();
  }

  /** Compares everything once: what the controller before did not get done. */
  start(): void {
    this.#kick();
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Until nothing is left to write, or it cannot be written. */
  async settled(): Promise<void> {
    await this.#running;
  }

  #kick(): void {
    if (this.#running || this.#stopped) return;
    this.#running = this.#run().then(
      () => {
        this.#running = undefined;
        if (this.#dirty.size > 0) this.#kick();
      },
      (error: unknown) => {
        this.#running = undefined;
        // What is there is not known any more; the next change reads it.
        this.#published = undefined;
        if (!this.#stopped) this.#o.onFailed(error);
      },
    );
  }

  async #run(): Promise<void> {
    if (!this.#published) {
      this.#published = await this.#read();
      for (const { name } of this.#o.image().topics()) this.#dirty.add(name);
      for (const name of this.#published.keys()) this.#dirty.add(name);
    }
    while (this.#dirty.size > 0 && !this.#stopped) await this.#write(this.#published);
  }

  async #read(): Promise<Map<string, string>> {
    const { client } = this.#o;
    const { names } = await client.getChildren(BROKER_TOPICS);
    const published = new Map<string, string>();
    for (let at = 0; at < names.length; at += 200) {
      const some = names.slice(at, at + 200);
      const found = await Promise.all(some.map((name) => client.findData(topicPath(name))));
      for (const [index, one] of found.entries()) if (one) published.set(some[index]!, one.data.toString());
    }
    return published;
  }

  async #write(published: Map<string, string>): Promise<void> {
    const image = this.#o.image();
    const operations: Operation[] = [];
    const done: [name: string, json: string | undefined][] = [];
    let bytes = 0;
    for (const name of this.#dirty) {
      this.#dirty.delete(name);
      const json = this.#jsonOf(image.topic(name));
      if (json === published.get(name)) continue;
      operations.push(this.#operation(name, json, published.has(name)));
      done.push([name, json]);
      bytes += json?.length ?? 0;
      if (operations.length >= TOPICS_PER_MULTI || bytes > BYTES_PER_MULTI) break;
    }
    if (operations.length === 0) return;
    const check: Operation = { kind: 'check', path: CONTROLLER_EPOCH, version: this.#o.epochVersion };
    try {
      await this.#o.client.multi([check, ...operations]);
    } catch (error) {
      if (isZooKeeperError(error, 'BAD_VERSION')) this.#stopped = true;
      for (const [name] of done) this.#dirty.add(name);
      throw error;
    }
    for (const [name, json] of done) {
      if (json === undefined) published.delete(name);
      else published.set(name, json);
    }
  }

  #jsonOf(topic: TopicImage | undefined): string | undefined {
    return topic && encodeTopic(topic).toString();
  }

  #operation(name: string, json: string | undefined, there: boolean): Operation {
    const path = topicPath(name);
    if (json === undefined) return { kind: 'delete', path, version: -1 };
    if (there) return { kind: 'setData', path, data: Buffer.from(json), version: -1 };
    return { kind: 'create', path, data: Buffer.from(json), acl: this.#o.acl };
  }
}
