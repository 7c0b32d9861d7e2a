// DescribeClientQuotas (api 48): quotas of users and clients (KIP-546).
//   v1  flexible
import { array, bool, float64, int8, int16, int32, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const DescribeClientQuotasRequest = request({
  api: 48,
  name: 'DescribeClientQuotas',
  versions: '0-1',
  flexible: '1+',
  fields: {
    components: array({ entityType: string(), matchType: int8(), match: string({ nullable: '0+' }) }),
    strict: bool(),
  },
});
export type DescribeClientQuotasRequest = MessageOf<typeof DescribeClientQuotasRequest>;

export const DescribeClientQuotasResponse = response({
  api: 48,
  name: 'DescribeClientQuotas',
  versions: '0-1',
  flexible: '1+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    entries: array(
      {
        entity: array({ entityType: string(), entityName: string({ nullable: '0+' }) }),
        values: array({ key: string(), value: float64() }),
      },
      { nullable: '0+' },
    ),
  },
});
export type DescribeClientQuotasResponse = MessageOf<typeof DescribeClientQuotasResponse>;
