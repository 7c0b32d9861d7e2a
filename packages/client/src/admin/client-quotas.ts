// Client quotas (KIP-546): describe and alter, for users, client ids, both together, and addresses.
import { errorOfCode, KafkaError, throwOnCode } from '../errors.ts';
import type { AdminCalls } from './admin-calls.ts';
import type { CallOptions, CreateTopicsOptions, Outcome } from './admin-model.ts';
import type {
  ClientQuotaAlteration,
  ClientQuotaEntry,
  ClientQuotaFilter,
  QuotaEntity,
  QuotaEntityType,
} from './security-model.ts';

const TYPES: readonly QuotaEntityType[] = ['user', 'client-id', 'ip'];
const MATCH_EXACT = 0;
const MATCH_DEFAULT = 1;
const MATCH_ANY = 2;

type WireEntity = readonly { readonly entityType: string; readonly entityName: string | null }[];

function wireEntity(entity: QuotaEntity): { entityType: string; entityName: string | null }[] {
  const parts = Object.entries(entity).map(([entityType, entityName]) => ({ entityType, entityName }));
  const strange = parts.find(({ entityType }) => !TYPES.includes(entityType as QuotaEntityType));
  if (strange || parts.length === 0) {
    const message = `A quota is for an entity of ${TYPES.join(', ')}, not of ${strange?.entityType ?? 'nothing'}.`;
    throw new KafkaError('INVALID_ARGUMENT', { message });
  }
  return parts;
}

/** The same for the same entity, in whatever order its types come. */
function keyOf(entity: WireEntity): string {
  return JSON.stringify(entity.map(({ entityType, entityName }) => [entityType, entityName]).sort());
}

/** All quotas when no filter is given. */
export function describeClientQuotas(
  calls: AdminCalls,
  filter: ClientQuotaFilter = { components: {} },
  options: CallOptions = {},
): Promise<ClientQuotaEntry[]> {
  const components = Object.entries(filter.components).map(([entityType, wanted]) => {
    if (typeof wanted === 'string') return { entityType, matchType: MATCH_EXACT, match: wanted };
    return { entityType, matchType: wanted === null ? MATCH_DEFAULT : MATCH_ANY, match: null };
  });
  return calls.run('Describing quotas', options, async () => {
    const answer = await calls.cluster.send('any', 'DescribeClientQuotas', {
      components,
      strict: filter.strict ?? false,
    });
    throwOnCode(answer.errorCode, { message: answer.errorMessage });
    return (answer.entries ?? []).map(({ entity, values }) => ({
      entity: Object.fromEntries(entity.map(({ entityType, entityName }) => [entityType, entityName])),
      quotas: Object.fromEntries(values.map(({ key, value }) => [key, value])),
    }));
  });
}

/** One outcome for each alteration. */
export async function alterClientQuotas(
  calls: AdminCalls,
  alterations: readonly ClientQuotaAlteration[],
  options: CreateTopicsOptions = {},
): Promise<Outcome<true>[]> {
  const entries = alterations.map(({ entity, changes }) => ({
    entity: wireEntity(entity),
    ops: Object.entries(changes).map(([key, value]) => ({ key, value: value ?? 0, remove: value === null })),
  }));
  const outcomes = await calls.each<(typeof entries)[number], true>(
    'Altering quotas',
    options,
    entries,
    ({ entity }) => keyOf(entity),
    async (items) => {
      const answer = await calls.cluster.send('controller', 'AlterClientQuotas', {
        entries: [...items],
        validateOnly: options.validateOnly ?? false,
      });
      return new Map(
        answer.entries.map(({ entity, errorCode, errorMessage }) => [
          keyOf(entity),
          errorOfCode(errorCode, { message: errorMessage }) ?? (true as const),
        ]),
      );
    },
  );
  return entries.map(({ entity }) => outcomes.get(keyOf(entity))!);
}
