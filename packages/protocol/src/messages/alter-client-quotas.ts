// AlterClientQuotas (api 49): changes quotas of users and clients (KIP-546).
//   v1  flexible
import { array, bool, float64, int16, int32, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const AlterClientQuotasRequest = request({
  api: 49,
  name: 'AlterClientQuotas',
  versions: '0-1',
  flexible: '1+',
  fields: {
    entries: array({
      entity: array({ entityType: string(), entityName: string({ nullable: '0+' }) }),
      ops: array({ key: string(), value: float64(), remove: bool() }),
    }),
    validateOnly: bool(),
  },
});
export type AlterClientQuotasRequest = MessageOf<typeof AlterClientQuotasRequest>;

export const AlterClientQuotasResponse = response({
  api: 49,
  name: 'AlterClientQuotas',
  versions: '0-1',
  flexible: '1+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    entries: array({
      errorCode: int16(),
      errorMessage: string({ nullable: '0+' }),
      entity: array({ entityType: string(), entityName: string({ nullable: '0+' }) }),
    }),
  },
});
export type AlterClientQuotasResponse = MessageOf<typeof AlterClientQuotasResponse>;
