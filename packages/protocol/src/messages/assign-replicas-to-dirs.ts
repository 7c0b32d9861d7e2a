// AssignReplicasToDirs (api 73): a broker reports which directory holds a replica (KIP-858).
import { array, int16, int32, int64, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const AssignReplicasToDirsRequest = request({
  api: 73,
  name: 'AssignReplicasToDirs',
  versions: '0',
  flexible: '0+',
  fields: {
    brokerId: int32(),
    brokerEpoch: int64({ default: -1 }),
    directories: array({
      id: uuid(),
      topics: array({ topicId: uuid(), partitions: array({ partitionIndex: int32() }) }),
    }),
  },
});
export type AssignReplicasToDirsRequest = MessageOf<typeof AssignReplicasToDirsRequest>;

export const AssignReplicasToDirsResponse = response({
  api: 73,
  name: 'AssignReplicasToDirs',
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    directories: array({
      id: uuid(),
      topics: array({ topicId: uuid(), partitions: array({ partitionIndex: int32(), errorCode: int16() }) }),
    }),
  },
});
export type AssignReplicasToDirsResponse = MessageOf<typeof AssignReplicasToDirsResponse>;
