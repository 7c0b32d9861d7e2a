// Somebody who cannot wait for a coordinator to be ready: as soon as a broker is made leader of a partition of committed
// offsets it asks that broker, every few milliseconds, until it has been told. A coordinator that answers from what it has
// loaded so far tells of commits that were overtaken long ago, or of none (G1); ordinary clients come too late to see it.
import { partitionFor } from '@moldau/broker/group/partition-for';
import { KafkaError, type TopicPartition } from '@moldau/client';
import { Cluster } from '@moldau/client/cluster/cluster';
import { fetchedOffsets, fetchRequest, OFFSET_FETCH_NEWEST } from '@moldau/client/group/committed-offsets';
import { ADMIN_SETTINGS } from '@moldau/client/settings/admin-settings';
import { resolveSettings } from '@moldau/client/settings/setting';
import type { ClusterImage, PartitionState } from '@moldau/metadata';
import type { ClientHost } from './client-host.ts';

const OFFSETS_TOPIC = '__consumer_offsets';
/** Answers from one coordinator after which it has been asked enough. */
const ANSWERS = 2;
const ASKS_MAX = 60;
const PAUSE_MS_MAX = 8;

export class ImpatientAsker {
  readonly #host: ClientHost;
  readonly #group: string;
  readonly #partitions: readonly TopicPartition[];
  readonly #image: () => ClusterImage;
  readonly #cluster: Cluster;
  readonly #draws: ClientHost['draws'];

  /** `image`: what the store has, so that a coordinator that was replaced meanwhile is not believed. */
  constructor(host: ClientHost, group: string, partitions: readonly TopicPartition[], image: () => ClusterImage) {
    this.#host = host;
    this.#group = group;
    this.#partitions = partitions;
    this.#image = image;
    this.#draws = host.draws.fork('impatient');
    const { ports, ...given } = host.common;
    const settings = { ...resolveSettings(ADMIN_SETTINGS, given), clientId: 'impatient' };
    this.#cluster = new Cluster({ ports, settings, interest: () => ({ kind: 'topics', names: new Set() }) });
  }

  /** The store has a new picture: asks whoever the group's coordinator is from now on. */
  look(before: ClusterImage, after: ClusterImage): void {
    const [past, now] = [this.#coordinatorIn(before), this.#coordinatorIn(after)];
    if (!now || now.leader < 0 || now.leaderEpoch === past?.leaderEpoch || this.#host.stopping) return;
    this.#host.run(`impatient asker in epoch ${now.leaderEpoch}`, () => this.#ask(now));
  }

  async close(): Promise<void> {
    await this.#cluster.close();
  }

  #coordinatorIn(image: ClusterImage): PartitionState | undefined {
    const states = image.topic(OFFSETS_TOPIC)?.partitions;
    return states?.[partitionFor(this.#group, states.length)];
  }

  /** Not replaced since. */
  #decides({ leaderEpoch }: PartitionState): boolean {
    return this.#coordinatorIn(this.#image())?.leaderEpoch === leaderEpoch;
  }

  async #ask(coordinator: PartitionState): Promise<void> {
    let answers = 0;
    for (let asks = 0; asks < ASKS_MAX && answers < ANSWERS && !this.#host.stopping; asks++) {
      if (!this.#decides(coordinator)) return;
      try {
        if (await this.#askOnce(coordinator)) answers++;
      } catch (error) {
        if (!(error instanceof KafkaError)) throw error;
        this.#host.met(error);
        await this.#cluster.refresh().catch(() => {});
      }
      await this.#host.sleep(this.#draws.range(0.5, PAUSE_MS_MAX));
    }
  }

  async #askOnce(coordinator: PartitionState): Promise<boolean> {
    const { history, world } = this.#host;
    const connection = await this.#cluster.connection(coordinator.leader, 'coordinator');
    const version = connection.versions.pick('OffsetFetch', OFFSET_FETCH_NEWEST);
    const since = world.now;
    const dethroned = !this.#decides(coordinator);
    const answer = await connection.send('OffsetFetch', fetchRequest(this.#group, null, false, version), { version });
    const { error, partitions: found } = fetchedOffsets(answer);
    if (error !== undefined) return false;
    for (const { topic, partition } of this.#partitions) {
      const offset = found.find((one) => one.topic === topic && one.partition === partition)?.offset ?? -1;
      history.add({
        ...{ kind: 'committed', at: world.now, since, dethroned },
        ...{ group: this.#group, topic, partition, offset },
      });
    }
    return true;
  }
}
