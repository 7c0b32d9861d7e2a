// What a consumer says by itself, besides what its methods answer: that it does not get on, and why. `on` listens; what
// nobody listens to goes out as a warning of the process, so that a consumer never stops in silence.
import type { KafkaError } from '../errors.ts';
import type { TopicPartition } from '../topic-partition.ts';
import { truncationText } from './truncation.ts';

/** Where the application is: the function that has the records, and the record it was given last. */
export interface Handling {
  readonly handler: string;
  readonly record?: TopicPartition & { readonly offset: number };
}

export interface ConsumerEvents {
  /**
   * For `sinceMs` (at least stall.timeout.ms) the consumer has heard nothing of these partitions, or the leader has records
   * and sends none; `partitions` empty: the group does not let it in. `error` is STALLED with the reason as its message.
   * Comes again each stall.timeout.ms while it lasts.
   */
  readonly stalled: {
    readonly error: KafkaError;
    readonly partitions: readonly TopicPartition[];
    readonly sinceMs: number;
  };
  /** Partitions that were stalled go on. */
  readonly recovered: { readonly partitions: readonly TopicPartition[] };
  /**
   * 'event-loop': it did not turn for `blockedMs`, so no heartbeat could go out. 'handler': the application has not come
   * back to poll for half of max.poll.interval.ms; after the whole of it the member leaves the group.
   */
  readonly blocked: Handling & { readonly what: 'event-loop' | 'handler'; readonly blockedMs: number };
  /** The member is out of its group and joins again at the next poll: thrown out, or gone for max.poll.interval.ms. */
  readonly left: { readonly reason: string };
  /**
   * A change of leaders cut records off the log that this consumer had handed out (KIP-320): it reads on from
   * `divergentOffset`, or where auto.offset.reset says when that is unknown. With auto.offset.reset none poll throws
   * LogTruncationError instead.
   */
  readonly truncated: TopicPartition & { readonly position: number; readonly divergentOffset: number | undefined };
  /**
   * The topic was deleted and created again: it has another id, and what was read of the old one says nothing about it.
   * `partitions` (those that this consumer has of it) start over by auto.offset.reset; with none, poll throws
   * NO_OFFSET_FOR_PARTITION until the application seeks. `startsOver` false: there was a rebalance in between, and positions
   * come from the group as ever.
   */
  readonly recreated: {
    readonly topic: string;
    readonly topicId: string;
    readonly partitions: readonly TopicPartition[];
    readonly startsOver: boolean;
  };
  /** An automatic commit failed; the next one makes up for it, unless partitions went away before. */
  readonly commitFailed: { readonly error: KafkaError };
}

export type ConsumerEventName = keyof ConsumerEvents;
export type ConsumerEventListener<E extends ConsumerEventName> = (event: ConsumerEvents[E]) => void;

export class EventSource {
  readonly #listeners = new Map<ConsumerEventName, Set<(event: never) => void>>();
  readonly #warn: (text: string) => void;

  constructor(warn: (text: string) => void) {
    this.#warn = warn;
  }

  /** Answers with the function that ends it. */
  on<E extends ConsumerEventName>(name: E, listener: ConsumerEventListener<E>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  emit<E extends ConsumerEventName>(name: E, event: ConsumerEvents[E]): void {
    const listeners = this.#listeners.get(name);
    if (!listeners || listeners.size === 0) {
      const text = textOf(name, event);
      if (text) this.#warn(text);
      return;
    }
    for (const listener of [...listeners]) {
      try {
        (listener as ConsumerEventListener<E>)(event);
      } catch (error) {
        this.#warn(`A listener of the consumer event "${name}" failed: ${String(error)}`);
      }
    }
  }
}

export function handlingText({ handler, record }: Handling): string {
  return record ? `${handler} (last record: ${record.topic}-${record.partition} at offset ${record.offset})` : handler;
}

function textOf<E extends ConsumerEventName>(name: E, event: ConsumerEvents[E]): string | undefined {
  switch (name) {
    case 'stalled':
      return (event as ConsumerEvents['stalled']).error.message;
    case 'blocked': {
      const { what, blockedMs, ...handling } = event as ConsumerEvents['blocked'];
      const ms = Math.round(blockedMs);
      return what === 'event-loop'
        ? `The event loop was blocked for ${ms} ms and no heartbeat could be sent. At work: ${handlingText(handling)}.`
        : `No poll for ${ms} ms; at max.poll.interval.ms the member leaves. At work: ${handlingText(handling)}.`;
    }
    case 'left':
      return `The consumer is out of its group: ${(event as ConsumerEvents['left']).reason}.`;
    case 'truncated': {
      const { position, divergentOffset, ...where } = event as ConsumerEvents['truncated'];
      const at = divergentOffset === undefined ? undefined : { offset: divergentOffset, leaderEpoch: -1 };
      return truncationText(where, position, at);
    }
    case 'recreated': {
      const { topic, partitions } = event as ConsumerEvents['recreated'];
      const numbers = partitions.map(({ partition }) => partition).join(', ');
      return `The topic ${topic} was deleted and created again; its partitions here (${numbers}) are read as those of a new topic.`;
    }
    case 'commitFailed':
      return `An automatic commit failed: ${(event as ConsumerEvents['commitFailed']).error.message}`;
    default:
      return undefined;
  }
}
