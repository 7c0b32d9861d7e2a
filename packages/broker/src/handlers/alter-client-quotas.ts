// AlterClientQuotas (api 49, KIP-546): sets and removes limits of users, client ids and addresses. Served: 0-1. They are kept and
// described; nothing is held to them yet, which is said in the log each time one is set.
import type { InputOf } from '@moldau/protocol';
import { errorCode } from '@moldau/protocol/errors';
import type {
  AlterClientQuotasRequest,
  AlterClientQuotasResponse,
} from '@moldau/protocol/messages/alter-client-quotas';
import type { BrokerContext, Call } from '../context.ts';
import { CONTROLLER_EVENTS } from '../controller/events.ts';

export async function alterClientQuotas(
  broker: BrokerContext,
  _call: Call,
  request: AlterClientQuotasRequest,
): Promise<InputOf<typeof AlterClientQuotasResponse>> {
  const { entries, validateOnly } = request;
  const wishes = entries.map(({ entity, ops }) => ({
    entity: entity.map(({ entityType, entityName }) => ({ type: entityType, name: entityName })),
    changes: ops,
  }));
  const outcomes = await broker.controller.here().alterClientQuotas(wishes, { validateOnly });
  const set = outcomes.filter(({ error }, at) => error === 'NONE' && entries[at]!.ops.some(({ remove }) => !remove));
  if (set.length > 0 && !validateOnly) broker.events.emit(CONTROLLER_EVENTS.quotaNotEnforced, { entities: set.length });
  return {
    entries: outcomes.map(({ error, detail }, at) => ({
      errorCode: errorCode(error),
      errorMessage: detail,
      entity: entries[at]!.entity,
    })),
  };
}
