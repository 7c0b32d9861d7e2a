// FetchSnapshot (api 59): a KRaft follower reads a snapshot.
//   v1  directory id, addresses of the leader (KIP-853)
import { array, int16, int32, int64, records, string, struct, uint16, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const FetchSnapshotRequest = request({
  api: 59,
  name: 'FetchSnapshot',
  versions: '0-1',
  flexible: '0+',
  fields: {
    clusterId: string({ nullable: '0+', tag: 0, default: null }),
    replicaId: int32({ default: -1 }),
    maxBytes: int32({ default: 0x7fffffff }),
    topics: array({
      name: string(),
      partitions: array({
        partition: int32(),
        currentLeaderEpoch: int32(),
        snapshotId: struct({ endOffset: int64(), epoch: int32() }),
        position: int64(),
        replicaDirectoryId: uuid({ versions: '1+', tag: 0, ignorable: true }),
      }),
    }),
  },
});
export type FetchSnapshotRequest = MessageOf<typeof FetchSnapshotRequest>;

export const FetchSnapshotResponse = response({
  api: 59,
  name: 'FetchSnapshot',
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32({ default: 0, ignorable: true }),
    errorCode: int16(),
    topics: array({
      name: string(),
      partitions: array({
        index: int32(),
        errorCode: int16(),
        snapshotId: struct({ endOffset: int64(), epoch: int32() }),
        currentLeader: struct({ leaderId: int32(), leaderEpoch: int32() }, { tag: 0 }),
        size: int64(),
        position: int64(),
        unalignedRecords: records(),
      }),
    }),
    nodeEndpoints: array({ nodeId: int32(), host: string(), port: uint16() }, { versions: '1+', tag: 0 }),
  },
});
export type FetchSnapshotResponse = MessageOf<typeof FetchSnapshotResponse>;
