// DeleteTopics (api 20): deletes topics.
//   v1  oldest version served: throttle time
//   v3  TOPIC_DELETION_DISABLED may be answered
//   v4  flexible
//   v5  message; THROTTLING_QUOTA_EXCEEDED may be answered (KIP-599)
//   v6  topics by name or id (KIP-516)
import { array, int16, int32, string, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const DeleteTopicsRequest = request({
  api: 20,
  name: 'DeleteTopics',
  versions: '1-6',
  flexible: '4+',
  fields: {
    topics: array({ name: string({ nullable: '0+', default: null }), topicId: uuid() }, { versions: '6+' }),
    topicNames: array(string(), { versions: '1-5', ignorable: true }),
    timeoutMs: int32(),
  },
});
export type DeleteTopicsRequest = MessageOf<typeof DeleteTopicsRequest>;

export const DeleteTopicsResponse = response({
  api: 20,
  name: 'DeleteTopics',
  versions: '1-6',
  flexible: '4+',
  fields: {
    throttleTimeMs: int32({ default: 0, ignorable: true }),
    responses: array({
      name: string({ nullable: '6+' }),
      topicId: uuid({ versions: '6+', ignorable: true }),
      errorCode: int16(),
      errorMessage: string({ versions: '5+', nullable: '0+', default: null, ignorable: true }),
    }),
  },
});
export type DeleteTopicsResponse = MessageOf<typeof DeleteTopicsResponse>;
