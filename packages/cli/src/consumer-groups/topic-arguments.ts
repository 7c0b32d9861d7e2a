// `--topic` of kafka-consumer-groups: a topic, or a topic with partitions (`orders:0,2`).
import type { TopicPartition } from './tables.ts';

export interface TopicArguments {
  /** Topics of which all partitions are meant. */
  readonly whole: readonly string[];
  readonly partitions: readonly TopicPartition[];
}

/** Throws on an argument of another shape. */
export function parseTopicArguments(words: readonly string[]): TopicArguments {
  const whole: string[] = [];
  const partitions: TopicPartition[] = [];
  for (const word of words) {
    if (!word.includes(':')) {
      whole.push(word);
      continue;
    }
    const [topic, list, more] = word.split(':');
    if (topic === undefined || list === undefined || list === '' || more !== undefined) {
      throw new Error(`Invalid topic arg '${word}', expected topic name and partitions`);
    }
    for (const partition of list.split(',')) {
      if (!/^\d+$/.test(partition))
        throw new Error(`Invalid partition '${partition}' specified in topic arg '${word}''`);
      partitions.push({ topic, partition: Number(partition) });
    }
  }
  return { whole, partitions };
}
