// The batches of a partition's log as they lie on a simulated disk, found by walking its segment files.
import { Inode } from '../disk/inode.ts';
import { Directory, type SimDisk } from '../disk/sim-disk.ts';

export interface PlacedBatch {
  readonly path: string;
  readonly inode: Inode;
  readonly position: number;
  readonly bytes: Buffer;
  readonly lastOffset: number;
  /** Another batch stands behind it in the same file. */
  readonly followed: boolean;
}

const OVERHEAD_BYTES = 61;

export function placedBatches(disk: SimDisk, directory: string): PlacedBatch[] {
  const node = disk.node(directory);
  if (!(node instanceof Directory)) return [];
  const batches: PlacedBatch[] = [];
  for (const name of [...node.entries.keys()].filter((one) => one.endsWith('.log')).sort()) {
    const inode = node.entries.get(name);
    if (!(inode instanceof Inode)) continue;
    const { content } = inode;
    for (let position = 0; position + OVERHEAD_BYTES <= content.length; ) {
      const size = content.readInt32BE(position + 8) + 12;
      const end = position + size;
      if (size < OVERHEAD_BYTES || end > content.length) break;
      const lastOffset = Number(content.readBigInt64BE(position)) + content.readInt32BE(position + 23);
      const followed = end + OVERHEAD_BYTES <= content.length;
      batches.push({
        path: `${directory}/${name}`,
        inode,
        position,
        bytes: content.subarray(position, end),
        lastOffset,
        followed,
      });
      position = end;
    }
  }
  return batches;
}
