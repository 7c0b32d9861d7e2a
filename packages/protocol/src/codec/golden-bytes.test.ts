// Bytes of the hot messages, written out by hand from the rules of the protocol, one field a line. They do not come from
// our encoder, so an error made alike in encoder and decoder shows here.
import { describe, expect, test } from 'vitest';
import type { InputOf, Message } from '../description/message.ts';
import { ApiVersionsRequest, ApiVersionsResponse } from '../messages/api-versions.ts';
import { FetchRequest, FetchResponse } from '../messages/fetch.ts';
import { JoinGroupRequest, JoinGroupResponse } from '../messages/join-group.ts';
import { MetadataRequest, MetadataResponse } from '../messages/metadata.ts';
import { OffsetCommitRequest, OffsetCommitResponse } from '../messages/offset-commit.ts';
import { OffsetFetchRequest } from '../messages/offset-fetch.ts';
import { ProduceRequest, ProduceResponse } from '../messages/produce.ts';
import { SyncGroupRequest } from '../messages/sync-group.ts';
import { ByteWriter } from './byte-writer.ts';
import { decodeWhole, encode } from './codec.ts';

interface Golden {
  readonly title: string;
  readonly bytes: Buffer;
  readonly encode: () => Buffer;
  readonly decode: () => unknown;
  readonly value: object;
}

/** `lines`: hex, and text in single quotes, one piece for each field. */
function golden<D extends Message>(message: D, version: number, value: InputOf<D>, ...lines: string[]): Golden {
  const bytes = Buffer.concat(lines.map((line) => (line.startsWith("'") ? Buffer.from(line.slice(1, -1)) : hex(line))));
  return {
    title: `${message.name} ${message.kind} v${version}`,
    bytes,
    value,
    encode: () => {
      const writer = new ByteWriter();
      encode(message, version, value, writer);
      return Buffer.concat(writer.finish());
    },
    decode: () => decodeWhole(message, version, bytes, 0),
  };
}

function hex(text: string): Buffer {
  const digits = text.replaceAll(' ', '');
  const bytes = Buffer.from(digits, 'hex');
  if (bytes.length * 2 !== digits.length) throw new Error(`'${text}' is not hex`);
  return bytes;
}

const TOPIC_ID = Buffer.from('00112233445566778899aabbccddeeff', 'hex').toString('base64url');
const TOPIC_ID_BYTES = '00112233 44556677 8899aabb ccddeeff';

