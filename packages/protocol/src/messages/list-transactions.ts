// ListTransactions (api 66): transactional ids of a coordinator (KIP-664).
//   v1  filter by duration (KIP-994)
//   v2  filter by a pattern of the id (KIP-1152)
import { array, int16, int32, int64, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const ListTransactionsRequest = request({
  api: 66,
  name: 'ListTransactions',
  versions: '0-2',
  flexible: '0+',
  fields: {
    stateFilters: array(string()),
    producerIdFilters: array(int64()),
    durationFilter: int64({ versions: '1+', default: -1 }),
    transactionalIdPattern: string({ versions: '2+', nullable: '0+', default: null }),
  },
});
export type ListTransactionsRequest = MessageOf<typeof ListTransactionsRequest>;

export const ListTransactionsResponse = response({
  api: 66,
  name: 'ListTransactions',
  versions: '0-2',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    unknownStateFilters: array(string()),
    transactionStates: array({ transactionalId: string(), producerId: int64(), transactionState: string() }),
  },
});
export type ListTransactionsResponse = MessageOf<typeof ListTransactionsResponse>;
