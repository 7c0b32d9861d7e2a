// What the calls about ACLs, quotas and SCRAM users take and answer. Words are Kafka's.
import type { KafkaError } from '../errors.ts';
import type { CallOptions } from './admin-model.ts';

export type AclResourceType =
  | 'UNKNOWN'
  | 'ANY'
  | 'TOPIC'
  | 'GROUP'
  | 'CLUSTER'
  | 'TRANSACTIONAL_ID'
  | 'DELEGATION_TOKEN'
  | 'USER';

/** MATCH is for filters: literal, prefixed and wildcard patterns that a name falls under. */
export type AclPatternType = 'UNKNOWN' | 'ANY' | 'MATCH' | 'LITERAL' | 'PREFIXED';

export type AclOperation =
  | 'UNKNOWN'
  | 'ANY'
  | 'ALL'
  | 'READ'
  | 'WRITE'
  | 'CREATE'
  | 'DELETE'
  | 'ALTER'
  | 'DESCRIBE'
  | 'CLUSTER_ACTION'
  | 'DESCRIBE_CONFIGS'
  | 'ALTER_CONFIGS'
  | 'IDEMPOTENT_WRITE'
  | 'CREATE_TOKENS'
  | 'DESCRIBE_TOKENS'
  | 'TWO_PHASE_COMMIT';

export type AclPermissionType = 'UNKNOWN' | 'ANY' | 'DENY' | 'ALLOW';

/** Who may (or may not) do what with what, from where. */
export interface AclBinding {
  readonly resourceType: AclResourceType;
  /** '*' for all; 'kafka-cluster' is the cluster. */
  readonly resourceName: string;
  readonly patternType: AclPatternType;
  /** 'User:alice', 'User:*'. */
  readonly principal: string;
  /** An address, or '*'. */
  readonly host: string;
  readonly operation: AclOperation;
  readonly permissionType: AclPermissionType;
}

/** What is absent matches all. A patternType of MATCH asks which ACLs concern the name. */
export type AclFilter = Partial<AclBinding>;

export interface DeletedAcl {
  readonly binding: AclBinding;
  readonly error: KafkaError | undefined;
}

export type QuotaEntityType = 'user' | 'client-id' | 'ip';

/** Whom a quota is for: one or two of the types, by name; null is the default of the type. */
export type QuotaEntity = { readonly [K in QuotaEntityType]?: string | null };

/** By Kafka's names: producer_byte_rate, consumer_byte_rate, request_percentage, controller_mutation_rate, connection_creation_rate. */
export interface ClientQuotas {
  readonly [quota: string]: number;
}

export interface ClientQuotaEntry {
  readonly entity: QuotaEntity;
  readonly quotas: ClientQuotas;
}

export interface ClientQuotaFilter {
  /** By type: a name, null for the default, or 'any' as `{ any: true }`. */
  readonly components: { readonly [K in QuotaEntityType]?: string | null | { readonly any: true } };
  /** Only entities of exactly these types. Default false. */
  readonly strict?: boolean;
}

export interface ClientQuotaAlteration {
  readonly entity: QuotaEntity;
  /** Null removes the quota. */
  readonly changes: { readonly [quota: string]: number | null };
}

export type ScramMechanismName = 'SCRAM-SHA-256' | 'SCRAM-SHA-512';

export type ScramAlteration =
  | {
      readonly user: string;
      readonly mechanism: ScramMechanismName;
      /** Salted and hashed here; only the result goes to the broker. */
      readonly password: string;
      /** Default 4096; brokers take up to 16384. */
      readonly iterations?: number;
      /** Default: 24 random bytes. */
      readonly salt?: Buffer;
    }
  | { readonly user: string; readonly mechanism: ScramMechanismName; readonly remove: true };

export interface ScramCredential {
  readonly mechanism: ScramMechanismName | 'UNKNOWN';
  readonly iterations: number;
}

export interface NewDelegationToken extends CallOptions {
  /** Whose it is: 'User:alice'. Default: our own (KIP-373). */
  readonly owner?: string;
  /** Who may renew it, besides its owner. */
  readonly renewers?: readonly string[];
  /** Default: the broker's delegation.token.max.lifetime.ms. */
  readonly maxLifetimeMs?: number;
}

/** Times in milliseconds since 1970. */
export interface DelegationToken {
  readonly tokenId: string;
  /** The secret: log in by SCRAM with the token id as user name and this, in base64, as password. */
  readonly hmac: Buffer;
  readonly owner: string;
  /** Who asked for it; absent where the broker does not say. */
  readonly requester?: string;
  readonly renewers: readonly string[];
  readonly issueTimestampMs: number;
  readonly expiryTimestampMs: number;
  readonly maxTimestampMs: number;
}
