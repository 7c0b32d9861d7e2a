// What Admin takes and answers. Where a call is about many items, each item has its own outcome: a value or a KafkaError,
// never one error thrown for all.
import type { KafkaError } from '../errors.ts';
import type { TopicPartition } from '../topic-partition.ts';
import type { AclOperation } from './security-model.ts';

/** The value, or why there is none. Test with `instanceof KafkaError`. */
export type Outcome<T> = T | KafkaError;

export interface CallOptions {
  /** How long the call may take, retries included; default.api.timeout.ms when absent. */
  readonly timeoutMs?: number;
}

/** For what describes something that ACLs may be on. */
export interface WithAuthorizedOperations {
  /** Also say what we may do with it (KIP-430). Default false. */
  readonly includeAuthorizedOperations?: boolean;
}

export interface Node {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
  /** The broker is registered but may not lead partitions; only answered where the broker says so. */
  readonly fenced?: boolean;
}

export interface ClusterDescription {
  readonly clusterId: string | null;
  /** -1 when unknown. */
  readonly controllerId: number;
  readonly nodes: readonly Node[];
  /** What we may do with it; absent unless it was asked for and the broker says so. */
  readonly authorizedOperations?: readonly AclOperation[];
}

export interface TopicListing {
  readonly name: string;
  /** 22 characters; the zero id when the broker has no topic ids. */
  readonly topicId: string;
  readonly internal: boolean;
}

export interface PartitionDescription {
  readonly partition: number;
  readonly leader: Node | null;
  readonly leaderEpoch: number;
  readonly replicas: readonly Node[];
  readonly isr: readonly Node[];
  readonly offlineReplicas: readonly Node[];
  /** Eligible leader replicas; null when the broker does not say. */
  readonly elr: readonly Node[] | null;
  readonly lastKnownElr: readonly Node[] | null;
}

export interface TopicDescription extends TopicListing {
  readonly partitions: readonly PartitionDescription[];
  /** What we may do with it; absent unless it was asked for and the broker says so. */
  readonly authorizedOperations?: readonly AclOperation[];
}

export interface DescribeTopicsOptions extends CallOptions, WithAuthorizedOperations {
  /** Partitions in one answer of the broker; more come in further ones. Default 2000. */
  readonly partitionSizeLimitPerResponse?: number;
}

export interface NewTopic {
  readonly name: string;
  /** Default -1: the broker's num.partitions. */
  readonly numPartitions?: number;
  /** Default -1: the broker's default.replication.factor. */
  readonly replicationFactor?: number;
  /** Brokers of each partition, the first preferred as leader; in place of the two numbers. */
  readonly assignments?: readonly (readonly number[])[];
  readonly configs?: { readonly [name: string]: string | null };
}

export interface CreateTopicsOptions extends CallOptions {
  /** Only says whether it would be done. */
  readonly validateOnly?: boolean;
}

export interface CreatedTopic {
  readonly topicId: string;
  /** -1 where the broker does not say. */
  readonly numPartitions: number;
  readonly replicationFactor: number;
}

export interface NewPartitions {
  readonly topic: string;
  /** How many there shall be in all. */
  readonly totalCount: number;
  /** Brokers of each new partition. */
  readonly assignments?: readonly (readonly number[])[];
}

/** What settings belong to. */
export type ConfigResourceType = 'topic' | 'broker' | 'broker-logger' | 'client-metrics' | 'group';

export interface ConfigResource {
  readonly type: ConfigResourceType;
  /** Name of the topic, id of the broker, ...; '' for the default of all brokers. */
  readonly name: string;
}

export type ConfigSource =
  | 'UNKNOWN'
  | 'DYNAMIC_TOPIC_CONFIG'
  | 'DYNAMIC_BROKER_CONFIG'
  | 'DYNAMIC_DEFAULT_BROKER_CONFIG'
  | 'STATIC_BROKER_CONFIG'
  | 'DEFAULT_CONFIG'
  | 'DYNAMIC_BROKER_LOGGER_CONFIG'
  | 'DYNAMIC_CLIENT_METRICS_CONFIG'
  | 'DYNAMIC_GROUP_CONFIG';

export type ConfigType =
  | 'UNKNOWN'
  | 'BOOLEAN'
  | 'STRING'
  | 'INT'
  | 'SHORT'
  | 'LONG'
  | 'DOUBLE'
  | 'LIST'
  | 'CLASS'
  | 'PASSWORD';

export interface ConfigEntry {
  readonly name: string;
  /** Null when unset or not shown (passwords). */
  readonly value: string | null;
  readonly source: ConfigSource;
  readonly isSensitive: boolean;
  readonly isReadOnly: boolean;
  readonly type: ConfigType;
  readonly documentation: string | null;
  /** What would hold if this source were not there, nearest first; empty unless asked for. */
  readonly synonyms: readonly { readonly name: string; readonly value: string | null; readonly source: ConfigSource }[];
}

export interface DescribeConfigsOptions extends CallOptions {
  readonly synonyms?: boolean;
  readonly documentation?: boolean;
}

export type DescribedConfigs = ConfigResource & { readonly entries: Outcome<readonly ConfigEntry[]> };

export interface ConfigChange {
  readonly name: string;
  readonly operation: 'SET' | 'DELETE' | 'APPEND' | 'SUBTRACT';
  /** Null for DELETE. */
  readonly value: string | null;
}

export type AlteredConfigs = ConfigResource & { readonly error: KafkaError | undefined };

/** Where to look: a time in milliseconds, or one of Kafka's special places. */
export type OffsetSpec =
  | number
  | 'latest'
  | 'earliest'
  | 'max-timestamp'
  | 'earliest-local'
  | 'latest-tiered'
  | 'earliest-pending-upload';

