// CreateTopics (api 19): creates topics.
//   v2  oldest version served: validateOnly, throttle time, error messages
//   v4  partitions and replication factor may be left to the broker: -1 (KIP-464)
//   v5  flexible; the settings of the new topic in the answer (KIP-525)
//   v6  THROTTLING_QUOTA_EXCEEDED may be answered (KIP-599)
//   v7  topic id in the answer (KIP-516)
import { array, bool, int8, int16, int32, string, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const CreateTopicsRequest = request({
  api: 19,
  name: 'CreateTopics',
  versions: '2-7',
  flexible: '5+',
  fields: {
    topics: array({
      name: string(),
      numPartitions: int32(),
      replicationFactor: int16(),
      assignments: array({ partitionIndex: int32(), brokerIds: array(int32()) }),
      configs: array({ name: string(), value: string({ nullable: '0+' }) }),
    }),
    timeoutMs: int32({ default: 60000 }),
    validateOnly: bool({ default: false }),
  },
});
export type CreateTopicsRequest = MessageOf<typeof CreateTopicsRequest>;

export const CreateTopicsResponse = response({
  api: 19,
  name: 'CreateTopics',
  versions: '2-7',
  flexible: '5+',
  fields: {
    throttleTimeMs: int32({ default: 0, ignorable: true }),
    topics: array({
      name: string(),
      topicId: uuid({ versions: '7+', ignorable: true }),
      errorCode: int16(),
      errorMessage: string({ nullable: '0+', ignorable: true }),
      topicConfigErrorCode: int16({ versions: '5+', tag: 0, ignorable: true }),
      numPartitions: int32({ versions: '5+', default: -1, ignorable: true }),
      replicationFactor: int16({ versions: '5+', default: -1, ignorable: true }),
      configs: array(
        {
          name: string(),
          value: string({ nullable: '0+' }),
          readOnly: bool(),
          configSource: int8({ default: -1, ignorable: true }),
          isSensitive: bool(),
        },
        { versions: '5+', nullable: '0+', ignorable: true },
      ),
    }),
  },
});
export type CreateTopicsResponse = MessageOf<typeof CreateTopicsResponse>;
