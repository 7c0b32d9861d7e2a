// DescribeClientQuotas (api 48, KIP-546): the limits that match a filter. Served: 0-1.
import type { InputOf } from '@moldau/protocol';
import { errorCode } from '@moldau/protocol/errors';
import type {
  DescribeClientQuotasRequest,
  DescribeClientQuotasResponse,
} from '@moldau/protocol/messages/describe-client-quotas';
import type { BrokerContext, Call } from '../context.ts';
import { findClientQuotas } from '../controller/client-quotas.ts';

export function describeClientQuotas(
  broker: BrokerContext,
  _call: Call,
  request: DescribeClientQuotasRequest,
): InputOf<typeof DescribeClientQuotasResponse> {
  const found = findClientQuotas(broker.image(), request);
  if ('error' in found) return { errorCode: errorCode(found.error), errorMessage: found.detail, entries: null };
  return {
    errorCode: 0,
    errorMessage: null,
    entries: found.map(({ entity, limits }) => ({
      entity: entity.map(({ type, name }) => ({ entityType: type, entityName: name })),
      values: [...limits].map(([key, value]) => ({ key, value })),
    })),
  };
}
