// The topics of a run, and what is promised of each.
import type { Prng } from '../world/prng.ts';

export interface SimTopic {
  readonly name: string;
  readonly partitions: number;
  readonly configs: Readonly<Record<string, string>>;
  /** Nothing acknowledged with acks=all may be lost. False where the configuration gives that up. */
  readonly promised: boolean;
  /** Deleted and created anew all the time. */
  readonly churned: boolean;
}

export function drawTopics(draws: Prng): SimTopic[] {
  const small = () => String(draws.pick([300, 1_000, 4_000, 1_000_000]));
  const topics: SimTopic[] = [
    {
      name: 'kept',
      partitions: draws.between(1, 3),
      configs: { 'internal.segment.bytes': small(), 'retention.ms': '-1' },
      promised: true,
      churned: false,
    },
  ];
  if (draws.chance(0.5)) {
    topics.push({
      name: 'retained',
      partitions: 1,
      configs: {
        'internal.segment.bytes': String(draws.pick([300, 1_000])),
        'retention.bytes': String(draws.pick([1_000, 5_000])),
      },
      promised: true,
      churned: false,
    });
  }
  if (draws.chance(0.4)) {
    topics.push({ name: 'churned', partitions: draws.between(1, 2), configs: {}, promised: false, churned: true });
  }
  if (draws.chance(0.2)) {
    topics.push({
      name: 'unclean',
      partitions: 1,
      configs: { 'unclean.leader.election.enable': 'true', 'min.insync.replicas': '1' },
      promised: false,
      churned: false,
    });
  }
  return topics;
}
