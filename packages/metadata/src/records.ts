// The records of the metadata log: everything the cluster has decided, each a plain value that JSON can carry. The
// controller decides records, an engine keeps them in order, `ClusterImage.apply` is the only place that gives them effect.
// Always: a record says what is true afterwards, not how to get there, so that replaying a batch twice changes nothing.

/** What a config belongs to, by Kafka's wire codes (org.apache.kafka.common.config.ConfigResource.Type). */
export const CONFIG_RESOURCE_TYPES = {
  topic: 2,
  broker: 4,
  brokerLogger: 8,
  clientMetrics: 16,
  group: 32,
} as const;
export type ConfigResourceType = keyof typeof CONFIG_RESOURCE_TYPES;

/** A leader that is not there: no replica could be elected. */
export const NO_LEADER = -1;

/** One partition as it stands after the record. */
export interface PartitionState {
  readonly partition: number;
  /** Broker ids, the preferred leader first. */
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  /** Broker id, or NO_LEADER. */
  readonly leader: number;
  /** Grows with every election. */
  readonly leaderEpoch: number;
  /** Grows with every change of this partition. */
  readonly partitionEpoch: number;
  /** Of a reassignment under way: replicas that come, and those that go once they have (KIP-455). */
  readonly addingReplicas: readonly number[];
  readonly removingReplicas: readonly number[];
  /** Eligible leader replicas: left the ISR when it was at min.insync.replicas, and have everything committed (KIP-966). */
  readonly elr: readonly number[];
  /** Who was in the ELR and came back from an unclean stop; the last resort of a person. */
  readonly lastKnownElr: readonly number[];
  /** `recovering`: elected uncleanly, and the log was not yet made sound by this leader (KIP-704). */
  readonly leaderRecoveryState: LeaderRecoveryState;
}

export type LeaderRecoveryState = 'recovered' | 'recovering';

/** What a partition has of neither reassignment nor trouble; also what logs of older versions leave out. */
export const CALM_PARTITION = {
  addingReplicas: [],
  removingReplicas: [],
  elr: [],
  lastKnownElr: [],
  leaderRecoveryState: 'recovered',
} as const satisfies Partial<PartitionState>;

export interface BrokerEndpoint {
  readonly listener: string;
  readonly host: string;
  readonly port: number;
  readonly protocol: string;
}

/** An access rule (KIP-290), by Kafka's wire codes. */
export interface AclBinding {
  /** Uuid under which the rule is removed again. */
  readonly id: string;
  /** ResourceType: 2 topic, 3 group, 4 cluster, 5 transactional id, 6 delegation token, 7 user. */
  readonly resourceType: number;
  readonly resourceName: string;
  /** PatternType: 3 literal, 4 prefixed. */
  readonly patternType: number;
  /** `User:name`. */
  readonly principal: string;
  /** An address, or `*`. */
  readonly host: string;
  /** AclOperation. */
  readonly operation: number;
  /** AclPermissionType: 2 deny, 3 allow. */
  readonly permissionType: number;
}

/** Whom a quota is for (KIP-546): `user`, `client-id`, `ip`; null names the default of the kind. In the order of the types. */
export type QuotaEntity = readonly { readonly type: string; readonly name: string | null }[];

/** What of a password a SCRAM server keeps (RFC 5802). All but user and mechanism are secret: never in an event or a message. */
export interface ScramCredential {
  readonly user: string;
  /** Kafka's ScramMechanism: 1 SHA-256, 2 SHA-512. */
  readonly mechanism: number;
  readonly iterations: number;
  /** Base64, as the two below. */
  readonly salt: string;
  readonly storedKey: string;
  readonly serverKey: string;
}

