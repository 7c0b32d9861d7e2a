// Watches every replica in memory, after every event: the invariants of replication that one can see from outside the
// code that must keep them. Numbers are those of docs/simulator.md.
//   5   the high watermark moves only while enough confirmed replicas are in sync
//   6   what a leader's high watermark promises is on every running member of the in-sync set
//   8   what stands below a high watermark is one thing for ever (`visible-records.ts`)
//   9   a partition's leader epoch on a broker never goes back
//   10  one leader in one epoch
//   11  who joins the in-sync set has what the high watermark promises
//   13  a follower never cuts below its own high watermark, and no high watermark goes back within a run
//   14  a leader from outside the in-sync and eligible sets only where the topic allows it
//   24  the store takes nothing from a controller once a later one has written
//   25  each state of a partition is written over the one before it, never over an older one
//   21  log start <= high watermark <= log end
// In the flow: `World.afterEvent` calls `look` with the node whose code ran; nothing else can have changed.
import type { Partition } from '@moldau/broker/partition/partition';
import type { ClusterImage, MetadataBatch, PartitionState } from '@moldau/metadata';
import type { SimCluster } from '../cluster/sim-cluster.ts';
import type { SimNode } from '../cluster/sim-node.ts';
import type { Boot } from '../world/machine.ts';
import { Broken } from './broken.ts';
import type { VisibleRecords } from './visible-records.ts';

/** One replica as it stood after the last event of its broker. */
interface Seen {
  boot: Boot;
  /** A replica that is moved away and comes back is another one. */
  partition: Partition;
  end: number;
  highWatermark: number;
  epoch: number;
  /** Size of the confirmed in-sync set: one event may move the watermark and shrink the set after that. */
  confirmed: number;
}

/** What the cluster promised of one partition of one topic id. */
interface Promised {
  /** Highest high watermark of any leader so far. */
  highWatermark: number;
  /** Leader epoch → broker. */
  readonly leaders: Map<number, number>;
}

export class ReplicaOracle {
  readonly #cluster: SimCluster;
  /** Topics whose configuration gives the promises up. */
  readonly #lossy: ReadonlySet<string>;
  readonly #visible: VisibleRecords;
  readonly #seen = new Map<string, Seen>();
  readonly #promised = new Map<string, Promised>();
  /** Of the last batch that the store took. */
  #controllerEpoch = 0;
  /** Times that each invariant was looked at with something to see. */
  readonly looks = new Map<number, number>();

  constructor(cluster: SimCluster, lossy: ReadonlySet<string>, visible: VisibleRecords) {
    this.#visible = visible;
    this.#cluster = cluster;
    this.#lossy = lossy;
  }

  /** The highest offset that any leader has promised; undefined before the first. */
  promised(topicId: string, partition: number): number | undefined {
    return this.#promised.get(`${topicId}-${partition}`)?.highWatermark;
  }

  look(node: SimNode): void {
    const { broker } = node;
    const { boot } = node.machine;
    if (!broker || !boot) return;
    const { partitions, logs } = broker.context;
    for (const partition of partitions.all()) this.#lookAt(node, boot, partition);
    if (partitions.count > 0) return;
    // It stops: partitions are let go in the very event that answered the last producer, but the logs are there.
    for (const { topicId, partition, highWatermark, latestEpoch } of logs.logs()) {
      const promised = this.#promised.get(`${topicId}-${partition}`);
      if (promised?.leaders.get(latestEpoch ?? -1) === node.id) {
        promised.highWatermark = Math.max(promised.highWatermark, highWatermark);
      }
    }
  }

