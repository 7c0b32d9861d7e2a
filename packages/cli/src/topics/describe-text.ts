// What `kafka-topics --describe` prints, as a pure function of what the brokers said.

export interface PartitionFacts {
  readonly partition: number;
  /** Broker id; undefined when there is no leader. */
  readonly leader: number | undefined;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  /** Eligible leader replicas; undefined when the broker does not tell. */
  readonly elr: readonly number[] | undefined;
  readonly lastKnownElr: readonly number[] | undefined;
  /** Of a reassignment in progress. */
  readonly moving?: { readonly adding: readonly number[]; readonly removing: readonly number[] };
}

export interface TopicFacts {
  readonly name: string;
  /** Undefined where the broker is too old to have ids. */
  readonly topicId: string | undefined;
  readonly partitions: readonly PartitionFacts[];
  readonly configs: readonly { readonly name: string; readonly value: string | null; readonly isDefault: boolean }[];
}

/** Which of topics and partitions to show; all false shows everything. */
export interface DescribeFilter {
  readonly underReplicated: boolean;
  readonly unavailable: boolean;
  readonly underMinIsr: boolean;
  readonly atMinIsr: boolean;
  /** Only topics with configs of their own, without their partitions. */
  readonly overridden: boolean;
}

/** One topic: its line, then a line for each partition, as far as the filter lets them through. Partitions in order. */
export function describeTopic(topic: TopicFacts, filter: DescribeFilter, liveBrokers: ReadonlySet<number>): string {
  const partitions = [...topic.partitions].sort((a, b) => a.partition - b.partition);
  const filtered = filter.underReplicated || filter.unavailable || filter.underMinIsr || filter.atMinIsr;
  let text = '';
  const own = topic.configs.filter((config) => !config.isDefault);
  if (!filtered && (!filter.overridden || own.length > 0)) {
    const first = partitions[0];
    text += `Topic: ${topic.name}`;
    if (topic.topicId !== undefined) text += `\tTopicId: ${topic.topicId}`;
    text += `\tPartitionCount: ${partitions.length}`;
    text += `\tReplicationFactor: ${first ? replicationFactor(first) : 0}`;
    text += `\tConfigs: ${own.map(({ name, value }) => `${name}=${value}`).join(',')}\n`;
  }
  if (filter.overridden) return text;
  const minIsr = Number(topic.configs.find(({ name }) => name === 'min.insync.replicas')?.value ?? 1);
  for (const partition of partitions) {
    if (!filtered || passes(partition, filter, minIsr, liveBrokers)) text += partitionLine(topic.name, partition);
  }
  return text;
}

function passes(
  partition: PartitionFacts,
  filter: DescribeFilter,
  minIsr: number,
  liveBrokers: ReadonlySet<number>,
): boolean {
  const { leader, isr } = partition;
  return (
    (filter.underReplicated && replicationFactor(partition) > isr.length) ||
    (filter.unavailable && (leader === undefined || !liveBrokers.has(leader))) ||
    (filter.underMinIsr && (leader === undefined || isr.length < minIsr)) ||
    (filter.atMinIsr && isr.length === minIsr)
  );
}

/** While replicas move, the ones being added do not count. */
function replicationFactor({ replicas, moving }: PartitionFacts): number {
  if (!moving) return replicas.length;
  const changing = [...moving.adding, ...moving.removing];
  return replicas.some((id) => changing.includes(id)) ? replicas.length - moving.adding.length : replicas.length;
}

function partitionLine(topic: string, partition: PartitionFacts): string {
  const { moving } = partition;
  let text = `\tTopic: ${topic}\tPartition: ${partition.partition}\tLeader: ${partition.leader ?? 'none'}`;
  text += `\tReplicas: ${partition.replicas.join(',')}\tIsr: ${partition.isr.join(',')}`;
  if (moving) text += `\tAdding Replicas: ${moving.adding.join(',')}\tRemoving Replicas: ${moving.removing.join(',')}`;
  text += `\tElr: ${partition.elr?.join(',') ?? 'N/A'}\tLastKnownElr: ${partition.lastKnownElr?.join(',') ?? 'N/A'}`;
  return `${text}\n`;
}
