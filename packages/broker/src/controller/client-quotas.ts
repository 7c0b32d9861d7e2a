// Decides changes of client quotas, and finds them by filter (Kafka: ClientQuotaControlManager, ClientQuotasImage; KIP-546).
// One entity changes altogether or not at all. Pure.
import type { ClientQuotas, ClusterImage, MetadataRecord, QuotaEntity } from '@moldau/metadata';
import { type Decision, DONE, type Outcome, refused } from './decision.ts';

export interface QuotaChange {
  readonly key: string;
  /** Ignored when `remove`. */
  readonly value: number;
  readonly remove: boolean;
}

export interface QuotaWish {
  /** In whatever order, as it came. */
  readonly entity: QuotaEntity;
  readonly changes: readonly QuotaChange[];
}

export interface QuotaFilter {
  readonly components: readonly {
    readonly entityType: string;
    readonly matchType: number;
    readonly match: string | null;
  }[];
  /** Entities of just these types, and not of more. */
  readonly strict: boolean;
}

const USER = 'user';
const CLIENT = 'client-id';
const IP = 'ip';
/** Also the order in which an entity is kept. */
const TYPES = [USER, CLIENT, IP];
const EXACT = 0;
const DEFAULT = 1;
const ANY = 2;
/** Entities in one request (Kafka's MAX_RECORDS_PER_USER_OP). */
const CHANGES_MAX = 10_000;

/** By key: the kind of number. QuotaConfig of Kafka. */
const CLIENT_KEYS: ReadonlyMap<string, 'whole' | 'any'> = new Map([
  ['producer_byte_rate', 'whole'],
  ['consumer_byte_rate', 'whole'],
  ['request_percentage', 'any'],
  ['controller_mutation_rate', 'any'],
]);
const IP_KEYS: ReadonlyMap<string, 'whole' | 'any'> = new Map([['connection_creation_rate', 'whole']]);

export function decideClientQuotas(image: ClusterImage, wishes: readonly QuotaWish[]): Decision<Outcome[]> {
  const count = wishes.reduce((sum, { changes }) => sum + Math.max(1, changes.length), 0);
  if (count > CHANGES_MAX) {
    const tooMany = refused('POLICY_VIOLATION', `${count} changes in one request; ${CHANGES_MAX} are allowed.`);
    return { records: [], result: wishes.map(() => tooMany) };
  }
  const records: MetadataRecord[] = [];
  const result = wishes.map(({ entity, changes }) => {
    const bad = entityRefusal(entity) ?? changesRefusal(entity, changes);
    if (bad) return refused('INVALID_REQUEST', bad);
    const kept = [...entity].sort((a, b) => TYPES.indexOf(a.type) - TYPES.indexOf(b.type));
    const before = image.clientQuotas(kept);
    const after = new Map(before);
    for (const { key, value, remove } of changes) remove ? after.delete(key) : after.set(key, value);
    for (const key of new Set([...before.keys(), ...after.keys()])) {
      const value = after.get(key) ?? null;
      if (value !== (before.get(key) ?? null)) records.push({ kind: 'clientQuotaSet', entity: kept, key, value });
    }
    return DONE;
  });
  return { records, result };
}

function entityRefusal(entity: QuotaEntity): string | undefined {
  if (entity.length === 0) return 'Invalid empty client quota entity';
  const types = new Set<string>();
  for (const { type, name } of entity) {
    if (types.has(type)) return `Invalid client quota entity, has duplicate entity type ${type}`;
    if (!TYPES.includes(type)) return `Unhandled client quota entity type: ${type}`;
    if (name === '') return `Empty ${type} not supported`;
    types.add(type);
  }
  if (!types.has(IP)) return undefined;
  if (types.size > 1) {
    return 'Invalid quota entity combination, IP entity should not be used with user/client ID entity.';
  }
  const address = entity[0]!.name;
  // Kafka resolves names here; a name that another resolver answers differently would be another quota on each broker.
  if (address !== null && !isAddress(address)) return `${address} is not a valid IP address.`;
  return undefined;
}

function isAddress(text: string): boolean {
  const parts = text.split('.');
  if (parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)) return true;
  return text.includes(':') && URL.canParse(`http://[${text}]`);
}

function changesRefusal(entity: QuotaEntity, changes: readonly QuotaChange[]): string | undefined {
  const allowed = entity.some(({ type }) => type === IP) ? IP_KEYS : CLIENT_KEYS;
  for (const { key, value, remove } of changes) {
    const kind = allowed.get(key);
    if (kind === undefined) return `Invalid configuration key ${key}`;
    if (remove) continue;
    if (!(value > 0) || value === Number.POSITIVE_INFINITY) return `Quota ${key} must be greater than 0`;
    if (kind === 'whole' && !Number.isSafeInteger(value)) return `Configuration ${key} must be a Long value`;
  }
  return undefined;
}

/** The quotas that the filter asks for, or why it cannot be answered. */
export function findClientQuotas(image: ClusterImage, filter: QuotaFilter): ClientQuotas[] | Outcome {
  const bad = filterRefusal(filter);
  if (bad) return bad;
  const { components, strict } = filter;
  return [...image.allClientQuotas()].filter(({ entity }) => {
    if (strict && entity.length !== components.length) return false;
    return components.every(({ entityType, matchType, match }) => {
      const part = entity.find(({ type }) => type === entityType);
      if (!part) return false;
      return matchType === ANY || part.name === (matchType === EXACT ? match : null);
    });
  });
}

function filterRefusal({ components }: QuotaFilter): Outcome | undefined {
  const types = new Set<string>();
  for (const { entityType, matchType, match } of components) {
    if (entityType === '') return refused('INVALID_REQUEST', 'Invalid empty entity type.');
    if (types.has(entityType)) {
      return refused('INVALID_REQUEST', `Entity type ${entityType} cannot appear more than once in the filter.`);
    }
    types.add(entityType);
    if (!TYPES.includes(entityType))
      return refused('UNSUPPORTED_VERSION', `Custom entity type '${entityType}' not supported`);
    if (matchType !== EXACT && matchType !== DEFAULT && matchType !== ANY) {
      return refused('INVALID_REQUEST', `Unknown match type ${matchType}`);
    }
    if (matchType === EXACT && match === null) {
      return refused('INVALID_REQUEST', 'Request specified MATCH_TYPE_EXACT, but set match string to null.');
    }
    if (matchType !== EXACT && match !== null) {
      const type = matchType === DEFAULT ? 'MATCH_TYPE_DEFAULT' : 'MATCH_TYPE_SPECIFIED';
      return refused('INVALID_REQUEST', `Request specified ${type}, but also specified a match string.`);
    }
  }
  if (types.has(IP) && types.size > 1) {
    const why =
      'Invalid entity filter component combination. IP filter component should not be used with user or clientId filter component.';
    return refused('INVALID_REQUEST', why);
  }
  return undefined;
}