  #lookAt(node: SimNode, boot: Boot, partition: Partition): void {
    const { log, leaderEpoch: epoch } = partition;
    const { highWatermark, endOffset: end } = log;
    const key = `${node.id}/${partition.topicId}-${partition.index}`;
    const seen = this.#seen.get(key);
    const isLeader = partition.isLeader && !partition.offline;
    const isSame = seen?.boot === boot && seen.partition === partition;
    if (isSame && !isLeader) this.#promisedAtLast(node, partition, seen.epoch);
    if (partition.offline) return;
    if (isSame && seen.end === end && seen.highWatermark === highWatermark && seen.epoch === epoch) {
      seen.confirmed = partition.state.isr.length;
      return;
    }
    const name = `${partition.topic}-${partition.index} on broker ${node.id}`;
    this.#saw(21);
    if (!(log.startOffset <= highWatermark && highWatermark <= end)) {
      throw new Broken(21, `${name}: log start ${log.startOffset}, high watermark ${highWatermark}, log end ${end}`);
    }
    if (isSame) {
      if (epoch < seen.epoch) throw new Broken(9, `${name}: leader epoch went from ${seen.epoch} back to ${epoch}`);
      if (!this.#lossy.has(partition.topic)) {
        this.#saw(13);
        if (end < seen.highWatermark)
          throw new Broken(13, `${name}: cut to ${end}, below its high watermark ${seen.highWatermark}`);
        if (highWatermark < seen.highWatermark) {
          throw new Broken(13, `${name}: high watermark went from ${seen.highWatermark} back to ${highWatermark}`);
        }
      }
    }
    if ((!isSame || highWatermark > seen.highWatermark) && !this.#lossy.has(partition.topic)) {
      this.#saw(8);
      this.#visible.look(node, partition);
    }
    const confirmed = partition.state.isr.length;
    if (isLeader) {
      const moved = isSame && highWatermark > seen.highWatermark;
      this.#lookAtLeader(node, partition, name, moved ? Math.max(seen.confirmed, confirmed) : undefined);
    }
    if (isSame) Object.assign(seen, { end, highWatermark, epoch, confirmed });
    else this.#seen.set(key, { boot, partition, end, highWatermark, epoch, confirmed });
  }

  /**
   * It led when it was looked at last, and does not now: the very event that ended its leadership (its directory failed, or
   * two pictures came at once) may have moved its watermark and answered producers before.
   */
  #promisedAtLast(node: SimNode, { topicId, index, log }: Partition, lastEpoch: number): void {
    const promised = this.#promised.get(`${topicId}-${index}`);
    if (promised?.leaders.get(lastEpoch) !== node.id) return;
    promised.highWatermark = Math.max(promised.highWatermark, log.highWatermark);
  }

  /** `inSync`: how many were in sync when the high watermark moved; undefined when it did not. */
  #lookAtLeader(node: SimNode, partition: Partition, name: string, inSync: number | undefined): void {
    const { topicId, index, topic, log, leaderEpoch } = partition;
    const key = `${topicId}-${index}`;
    let promised = this.#promised.get(key);
    if (!promised) {
      promised = { highWatermark: 0, leaders: new Map() };
      this.#promised.set(key, promised);
    }
    this.#saw(10);
    const leader = promised.leaders.get(leaderEpoch);
    if (leader !== undefined && leader !== node.id) {
      throw new Broken(10, `${name}: broker ${leader} leads epoch ${leaderEpoch} too`);
    }
    promised.leaders.set(leaderEpoch, node.id);
    const { highWatermark } = log;
    if (this.#lossy.has(topic)) return;
    promised.highWatermark = Math.max(promised.highWatermark, highWatermark);
    if (inSync === undefined) return;
    const committed = this.#cluster.image.topicById(topicId)?.partitions[index];
    if (!committed) return;
    this.#saw(5);
    const confirmed = Math.max(committed.isr.length, inSync);
    const needed = Math.min(partition.settings.minInsyncReplicas, committed.replicas.length);
    if (confirmed < needed) {
      throw new Broken(
        5,
        `${name}: high watermark moved to ${highWatermark} with ${confirmed} in sync, ${needed} needed`,
      );
    }
    for (const id of committed.isr) this.#mustHave(id, partition, highWatermark, 6, name);
  }

  /** A running replica must hold everything below `offset`; one that is starting or down cannot be asked. */
  #mustHave(id: number, { topic, topicId, index }: Partition, offset: number, invariant: number, who: string): void {
    const replica = this.#cluster.node(id)?.broker?.context.partitions.get(topic, index);
    if (!replica || replica.topicId !== topicId || replica.offline) return;
    this.#saw(invariant);
    const has = this.#cluster.shape.durability === 'fsync' ? replica.log.persistedEnd : replica.log.endOffset;
    if (has < offset) throw new Broken(invariant, `${who} promises ${offset}; broker ${id}, in sync, has up to ${has}`);
  }

  /** The store took a batch. */
  onBatch(before: ClusterImage, after: ClusterImage, batch: MetadataBatch): void {
    this.#saw(24);
    if (batch.epoch < this.#controllerEpoch) {
      throw new Broken(24, `the controller of epoch ${batch.epoch} wrote after that of epoch ${this.#controllerEpoch}`);
    }
    this.#controllerEpoch = batch.epoch;
    for (const record of batch.records) {
      if (record.kind === 'producerIdsTaken') {
        this.#saw(28);
        if (record.nextProducerId <= before.nextProducerId && before.nextProducerId > 0) {
          throw new Broken(
            28,
            `the block up to ${record.nextProducerId} was given to broker ${record.brokerId} and before`,
          );
        }
      }
      if (record.kind !== 'partitionsSet') continue;
      const topic = after.topicById(record.topicId);
      if (!topic) continue;
      for (const next of record.partitions) {
        const previous = before.topicById(record.topicId)?.partitions[next.partition];
        if (previous) this.#lookAtChange(topic.name, record.topicId, previous, next);
      }
    }
  }

  #lookAtChange(topic: string, topicId: string, previous: PartitionState, next: PartitionState): void {
    const name = `${topic}-${next.partition}`;
    this.#saw(25);
    if (next.partitionEpoch <= previous.partitionEpoch) {
      throw new Broken(25, `${name}: state ${next.partitionEpoch} was written over state ${previous.partitionEpoch}`);
    }
    if (next.leader !== previous.leader && next.leader >= 0) {
      this.#saw(9);
      if (next.leaderEpoch <= previous.leaderEpoch) {
        throw new Broken(
          9,
          `${name}: broker ${next.leader} was elected in epoch ${next.leaderEpoch}, which is not new`,
        );
      }
      const electable = [...previous.isr, ...previous.elr];
      this.#saw(14);
      if (!electable.includes(next.leader) && !this.#lossy.has(topic) && !completesMove(previous, next)) {
        throw new Broken(14, `${name}: broker ${next.leader} was elected, which is not one of ${electable.join(', ')}`);
      }
    }
    if (this.#lossy.has(topic)) return;
    const leader = this.#cluster.node(previous.leader)?.broker?.context.partitions.get(topic, next.partition);
    if (!leader || leader.topicId !== topicId || !leader.isLeader || leader.leaderEpoch !== previous.leaderEpoch)
      return;
    for (const id of next.isr) {
      if (previous.isr.includes(id)) continue;
      this.#mustHave(
        id,
        leader,
        leader.log.highWatermark,
        11,
        `${name}: broker ${id} joins the in-sync set; the leader`,
      );
    }
  }

  #saw(invariant: number): void {
    this.looks.set(invariant, (this.looks.get(invariant) ?? 0) + 1);
  }
}

/**
 * The last replica that a move waited for joins the in-sync set, the move completes, and with the old leader gone one of the
 * replicas that stay leads: one change, made when the leader itself asked for the join. The joining is looked at as such.
 */
function completesMove(previous: PartitionState, next: PartitionState): boolean {
  const moved = previous.addingReplicas.length > 0 || previous.removingReplicas.length > 0;
  const over = next.addingReplicas.length === 0 && next.removingReplicas.length === 0;
  return moved && over && !next.replicas.includes(previous.leader) && next.isr.includes(next.leader);
}
