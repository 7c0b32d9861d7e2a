// The types of the KafkaJS face, under KafkaJS's names. Offsets and timestamps are strings of digits here, as there.
import type { ISocketFactory } from '../node/socket-factory.ts';
import type { CompressionTypes } from './constants.ts';
import type { Logger, logCreator, logLevel } from './logging.ts';

export type BrokersFunction = () => string[] | Promise<string[]>;

export interface RetryOptions {
  /** Longest pause, in milliseconds. Default 30000. */
  readonly maxRetryTime?: number;
  /** First pause, in milliseconds. Default 300. */
  readonly initialRetryTime?: number;
  /** How far a pause may be off by chance, as a share of it. Default 0.2. */
  readonly factor?: number;
  /** By what pauses grow. Default 2. */
  readonly multiplier?: number;
  /** Default 5. */
  readonly retries?: number;
  /** Consumers: asked after a crash that may pass whether to start again. Default: yes. */
  readonly restartOnFailure?: (error: Error) => Promise<boolean>;
}

export interface AdminConfig {
  readonly retry?: RetryOptions;
}

export interface KafkaConfig {
  readonly brokers: readonly string[] | BrokersFunction;
  readonly clientId?: string;
  /** Milliseconds. Default 1000. */
  readonly connectionTimeout?: number;
  /** Milliseconds. Default 30000. */
  readonly requestTimeout?: number;
  readonly enforceRequestTimeout?: boolean;
  readonly retry?: RetryOptions;
  readonly logLevel?: logLevel;
  readonly logCreator?: logCreator;
  /** True, or whatever Node's tls.connect takes. */
  readonly ssl?: boolean | object;
  readonly sasl?: SASLOptions | Mechanism;
  /** Opens the sockets, in place of net.connect and tls.connect. */
  readonly socketFactory?: ISocketFactory;
  readonly authenticationTimeout?: number;
  readonly reauthenticationThreshold?: number;
}

export type SASLOptions =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
      readonly username: string;
      readonly password: string;
    }
  | {
      readonly mechanism: 'aws';
      readonly authorizationIdentity: string;
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
      readonly sessionToken?: string;
    }
  | { readonly mechanism: 'oauthbearer'; readonly oauthBearerProvider: () => Promise<OauthbearerProviderResponse> };

/** A mechanism of the application's own. */
export interface Mechanism {
  readonly mechanism: string;
  readonly authenticationProvider: (args: AuthenticationProviderArgs) => Authenticator;
}

export interface Authenticator {
  authenticate(): Promise<void>;
}

export interface AuthenticationProviderArgs {
  readonly host: string;
  readonly port: number;
  readonly logger: Logger;
  readonly saslAuthenticate: <ParseResult>(args: SaslAuthenticateArgs<ParseResult>) => Promise<ParseResult | undefined>;
}

/** Tokens begin with their size, an int32, in both directions. */
export interface SaslAuthenticateArgs<ParseResult> {
  readonly request: { encode(): Buffer | Promise<Buffer> };
  readonly response?: { decode(rawResponse: Buffer): Buffer | Promise<Buffer>; parse(data: Buffer): ParseResult };
}

export interface OauthbearerProviderResponse {
  readonly value: string;
}

export interface ProducerConfig {
  readonly createPartitioner?: ICustomPartitioner;
  readonly retry?: RetryOptions;
  readonly metadataMaxAge?: number;
  readonly allowAutoTopicCreation?: boolean;
  readonly idempotent?: boolean;
  readonly transactionalId?: string;
  readonly transactionTimeout?: number;
  readonly maxInFlightRequests?: number;
}

export interface IHeaders {
  [key: string]: Buffer | string | (Buffer | string)[] | undefined;
}

export interface Message {
  key?: Buffer | string | null;
  /** Null: a tombstone. */
  value: Buffer | string | null;
  partition?: number;
  headers?: IHeaders;
  timestamp?: string;
}

export interface PartitionMetadata {
  partitionErrorCode: number;
  partitionId: number;
  leader: number;
  replicas: number[];
  isr: number[];
  offlineReplicas?: number[];
}

export interface PartitionerArgs {
  topic: string;
  partitionMetadata: PartitionMetadata[];
  message: Message;
}

export type ICustomPartitioner = () => (args: PartitionerArgs) => number;

export interface TopicMessages {
  topic: string;
  messages: Message[];
}

interface SendOptions {
  acks?: number;
  timeout?: number;
  compression?: CompressionTypes;
}
export type ProducerRecord = SendOptions & TopicMessages;
export type ProducerBatch = SendOptions & { topicMessages?: TopicMessages[] };

export interface RecordMetadata {
  topicName: string;
  partition: number;
  errorCode: number;
  /** Of the first record of this call in the partition. */
  baseOffset?: string;
  /** '-1' unless the topic has LogAppendTime. */
  logAppendTime?: string;
}

/** Stands for one of the built-in assigners. */
export interface PartitionAssigner {
  readonly assignerName: string;
}

/** An assigner of one's own, as KafkaJS takes it. Of the cluster it sees how many partitions the topics have. */
export type OwnPartitionAssigner = (config: {
  readonly groupId: string;
  readonly logger: Logger;
  readonly cluster: {
    findTopicPartitionMetadata(topic: string): { partitionErrorCode: number; partitionId: number }[];
  };
}) => {
  readonly name: string;
  readonly version: number;
  protocol(subscription: { topics: string[] }): { name: string; metadata: Buffer };
  assign(group: {
    members: { memberId: string; memberMetadata: Buffer }[];
    topics: string[];
  }): Promise<{ memberId: string; memberAssignment: Buffer }[]>;
};

