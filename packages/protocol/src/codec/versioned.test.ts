import { describe, expect, test } from 'vitest';
import { EndTxnMarker } from '../control-records/end-txn-marker.ts';
import { GroupMetadataKey } from '../coordinator-records/group-metadata.ts';
import { OffsetCommitKey, OffsetCommitValue } from '../coordinator-records/offset-commit.ts';
import { TransactionLogValue } from '../coordinator-records/transaction-log.ts';
import { ProtocolError } from '../errors.ts';
import { ConsumerProtocolSubscription } from '../messages/consumer-protocol.ts';
import {
  decodeRecordKey,
  decodeRecordValue,
  decodeVersioned,
  encodeRecordKey,
  encodeRecordValue,
  encodeVersioned,
  prefixOf,
} from './versioned.ts';

test('an offset commit is Kafka’s bytes', () => {
  const key = encodeRecordKey(OffsetCommitKey, { group: 'g', topic: 't', partition: 3 });
  // type 1, group, topic, partition
  expect(key.toString('hex')).toBe('0001 0001 67 0001 74 00000003'.replaceAll(' ', ''));
  const value = encodeRecordValue(OffsetCommitValue, 3, {
    offset: 42,
    leaderEpoch: -1,
    metadata: '',
    commitTimestamp: 1000,
  });
  // version 3, offset, leader epoch, metadata, timestamp
  expect(value.toString('hex')).toBe('0003 000000000000002a ffffffff 0000 00000000000003e8'.replaceAll(' ', ''));
  expect(prefixOf(key)).toBe(1);
  expect(decodeRecordKey(OffsetCommitKey, key)).toEqual({ group: 'g', topic: 't', partition: 3 });
  expect(decodeRecordValue(OffsetCommitValue, value)).toMatchObject({ offset: 42, commitTimestamp: 1000 });
});

test('a flexible value has tagged fields behind its version', () => {
  const value = encodeRecordValue(TransactionLogValue, 1, {
    producerId: 1,
    producerEpoch: 0,
    transactionTimeoutMs: 9,
    transactionStatus: 0,
    transactionPartitions: null,
    transactionLastUpdateTimestampMs: 0,
    transactionStartTimestampMs: 0,
    clientTransactionVersion: 2,
  });
  expect(decodeRecordValue(TransactionLogValue, value)).toMatchObject({
    previousProducerId: -1,
    clientTransactionVersion: 2,
  });
});

describe('what does not fit is refused', () => {
  test('a key of another type', () => {
    const key = encodeRecordKey(OffsetCommitKey, { group: 'g', topic: 't', partition: 3 });
    expect(() => decodeRecordKey(GroupMetadataKey, key)).toThrow('a key of type 1, not GroupMetadataKey');
  });

  test('a value of a version to come', () => {
    expect(() => decodeRecordValue(OffsetCommitValue, Buffer.from([0, 99, 0, 0]))).toThrow(ProtocolError);
  });

  test('too few bytes for a version', () => {
    expect(() => prefixOf(Buffer.alloc(1))).toThrow(ProtocolError);
    expect(() => decodeVersioned(EndTxnMarker, Buffer.alloc(0))).toThrow(ProtocolError);
  });
});

test('a consumer protocol of the future is read as the newest one known', () => {
  const now = encodeVersioned(ConsumerProtocolSubscription, 3, { topics: ['a'], rackId: 'r' });
  const future = Buffer.concat([now, Buffer.from('fields to come')]);
  future.writeInt16BE(9, 0);
  expect(decodeVersioned(ConsumerProtocolSubscription, future, 'as-newest')).toMatchObject({
    topics: ['a'],
    rackId: 'r',
  });
  expect(() => decodeVersioned(ConsumerProtocolSubscription, future)).toThrow(ProtocolError);
});
