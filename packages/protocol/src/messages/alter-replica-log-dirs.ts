// AlterReplicaLogDirs (api 34): moves replicas between the log directories of a broker.
//   v1  oldest version served
//   v2  flexible
import { array, int16, int32, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const AlterReplicaLogDirsRequest = request({
  api: 34,
  name: 'AlterReplicaLogDirs',
  versions: '1-2',
  flexible: '2+',
  fields: { dirs: array({ path: string(), topics: array({ name: string(), partitions: array(int32()) }) }) },
});
export type AlterReplicaLogDirsRequest = MessageOf<typeof AlterReplicaLogDirsRequest>;

export const AlterReplicaLogDirsResponse = response({
  api: 34,
  name: 'AlterReplicaLogDirs',
  versions: '1-2',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    results: array({ topicName: string(), partitions: array({ partitionIndex: int32(), errorCode: int16() }) }),
  },
});
export type AlterReplicaLogDirsResponse = MessageOf<typeof AlterReplicaLogDirsResponse>;