export type ListedOffset = TopicPartition & {
  /** -1 when no record is that late. */
  readonly offset: number;
  /** Of the record found; -1 for the ends of the log. */
  readonly timestamp: number;
  readonly leaderEpoch: number;
  readonly error: KafkaError | undefined;
};

export interface ListOffsetsOptions extends CallOptions {
  /** read_committed: "latest" is the last stable offset. */
  readonly isolationLevel?: 'read_uncommitted' | 'read_committed';
}

export type DeletedRecords = TopicPartition & { readonly lowWatermark: Outcome<number> };

export type GroupType = 'classic' | 'consumer' | 'share' | 'streams' | 'unknown';

export interface GroupListing {
  readonly groupId: string;
  readonly protocolType: string;
  /** As the broker writes it: Stable, Empty, ...; '' where it does not say. */
  readonly state: string;
  readonly type: GroupType;
}

export interface ListGroupsOptions extends CallOptions {
  readonly states?: readonly string[];
  readonly types?: readonly GroupType[];
}

export interface MemberDescription {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  /** As the broker writes it: '/127.0.0.1'. */
  readonly host: string;
  readonly assignment: readonly TopicPartition[];
  /** Only of groups of type consumer. */
  readonly targetAssignment?: readonly TopicPartition[];
  readonly memberEpoch?: number;
  /** False for a classic member inside a group of type consumer. */
  readonly upgraded?: boolean;
}

export interface GroupDescription {
  readonly groupId: string;
  readonly type: GroupType;
  readonly protocolType: string;
  readonly state: string;
  readonly coordinator: Node;
  readonly assignor: string;
  readonly groupEpoch?: number;
  readonly targetAssignmentEpoch?: number;
  readonly members: readonly MemberDescription[];
  /** What we may do with it; absent unless it was asked for and the broker says so. */
  readonly authorizedOperations?: readonly AclOperation[];
}

export type CommittedOffset = TopicPartition & {
  readonly offset: number;
  /** -1 when unknown. */
  readonly leaderEpoch: number;
  readonly metadata: string;
};

export type OffsetToCommit = TopicPartition & {
  readonly offset: number;
  readonly leaderEpoch?: number;
  readonly metadata?: string;
};

/** How one partition of a call about many went. */
export type PartitionOutcome = TopicPartition & { readonly error: KafkaError | undefined };

export interface LogDirDescription {
  readonly path: string;
  readonly error: KafkaError | undefined;
  /** -1 when the broker does not say. */
  readonly totalBytes: number;
  readonly usableBytes: number;
  readonly replicas: readonly (TopicPartition & {
    readonly sizeBytes: number;
    readonly offsetLag: number;
    readonly isFuture: boolean;
  })[];
}

export interface ProducerState {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly lastSequence: number;
  readonly lastTimestamp: number;
  readonly coordinatorEpoch: number;
  readonly currentTransactionStartOffset: number;
}

export type DescribedProducers = TopicPartition & { readonly producers: Outcome<readonly ProducerState[]> };

export type PartitionReassignment = TopicPartition & {
  readonly replicas: readonly number[];
  readonly addingReplicas: readonly number[];
  readonly removingReplicas: readonly number[];
};

export type NewReassignment = TopicPartition & {
  /** Brokers that shall hold it, the first preferred as leader; null cancels a move under way. */
  readonly replicas: readonly number[] | null;
};

export interface AlterReassignmentsOptions extends CallOptions {
  /** Default true. False refuses a move to another number of replicas (KIP-860). */
  readonly allowReplicationFactorChange?: boolean;
}

export type ElectionType = 'preferred' | 'unclean';

/** One partition on one broker. */
export type Replica = TopicPartition & { readonly brokerId: number };

export type ReplicaOutcome = Replica & { readonly error: KafkaError | undefined };

/** Where a replica lies. Neither: the broker does not have it, or its directory has failed. */
export interface ReplicaLogDir {
  readonly current: { readonly path: string; readonly offsetLag: number } | undefined;
  /** Where it is moving to. */
  readonly future: { readonly path: string; readonly offsetLag: number } | undefined;
}

export interface ApiVersionRange {
  readonly apiKey: number;
  readonly minVersion: number;
  readonly maxVersion: number;
}

export interface BrokerFeatures {
  readonly apis: readonly ApiVersionRange[];
  readonly supportedFeatures: readonly {
    readonly name: string;
    readonly minVersion: number;
    readonly maxVersion: number;
  }[];
  readonly finalizedFeatures: readonly {
    readonly name: string;
    readonly maxVersionLevel: number;
    readonly minVersionLevel: number;
  }[];
  readonly finalizedFeaturesEpoch: number;
}

export interface FeatureUpdate {
  readonly feature: string;
  /** 0 removes the feature. */
  readonly maxVersionLevel: number;
  /** UNSAFE_DOWNGRADE may lose what the newer level has written. Default UPGRADE. */
  readonly upgradeType?: 'UPGRADE' | 'SAFE_DOWNGRADE' | 'UNSAFE_DOWNGRADE';
}

/** A member to be removed from its group, by either name. */
export type MemberToRemove =
  | { readonly groupInstanceId: string; readonly memberId?: undefined }
  | { readonly memberId: string; readonly groupInstanceId?: undefined };

export interface RemovedMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly error: KafkaError | undefined;
}

export interface QuorumReplica {
  readonly id: number;
  readonly logEndOffset: number;
  /** Milliseconds since 1970; -1 when unknown. */
  readonly lastFetchTimestamp: number;
  readonly lastCaughtUpTimestamp: number;
}

export interface QuorumDescription {
  /** -1 when there is none. */
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly highWatermark: number;
  readonly voters: readonly QuorumReplica[];
  readonly observers: readonly QuorumReplica[];
}
