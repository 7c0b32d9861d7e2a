// ElectLeaders (api 43): elects leaders of partitions anew.
//   v1  kind of election; an error for the whole answer (KIP-460)
//   v2  flexible
import { array, int8, int16, int32, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const ElectLeadersRequest = request({
  api: 43,
  name: 'ElectLeaders',
  versions: '0-2',
  flexible: '2+',
  fields: {
    electionType: int8({ versions: '1+' }),
    topicPartitions: array({ topic: string(), partitions: array(int32()) }, { nullable: '0+' }),
    timeoutMs: int32({ default: 60000 }),
  },
});
export type ElectLeadersRequest = MessageOf<typeof ElectLeadersRequest>;

export const ElectLeadersResponse = response({
  api: 43,
  name: 'ElectLeaders',
  versions: '0-2',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16({ versions: '1+' }),
    replicaElectionResults: array({
      topic: string(),
      partitionResult: array({ partitionId: int32(), errorCode: int16(), errorMessage: string({ nullable: '0+' }) }),
    }),
  },
});
export type ElectLeadersResponse = MessageOf<typeof ElectLeadersResponse>;
