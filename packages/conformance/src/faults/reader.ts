// Reads partitions to their ends: once, at the end of a run, or for ever, following the tail while the broker is killed.
import { APIS, errorName } from '@moldau/protocol';
import { batches, readRecords } from '@moldau/protocol/records/batch-reader';
import type { Sighting } from './history.ts';
import { type Link, openLink } from './link.ts';

export interface ReaderOptions {
  readonly host: string;
  readonly port: number;
  readonly topic: string;
  readonly partitions: number;
}

interface Position {
  next: number;
  highWatermark: number;
}

/** One Fetch from the positions; what it brought is appended to `seen`. Throws on an error code. */
async function fetchOnce(link: Link, o: ReaderOptions, positions: Position[], seen: Sighting[]): Promise<void> {
  const answer = await link.ask(APIS.Fetch, 11, {
    replicaId: -1,
    maxWaitMs: 100,
    minBytes: 1,
    maxBytes: 8_000_000,
    isolationLevel: 0,
    sessionId: 0,
    sessionEpoch: -1,
    rackId: '',
    forgottenTopicsData: [],
    topics: [
      {
        topic: o.topic,
        partitions: positions.map(({ next }, partition) => ({
          partition,
          currentLeaderEpoch: -1,
          fetchOffset: next,
          logStartOffset: -1,
          partitionMaxBytes: 1_000_000,
        })),
      },
    ],
  });
  for (const partition of answer.responses[0]?.partitions ?? []) {
    if (partition.errorCode !== 0) throw new Error(errorName(partition.errorCode));
    const position = positions[partition.partitionIndex];
    if (!position) continue;
    position.highWatermark = partition.highWatermark;
    const bytes = partition.records ?? Buffer.alloc(0);
    for (const at of batches(bytes)) {
      for (const { offset, value } of readRecords(bytes, at, { decompressedBytesMax: 10_000_000 })) {
        if (offset < position.next) continue; // a batch is answered whole
        seen.push({ partition: partition.partitionIndex, offset, value: value?.toString() ?? 'null' });
        position.next = offset + 1;
      }
    }
  }
}

function start(partitions: number): Position[] {
  return Array.from({ length: partitions }, () => ({ next: 0, highWatermark: -1 }));
}

/** Every record of the topic, partition by partition in the order of offsets. */
export async function readLog(o: ReaderOptions): Promise<Sighting[]> {
  const seen: Sighting[] = [];
  const positions = start(o.partitions);
  const link = await openLink({ ...o, clientId: 'reader' }, () => true);
  if (!link) return seen;
  while (positions.some(({ next, highWatermark }) => next !== highWatermark)) await fetchOnce(link, o, positions, seen);
  link.close();
  return seen.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset);
}

/** Follows the tail through every end of the broker; everything read goes into `seen`. Returns what stops it. */
export function followLog(o: ReaderOptions, seen: Sighting[]): () => Promise<void> {
  let stopping = false;
  const positions = start(o.partitions);
  const done = (async () => {
    while (!stopping) {
      const link = await openLink({ ...o, clientId: 'follower' }, () => !stopping);
      if (!link) return;
      try {
        while (!stopping) await fetchOnce(link, o, positions, seen);
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      link.close();
    }
  })();
  return async () => {
    stopping = true;
    await done;
  };
}
