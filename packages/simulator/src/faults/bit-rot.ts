// Bit rot: flips a bit in a batch of one replica while its broker is down, and starts the broker again.
// Only where the product promises to notice (invariant 16): a batch below what was promised, on a replica that is out of the
// in-sync and the eligible set and whose broker is fenced, while another replica in sync holds the same bytes and no other
// copy is damaged. Then nothing may be lost by it. Not in a field that no checksum covers (docs/simulator.md).
import type { ClusterImage } from '@moldau/metadata';
import type { SimCluster } from '../cluster/sim-cluster.ts';
import type { SimNode } from '../cluster/sim-node.ts';
import { Inode } from '../disk/inode.ts';
import { Directory } from '../disk/sim-disk.ts';
import type { Prng } from '../world/prng.ts';
import { type PlacedBatch, placedBatches } from './placed-batches.ts';

/** One flipped bit. */
export interface Rot {
  readonly node: SimNode;
  readonly topic: string;
  readonly partition: number;
  readonly inode: Inode;
  readonly path: string;
  /** Of the batch in its file. */
  readonly position: number;
  /** The byte in the file, and the bit in the byte. */
  readonly at: number;
  readonly bit: number;
  /** The batch with the flipped bit. */
  readonly rotten: Buffer;
}

export interface BitRotOptions {
  readonly cluster: SimCluster;
  readonly draws: Prng;
  /** Topics of which nothing is promised. */
  readonly lossy: ReadonlySet<string>;
  /** The highest offset that a leader of the partition has promised. */
  readonly promised: (topicId: string, partition: number) => number | undefined;
}

const LOOK_EVERY_MS = 200;
/** Beyond the session time-out: how long a broker is kept down until it is out of the in-sync sets. */
const PATIENCE_MS = 4_000;
/** Batches that are looked for on other replicas before the strike is given up. */
const CHOICES_TRIED = 10;
const DERIVED = /\.(index|timeindex|snapshot)$/;
/** Share of strikes that flip a bit in such a file. */
const DERIVED_SHARE = 0.25;
/** Written by a leader in place; no checksum covers it. */
const EPOCH_FIELD = { from: 12, to: 16 };

export class BitRot {
  readonly #cluster: SimCluster;
  readonly #draws: Prng;
  readonly #lossy: ReadonlySet<string>;
  readonly #promised: BitRotOptions['promised'];
  readonly #all: Rot[] = [];

  /** Of the bits, those in files that are made anew from the log. */
  flippedInDerived = 0;

  constructor({ cluster, draws, lossy, promised }: BitRotOptions) {
    this.#cluster = cluster;
    this.#draws = draws;
    this.#lossy = lossy;
    this.#promised = promised;
  }

  get flipped(): number {
    return this.#all.length + this.flippedInDerived;
  }

