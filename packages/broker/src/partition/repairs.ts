// Mends the logs of damaged replicas with what other replicas have (invariant 16). In the flow: storage tells of damage,
// `look` finds the partitions concerned; their gaps are fetched from a peer as a consumer reads, below its high watermark,
// and written where they were missing. What to do is decided in `repair-plan` (pure).
// Always: one partition at a time, one fetch of it under way; what cannot be mended now is tried again, ever more rarely,
// and at once when a broker comes; nothing is cut or deleted.
import type { ResponseOf } from '@moldau/client/connection';
import type { Ports, TimerHandle } from '@moldau/kernel';
import type { ClusterImage, MetadataBatch } from '@moldau/metadata';
import { errorName, type WireError } from '@moldau/protocol/errors';
import type { LogGap } from '@moldau/storage';
import type { BrokerConfig } from '../config/broker-config.ts';
import { type EventLog, REPLICA_EVENTS } from '../events.ts';
import type { BrokerMetrics } from '../metrics.ts';
import type { Peers } from '../peer/peers.ts';
import type { Partition } from './partition.ts';
import { errorOfDamage, judgeRange, retryMs, sourcesOf } from './repair-plan.ts';

export interface RepairsParts {
  readonly nodeId: number;
  readonly config: Pick<BrokerConfig, 'replicaFetchMaxBytes'>;
  readonly ports: Pick<Ports, 'clock' | 'timers'>;
  readonly image: () => ClusterImage;
  readonly peers: Pick<Peers, 'connect' | 'disconnect'>;
  readonly partitions: () => Iterable<Partition>;
  readonly events: EventLog;
  readonly metrics: BrokerMetrics;
}

/** A partition whose log is damaged. */
interface Patient {
  failures: number;
  dueAtMs: number;
  /** The last failure, so that the same one is not told again and again. */
  told: string | undefined;
}

const PURPOSE = 'repair';

export class Repairs {
  readonly #p: RepairsParts;
  readonly #patients = new Map<Partition, Patient>();
  #looking = false;
  #working = false;
  #timer: TimerHandle | undefined;
  #closed = false;

  constructor(parts: RepairsParts) {
    this.#p = parts;
  }

  /** Partitions here that are known to be damaged. */
  get count(): number {
    return this.#patients.size;
  }

  /** Storage noticed damage somewhere: it is looked for at the end of this turn. */
  look(): void {
    if (this.#looking || this.#closed) return;
    this.#looking = true;
    this.#p.ports.timers.afterTurn(() => {
      this.#looking = false;
      for (const partition of this.#p.partitions()) {
        if (!partition.log.damage.isThere || this.#patients.has(partition)) continue;
        this.#patients.set(partition, { failures: 0, dueAtMs: 0, told: undefined });
      }
      void this.#work();
    });
  }

