// Round robin: all partitions of all topics in order are dealt to the members in turn; a member that does not subscribe
// to the topic at hand is passed over.
import type { TopicPartition } from '../../topic-partition.ts';
import { inMemberOrder, type PureAssignor, subscribedTopics } from './assignor.ts';

export const roundRobinAssignor: PureAssignor = {
  name: 'roundrobin',
  assign(members, partitionCounts) {
    const assigned = new Map<string, TopicPartition[]>(members.map(({ memberId }) => [memberId, []]));
    const circle = inMemberOrder(members).map((member) => ({ ...member, topics: new Set(member.topics) }));
    let turn = 0;
    for (const topic of subscribedTopics(members, partitionCounts)) {
      for (let partition = 0; partition < partitionCounts.get(topic)!; partition++) {
        while (!circle[turn]!.topics.has(topic)) turn = (turn + 1) % circle.length;
        assigned.get(circle[turn]!.memberId)!.push({ topic, partition });
        turn = (turn + 1) % circle.length;
      }
    }
    return assigned;
  },
};
