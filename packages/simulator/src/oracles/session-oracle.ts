// Invariant 26: a broker that the metadata store has not confirmed for longer than the session's time-out may have been given
// up without knowing it. It takes nothing more with acks 0 or 1, which a new leader's log would cut away in silence; and it
// goes on leading: silence of the store alone ends no leadership, because epochs keep acks=all and reads safe.
// In the flow: after each event of a broker, on every partition that it led before the event.
import type { Partition } from '@moldau/broker/partition/partition';
import type { MetadataEngine } from '@moldau/metadata';
import type { Boot } from '../world/machine.ts';
import { Broken } from './broken.ts';

/** What is needed of a broker. */
export interface WatchedBroker {
  readonly id: number;
  readonly boot: Boot;
  /** Of the broker's picture. */
  readonly imageOffset: number;
  readonly engine: Pick<MetadataEngine, 'sessionConfirmedAtMs' | 'sessionTimeoutMs'>;
  readonly partitions: Iterable<Partition>;
}

/** A partition object lives no longer than the run of its broker. */
interface Led {
  leaderEpoch: number;
  end: number;
  imageOffset: number;
}

/** Values say who wrote them: `p2:topic-0/17`. */
const WRITERS = /(p\d+):[^\s/]+\/\d+/g;

export class SessionOracle {
  readonly #acksOf: ReadonlyMap<string, number>;
  readonly #led = new WeakMap<Partition, Led>();
  /** Times that a broker without a confirmed session took records, or held on to a partition. */
  looks = 0;

  /** `acksOf`: how each producer asks to be answered. */
  constructor(acksOf: ReadonlyMap<string, number>) {
    this.#acksOf = acksOf;
  }

  /** Throws Broken. */
  look(broker: WatchedBroker): void {
    const { id, boot, engine, imageOffset } = broker;
    const silentMs = boot.machine.monotonic() - engine.sessionConfirmedAtMs;
    const held = silentMs <= engine.sessionTimeoutMs;
    for (const partition of broker.partitions) {
      const known = this.#led.get(partition);
      const { leaderEpoch, log } = partition;
      if (!partition.isLeader) {
        if (!known) continue;
        this.#led.delete(partition);
        if (!partition.offline && !partition.closed && known.imageOffset === imageOffset) {
          throw new Broken(26, `${nameOf(partition)} on broker ${id}: it leads no more, and nothing was decided`);
        }
        continue;
      }
      const end = log.endOffset;
      if (!held && known) this.looks++;
      if (!held && known?.leaderEpoch === leaderEpoch && end > known.end && partition.state.replicas.length > 1) {
        this.#lookAtTaken(id, partition, known.end, silentMs);
      }
      if (known) {
        known.leaderEpoch = leaderEpoch;
        known.end = end;
        known.imageOffset = imageOffset;
      } else this.#led.set(partition, { leaderEpoch, end, imageOffset });
    }
  }

  #lookAtTaken(id: number, partition: Partition, from: number, silentMs: number): void {
    const { log } = partition;
    // The newest records are in memory: this reads no disk.
    const read = log.read({ offset: from, end: log.endOffset, bytesMax: 1 << 20, wholeFirstBatch: true });
    if (read instanceof Promise || read.kind !== 'slice') return;
    const text = Buffer.concat(read.chunks).toString('latin1');
    read.release?.();
    for (const [value, producer] of text.matchAll(WRITERS)) {
      const acks = this.#acksOf.get(producer!);
      if (acks === undefined || acks === -1) continue;
      throw new Broken(
        26,
        `${nameOf(partition)} on broker ${id}: took ${value} with acks=${acks}, ${Math.round(silentMs)} ms after the store confirmed it last`,
      );
    }
  }
}

function nameOf({ topic, index }: Partition): string {
  return `${topic}-${index}`;
}
