// Fetch (api 1): a consumer reads record batches, a follower replicates them.
//   v4   oldest version served: isolation level, last stable offset, aborted transactions
//   v5   log start offset, both ways
//   v7   fetch sessions: only changes are sent (KIP-227)
//   v9   the leader epoch the reader knows, for fencing (KIP-320)
//   v10  batches compressed with zstd may be answered (KIP-110)
//   v11  rack of the reader, preferred replica (KIP-392)
//   v12  flexible; divergence is found by the epoch last fetched (KIP-595)
//   v13  topics by id in place of name (KIP-516)
//   v14  OFFSET_MOVED_TO_TIERED_STORAGE may be answered (KIP-405)
//   v15  replica id moves into a tagged struct, with the epoch of the replica (KIP-903)
//   v16  addresses of new leaders in the answer (KIP-951)
//   v17  directory id of the replica (KIP-853)
//   v18  high watermark known to the replica (KIP-1166)
// Partitions are served in the order asked for.
import { array, int8, int16, int32, int64, records, string, struct, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const FetchRequest = request({
  api: 1,
  name: 'Fetch',
  versions: '4-18',
  flexible: '12+',
  fields: {
    clusterId: string({ versions: '12+', nullable: '0+', tag: 0, default: null, ignorable: true }),
    replicaId: int32({ versions: '4-14', default: -1 }),
    replicaState: struct(
      { replicaId: int32({ default: -1 }), replicaEpoch: int64({ default: -1 }) },
      { versions: '15+', tag: 1 },
    ),
    maxWaitMs: int32(),
    minBytes: int32(),
    maxBytes: int32({ default: 0x7fffffff, ignorable: true }),
    isolationLevel: int8({ default: 0, ignorable: true }),
    sessionId: int32({ versions: '7+', default: 0, ignorable: true }),
    sessionEpoch: int32({ versions: '7+', default: -1, ignorable: true }),
    topics: array({
      topic: string({ versions: '4-12', ignorable: true }),
      topicId: uuid({ versions: '13+', ignorable: true }),
      partitions: array({
        partition: int32(),
        currentLeaderEpoch: int32({ versions: '9+', default: -1, ignorable: true }),
        fetchOffset: int64(),
        lastFetchedEpoch: int32({ versions: '12+', default: -1 }),
        logStartOffset: int64({ versions: '5+', default: -1, ignorable: true }),
        partitionMaxBytes: int32(),
        replicaDirectoryId: uuid({ versions: '17+', tag: 0, ignorable: true }),
        highWatermark: int64({ versions: '18+', tag: 1, default: Number.MAX_SAFE_INTEGER, ignorable: true }),
      }),
    }),
    forgottenTopicsData: array(
      {
        topic: string({ versions: '7-12', ignorable: true }),
        topicId: uuid({ versions: '13+', ignorable: true }),
        partitions: array(int32()),
      },
      { versions: '7+' },
    ),
    rackId: string({ versions: '11+', default: '', ignorable: true }),
  },
});
export type FetchRequest = MessageOf<typeof FetchRequest>;

export const FetchResponse = response({
  api: 1,
  name: 'Fetch',
  versions: '4-18',
  flexible: '12+',
  fields: {
    throttleTimeMs: int32({ default: 0, ignorable: true }),
    errorCode: int16({ versions: '7+', ignorable: true }),
    sessionId: int32({ versions: '7+', default: 0 }),
    responses: array({
      topic: string({ versions: '4-12', ignorable: true }),
      topicId: uuid({ versions: '13+', ignorable: true }),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        highWatermark: int64(),
        lastStableOffset: int64({ default: -1, ignorable: true }),
        logStartOffset: int64({ versions: '5+', default: -1, ignorable: true }),
        divergingEpoch: struct(
          { epoch: int32({ default: -1 }), endOffset: int64({ default: -1 }) },
          { versions: '12+', tag: 0 },
        ),
        currentLeader: struct(
          { leaderId: int32({ default: -1 }), leaderEpoch: int32({ default: -1 }) },
          { versions: '12+', tag: 1 },
        ),
        snapshotId: struct(
          { endOffset: int64({ default: -1 }), epoch: int32({ default: -1 }) },
          { versions: '12+', tag: 2 },
        ),
        abortedTransactions: array({ producerId: int64(), firstOffset: int64() }, { nullable: '0+', ignorable: true }),
        preferredReadReplica: int32({ versions: '11+', default: -1 }),
        records: records({ nullable: '0+' }),
      }),
    }),
    nodeEndpoints: array(
      { nodeId: int32(), host: string(), port: int32(), rack: string({ nullable: '0+', default: null }) },
      { versions: '16+', tag: 0 },
    ),
  },
});
export type FetchResponse = MessageOf<typeof FetchResponse>;
