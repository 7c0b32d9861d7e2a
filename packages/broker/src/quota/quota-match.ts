// Pure: which quota holds for a client (Kafka: ClientQuotaManager's DefaultQuotaCallback; KIP-55). The most special entity
// that names the limit counts, and only that; whoever it holds for shares one allowance.
import type { ClusterImage, QuotaEntity } from '@moldau/metadata';

export interface MatchedQuota {
  readonly limit: number;
  /** Who shares this limit: one key, one allowance. */
  readonly sharedBy: string;
}

/** Kafka's name for a client that gives none. */
const NO_CLIENT_ID = '';

/**
 * The limit `key` (`producer_byte_rate`, …) for a principal as `Type:name` and a client id.
 * In order: user and client id, user and any client, user, any user and client id, any user and any client, any user,
 * client id, any client.
 */
export function matchQuota(
  image: ClusterImage,
  key: string,
  principal: string,
  clientId: string | null,
): MatchedQuota | undefined {
  const user = principal.slice(principal.indexOf(':') + 1);
  const client = clientId ?? NO_CLIENT_ID;
  for (const { users, clients } of ORDER) {
    const entity: QuotaEntity = [
      ...(users === undefined ? [] : [{ type: 'user', name: users === 'this' ? user : null }]),
      ...(clients === undefined ? [] : [{ type: 'client-id', name: clients === 'this' ? client : null }]),
    ];
    const limit = image.clientQuotas(entity).get(key);
    if (limit === undefined) continue;
    const shares = [users === undefined ? null : user, clients === undefined ? null : client];
    return { limit, sharedBy: JSON.stringify(shares) };
  }
  return undefined;
}

type Part = 'this' | 'any' | undefined;
const ORDER: readonly { readonly users: Part; readonly clients: Part }[] = [
  { users: 'this', clients: 'this' },
  { users: 'this', clients: 'any' },
  { users: 'this', clients: undefined },
  { users: 'any', clients: 'this' },
  { users: 'any', clients: 'any' },
  { users: 'any', clients: undefined },
  { users: undefined, clients: 'this' },
  { users: undefined, clients: 'any' },
];