  /** What is rotten still: neither cut, deleted nor copied anew. */
  get present(): readonly Rot[] {
    return this.#all.filter(
      ({ node, path, inode, position, rotten }) =>
        node.disk.node(path) === inode && inode.content.subarray(position, position + rotten.length).equals(rotten),
    );
  }

  hasStruck(node: SimNode): boolean {
    return this.#all.some((rot) => rot.node === node);
  }

  /** Whether any bit was ever flipped in a file of this partition on this broker. */
  struck(node: SimNode, topic: string, partition: number): boolean {
    return this.#all.some((rot) => rot.node === node && rot.topic === topic && rot.partition === partition);
  }

  /** Takes the broker down, and starts it again when a bit is flipped or none can be. */
  strike(node: SimNode): void {
    this.#whileDown(node, () => this.#flip(node));
  }

  /** The file as it would be without its flipped bits. */
  sound(inode: Inode): Buffer {
    const rots = this.present.filter((rot) => rot.inode === inode);
    if (rots.length === 0) return inode.content;
    const bytes = Buffer.from(inode.content);
    for (const { at, bit } of rots) bytes[at] = bytes[at]! ^ (1 << bit);
    return bytes;
  }

  /** Stops the broker or kills it, and starts it again once `work` says that it is done, or in the end. */
  #whileDown(node: SimNode, work: () => boolean): void {
    const { world, shape } = this.#cluster;
    if (!node.wanted || !node.running) return;
    const { starts } = node;
    if (this.#draws.chance(0.5)) void node.stop();
    node.wanted = false;
    const killAt = world.now + this.#draws.range(0, 2_000);
    const giveUpAt = world.now + shape.sessionTimeoutMs + PATIENCE_MS;
    const look = () => {
      // Somebody else has started it.
      if (node.wanted || node.starts !== starts) return;
      if (world.now >= killAt) node.kill();
      const done = !node.running && node.machine.powered && work();
      if (done || world.now >= giveUpAt) {
        node.kill();
        node.wanted = true;
        node.start();
        return;
      }
      world.schedule(LOOK_EVERY_MS, undefined, 'while it is down', look);
    };
    world.schedule(LOOK_EVERY_MS, undefined, 'while it is down', look);
  }

  #flip(node: SimNode): boolean {
    return this.#draws.chance(DERIVED_SHARE) ? this.#flipDerived(node) : this.#flipInBatch(node);
  }

  /** In an index or a producer snapshot, which are made anew from the log when they do not hold up. */
  #flipDerived(node: SimNode): boolean {
    const files: Inode[] = [];
    for (const { name: topic, partitions } of this.#cluster.image.topics()) {
      if (this.#lossy.has(topic)) continue;
      for (const { partition } of partitions) {
        const directory = node.disk.node(directoryOf(topic, partition));
        if (!(directory instanceof Directory) || !this.#isOut(node, `${topic}-${partition}`)) continue;
        for (const [name, file] of directory.entries) {
          if (DERIVED.test(name) && file instanceof Inode && file.size > 0) files.push(file);
        }
      }
    }
    if (files.length === 0) return false;
    const file = this.#draws.pick(files);
    file.rot(this.#draws.below(file.size), this.#draws.below(8));
    this.flippedInDerived++;
    return true;
  }

  #flipInBatch(node: SimNode): boolean {
    const draws = this.#draws;
    const choices: PlacedBatch[] = [];
    const names = new Map<PlacedBatch, { topic: string; partition: number }>();
    for (const { name: topic, topicId, partitions } of this.#cluster.image.topics()) {
      if (this.#lossy.has(topic)) continue;
      for (const { partition } of partitions) {
        const promised = this.#promised(topicId, partition) ?? 0;
        if (promised === 0 || !this.#isOut(node, `${topic}-${partition}`)) continue;
        if (this.present.some((rot) => rot.topic === topic && rot.partition === partition)) continue;
        for (const batch of placedBatches(node.disk, directoryOf(topic, partition))) {
          if (batch.lastOffset >= promised) continue;
          choices.push(batch);
          names.set(batch, { topic, partition });
        }
      }
    }
    const tried = draws.shuffle(choices).slice(0, CHOICES_TRIED);
    const batch = tried.find((one) => this.#isElsewhere(node, names.get(one)!, one));
    if (!batch) return false;
    const { path, inode, position, bytes, followed } = batch;
    // The base offset of the last batch is in no checksum and has nothing behind it that it would contradict.
    let inBatch = draws.between(followed ? 0 : 8, bytes.length - 1);
    if (inBatch >= EPOCH_FIELD.from && inBatch < EPOCH_FIELD.to) inBatch = bytes.length - 1;
    const bit = draws.below(8);
    inode.rot(position + inBatch, bit);
    const rotten = Buffer.from(inode.content.subarray(position, position + bytes.length));
    this.#all.push({ node, ...names.get(batch)!, path, inode, position, at: position + inBatch, bit, rotten });
    return true;
  }

  #isElsewhere(
    node: SimNode,
    { topic, partition }: { readonly topic: string; readonly partition: number },
    batch: PlacedBatch,
  ): boolean {
    const isr = this.#stateOf(`${topic}-${partition}`)?.isr ?? [];
    return isr.some((id) => {
      const other = this.#cluster.node(id);
      if (!other || other === node) return false;
      return placedBatches(other.disk, directoryOf(topic, partition)).some(({ bytes }) => bytes.equals(batch.bytes));
    });
  }

  #stateOf(name: string) {
    return stateOf(this.#cluster.image, name);
  }

  /** Nothing is counted on this replica, nor will be before it has copied anew: a wish to have it in sync may be under way. */
  #isOut(node: SimNode, name: string): boolean {
    const state = this.#stateOf(name);
    if (!state?.replicas.includes(node.id) || this.#cluster.image.broker(node.id)?.fenced !== true) return false;
    return state.isr.length > 0 && !state.isr.includes(node.id) && !state.elr.includes(node.id);
  }
}

function stateOf(image: ClusterImage, name: string) {
  const at = name.lastIndexOf('-');
  return image.topic(name.slice(0, at))?.partitions[Number(name.slice(at + 1))];
}

function directoryOf(topic: string, partition: number): string {
  return `/data/${topic}-${partition}`;
}
