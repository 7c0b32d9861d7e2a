// CreatePartitions (api 37): gives topics more partitions.
//   v2  flexible
//   v3  THROTTLING_QUOTA_EXCEEDED may be answered (KIP-599)
import { array, bool, int16, int32, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const CreatePartitionsRequest = request({
  api: 37,
  name: 'CreatePartitions',
  versions: '0-3',
  flexible: '2+',
  fields: {
    topics: array({
      name: string(),
      count: int32(),
      assignments: array({ brokerIds: array(int32()) }, { nullable: '0+' }),
    }),
    timeoutMs: int32(),
    validateOnly: bool(),
  },
});
export type CreatePartitionsRequest = MessageOf<typeof CreatePartitionsRequest>;

export const CreatePartitionsResponse = response({
  api: 37,
  name: 'CreatePartitions',
  versions: '0-3',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    results: array({ name: string(), errorCode: int16(), errorMessage: string({ nullable: '0+', default: null }) }),
  },
});
export type CreatePartitionsResponse = MessageOf<typeof CreatePartitionsResponse>;
