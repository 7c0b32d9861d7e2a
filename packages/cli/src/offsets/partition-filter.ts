// Which partitions kafka-get-offsets is asked about.
import { topicFilter, wholeMatch } from '../topics/topic-filter.ts';

export interface PartitionFilter {
  topic(name: string): boolean;
  partition(topic: string, partition: number): boolean;
}

/** From --topic and --partitions: all when left out. Throws on a list that is not one of numbers. */
export function simpleFilter(topic: string | undefined, partitions: string | undefined): PartitionFilter {
  const matches = topicFilter(topic ?? '.*');
  const words = partitions ? partitions.split(',') : [];
  if (words.some((word) => !/^\d+$/.test(word))) {
    throw new Error(
      `--partitions expects a comma separated list of numeric partition ids, but received: ${partitions}`,
    );
  }
  const ids = new Set(words.map(Number));
  return { topic: matches, partition: (name, id) => matches(name) && (ids.size === 0 || ids.has(id)) };
}

const RULE = /^([^:,]*)(?::(?:(\d*)|(\d*)-(\d*)))?$/;

/** From --topic-partitions: `orders:0-3,pay.*,:5-`. Throws on a rule of another shape. */
export function ruleFilter(text: string): PartitionFilter {
  const rules = text.split(',').map((rule) => {
    const match = RULE.exec(rule);
    if (!match) throw new Error(`Invalid rule specification: ${rule}`);
    const [, topic, only, from, until] = match;
    const pattern = wholeMatch(topic || '.*', `${topic} is an invalid regex.`);
    const [low, high] = only ? [Number(only), Number(only) + 1] : [Number(from || 0), until ? Number(until) : Infinity];
    return { pattern, low, high };
  });
  return {
    topic: (name) => rules.some(({ pattern }) => pattern.test(name)),
    partition: (name, id) => rules.some(({ pattern, low, high }) => pattern.test(name) && id >= low && id < high),
  };
}
