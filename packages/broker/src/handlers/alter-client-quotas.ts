// AlterClientQuotas (api 49, KIP-546): sets and removes limits of users, client ids and addresses. Served: 0-1. All are kept and
// described; clients are held to their byte rates (quota/client-quotas.ts). That the others hold nobody yet is said in the
// log each time one is set.
import type { InputOf } from '@moldau/protocol';
import { errorCode } from '@moldau/protocol/errors';
import type {
  AlterClientQuotasRequest,
  AlterClientQuotasResponse,
} from '@moldau/protocol/messages/alter-client-quotas';
import type { BrokerContext, Call } from '../context.ts';
import { CONTROLLER_EVENTS } from '../controller/events.ts';

/** Enforced. */
const HELD: ReadonlySet<string> = new Set(['producer_byte_rate', 'consumer_byte_rate']);

const isIdle = ({ key, remove }: { readonly key: string; readonly remove: boolean }) => !remove && !HELD.has(key);

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
  const set = outcomes.filter(({ error }, at) => error === 'NONE' && entries[at]!.ops.some(isIdle));
  if (set.length > 0 && !validateOnly) broker.events.emit(CONTROLLER_EVENTS.quotaNotEnforced, { entities: set.length });
  return {
    entries: outcomes.map(({ error, detail }, at) => ({
      errorCode: errorCode(error),
      errorMessage: detail,
      entity: entries[at]!.entity,
    })),
  };
}
