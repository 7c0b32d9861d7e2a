// Looks every second whether the consumer gets on, and tells the application when it does not: partitions of which nothing
// is heard (liveness.ts has the rule), a group that does not let the member in, an event loop that did not turn, a handler
// that does not come back. Only looks and tells; what heals is asked for by `onStalled`.
import type { Ports, TimerHandle } from '@moldau/kernel';
import { KafkaError } from '../errors.ts';
import type { TopicPartition } from '../topic-partition.ts';
import type { EventSource, Handling } from './consumer-events.ts';
import { Liveness, someOf } from './liveness.ts';
import type { AssignedPartition, Positions } from './positions.ts';

/** Longest pause between looks. */
const LOOK_MS = 1000;

export class Watchman {
  readonly #ports: Ports;
  readonly #heartbeatIntervalMs: number;
  readonly #maxPollIntervalMs: number;
  readonly #events: EventSource;
  readonly #positions: Positions;
  readonly #trouble: (entry: AssignedPartition) => string;
  readonly #outside: () => string | undefined;
  readonly #pollIdleMs: () => number;
  readonly #full: () => boolean;
  readonly #onStalled: () => void;
  readonly #liveness: Liveness;
  readonly #lookMs: number;
  #handling: Handling = { handler: 'nothing of the consumer yet' };
  #slowTold = false;
  #timer: TimerHandle | undefined;
  #dueAt = 0;

  constructor(o: {
    ports: Ports;
    settings: { stallTimeoutMs: number; heartbeatIntervalMs: number; maxPollIntervalMs: number };
    events: EventSource;
    positions: Positions;
    /** Why nothing comes of a partition. */
    trouble: (entry: AssignedPartition) => string;
    /** Why the application, which polls, gets nothing from the group; undefined when the member is at work. */
    outside: () => string | undefined;
    /** How long the application has not come back; 0 when nothing depends on it. */
    pollIdleMs: () => number;
    /** What is held for the application fills the memory there is: it has to come first. */
    full: () => boolean;
    onStalled: () => void;
  }) {
    this.#ports = o.ports;
    this.#heartbeatIntervalMs = o.settings.heartbeatIntervalMs;
    this.#maxPollIntervalMs = o.settings.maxPollIntervalMs;
    this.#events = o.events;
    this.#positions = o.positions;
    this.#trouble = o.trouble;
    this.#outside = o.outside;
    this.#pollIdleMs = o.pollIdleMs;
    this.#full = o.full;
    this.#onStalled = o.onStalled;
    this.#liveness = new Liveness(o.settings.stallTimeoutMs);
    const shortest = Math.min(o.settings.stallTimeoutMs, o.settings.maxPollIntervalMs) / 4;
    this.#lookMs = Math.max(1, Math.min(LOOK_MS, shortest));
  }

  start(): void {
    if (!this.#timer) this.#arm();
  }

  stop(): void {
    if (this.#timer) this.#ports.timers.clear(this.#timer);
    this.#timer = undefined;
  }

  heard(where: TopicPartition): void {
    this.#liveness.heard(where, this.#ports.clock.monotonic());
  }

  /** Who has the records now, for the warnings. */
  handling(handler: string, record?: TopicPartition & { readonly offset: number }): void {
    this.#handling = record ? { handler, record } : { handler };
  }

  #arm(): void {
    this.#dueAt = this.#ports.clock.monotonic() + this.#lookMs;
    this.#timer = this.#ports.timers.set(this.#lookMs, () => {
      this.#look();
    });
  }

  #look(): void {
    const now = this.#ports.clock.monotonic();
    const lateMs = now - this.#dueAt;
    this.#arm();
    if (lateMs >= this.#heartbeatIntervalMs) {
      this.#events.emit('blocked', { what: 'event-loop', blockedMs: lateMs, ...this.#named() });
    }
    this.#lookAtHandler();
    this.#lookAtGroup(now);
    this.#lookAtPartitions(now);
  }

  #named(): Handling {
    const { handler, record } = this.#handling;
    if (!record) return { handler };
    const { topic, partition, offset } = record;
    return { handler, record: { topic, partition, offset } };
  }

  #lookAtHandler(): void {
    const idleMs = this.#pollIdleMs();
    const slow = idleMs >= this.#maxPollIntervalMs / 2;
    if (slow && !this.#slowTold) {
      this.#events.emit('blocked', { what: 'handler', blockedMs: idleMs, ...this.#named() });
    }
    this.#slowTold = slow;
  }

  #lookAtGroup(now: number): void {
    const reason = this.#outside();
    const sinceMs = this.#liveness.outsideDue(reason !== undefined, now);
    if (sinceMs === undefined) return;
    this.#stalled([], sinceMs, `Not at work in the group for ${Math.round(sinceMs)} ms: ${reason}.`);
  }

  #lookAtPartitions(now: number): void {
    const overdue = this.#liveness.due(watched(this.#positions, this.#full()), now);
    const partitions = this.#liveness.takeRecovered();
    if (partitions.length > 0) this.#events.emit('recovered', { partitions });
    const byReason = new Map<string, { where: TopicPartition[]; sinceMs: number }>();
    for (const { topic, partition, sinceMs } of overdue) {
      const reason = this.#trouble(this.#positions.get(topic, partition)!);
      const told = byReason.get(reason) ?? { where: [], sinceMs };
      told.where.push({ topic, partition });
      byReason.set(reason, told);
    }
    for (const [reason, { where, sinceMs }] of byReason) {
      this.#stalled(where, sinceMs, `Nothing heard of ${someOf(where)} for ${Math.round(sinceMs)} ms: ${reason}.`);
    }
  }

  #stalled(partitions: readonly TopicPartition[], sinceMs: number, message: string): void {
    const error = new KafkaError('STALLED', { message, ...partitions[0] });
    this.#events.emit('stalled', { error, partitions, sinceMs });
    this.#onStalled();
  }
}

function* watched(positions: Positions, full: boolean) {
  for (const { topic, partition, paused, bufferedBytes } of positions.all()) {
    yield { topic, partition, resting: full || paused || bufferedBytes > 0 };
  }
}
