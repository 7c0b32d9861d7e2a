// Looks at what clients are told at the moment they are told it.
//   4   acks=all is answered only below the high watermark of the partition
//   12  nobody is handed a record at or past it
import type { History, HistoryEvent } from '@moldau/history';
import type { SimCluster } from '../cluster/sim-cluster.ts';
import { Broken } from './broken.ts';
import type { ReplicaOracle } from './replica-oracle.ts';

export function watchAnswers(
  history: History,
  cluster: SimCluster,
  oracle: ReplicaOracle,
  lossy: ReadonlySet<string>,
): void {
  const { world } = cluster;
  const acksOf = new Map<string, number>();
  const add = history.add.bind(history);
  history.add = (event: HistoryEvent) => {
    add(event);
    if (event.kind === 'sent') acksOf.set(event.value, event.acks);
    const isAnswer = event.kind === 'polled' || (event.kind === 'acked' && acksOf.get(event.value) === -1);
    if (!isAnswer || event.offset < 0 || lossy.has(event.topic)) return;
    const topicId = cluster.image.topic(event.topic)?.topicId;
    if (topicId === undefined) return;
    const promised = oracle.promised(topicId, event.partition);
    const invariant = event.kind === 'acked' ? 4 : 12;
    oracle.looks.set(invariant, (oracle.looks.get(invariant) ?? 0) + 1);
    if (promised === undefined || event.offset < promised) return;
    world.fail(
      new Broken(
        invariant,
        `${event.topic}-${event.partition}@${event.offset} (${event.value}) was ${event.kind}, promised is only what lies below ${promised}`,
      ),
    );
  };
}
