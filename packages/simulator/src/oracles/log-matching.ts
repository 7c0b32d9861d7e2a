// Two replicas of a partition hold the same bytes below the high watermark of both (invariant 7), compared by the batches
// that a reader would get. Too costly after every event: done every few virtual seconds and at the end.
import type { Partition } from '@moldau/broker/partition/partition';
import type { SimCluster } from '../cluster/sim-cluster.ts';
import type { BitRot } from '../faults/bit-rot.ts';
import { Broken } from './broken.ts';

/** Compared at a time, per partition. */
const BYTES_MAX = 1 << 20;

export class LogMatching {
  readonly #cluster: SimCluster;
  readonly #lossy: ReadonlySet<string>;
  readonly #rot: BitRot;
  compared = 0;

  constructor(cluster: SimCluster, lossy: ReadonlySet<string>, rot: BitRot) {
    this.#rot = rot;
    this.#cluster = cluster;
    this.#lossy = lossy;
  }

  /** Throws Broken. */
  compare(): void {
    const byPartition = new Map<string, { readonly id: number; readonly partition: Partition }[]>();
    for (const { id, broker } of this.#cluster.nodes) {
      for (const partition of broker?.context.partitions.all() ?? []) {
        if (partition.offline || this.#lossy.has(partition.topic)) continue;
        const key = `${partition.topicId}-${partition.index}`;
        const replicas = byPartition.get(key) ?? [];
        replicas.push({ id, partition });
        byPartition.set(key, replicas);
      }
    }
    for (const [first, ...others] of byPartition.values()) {
      for (const other of others) if (first) this.#comparePair(first, other);
    }
  }

  #comparePair(
    a: { readonly id: number; readonly partition: Partition },
    b: { readonly id: number; readonly partition: Partition },
  ): void {
    const from = Math.max(a.partition.log.startOffset, b.partition.log.startOffset);
    const to = Math.min(a.partition.log.highWatermark, b.partition.log.highWatermark);
    if (from >= to) return;
    const [left, right] = [this.#bytesOf(a.id, a.partition, from, to), this.#bytesOf(b.id, b.partition, from, to)];
    if (!left || !right) return;
    this.compared++;
    const length = Math.min(left.length, right.length);
    if (left.subarray(0, length).equals(right.subarray(0, length))) return;
    const at = left.findIndex((byte, index) => byte !== right[index]);
    throw new Broken(
      7,
      `${a.partition.topic}-${a.partition.index}: brokers ${a.id} and ${b.id} differ below ${to}, ${at} bytes behind offset ${from}`,
    );
  }

  /** The batches that hold [from, to), straight from the files. Undefined when they cannot be read now. */
  #bytesOf(id: number, partition: Partition, from: number, to: number): Buffer | undefined {
    const node = this.#cluster.node(id);
    if (!node) return undefined;
    const directory = node.disk.node(partition.log.path);
    if (!directory || !('entries' in directory)) return undefined;
    const names = [...directory.entries.keys()].filter((name) => name.endsWith('.log')).sort();
    const chunks: Buffer[] = [];
    let total = 0;
    for (const name of names) {
      // A flipped bit that nobody has noticed yet is no difference; a copy of it is.
      const bytes = this.#rot.sound(node.disk.file(`${partition.log.path}/${name}`));
      for (let at = 0; at + 61 <= bytes.length; ) {
        const baseOffset = Number(bytes.readBigInt64BE(at));
        const length = bytes.readInt32BE(at + 8) + 12;
        const lastOffset = baseOffset + bytes.readInt32BE(at + 23);
        if (length < 61 || at + length > bytes.length || baseOffset >= to) break;
        if (lastOffset >= from && baseOffset >= from && total < BYTES_MAX) {
          chunks.push(bytes.subarray(at, at + length));
          total += length;
        }
        at += length;
      }
    }
    return Buffer.concat(chunks);
  }
}
