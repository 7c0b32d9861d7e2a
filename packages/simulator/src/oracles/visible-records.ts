// Invariant 8: what stands at an offset of a partition (of one topic id) is one thing for ever, once it lies below anybody's
// high watermark: through failovers, truncation, restarts, and whichever replicas come and go. Batches are known by their
// checksums, and read from the files, where all that a high watermark covers stands.
// In the flow: `ReplicaOracle` tells of each high watermark that rose, and of each replica that it sees for the first time
// in a run; only what lies between is read.
import type { Partition } from '@moldau/broker/partition/partition';
import type { SimNode } from '../cluster/sim-node.ts';
import type { Inode } from '../disk/inode.ts';
import { Directory } from '../disk/sim-disk.ts';
import { Broken } from './broken.ts';

/** What was visible of a partition: at each offset the checksum of its batch. */
export type Visible = Map<number, number>;

/** Where a replica was read up to. */
interface Cursor {
  readonly inode: Inode;
  readonly position: number;
  readonly nextOffset: number;
}

const OVERHEAD_BYTES = 61;

export class VisibleRecords {
  readonly #sound: (inode: Inode) => Buffer;
  readonly #visible = new Map<string, Visible>();
  readonly #cursors = new WeakMap<Partition, Cursor>();

  /** `sound`: the content of a file without bits that were flipped on purpose. */
  constructor(sound: (inode: Inode) => Buffer) {
    this.#sound = sound;
  }

  /** Everything below the replica's high watermark that was not read yet. Throws Broken. */
  look(node: SimNode, partition: Partition): void {
    const { topicId, topic, index, log } = partition;
    const { highWatermark } = log;
    if (highWatermark <= log.startOffset) return;
    const known = this.#cursors.get(partition);
    if (known && known.nextOffset >= highWatermark) return;
    const directory = node.disk.node(log.path);
    if (!(directory instanceof Directory)) return;
    const key = `${topicId}-${index}`;
    let visible = this.#visible.get(key);
    if (!visible) {
      visible = new Map();
      this.#visible.set(key, visible);
    }
    let nextOffset = known?.nextOffset ?? 0;
    const files = segmentsOf(directory);
    // Where retention took the file away it goes on with the first that is left.
    const start = Math.max(0, known ? files.indexOf(known.inode) : 0);
    for (let i = start; i < files.length; i++) {
      const inode = files[i]!;
      const bytes = this.#sound(inode);
      let position = inode === known?.inode ? known.position : 0;
      while (position + OVERHEAD_BYTES <= bytes.length) {
        const size = bytes.readInt32BE(position + 8) + 12;
        const baseOffset = Number(bytes.readBigInt64BE(position));
        const lastOffset = baseOffset + bytes.readInt32BE(position + 23);
        const isThere = size >= OVERHEAD_BYTES && position + size <= bytes.length;
        if (!isThere || lastOffset >= highWatermark || nextOffset >= highWatermark) {
          this.#cursors.set(partition, { inode, position, nextOffset });
          return;
        }
        // What lies before the log's start is gone for readers, and may be of a leader that was forgotten since: a follower
        // whose leader has nothing of that time any more cuts at the leader's start, and raises its own to it.
        if (baseOffset >= log.startOffset) {
          see(visible, baseOffset, lastOffset, bytes.readUInt32BE(position + 17), () => {
            return `${topic}-${index}@${baseOffset} on broker ${node.id}`;
          });
        }
        position += size;
        nextOffset = lastOffset + 1;
      }
      this.#cursors.set(partition, { inode, position, nextOffset });
    }
  }
}

/** A batch that is visible. Exported for its test. */
export function see(
  visible: Visible,
  baseOffset: number,
  lastOffset: number,
  checksum: number,
  name: () => string,
): void {
  // Between two batches that were seen there may be some that retention took before anybody looked, and which a power cut
  // brought back: they are not other ones.
  for (let offset = baseOffset; offset <= lastOffset; offset++) {
    const before = visible.get(offset);
    if (before !== undefined && before !== checksum) {
      throw new Broken(8, `${name()}: offset ${offset} is in batch ${checksum}, and was visible in batch ${before}`);
    }
    visible.set(offset, checksum);
  }
}

function segmentsOf(directory: Directory): Inode[] {
  const names = [...directory.entries.keys()].filter((name) => name.endsWith('.log')).sort();
  return names.map((name) => directory.entries.get(name) as Inode);
}
