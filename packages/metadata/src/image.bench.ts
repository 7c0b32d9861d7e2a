// What a change of the picture costs in clusters of different sizes, and a lookup in it. The aim: microseconds for one
// topic, whatever the number of others. Run: `node packages/metadata/src/image.bench.ts`.
import { bench, do_not_optimize, run, summary } from 'mitata';
import { decodeSnapshot, encodeSnapshot } from './engines/embedded/snapshot.ts';
import { ClusterImage } from './image.ts';
import { CALM_PARTITION, type MetadataRecord } from './records.ts';

function topic(index: number, partitions = 3): MetadataRecord[] {
  const topicId = `topic-id-${index}`;
  return [
    { kind: 'topicCreated', name: `topic-${index}`, topicId },
    {
      kind: 'partitionsSet',
      topicId,
      partitions: Array.from({ length: partitions }, (_, partition) => ({
        partition,
        replicas: [1],
        isr: [1],
        leader: 1,
        leaderEpoch: 0,
        partitionEpoch: 0,
        ...CALM_PARTITION,
      })),
    },
  ];
}

for (const topics of [100, 10_000, 100_000]) {
  const records = Array.from({ length: topics }, (_, index) => topic(index)).flat();
  const image = ClusterImage.empty.apply({ offset: 0, epoch: 1, records });
  const one = topic(topics);
  summary(() => {
    bench(`create one topic beside ${topics}`, () =>
      do_not_optimize(image.apply({ offset: 1, epoch: 1, records: one })),
    );
    bench(`find a topic among ${topics}`, () => do_not_optimize(image.topic('topic-57')));
  });
  if (topics > 10_000) continue;
  bench(`all of ${topics} topics in one batch`, () =>
    do_not_optimize(ClusterImage.empty.apply({ offset: 0, epoch: 1, records })),
  );
  bench(`write and read a snapshot of ${topics} topics`, () =>
    do_not_optimize(decodeSnapshot(Buffer.concat([...encodeSnapshot(image, 's')]), 's')),
  );
}
const wide = ClusterImage.empty.apply({ offset: 0, epoch: 1, records: topic(0, 10_000) });
const [, again] = topic(0, 10_000);
bench('a new leader epoch for all of 10,000 partitions', () =>
  do_not_optimize(wide.apply({ offset: 1, epoch: 1, records: [again!] })),
);

await run();
