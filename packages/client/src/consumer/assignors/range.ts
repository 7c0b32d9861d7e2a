// Range: each topic by itself is cut into consecutive runs, one a member, the first ones longer by one where it does not
// come out even. Topics with equal partition counts land alike, which joins of streams rely on.
import type { TopicPartition } from '../../topic-partition.ts';
import { inMemberOrder, type PureAssignor, subscribedTopics } from './assignor.ts';

export const rangeAssignor: PureAssignor = {
  name: 'range',
  assign(members, partitionCounts) {
    const assigned = new Map<string, TopicPartition[]>(members.map(({ memberId }) => [memberId, []]));
    for (const topic of subscribedTopics(members, partitionCounts)) {
      const takers = inMemberOrder(members.filter(({ topics }) => topics.includes(topic)));
      const count = partitionCounts.get(topic)!;
      const each = Math.floor(count / takers.length);
      const extra = count % takers.length;
      let next = 0;
      for (const [index, { memberId }] of takers.entries()) {
        const end = next + each + (index < extra ? 1 : 0);
        for (; next < end; next++) assigned.get(memberId)!.push({ topic, partition: next });
      }
    }
    return assigned;
  },
};