export type MetadataRecord =
  /** First record of every log. */
  | { readonly kind: 'clusterFormed'; readonly clusterId: string }
  | { readonly kind: 'controllerElected'; readonly brokerId: number; readonly epoch: number }
  /** A broker (re)started. Its epoch was given by the engine and is higher than at every start before. */
  | {
      readonly kind: 'brokerRegistered';
      readonly brokerId: number;
      readonly brokerEpoch: number;
      /** Drawn anew at each start, so that two runs are never taken for one. */
      readonly incarnationId: string;
      readonly endpoints: readonly BrokerEndpoint[];
      readonly rack: string | null;
      /** Under which its logs were closed in order before; -1 (or absent in old logs) when they were not. */
      readonly previousBrokerEpoch?: number;
      /** Absent: false. See `brokerCordoned`. */
      readonly cordoned?: boolean;
    }
  /** The broker stopped, or is taken for stopped: it leads nothing and gets nothing. */
  | { readonly kind: 'brokerFenced'; readonly brokerId: number; readonly brokerEpoch: number }
  /** A controlled shutdown is under way: it leads nothing and joins no ISR any more, and serves on until it is gone. */
  | { readonly kind: 'brokerShuttingDown'; readonly brokerId: number; readonly brokerEpoch: number }
  /** All its log directories are closed to new replicas, or no longer so (KIP-1066): the placement passes it over. */
  | {
      readonly kind: 'brokerCordoned';
      readonly brokerId: number;
      readonly brokerEpoch: number;
      readonly cordoned: boolean;
    }
  | { readonly kind: 'brokerUnregistered'; readonly brokerId: number }
  | { readonly kind: 'topicCreated'; readonly name: string; readonly topicId: string }
  /** New partitions, or new states of old ones. */
  | { readonly kind: 'partitionsSet'; readonly topicId: string; readonly partitions: readonly PartitionState[] }
  /** The topic with all its partitions and settings. */
  | { readonly kind: 'topicDeleted'; readonly topicId: string }
  /** One dynamic setting; null removes it. The broker resource named '' holds the defaults of all brokers. */
  | {
      readonly kind: 'configSet';
      readonly resourceType: ConfigResourceType;
      readonly resourceName: string;
      readonly name: string;
      readonly value: string | null;
    }
  /** Producer ids below `nextProducerId` belong to somebody; never goes back. */
  | { readonly kind: 'producerIdsTaken'; readonly brokerId: number; readonly nextProducerId: number }
  | { readonly kind: 'aclSet'; readonly acl: AclBinding }
  | { readonly kind: 'aclRemoved'; readonly id: string }
  /** One limit of an entity; null removes it. */
  | {
      readonly kind: 'clientQuotaSet';
      readonly entity: QuotaEntity;
      readonly key: string;
      readonly value: number | null;
    }
  | { readonly kind: 'scramCredentialSet'; readonly credential: ScramCredential }
  | { readonly kind: 'scramCredentialRemoved'; readonly user: string; readonly mechanism: number }
  /** A feature's level; 0 removes it. */
  | { readonly kind: 'featureSet'; readonly name: string; readonly level: number }
  /**
   * First record of a batch that is part `part` of `of` (from 1) of a decision too large for one. All of them take effect
   * with the last. A batch that is not the next part ends an unfinished decision without effect: the first word of a new
   * controller does (KIP-868 has records that begin, end and abort such a transaction).
   */
  | { readonly kind: 'transactionPart'; readonly part: number; readonly of: number };

export type RecordKind = MetadataRecord['kind'];

const kinds: Record<RecordKind, true> = {
  clusterFormed: true,
  controllerElected: true,
  brokerRegistered: true,
  brokerFenced: true,
  brokerShuttingDown: true,
  brokerCordoned: true,
  brokerUnregistered: true,
  topicCreated: true,
  partitionsSet: true,
  topicDeleted: true,
  configSet: true,
  producerIdsTaken: true,
  aclSet: true,
  aclRemoved: true,
  clientQuotaSet: true,
  scramCredentialSet: true,
  scramCredentialRemoved: true,
  featureSet: true,
  transactionPart: true,
};

/** Whether this version of Moldau knows the record. A log with an unknown one was written by a newer version. */
export function isMetadataRecord(value: unknown): value is MetadataRecord {
  return (
    typeof value === 'object' && value !== null && Object.hasOwn(kinds, String((value as { kind?: unknown }).kind))
  );
}

/** Records decided together: they take effect together or not at all. Larger decisions: see `transactionPart`. */
export interface MetadataBatch {
  /** Position in the log, counted in batches from 0. */
  readonly offset: number;
  /** Of the controller that decided them. */
  readonly epoch: number;
  readonly records: readonly MetadataRecord[];
}
