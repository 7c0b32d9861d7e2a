import { ClusterImage } from '@moldau/metadata';
import { expect, test } from 'vitest';
import { picture, state, topicIdOf } from '../test/cluster-picture.ts';
import { checkStore, type LogOnDisk, StoreMismatch } from './store-check.ts';

function log(parts: Partial<LogOnDisk> = {}): LogOnDisk {
  return { topic: 't', partition: 0, directory: '/data', topicId: topicIdOf('t'), latestEpoch: 3, ...parts };
}
const known = picture({
  topics: { t: 1 },
  records: [{ kind: 'partitionsSet', topicId: topicIdOf('t'), partitions: [state(0, { leaderEpoch: 3 })] }],
});

function check(image: ClusterImage, logs: readonly LogOnDisk[], clusterId = 'cluster') {
  return () => checkStore({ image, storeDirectory: '/data/__moldau_metadata', clusterId, logs });
}

test('fits: a new cluster on empty directories, and a store as new as its logs', () => {
  expect(check(ClusterImage.empty, [])).not.toThrow();
  expect(check(known, [])).not.toThrow();
  expect(check(known, [log(), log({ latestEpoch: 2 }), log({ latestEpoch: undefined })])).not.toThrow();
});

test('logs of topics nobody knows are no reason to stop; they are set aside elsewhere', () => {
  expect(check(known, [log({ topicId: topicIdOf('gone'), latestEpoch: 9 })])).not.toThrow();
});

test('an empty store beside data is refused', () => {
  const logs = [log(), log({ partition: 1 }), log({ topic: 'u' })];
  expect(check(ClusterImage.empty, logs)).toThrow(StoreMismatch);
  expect(check(ClusterImage.empty, logs)).toThrow(
    'The log directories hold 3 partitions of 2 topics (/data/t-0, for example), but the metadata of the cluster in /data/__moldau_metadata is missing.',
  );
});

test('a store older than the data is refused', () => {
  expect(check(known, [log({ latestEpoch: 4 })])).toThrow(
    '/data/t-0 was written under leader epoch 4, but the metadata of the cluster in /data/__moldau_metadata knows 3 only: it is older than the data.',
  );
});

test('the store of another cluster is refused', () => {
  expect(check(known, [], 'other')).toThrow(
    'is of cluster cluster, but meta.properties in the log directories names cluster other',
  );
});
