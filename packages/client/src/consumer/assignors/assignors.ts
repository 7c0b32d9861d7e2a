// The assignors there are, by the names people configure: ours, or the Java classes of Kafka.
import { disallowed } from '../../settings/setting.ts';
import type { Assignor } from './assignor.ts';
import { rangeAssignor } from './range.ts';
import { roundRobinAssignor } from './round-robin.ts';
import { stickyAssignor } from './sticky.ts';

const ASSIGNORS: { readonly [name: string]: Assignor } = {
  range: rangeAssignor,
  roundrobin: roundRobinAssignor,
  sticky: stickyAssignor,
  'org.apache.kafka.clients.consumer.RangeAssignor': rangeAssignor,
  'org.apache.kafka.clients.consumer.RoundRobinAssignor': roundRobinAssignor,
  'org.apache.kafka.clients.consumer.StickyAssignor': stickyAssignor,
};

/** In the order given. Throws what a setting's check throws. */
export function assignorsOf(names: readonly string[]): Assignor[] {
  const found = names.map((name) => ASSIGNORS[name]);
  if (names.length === 0 || found.includes(undefined)) {
    throw disallowed('one or more of range, roundrobin, sticky');
  }
  return [...new Set(found as Assignor[])];
}
