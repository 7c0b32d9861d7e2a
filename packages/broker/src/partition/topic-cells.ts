// The metric cells of one topic, looked up once and kept by its partitions, so that counting on the hot paths is an
// addition to a field.
import type { BrokerMetrics, MetricCell } from '../metrics.ts';

export interface TopicCells {
  readonly bytesIn: MetricCell;
  readonly bytesOut: MetricCell;
  readonly messagesIn: MetricCell;
  readonly failedProduces: MetricCell;
  readonly failedFetches: MetricCell;
}

export function topicCells(metrics: BrokerMetrics, topic: string): TopicCells {
  return {
    bytesIn: metrics.bytesIn.with(topic),
    bytesOut: metrics.bytesOut.with(topic),
    messagesIn: metrics.messagesIn.with(topic),
    failedProduces: metrics.failedProduces.with(topic),
    failedFetches: metrics.failedFetches.with(topic),
  };
}

/** A deleted topic's numbers go; one created anew under its name starts at 0. */
export function forgetTopicCells(metrics: BrokerMetrics, topic: string): void {
  for (const family of [metrics.bytesIn, metrics.bytesOut, metrics.messagesIn]) family.remove(topic);
  metrics.failedProduces.remove(topic);
  metrics.failedFetches.remove(topic);
}
