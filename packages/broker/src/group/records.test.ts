// Bytes in __consumer_offsets, as Kafka writes and reads them (schemas of Kafka 4.4). Golden: a change here is a change of
// what an existing log directory means.
import { describe, expect, it } from 'vitest';
import { GROUP_RECORDS, type GroupRecord } from './records.ts';

const bytes = (hex: string) => Buffer.from(hex.replaceAll(/\s/g, ''), 'hex');
const encoded = (record: GroupRecord) => {
  const { key, value } = GROUP_RECORDS.encode(record);
  return { key: key.toString('hex'), value: value?.toString('hex') ?? null };
};

const COMMIT: GroupRecord = {
  kind: 'offset',
  groupId: 'grp',
  topic: 'top',
  partition: 3,
  committed: {
    offset: 42,
    leaderEpoch: 7,
    metadata: 'md',
    commitTimestampMs: 1_700_000_000_000,
    expireTimestampMs: undefined,
    topicId: 'AAAAAAAAAAAAAAAAAAAAAQ',
  },
};
const GROUP: GroupRecord = {
  kind: 'group',
  groupId: 'grp',
  group: {
    generation: 5,
    protocolType: 'consumer',
    protocol: 'range',
    leader: 'm1',
    stateSinceMs: 1_700_000_000_000,
    members: [
      {
        memberId: 'm1',
        instanceId: undefined,
        clientId: 'c',
        clientHost: '/h',
        rebalanceTimeoutMs: 60_000,
        sessionTimeoutMs: 10_000,
        subscription: bytes('0102'),
        assignment: bytes('03'),
      },
      {
        memberId: 'm2',
        instanceId: 'i',
        clientId: 'c',
        clientHost: '/h',
        rebalanceTimeoutMs: 60_000,
        sessionTimeoutMs: 10_000,
        subscription: bytes(''),
        assignment: bytes(''),
      },
    ],
  },
};

const OFFSET_KEY = '0001 0003 677270 0003 746f70 00000003';
const GROUP_KEY = '0002 0003 677270';
const TIME = '0000018bcfe56800';

describe('records of groups', () => {
  it.each([
    // v4, flexible: offset, epoch, compact metadata, time, one tagged field: the topic id
    [
      'a commit',
      COMMIT,
      OFFSET_KEY,
      `0004 000000000000002a 00000007 03 6d64 ${TIME} 01 00 10 00000000000000000000000000000001`,
    ],
    // v1: the last version with an expiry; neither epoch nor topic id
    [
      'a commit with an expiry',
      { ...COMMIT, committed: { ...COMMIT.committed, expireTimestampMs: 1_700_000_000_001 } },
      OFFSET_KEY,
      `0001 000000000000002a 0002 6d64 ${TIME} 0000018bcfe56801`,
    ],
    ['a forgotten commit', { kind: 'offsetRemoved', groupId: 'grp', topic: 'top', partition: 3 }, OFFSET_KEY, null],
    [
      'a group',
      GROUP,
      GROUP_KEY,
      `0003 0008 636f6e73756d6572 00000005 0005 72616e6765 0002 6d31 ${TIME} 00000002
       0002 6d31 ffff 0001 63 0002 2f68 0000ea60 00002710 00000002 0102 00000001 03
       0002 6d32 0001 69 0001 63 0002 2f68 0000ea60 00002710 00000000 00000000`,
    ],
    [
      'a new group',
      { kind: 'groupCreated', groupId: 'grp', stateSinceMs: 1_700_000_000_000 },
      GROUP_KEY,
      `0003 0000 00000000 ffff ffff ${TIME} 00000000`,
    ],
    ['a group that is gone', { kind: 'groupRemoved', groupId: 'grp' }, GROUP_KEY, null],
  ] as const)('%s', (_, record, key, value) => {
    expect(encoded(record as GroupRecord)).toEqual({
      key: bytes(key).toString('hex'),
      value: value === null ? null : bytes(value).toString('hex'),
    });
  });

  it.each([
    COMMIT,
    GROUP,
    { kind: 'groupRemoved', groupId: 'grp' },
    { kind: 'offsetRemoved', groupId: 'g', topic: 't', partition: 0 },
  ] as const)('are read back: $kind', (record) => {
    const { key, value } = GROUP_RECORDS.encode(record);
    expect(GROUP_RECORDS.decode(key, value)).toEqual(record);
  });

  it('of older brokers are read: offsets of v0, v2, v3 and the legacy key', () => {
    const read = (key: string, value: string) => GROUP_RECORDS.decode(bytes(key), bytes(value));
    const offset = { kind: 'offset', groupId: 'grp', topic: 'top', partition: 3 };
    const committed = {
      offset: 42,
      metadata: 'md',
      commitTimestampMs: 1_700_000_000_000,
      topicId: 'AAAAAAAAAAAAAAAAAAAAAA',
    };
    const legacy = OFFSET_KEY.replace('0001', '0000');
    expect(read(legacy, `0000 000000000000002a 0002 6d64 ${TIME}`)).toMatchObject({
      ...offset,
      committed: { ...committed, leaderEpoch: -1 },
    });
    expect(read(OFFSET_KEY, `0000 000000000000002a 0002 6d64 ${TIME}`)).toMatchObject({
      ...offset,
      committed: { ...committed, leaderEpoch: -1 },
    });
    expect(read(OFFSET_KEY, `0002 000000000000002a 0002 6d64 ${TIME}`)).toMatchObject({ ...offset, committed });
    expect(read(OFFSET_KEY, `0003 000000000000002a 00000007 0002 6d64 ${TIME}`)).toMatchObject({
      ...offset,
      committed: { ...committed, leaderEpoch: 7 },
    });
  });

  it('of a group of v0 take the session timeout for the rebalance timeout', () => {
    const value =
      '0000 0008 636f6e73756d6572 00000005 0005 72616e6765 0002 6d31 00000001 0002 6d31 0001 63 0002 2f68 00002710 00000000 00000000';
    expect(GROUP_RECORDS.decode(bytes(GROUP_KEY), bytes(value))).toMatchObject({
      group: {
        stateSinceMs: undefined,
        members: [{ rebalanceTimeoutMs: 10_000, sessionTimeoutMs: 10_000, instanceId: undefined }],
      },
    });
  });

  it('of kinds we do not know are left alone', () => {
    expect(GROUP_RECORDS.decode(bytes('0003 0003 677270'), bytes('0000 00000001 00'))).toBeUndefined();
    expect(GROUP_RECORDS.decode(bytes('0063 01'), null)).toBeUndefined();
  });

  it('hold memory of their own', () => {
    const { key, value } = GROUP_RECORDS.encode(GROUP);
    const record = GROUP_RECORDS.decode(key, value);
    value!.fill(0);
    expect(record).toEqual(GROUP);
  });
});
