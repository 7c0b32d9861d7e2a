// Who is measured beside whom: Apache Kafka as shipped (page cache), Moldau in the same durability, and Moldau in its own
// default, where an acknowledgement means that the disk has it. All of them are up during the whole run, so that each
// row runs on one side right after the other.
import { startApacheKafka } from '@moldau/conformance/peer/apache-kafka';
import type { Peer } from '@moldau/conformance/peer/broker-process';
import { startMoldau } from '@moldau/conformance/peer/moldau';

export interface Side {
  /** Key in results: `apache`, `moldau`, `moldau-durable`. */
  readonly key: string;
  /** Head of its column. */
  readonly title: string;
  /** A fresh broker with an empty directory. */
  start(o?: { wait?: boolean; properties?: Readonly<Record<string, string | number | boolean>> }): Promise<Peer>;
}

/** Deleted topics give their space back at once, so that a run needs the disk of one row, not of all. */
const settings = { 'log.segment.delete.delay.ms': 0, 'num.partitions': 1 };

export const sides: readonly Side[] = [
  {
    key: 'apache',
    title: 'Apache Kafka',
    start: (o = {}) => startApacheKafka({ ...o, properties: { ...settings, ...o.properties } }),
  },
  {
    key: 'moldau',
    title: 'Moldau',
    start: (o = {}) => startMoldau({ ...o, durability: 'os', properties: { ...settings, ...o.properties } }),
  },
  {
    key: 'moldau-durable',
    title: 'Moldau durable',
    start: (o = {}) => startMoldau({ ...o, durability: 'fsync', properties: { ...settings, ...o.properties } }),
  },
  {
    key: 'apache-flush',
    title: 'Apache flushing',
    start: (o = {}) =>
      startApacheKafka({ ...o, properties: { ...settings, 'log.flush.interval.messages': 1, ...o.properties } }),
  },
];

/** What `--sides` names when it is absent. */
export const defaultSides = ['apache', 'moldau', 'moldau-durable'];
