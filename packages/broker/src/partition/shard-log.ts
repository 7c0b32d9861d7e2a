// A partition of an internal topic as the log of a replicated machine: the port that the coordinators' runtime appends to
// and replays from.
import type { Clock } from '@moldau/kernel';
import { BrokerDiskError } from '@moldau/storage';
import type { ShardLog } from '../replicated-machine/shard-log.ts';
import type { OffsetWaiter } from './parked.ts';
import type { Partition } from './partition.ts';

export function shardLogOf(partition: Partition, clock: Clock): ShardLog {
  const { log } = partition;
  return {
    get startOffset() {
      return log.startOffset;
    },

    get endOffset() {
      return log.endOffset;
    },

    append(batch) {
      const placed = partition.place(batch, { origin: 'coordinator', now: clock.now(), requireInSync: true });
      if (placed.kind === 'refused') return { kind: 'refused', error: placed.error, detail: placed.detail };
      return { kind: 'placed', baseOffset: placed.baseOffset, endOffset: placed.lastOffset + 1 };
    },

    whenPersisted(endOffset, done) {
      let inside = true;
      const settled: OffsetWaiter = (failure) => {
        // On fewer replicas than asked for: it stands once the watermark has passed it, and until then it may yet.
        if (failure === 'notEnoughReplicas' && log.highWatermark < endOffset) {
          queueMicrotask(() => partition.whenReplicated(endOffset, settled));
          return;
        }
        const lost = failure !== undefined && failure !== 'notEnoughReplicas';
        const error = lost ? new BrokerDiskError('STORAGE_FAILED', `${log.name} is ${failure}`) : undefined;
        if (inside) queueMicrotask(() => done(error));
        else done(error);
      };
      partition.whenReplicated(endOffset, settled);
      inside = false;
    },

    async read(offset, bytesMax) {
      const slice = await log.read({ offset, bytesMax, end: log.endOffset, wholeFirstBatch: true });
      if (slice.kind === 'refused') throw new BrokerDiskError('STORAGE_FAILED', `${log.name}: ${slice.detail}`);
      return slice.chunks.length === 1 ? slice.chunks[0]! : Buffer.concat(slice.chunks);
    },
  };
}
