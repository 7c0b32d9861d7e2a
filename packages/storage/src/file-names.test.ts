import { expect, test } from 'vitest';
import { markedDirectoryName, parsePartitionDirectory, parseSegmentFile, segmentFileName } from './file-names.ts';

test.each([
  ['orders-0', { kind: 'log', topic: 'orders', partition: 0 }],
  ['a-1-12', { kind: 'log', topic: 'a-1', partition: 12 }],
  ['__consumer_offsets-49', { kind: 'log', topic: '__consumer_offsets', partition: 49 }],
  [`orders-0.${'a'.repeat(32)}-delete`, { kind: 'deleted' }],
  [`orders-0.${'0'.repeat(32)}-stray`, { kind: 'stray' }],
  [`orders-0.${'0'.repeat(32)}-future`, { kind: 'future', hex: '0'.repeat(32) }],
  ['__cluster_metadata-0', { kind: 'other' }],
  ['__moldau_metadata', { kind: 'other' }],
  ['lost+found', { kind: 'other' }],
  ['orders-01', { kind: 'other' }],
] as const)('%s', (name, expected) => {
  expect(parsePartitionDirectory(name)).toEqual(expected);
});

test('the name of a deleted log fits a file system, however long the topic (KAFKA-4893)', () => {
  const unique = Buffer.alloc(16, 0xab);
  expect(markedDirectoryName('orders', 3, 'delete', unique)).toBe(`orders-3.${'ab'.repeat(16)}-delete`);
  const long = markedDirectoryName('t'.repeat(249), 3, 'delete', unique);
  expect(long.length).toBe(255);
  expect(parsePartitionDirectory(long)).toEqual({ kind: 'deleted' });
});

test('segment files', () => {
  expect(segmentFileName(4711, 'timeindex')).toBe('00000000000000004711.timeindex');
  expect(parseSegmentFile('00000000000000004711.log.deleted')).toEqual({
    baseOffset: 4711,
    kind: 'log',
    mark: 'deleted',
  });
  expect(parseSegmentFile('00000000000000004711.txnindex')).toEqual({
    baseOffset: 4711,
    kind: 'txnindex',
    mark: undefined,
  });
  expect(parseSegmentFile('leader-epoch-checkpoint')).toBeUndefined();
});
