// Topics that were deleted and made again under the same name: by their id they are others, and a position in the old one
// means nothing in the new one, though there may be a record at that offset. Java's consumer reads on from there; this one
// starts over by auto.offset.reset and says so (`recreated`).
// Always: a partition is never read from a position of another topic of the same name, as far as brokers tell ids
// (Kafka 2.8 and newer). With auto.offset.reset none the application is told by each poll until it seeks.
// Bound: one id is remembered for each topic that was read since the last `unsubscribe`.
import { ZERO_UUID } from '@moldau/protocol';
import type { ClusterMetadata } from '../cluster/metadata.ts';
import { KafkaError } from '../errors.ts';
import type { OffsetReset } from '../settings/consumer-settings.ts';
import type { EventSource } from './consumer-events.ts';
import type { AssignedPartition, Positions } from './positions.ts';

export class RecreatedTopics {
  readonly #metadata: ClusterMetadata;
  readonly #positions: Positions;
  readonly #autoOffsetReset: OffsetReset;
  readonly #events: EventSource;
  readonly #notify: () => void;
  /** By name, as this consumer read them last: a rebalance in between must not hide that the topic is another one. */
  readonly #ids = new Map<string, string>();
  /** Partitions that wait for the application to seek. */
  #adrift: { readonly entry: AssignedPartition; readonly error: KafkaError }[] = [];
  #revision = -1;

  constructor(o: {
    metadata: ClusterMetadata;
    positions: Positions;
    autoOffsetReset: OffsetReset;
    events: EventSource;
    /** Wakes a poll that waits. */
    notify: () => void;
  }) {
    this.#metadata = o.metadata;
    this.#positions = o.positions;
    this.#autoOffsetReset = o.autoOffsetReset;
    this.#events = o.events;
    this.#notify = o.notify;
  }

  /** Call before the entry is read from its position. */
  reading(entry: AssignedPartition): void {
    if (entry.topicId !== undefined) return;
    const { id = ZERO_UUID } = this.#metadata.topic(entry.topic) ?? {};
    if (id === ZERO_UUID) return;
    entry.topicId = id;
    this.#learn(entry.topic, id, false);
  }

  /** Call at once when metadata has changed: nothing may be asked for in between. */
  look(): void {
    if (this.#revision === this.#metadata.revision) return;
    this.#revision = this.#metadata.revision;
    const strange = [...this.#positions.all()].filter((entry) => this.#idNow(entry) !== entry.topicId);
    for (const entry of strange) this.#startOver(entry, this.#idNow(entry)!);
    for (const topic of new Set(strange.map((entry) => entry.topic))) {
      this.#learn(topic, this.#metadata.topic(topic)!.id, true);
    }
    if (strange.length > 0) this.#notify();
  }

  throwIfAdrift(): void {
    this.#adrift = this.#adrift.filter(({ entry }) => this.#positions.isCurrent(entry));
    const first = this.#adrift[0];
    if (first) throw first.error;
  }

  /** Nothing is read any more: what was is nobody's business. */
  forget(): void {
    this.#ids.clear();
    this.#adrift = [];
  }

  /** The topic's id, where both sides know it; else what the entry says. */
  #idNow({ topic, topicId }: AssignedPartition): string | undefined {
    const { id = ZERO_UUID } = this.#metadata.topic(topic) ?? {};
    return topicId === undefined || id === ZERO_UUID ? topicId : id;
  }

  #startOver(entry: AssignedPartition, id: string): void {
    const reset = this.#autoOffsetReset === 'none' ? undefined : this.#autoOffsetReset;
    const moved = this.#positions.startOver(entry, id, reset);
    if (reset !== undefined) return;
    const { topic, partition } = entry;
    const message = `The topic ${topic} was deleted and created again, so the position in ${topic}-${partition} is void, and auto.offset.reset is none: seek, or start over.`;
    this.#adrift.push({
      entry: moved,
      error: new KafkaError('NO_OFFSET_FOR_PARTITION', { message, topic, partition }),
    });
  }

  #learn(topic: string, topicId: string, startsOver: boolean): void {
    const before = this.#ids.get(topic);
    this.#ids.set(topic, topicId);
    if (before === undefined || before === topicId) return;
    const partitions = this.#positions.partitions((entry) => entry.topic === topic);
    this.#events.emit('recreated', { topic, topicId, partitions, startsOver });
  }
}
