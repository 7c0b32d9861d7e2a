// What a consumer has been told to read: nothing, partitions by hand, topics by name, or topics by a pattern. Pure.
import { KafkaError } from '../errors.ts';
import type { RebalanceListener } from './consumer-model.ts';

/**
 * A regular expression that the coordinator applies to topic names, in RE2 syntax and to the whole name; only with
 * group.protocol=consumer. A JavaScript RegExp is applied here instead, to all topics that the client may see.
 */
export class SubscriptionPattern {
  readonly pattern: string;

  constructor(pattern: string) {
    if (typeof pattern !== 'string' || pattern === '') {
      throw new KafkaError('INVALID_ARGUMENT', {
        message: 'A SubscriptionPattern needs a regular expression as text.',
      });
    }
    this.pattern = pattern;
  }
}

export type Subscription =
  | { readonly kind: 'none' }
  | { readonly kind: 'manual' }
  | { readonly kind: 'topics'; readonly topics: readonly string[]; readonly listener: RebalanceListener }
  | {
      readonly kind: 'serverPattern';
      readonly pattern: SubscriptionPattern;
      readonly listener: RebalanceListener;
    }
  | {
      readonly kind: 'pattern';
      readonly pattern: RegExp;
      /** What matches as of the last metadata. */
      readonly topics: readonly string[];
      readonly listener: RebalanceListener;
    };

export function subscriptionTo(
  topics: string | readonly string[] | RegExp | SubscriptionPattern,
  listener: RebalanceListener,
): Exclude<Subscription, { kind: 'manual' }> {
  if (topics instanceof SubscriptionPattern) return { kind: 'serverPattern', pattern: topics, listener };
  if (topics instanceof RegExp) {
    // Without the flags that make a pattern remember where it was.
    const pattern = new RegExp(topics.source, topics.flags.replaceAll(/[gy]/g, ''));
    return { kind: 'pattern', pattern, topics: [], listener };
  }
  const names = typeof topics === 'string' ? [topics] : [...new Set(topics)];
  if (names.some((name) => typeof name !== 'string' || name === '')) {
    throw new KafkaError('INVALID_ARGUMENT', { message: 'A topic to subscribe to must have a name.' });
  }
  return names.length === 0 ? { kind: 'none' } : { kind: 'topics', topics: names, listener };
}

/** A pattern applied to the topics there are; other subscriptions stay as they are. */
export function matched(
  subscription: Subscription,
  topics: Iterable<{ readonly name: string; readonly internal: boolean }>,
  excludeInternal: boolean,
): Subscription {
  if (subscription.kind !== 'pattern') return subscription;
  const names = [...topics]
    .filter(({ internal }) => !internal || !excludeInternal)
    .map(({ name }) => name)
    .filter((name) => subscription.pattern.test(name))
    .sort();
  return { ...subscription, topics: names };
}

/** Whom to tell of partitions; undefined without a group subscription. */
export function listenerOf(subscription: Subscription): RebalanceListener | undefined {
  return 'listener' in subscription ? subscription.listener : undefined;
}
