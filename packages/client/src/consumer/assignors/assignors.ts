// The assignors there are, by the names people configure: ours, or the Java classes of Kafka.
import { disallowed } from '../../settings/setting.ts';
import type { Assignor } from './assignor.ts';
import { cooperativeStickyAssignor } from './cooperative-sticky.ts';
import { rangeAssignor } from './range.ts';
import { roundRobinAssignor } from './round-robin.ts';
import { stickyAssignor } from './sticky.ts';

const ASSIGNORS: { readonly [name: string]: Assignor } = {
  range: rangeAssignor,
  roundrobin: roundRobinAssignor,
  sticky: stickyAssignor,
  'cooperative-sticky': cooperativeStickyAssignor,
  // KafkaJS's name for it on the wire: members of both clients may share a group.
  RoundRobinAssigner: { ...roundRobinAssignor, name: 'RoundRobinAssigner' },
  'org.apache.kafka.clients.consumer.RangeAssignor': rangeAssignor,
  'org.apache.kafka.clients.consumer.RoundRobinAssignor': roundRobinAssignor,
  'org.apache.kafka.clients.consumer.StickyAssignor': stickyAssignor,
  'org.apache.kafka.clients.consumer.CooperativeStickyAssignor': cooperativeStickyAssignor,
};

/** In the order given. Throws what a setting's check throws. */
export function assignorsOf(names: readonly string[]): Assignor[] {
  const found = names.map((name) => ASSIGNORS[name]);
  if (names.length === 0 || found.includes(undefined)) {
    throw disallowed('one or more of range, roundrobin, sticky, cooperative-sticky');
  }
  return [...new Set(found as Assignor[])];
}