export interface ConsumerConfig {
  readonly groupId: string;
  readonly partitionAssigners?: readonly (PartitionAssigner | OwnPartitionAssigner)[];
  readonly metadataMaxAge?: number;
  readonly sessionTimeout?: number;
  readonly rebalanceTimeout?: number;
  readonly heartbeatInterval?: number;
  readonly maxBytesPerPartition?: number;
  readonly minBytes?: number;
  readonly maxBytes?: number;
  readonly maxWaitTimeInMs?: number;
  readonly retry?: RetryOptions;
  readonly allowAutoTopicCreation?: boolean;
  readonly maxInFlightRequests?: number | null;
  readonly readUncommitted?: boolean;
  readonly rackId?: string;
}

export interface TopicPartition {
  topic: string;
  partition: number;
}
export type TopicPartitionOffset = TopicPartition & { offset: string };
export type TopicPartitionOffsetAndMetadata = TopicPartitionOffset & { metadata?: string | null };
export interface TopicPartitions {
  topic: string;
  partitions: number[];
}
export interface PartitionOffset {
  partition: number;
  offset: string;
}
export type SeekEntry = PartitionOffset;
export interface TopicOffsets {
  topic: string;
  partitions: PartitionOffset[];
}
export interface Offsets {
  topics: TopicOffsets[];
}
export type OffsetsByTopicPartition = Offsets;

export interface KafkaMessage {
  key: Buffer | null;
  value: Buffer | null;
  timestamp: string;
  attributes: number;
  offset: string;
  headers: IHeaders;
}

export interface Batch {
  readonly topic: string;
  readonly partition: number;
  readonly highWatermark: string;
  readonly messages: KafkaMessage[];
  isEmpty(): boolean;
  firstOffset(): string | null;
  lastOffset(): string;
  /** Records behind the end once this batch is done. */
  offsetLag(): string;
  /** Records behind the end before it. */
  offsetLagLow(): string;
}

export interface EachMessagePayload {
  topic: string;
  partition: number;
  message: KafkaMessage;
  heartbeat(): Promise<void>;
  pause(): () => void;
}

export interface EachBatchPayload {
  batch: Batch;
  resolveOffset(offset: string): void;
  heartbeat(): Promise<void>;
  pause(): () => void;
  commitOffsetsIfNecessary(offsets?: Offsets): Promise<void>;
  uncommittedOffsets(): Offsets;
  isRunning(): boolean;
  isStale(): boolean;
}

/** Older names of the two. */
export type ConsumerEachMessagePayload = EachMessagePayload;
export type ConsumerEachBatchPayload = EachBatchPayload;

export type EachMessageHandler = (payload: EachMessagePayload) => Promise<void>;
export type EachBatchHandler = (payload: EachBatchPayload) => Promise<void>;

export interface ConsumerRunConfig {
  readonly autoCommit?: boolean;
  readonly autoCommitInterval?: number | null;
  readonly autoCommitThreshold?: number | null;
  readonly eachBatchAutoResolve?: boolean;
  readonly partitionsConsumedConcurrently?: number;
  readonly eachBatch?: EachBatchHandler | null;
  readonly eachMessage?: EachMessageHandler | null;
}

export interface ConsumerSubscribeTopic {
  readonly topic: string | RegExp;
  readonly fromBeginning?: boolean;
}
export interface ConsumerSubscribeTopics {
  readonly topics: readonly (string | RegExp)[];
  readonly fromBeginning?: boolean;
}

export interface MemberDescription {
  clientHost: string;
  clientId: string;
  memberId: string;
  memberAssignment: Buffer;
  memberMetadata: Buffer;
}
export interface GroupDescription {
  groupId: string;
  members: MemberDescription[];
  protocol: string;
  protocolType: string;
  state: string;
  errorCode?: number;
}
export interface GroupDescriptions {
  groups: GroupDescription[];
}

export interface Assignment {
  [topic: string]: number[];
}
export interface MemberMetadata {
  version: number;
  topics: string[];
  userData?: Buffer;
}
export interface MemberAssignment {
  version: number;
  assignment: Assignment;
  userData?: Buffer;
}

export interface AclEntry {
  /** AclResourceTypes */
  readonly resourceType: number;
  readonly resourceName: string;
  /** ResourcePatternTypes */
  readonly resourcePatternType: number;
  readonly principal: string;
  readonly host: string;
  /** AclOperationTypes */
  readonly operation: number;
  /** AclPermissionTypes */
  readonly permissionType: number;
}

export type AclFilter = Omit<AclEntry, 'resourceName' | 'principal' | 'host'> &
  Partial<Pick<AclEntry, 'resourceName' | 'principal' | 'host'>>;

export type Acl = Pick<AclEntry, 'principal' | 'host' | 'operation' | 'permissionType'>;

export interface DescribeAclResponse {
  readonly throttleTime: number;
  readonly errorCode: number;
  readonly errorMessage?: string;
  readonly resources: readonly (Omit<AclEntry, keyof Acl> & { readonly acls: readonly Acl[] })[];
}

export interface DeleteAclResponse {
  readonly throttleTime: number;
  readonly filterResponses: readonly {
    readonly errorCode: number;
    readonly errorMessage?: string;
    readonly matchingAcls: readonly (AclEntry & { readonly errorCode: number; readonly errorMessage?: string })[];
  }[];
}