  /** What a reader is told whom the log refused with `error`. */
  errorOf(partition: Partition, error: WireError): WireError {
    if (error !== 'CORRUPT_MESSAGE' || this.#closed) return error;
    return errorOfDamage(this.#patients.get(partition), this.#sourcesOf(partition).length);
  }

  /** A broker that comes back may have what nobody had. */
  onImage(batch: MetadataBatch): void {
    if (this.#patients.size === 0 || !batch.records.some(({ kind }) => kind === 'brokerRegistered')) return;
    for (const patient of this.#patients.values()) patient.dueAtMs = 0;
    void this.#work();
  }

  close(): void {
    this.#closed = true;
    if (this.#timer) this.#p.ports.timers.clear(this.#timer);
    this.#patients.clear();
  }

  #sourcesOf(partition: Partition): number[] {
    const { nodeId, image } = this.#p;
    return sourcesOf(partition.state, nodeId, (id) => image().broker(id)?.fenced === false);
  }

  async #work(): Promise<void> {
    if (this.#working || this.#closed) return;
    this.#working = true;
    const { clock, timers } = this.#p.ports;
    if (this.#timer) timers.clear(this.#timer);
    this.#timer = undefined;
    for (let next = this.#due(); next; next = this.#due()) {
      const [partition, patient] = next;
      let failure: string | undefined;
      try {
        failure = await this.#mend(partition);
      } catch (error) {
        failure = error instanceof Error ? error.message : String(error);
      }
      if (this.#closed) return;
      if (failure === undefined || partition.closed || partition.offline) this.#patients.delete(partition);
      else this.#failed(partition, patient, failure);
    }
    this.#working = false;
    let dueAtMs = Number.POSITIVE_INFINITY;
    for (const patient of this.#patients.values()) dueAtMs = Math.min(dueAtMs, patient.dueAtMs);
    if (dueAtMs === Number.POSITIVE_INFINITY) return;
    this.#timer = timers.set(Math.max(1, Math.ceil(dueAtMs - clock.monotonic())), () => void this.#work());
  }

  #due(): [Partition, Patient] | undefined {
    const now = this.#p.ports.clock.monotonic();
    for (const entry of this.#patients) if (entry[1].dueAtMs <= now) return entry;
    return undefined;
  }

  #failed(partition: Partition, patient: Patient, reason: string): void {
    patient.failures++;
    const waitMs = retryMs(patient);
    patient.dueAtMs = this.#p.ports.clock.monotonic() + waitMs;
    if (patient.told === reason) return;
    patient.told = reason;
    const { topic, index } = partition;
    this.#p.events.emit(REPLICA_EVENTS.repairFailed, { topic, partition: index, reason, retryMs: waitMs });
  }

  /** Undefined when the log is whole again; otherwise why it is not. */
  async #mend(partition: Partition): Promise<string | undefined> {
    let failure: string | undefined;
    for (const gap of await partition.log.damage.findGaps()) {
      if (this.#closed || partition.closed || partition.offline) return undefined;
      failure = (await this.#fill(partition, gap)) ?? failure;
    }
    if (failure !== undefined) return failure;
    // Looked at once more: what was written has to read as whole.
    const left = await partition.log.damage.findGaps();
    const due = left.find((gap) => judgeRange(gap, partition.log) !== 'forget');
    return due ? `offset ${due.offset} is still missing` : undefined;
  }

  async #fill(partition: Partition, gap: LogGap): Promise<string | undefined> {
    const { log } = partition;
    const verdict = judgeRange(gap, log);
    if (verdict === 'forget') return undefined;
    const range = `offsets ${gap.offset} to ${gap.endOffset - 1}`;
    if (verdict === 'wait') return `${range} are not known to be safe yet, the high watermark is ${log.highWatermark}`;
    const sources = this.#sourcesOf(partition);
    if (sources.length === 0) return `${range}: no other replica is up`;
    const reasons: string[] = [];
    let rest: LogGap | undefined = gap;
    let bytes = 0;
    for (const source of sources) {
      while (rest && !this.#closed) {
        const records = await this.#fetch(partition, source, rest.offset);
        if (typeof records === 'string') {
          reasons.push(`broker ${source}: ${records}`);
          break;
        }
        const filling = await log.damage.fill(rest, records);
        if (filling.kind !== 'filled') {
          reasons.push(`broker ${source}: ${filling.detail}`);
          break;
        }
        bytes += filling.bytes;
        rest = filling.rest;
      }
      if (this.#closed) return undefined;
      if (rest) continue;
      const { topic, index } = partition;
      const { offset, endOffset } = gap;
      this.#p.metrics.repairedRanges.value++;
      this.#p.events.emit(REPLICA_EVENTS.repaired, { topic, partition: index, offset, endOffset, bytes, from: source });
      return undefined;
    }
    return `${range}: ${reasons.join('; ')}`;
  }

  /** Whole batches from `offset` on that are safe there, or why there are none. */
  async #fetch(partition: Partition, source: number, offset: number): Promise<Buffer | string> {
    const { replicaFetchMaxBytes } = this.#p.config;
    let answer: ResponseOf<'Fetch'>;
    try {
      const connection = await this.#p.peers.connect(source, PURPOSE);
      const wish = {
        partition: partition.index,
        fetchOffset: offset,
        logStartOffset: -1,
        partitionMaxBytes: replicaFetchMaxBytes,
      };
      answer = await connection.send(
        'Fetch',
        {
          // As a consumer: this says nothing about how far our own log goes.
          replicaState: { replicaId: -1, replicaEpoch: -1 },
          maxWaitMs: 0,
          minBytes: 0,
          maxBytes: replicaFetchMaxBytes,
          isolationLevel: 0,
          sessionId: 0,
          sessionEpoch: -1,
          topics: [{ topicId: partition.topicId, partitions: [wish] }],
          forgottenTopicsData: [],
          rackId: '',
        },
        { newest: 17 },
      );
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    const read = answer.responses[0]?.partitions[0];
    const code = answer.errorCode !== 0 ? answer.errorCode : (read?.errorCode ?? -1);
    if (code !== 0) return errorName(code) ?? `error ${code}`;
    const records = read?.records;
    if (!records || records.length === 0) return `it holds nothing safe at offset ${offset}`;
    return records;
  }
}
