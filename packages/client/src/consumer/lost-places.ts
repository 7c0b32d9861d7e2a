// Positions that are not on the log any more: out of its range, cut off it (KIP-320), or in a topic that was deleted and made
// again (recreated-topics.ts). Decides where to read on, by auto.offset.reset, and keeps what only the application can
// decide for the next poll to throw.
// Always: one failure waits at a time, the first; one about a place that was left since (sought elsewhere, revoked) is
// nobody's trouble any more and is not thrown.
import type { Clock } from '@moldau/kernel';
import type { ClusterMetadata } from '../cluster/metadata.ts';
import { KafkaError } from '../errors.ts';
import type { CONSUMER_SETTINGS } from '../settings/consumer-settings.ts';
import type { SettingsOf } from '../settings/setting.ts';
import type { EventSource } from './consumer-events.ts';
import type { AssignedPartition, Positions } from './positions.ts';
import { RecreatedTopics } from './recreated-topics.ts';
import { type Divergence, LogTruncationError, lossOf } from './truncation.ts';

type Settings = Pick<SettingsOf<typeof CONSUMER_SETTINGS>, 'autoOffsetReset' | 'retryBackoffMaxMs'>;

export class LostPlaces {
  readonly recreated: RecreatedTopics;
  readonly #clock: Clock;
  readonly #positions: Positions;
  readonly #settings: Settings;
  readonly #events: EventSource;
  readonly #notify: () => void;
  /** With `entry`: thrown only while that is assigned as it is. */
  #failure: { readonly error: KafkaError; readonly entry: AssignedPartition | undefined } | undefined;

  constructor(o: {
    clock: Clock;
    metadata: ClusterMetadata;
    positions: Positions;
    settings: Settings;
    events: EventSource;
    /** Wakes a poll that waits. */
    notify: () => void;
  }) {
    this.#clock = o.clock;
    this.#positions = o.positions;
    this.#settings = o.settings;
    this.#events = o.events;
    this.#notify = o.notify;
    this.recreated = new RecreatedTopics({ ...o, autoOffsetReset: o.settings.autoOffsetReset });
  }

  /** For the next poll to throw. */
  fail(error: KafkaError, entry?: AssignedPartition): void {
    this.#failure ??= { error, entry };
    this.#notify();
  }

  throwIfFailed(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure && (!failure.entry || this.#positions.isCurrent(failure.entry))) throw failure.error;
    this.recreated.throwIfAdrift();
  }

  /** KIP-320. Where the log is another one from `at` on, it is read from there, as Java does; the reset policy serves when nobody knows where. */
  truncated(entry: AssignedPartition, at: Divergence | undefined): void {
    const { topic, partition, position = 0, positionEpoch } = entry;
    this.#notify();
    if (lossOf(position, at) === 'unseen') {
      this.#positions.moveTo(entry, position, Math.min(positionEpoch, at!.leaderEpoch));
      return;
    }
    const { autoOffsetReset } = this.#settings;
    if (autoOffsetReset === 'none') {
      const moved = this.#positions.moveTo(entry, position, entry.fetchedEpoch);
      this.#rest(moved);
      this.fail(new LogTruncationError({ topic, partition }, position, at), moved);
      return;
    }
    if (at) this.#positions.moveTo(entry, at.offset, at.leaderEpoch);
    else this.#positions.resetTo(entry, autoOffsetReset);
    this.#events.emit('truncated', { topic, partition, position, divergentOffset: at?.offset });
  }

  outOfRange(entry: AssignedPartition): void {
    const { topic, partition, fetched } = entry;
    if (this.#settings.autoOffsetReset !== 'none') {
      this.#positions.resetTo(entry, this.#settings.autoOffsetReset);
      this.#notify();
      return;
    }
    this.fail(
      new KafkaError('OFFSET_OUT_OF_RANGE', {
        message: `${topic}-${partition} does not hold offset ${fetched}, and auto.offset.reset is none.`,
        topic,
        partition,
        offset: fetched,
      }),
      entry,
    );
    this.#rest(entry);
  }

  /** The application is told again after this pause, until it seeks. */
  #rest(entry: AssignedPartition): void {
    entry.retryAt = this.#clock.monotonic() + this.#settings.retryBackoffMaxMs;
  }
}
