// From what the brokers answer to what a description is made of.
import type { DescribedConfigs, Node, PartitionReassignment, TopicDescription } from '@moldau/client/admin/admin-model';
import { ZERO_UUID } from '@moldau/protocol';
import { javaHashOrder } from '../text/java-hash-order.ts';
import type { TopicFacts } from './describe-text.ts';

const ids = (nodes: readonly Node[]): number[] => nodes.map(({ id }) => id);

/** Throws when the settings of the topic could not be had. */
export function topicFacts(
  topic: TopicDescription,
  configs: readonly DescribedConfigs[],
  moving: readonly PartitionReassignment[],
): TopicFacts {
  const entries = configs.find(({ name }) => name === topic.name)?.entries ?? [];
  if (entries instanceof Error) throw entries;
  return {
    name: topic.name,
    topicId: topic.topicId === ZERO_UUID ? undefined : topic.topicId,
    configs: javaHashOrder(entries, ({ name }) => name).map(({ name, value, source }) => ({
      name,
      value,
      isDefault: source === 'DEFAULT_CONFIG',
    })),
    partitions: topic.partitions.map(({ partition, leader, replicas, isr, elr, lastKnownElr }) => {
      const move = moving.find((one) => one.topic === topic.name && one.partition === partition);
      return {
        partition,
        leader: leader?.id,
        replicas: ids(replicas),
        isr: ids(isr),
        elr: elr ? ids(elr) : undefined,
        lastKnownElr: lastKnownElr ? ids(lastKnownElr) : undefined,
        ...(move && { moving: { adding: move.addingReplicas, removing: move.removingReplicas } }),
      };
    }),
  };
}