const cases: Golden[] = [
  golden(ApiVersionsRequest, 0, {}),
  golden(ApiVersionsRequest, 2, {}),
  golden(
    ApiVersionsRequest,
    3,
    { clientSoftwareName: 'kcat', clientSoftwareVersion: '1.7' },
    '05', // name, length + 1
    "'kcat'",
    '04', // version, length + 1
    "'1.7'",
    '00', // no tagged fields
  ),
  golden(
    ApiVersionsResponse,
    0,
    { errorCode: 35, apiKeys: [{ apiKey: 18, minVersion: 0, maxVersion: 4 }] },
    '0023', // UNSUPPORTED_VERSION
    '00000001', // one key
    '0012 0000 0004', // ApiVersions 0-4
  ),
  golden(
    ApiVersionsResponse,
    3,
    {
      errorCode: 0,
      apiKeys: [{ apiKey: 0, minVersion: 0, maxVersion: 13 }],
      throttleTimeMs: 0,
      supportedFeatures: [{ name: 'group.version', minVersion: 0, maxVersion: 1 }],
      finalizedFeaturesEpoch: 300,
    },
    '0000', // no error
    '02', // one key, count + 1
    '0000 0000 000d 00', // Produce 0-13, no tagged fields
    '00000000', // throttle time
    '02', // two tagged fields
    '00 14', // tag 0: 20 bytes
    '02', // one feature
    '0e', // its name, length + 1
    "'group.version'",
    '0000 0001 00', // levels, no tagged fields
    '01 08', // tag 1: 8 bytes
    '000000000000012c', // epoch
  ),
  golden(
    ProduceRequest,
    3,
    {
      acks: -1,
      timeoutMs: 30000,
      topicData: [{ name: 'logs', partitionData: [{ index: 2, records: Buffer.from('batch') }] }],
    },
    'ffff', // no transactional id
    'ffff', // acks -1
    '00007530', // timeout
    '00000001', // one topic
    '0004', // its name
    "'logs'",
    '00000001', // one partition
    '00000002', // index
    '00000005', // five bytes of records
    "'batch'",
  ),
  golden(
    ProduceRequest,
    9,
    {
      transactionalId: 'tx',
      acks: 1,
      timeoutMs: 1500,
      topicData: [{ name: 'logs', partitionData: [{ index: 2, records: null }] }],
    },
    '03', // transactional id, length + 1
    "'tx'",
    '0001', // acks
    '000005dc', // timeout
    '02', // one topic
    '05', // its name
    "'logs'",
    '02', // one partition
    '00000002', // index
    '00', // records: null
    '00', // partition: no tagged fields
    '00', // topic
    '00', // request
  ),
  golden(
    ProduceRequest,
    13,
    {
      acks: 0,
      timeoutMs: 0,
      topicData: [{ topicId: TOPIC_ID, partitionData: [{ index: 0, records: Buffer.alloc(200, 0x61) }] }],
    },
    '00', // no transactional id
    '0000',
    '00000000',
    '02', // one topic
    TOPIC_ID_BYTES,
    '02', // one partition
    '00000000', // index
    'c901', // 200 + 1 as varint: 0x49 | 0x80, 1
    `'${'a'.repeat(200)}'`,
    '00 00 00', // no tagged fields, three times
  ),
  golden(
    ProduceResponse,
    8,
    {
      responses: [
        {
          name: 'logs',
          partitionResponses: [
            {
              index: 2,
              errorCode: 87,
              baseOffset: -1,
              logAppendTimeMs: -1,
              logStartOffset: 5,
              recordErrors: [{ batchIndex: 1, batchIndexErrorMessage: 'no key' }],
              errorMessage: null,
            },
          ],
        },
      ],
      throttleTimeMs: 7,
    },
    '00000001', // one topic
    '0004',
    "'logs'",
    '00000001', // one partition
    '00000002', // index
    '0057', // INVALID_RECORD
    'ffffffffffffffff', // base offset
    'ffffffffffffffff', // log append time
    '0000000000000005', // log start offset
    '00000001', // one record error
    '00000001', // batch index
    '0006',
    "'no key'",
    'ffff', // no message
    '00000007', // throttle time
  ),
  golden(
    ProduceResponse,
    10,
    {
      responses: [
        {
          name: 'logs',
          partitionResponses: [
            {
              index: 0,
              errorCode: 6,
              baseOffset: -1,
              logAppendTimeMs: -1,
              logStartOffset: -1,
              recordErrors: [],
              errorMessage: null,
              currentLeader: { leaderId: 3, leaderEpoch: 8 },
            },
          ],
        },
      ],
      nodeEndpoints: [{ nodeId: 3, host: 'b3', port: 9092, rack: null }],
    },
    '02', // one topic
    '05',
    "'logs'",
    '02', // one partition
    '00000000',
    '0006', // NOT_LEADER_OR_FOLLOWER
    'ffffffffffffffff',
    'ffffffffffffffff',
    'ffffffffffffffff',
    '01', // no record errors
    '00', // no message
    '01', // one tagged field
    '00 09', // tag 0: 9 bytes
    '00000003 00000008 00', // leader, epoch, no tagged fields
    '00', // topic: no tagged fields
    '00000000', // throttle time
    '01', // one tagged field
    '00 0e', // tag 0: 14 bytes
    '02', // one endpoint
    '00000003', // node
    '03',
    "'b3'",
    '00002384', // port
    '00', // no rack
    '00', // no tagged fields
  ),
  golden(
    FetchRequest,
    4,
    {
      replicaId: -1,
      maxWaitMs: 500,
      minBytes: 1,
      maxBytes: 0x100000,
      isolationLevel: 1,
      topics: [{ topic: 'logs', partitions: [{ partition: 2, fetchOffset: 4294967297, partitionMaxBytes: 65536 }] }],
    },
    'ffffffff', // replica id of a consumer
    '000001f4', // max wait
    '00000001', // min bytes
    '00100000', // max bytes
    '01', // read_committed
    '00000001', // one topic
    '0004',
    "'logs'",
    '00000001', // one partition
    '00000002', // index
    '0000000100000001', // offset
    '00010000', // partition max bytes
  ),
  golden(
    FetchRequest,
    17,
    {
      clusterId: 'c',
      replicaState: { replicaId: 4, replicaEpoch: 9 },
      maxWaitMs: 500,
      minBytes: 1,
      maxBytes: 0x7fffffff,
      isolationLevel: 0,
      sessionId: 0,
      sessionEpoch: -1,
      topics: [
        {
          topicId: TOPIC_ID,
          partitions: [
            {
              partition: 0,
              currentLeaderEpoch: 3,
              fetchOffset: 10,
              lastFetchedEpoch: -1,
              logStartOffset: 0,
              partitionMaxBytes: 1024,
              replicaDirectoryId: TOPIC_ID,
            },
          ],
        },
      ],
      forgottenTopicsData: [{ topicId: TOPIC_ID, partitions: [1, 2] }],
      rackId: 'r1',
    },
    '000001f4', // max wait: the replica id left its place in v15
    '00000001',
    '7fffffff',
    '00', // read_uncommitted
    '00000000', // no session
    'ffffffff', // session epoch
    '02', // one topic
    TOPIC_ID_BYTES,
    '02', // one partition
    '00000000', // index
    '00000003', // current leader epoch
    '000000000000000a', // offset
    'ffffffff', // last fetched epoch
    '0000000000000000', // log start offset
    '00000400', // partition max bytes
    '01 00 10', // one tagged field: tag 0, 16 bytes
    TOPIC_ID_BYTES,
    '00', // topic: no tagged fields
    '02', // one forgotten topic
    TOPIC_ID_BYTES,
    '03 00000001 00000002', // two partitions
    '00', // no tagged fields
    '03', // rack
    "'r1'",
    '02', // two tagged fields
    '00 02', // tag 0: 2 bytes
    '02',
    "'c'",
    '01 0d', // tag 1: 13 bytes
    '00000004 0000000000000009 00', // replica, its epoch, no tagged fields
  ),
  golden(
    FetchResponse,
    4,
    {
      throttleTimeMs: 0,
      responses: [
        {
          topic: 'logs',
          partitions: [
            {
              partitionIndex: 2,
              errorCode: 0,
              highWatermark: 12,
              lastStableOffset: 11,
              abortedTransactions: [{ producerId: 7, firstOffset: 3 }],
              records: Buffer.from('batch'),
            },
          ],
        },
      ],
    },
    '00000000', // throttle time
    '00000001', // one topic
    '0004',
    "'logs'",
    '00000001', // one partition
    '00000002', // index
    '0000', // no error
    '000000000000000c', // high watermark
    '000000000000000b', // last stable offset
    '00000001', // one aborted transaction
    '0000000000000007 0000000000000003',
    '00000005', // records
    "'batch'",
  ),
  golden(
    FetchResponse,
    12,
    {
      throttleTimeMs: 0,
      errorCode: 0,
      sessionId: 77,
      responses: [
        {
          topic: 'logs',
          partitions: [
            {
              partitionIndex: 0,
              errorCode: 0,
              highWatermark: 12,
              lastStableOffset: 12,
              logStartOffset: 0,
              divergingEpoch: { epoch: 2, endOffset: 9 },
              abortedTransactions: null,
              preferredReadReplica: -1,
              records: null,
            },
          ],
        },
      ],
    },
    '00000000',
    '0000', // no error
    '0000004d', // session
    '02', // one topic
    '05',
    "'logs'",
    '02', // one partition
    '00000000',
    '0000',
    '000000000000000c',
    '000000000000000c',
    '0000000000000000',
    '00', // no aborted transactions
    'ffffffff', // no preferred replica
    '00', // records: null
    '01 00 0d', // one tagged field: tag 0, 13 bytes
    '00000002 0000000000000009 00', // epoch, its end, no tagged fields
    '00', // topic
    '00', // response
  ),
  golden(MetadataRequest, 0, { topics: [] }, '00000000'),
  golden(MetadataRequest, 1, { topics: null }, 'ffffffff'),
  golden(
    MetadataRequest,
    12,
    {
      topics: [{ topicId: TOPIC_ID, name: null }],
      allowAutoTopicCreation: false,
      includeTopicAuthorizedOperations: true,
    },
    '02', // one topic
    TOPIC_ID_BYTES,
    '00', // no name
    '00', // topic: no tagged fields
    '00', // no auto creation
    '01', // topic operations; v11 dropped those of the cluster
    '00',
  ),
  golden(
    MetadataResponse,
    1,
    {
      brokers: [{ nodeId: 1, host: 'h', port: 9092, rack: null }],
      controllerId: 1,
      topics: [
        {
          errorCode: 0,
          name: 't',
          isInternal: false,
          partitions: [{ errorCode: 0, partitionIndex: 0, leaderId: 1, replicaNodes: [1], isrNodes: [1] }],
        },
      ],
    },
    '00000001', // one broker
    '00000001', // node
    '0001',
    "'h'",
    '00002384', // port
    'ffff', // no rack
    '00000001', // controller
    '00000001', // one topic
    '0000', // no error
    '0001',
    "'t'",
    '00', // not internal
    '00000001', // one partition
    '0000',
    '00000000', // index
    '00000001', // leader
    '00000001 00000001', // replicas
    '00000001 00000001', // in sync
  ),
  golden(
    MetadataResponse,
    13,
    {
      throttleTimeMs: 0,
      brokers: [{ nodeId: 1, host: 'h', port: 9092, rack: 'r' }],
      clusterId: 'cid',
      controllerId: 1,
      topics: [
        {
          errorCode: 0,
          name: 't',
          topicId: TOPIC_ID,
          isInternal: true,
          partitions: [
            {
              errorCode: 0,
              partitionIndex: 0,
              leaderId: 1,
              leaderEpoch: 4,
              replicaNodes: [1, 2],
              isrNodes: [1],
              offlineReplicas: [2],
            },
          ],
          topicAuthorizedOperations: -2147483648,
        },
      ],
      errorCode: 129,
    },
    '00000000',
    '02', // one broker
    '00000001',
    '02',
    "'h'",
    '00002384',
    '02',
    "'r'",
    '00', // broker: no tagged fields
    '04', // cluster id
    "'cid'",
    '00000001', // controller
    '02', // one topic
    '0000',
    '02',
    "'t'",
    TOPIC_ID_BYTES,
    '01', // internal
    '02', // one partition
    '0000',
    '00000000',
    '00000001', // leader
    '00000004', // leader epoch
    '03 00000001 00000002', // replicas
    '02 00000001', // in sync
    '02 00000002', // offline
    '00', // partition: no tagged fields
    '80000000', // operations: not asked for
    '00', // topic
    '0081', // REBOOTSTRAP_REQUIRED for the whole
    '00',
  ),
  golden(
    JoinGroupRequest,
    0,
    { groupId: 'g', sessionTimeoutMs: 10000, memberId: '', protocolType: 'consumer', protocols: [] },
    '0001',
    "'g'",
    '00002710',
    '0000', // no member id
    '0008',
    "'consumer'",
    '00000000',
  ),
  golden(
    JoinGroupRequest,
    5,
    {
      groupId: 'g',
      sessionTimeoutMs: 10000,
      rebalanceTimeoutMs: 60000,
      memberId: 'm-1',
      groupInstanceId: 'i',
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.from([0, 1]) }],
    },
    '0001',
    "'g'",
    '00002710', // session timeout
    '0000ea60', // rebalance timeout
    '0003',
    "'m-1'",
    '0001',
    "'i'",
    '0008',
    "'consumer'",
    '00000001', // one protocol
    '0005',
    "'range'",
    '00000002 0001', // metadata
  ),
  golden(
    JoinGroupRequest,
    8,
    {
      groupId: 'g',
      sessionTimeoutMs: 10000,
      rebalanceTimeoutMs: 60000,
      memberId: '',
      groupInstanceId: null,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.from([0, 1]) }],
      reason: 'new',
    },
    '02',
    "'g'",
    '00002710',
    '0000ea60',
    '01', // empty member id
    '00', // no instance id
    '09',
    "'consumer'",
    '02', // one protocol
    '06',
    "'range'",
    '03 0001', // metadata
    '00', // protocol: no tagged fields
    '04', // reason
    "'new'",
    '00',
  ),
  golden(
    JoinGroupResponse,
    9,
    {
      throttleTimeMs: 0,
      errorCode: 0,
      generationId: 2,
      protocolType: 'consumer',
      protocolName: 'range',
      leader: 'm',
      skipAssignment: true,
      memberId: 'm',
      members: [{ memberId: 'm', groupInstanceId: null, metadata: Buffer.from([9]) }],
    },
    '00000000',
    '0000',
    '00000002', // generation
    '09',
    "'consumer'",
    '06',
    "'range'",
    '02',
    "'m'",
    '01', // skip the assignment
    '02',
    "'m'",
    '02', // one member
    '02',
    "'m'",
    '00', // no instance id
    '02 09', // metadata
    '00',
    '00',
  ),
  golden(
    SyncGroupRequest,
    3,
    {
      groupId: 'g',
      generationId: 2,
      memberId: 'm',
      groupInstanceId: null,
      assignments: [{ memberId: 'm', assignment: Buffer.alloc(0) }],
    },
    '0001',
    "'g'",
    '00000002',
    '0001',
    "'m'",
    'ffff',
    '00000001',
    '0001',
    "'m'",
    '00000000', // empty assignment
  ),
  golden(
    OffsetCommitRequest,
    2,
    {
      groupId: 'g',
      generationIdOrMemberEpoch: 2,
      memberId: 'm',
      retentionTimeMs: -1,
      topics: [{ name: 't', partitions: [{ partitionIndex: 0, committedOffset: 42, committedMetadata: null }] }],
    },
    '0001',
    "'g'",
    '00000002',
    '0001',
    "'m'",
    'ffffffffffffffff', // retention: the broker decides
    '00000001',
    '0001',
    "'t'",
    '00000001',
    '00000000',
    '000000000000002a',
    'ffff', // no metadata
  ),
  golden(
    OffsetCommitRequest,
    10,
    {
      groupId: 'g',
      generationIdOrMemberEpoch: 2,
      memberId: 'm',
      groupInstanceId: null,
      topics: [
        {
          topicId: TOPIC_ID,
          partitions: [{ partitionIndex: 0, committedOffset: 42, committedLeaderEpoch: 1, committedMetadata: '' }],
        },
      ],
    },
    '02',
    "'g'",
    '00000002',
    '02',
    "'m'",
    '00',
    '02',
    TOPIC_ID_BYTES,
    '02',
    '00000000',
    '000000000000002a',
    '00000001', // leader epoch
    '01', // empty metadata
    '00 00 00',
  ),
  golden(
    OffsetCommitResponse,
    8,
    { throttleTimeMs: 0, topics: [{ name: 't', partitions: [{ partitionIndex: 0, errorCode: 22 }] }] },
    '00000000',
    '02',
    '02',
    "'t'",
    '02',
    '00000000 0016 00', // ILLEGAL_GENERATION
    '00 00',
  ),
  golden(OffsetFetchRequest, 2, { groupId: 'g', topics: null }, '0001', "'g'", 'ffffffff'),
  golden(
    OffsetFetchRequest,
    8,
    { groups: [{ groupId: 'g', topics: [{ name: 't', partitionIndexes: [0, 5] }] }], requireStable: true },
    '02', // one group
    '02',
    "'g'",
    '02', // one topic
    '02',
    "'t'",
    '03 00000000 00000005',
    '00', // topic
    '00', // group
    '01', // require stable
    '00',
  ),
];

describe('bytes written by hand', () => {
  test.each(cases)('$title: is what we write', ({ encode: write, bytes }) => {
    expect(write().toString('hex')).toBe(bytes.toString('hex'));
  });

  test.each(cases)('$title: is read as the value', ({ decode: read, value }) => {
    expect(read()).toMatchObject(value);
  });
});
