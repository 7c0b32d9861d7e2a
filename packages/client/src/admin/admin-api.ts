// The surface of Admin, apart from how it is done, for those who write against it or stand in for it in tests.
import type { APIS, ApiName, InputOf, MessageOf } from '@moldau/protocol';
import type { TopicPartition } from '../topic-partition.ts';
import type * as model from './admin-model.ts';
import type * as security from './security-model.ts';
import type * as transaction from './transaction-model.ts';

type RequestOf<N extends ApiName> = InputOf<(typeof APIS)[N]['request']>;
type ResponseOf<N extends ApiName> = MessageOf<(typeof APIS)[N]['response']>;

export interface AdminApi {
  /** Names and ids of all topics, sorted by name. Internal ones only when asked for. */
  listTopics(options?: model.CallOptions & { readonly internal?: boolean }): Promise<model.TopicListing[]>;
  /** By name, or by id as `{ topicIds }`; the key of the answer is what was asked for. */
  describeTopics(
    topics: readonly string[] | { readonly topicIds: readonly string[] },
    options?: model.DescribeTopicsOptions,
  ): Promise<Map<string, model.Outcome<model.TopicDescription>>>;
  createTopics(
    topics: readonly model.NewTopic[],
    options?: model.CreateTopicsOptions,
  ): Promise<Map<string, model.Outcome<model.CreatedTopic>>>;
  deleteTopics(
    topics: readonly string[] | { readonly topicIds: readonly string[] },
    options?: model.CallOptions,
  ): Promise<Map<string, model.Outcome<true>>>;
  createPartitions(
    topics: readonly model.NewPartitions[],
    options?: model.CreateTopicsOptions,
  ): Promise<Map<string, model.Outcome<true>>>;
  /** Offset -1 is the high watermark: everything. */
  deleteRecords(
    partitions: readonly (TopicPartition & { readonly offset: number })[],
    options?: model.CallOptions,
  ): Promise<model.DeletedRecords[]>;
  listOffsets(
    partitions: readonly (TopicPartition & { readonly timestamp: model.OffsetSpec })[],
    options?: model.ListOffsetsOptions,
  ): Promise<model.ListedOffset[]>;

  describeCluster(
    options?: model.CallOptions & model.WithAuthorizedOperations & { readonly includeFencedBrokers?: boolean },
  ): Promise<model.ClusterDescription>;
  describeConfigs(
    resources: readonly (model.ConfigResource & { readonly keys?: readonly string[] })[],
    options?: model.DescribeConfigsOptions,
  ): Promise<model.DescribedConfigs[]>;
  incrementalAlterConfigs(
    changes: readonly (model.ConfigResource & { readonly changes: readonly model.ConfigChange[] })[],
    options?: model.CreateTopicsOptions,
  ): Promise<model.AlteredConfigs[]>;
  /** All types when none is given. */
  listConfigResources(
    types?: readonly model.ConfigResourceType[],
    options?: model.CallOptions,
  ): Promise<model.ConfigResource[]>;
  /** By broker id; all brokers when none is given. */
  describeLogDirs(
    brokerIds?: readonly number[],
    options?: model.CallOptions & { readonly topics?: readonly string[] },
  ): Promise<Map<number, model.Outcome<model.LogDirDescription[]>>>;
  describeProducers(
    partitions: readonly TopicPartition[],
    options?: model.CallOptions & { readonly brokerId?: number },
  ): Promise<model.DescribedProducers[]>;
  /** All running ones when no partitions are given. Throws UNSUPPORTED_VERSION where the broker has no such API. */
  listPartitionReassignments(
    partitions?: readonly TopicPartition[],
    options?: model.CallOptions,
  ): Promise<model.PartitionReassignment[]>;
  /** Replicas null cancels a move under way. Answers when the controller has taken it on, not when the data has moved. */
  alterPartitionReassignments(
    reassignments: readonly model.NewReassignment[],
    options?: model.AlterReassignmentsOptions,
  ): Promise<model.PartitionOutcome[]>;
  /** ELECTION_NOT_NEEDED where the right leader is there; all partitions when none are given, then without those. */
  electLeaders(
    type: model.ElectionType,
    partitions?: readonly TopicPartition[],
    options?: model.CallOptions,
  ): Promise<model.PartitionOutcome[]>;
  /** Moves replicas within their brokers. REPLICA_NOT_AVAILABLE: not there yet, it moves in when it comes. */
  alterReplicaLogDirs(
    moves: readonly (model.Replica & { readonly path: string })[],
    options?: model.CallOptions,
  ): Promise<model.ReplicaOutcome[]>;
  describeReplicaLogDirs(
    replicas: readonly model.Replica[],
    options?: model.CallOptions,
  ): Promise<(model.Replica & { readonly place: model.Outcome<model.ReplicaLogDir> })[]>;
  /** Forgets a broker that will not come back. */
  unregisterBroker(brokerId: number, options?: model.CallOptions): Promise<void>;

  listGroups(options?: model.ListGroupsOptions): Promise<model.GroupListing[]>;
  describeConsumerGroups(
    groupIds: readonly string[],
    options?: model.CallOptions & model.WithAuthorizedOperations,
  ): Promise<Map<string, model.Outcome<model.GroupDescription>>>;
  deleteGroups(groupIds: readonly string[], options?: model.CallOptions): Promise<Map<string, model.Outcome<true>>>;
  /** Partitions without a committed offset are not in the answer. All partitions when none are given. */
  listConsumerGroupOffsets(
    groupId: string,
    options?: model.CallOptions & { readonly partitions?: readonly TopicPartition[]; readonly requireStable?: boolean },
  ): Promise<model.CommittedOffset[]>;
  alterConsumerGroupOffsets(
    groupId: string,
    offsets: readonly model.OffsetToCommit[],
    options?: model.CallOptions,
  ): Promise<model.PartitionOutcome[]>;
  deleteConsumerGroupOffsets(
    groupId: string,
    partitions: readonly TopicPartition[],
    options?: model.CallOptions,
  ): Promise<model.PartitionOutcome[]>;
  /** Members by member id or group.instance.id, or all of them. */
  removeMembersFromConsumerGroup(
    groupId: string,
    members: readonly model.MemberToRemove[] | 'all',
    options?: model.CallOptions & { readonly reason?: string },
  ): Promise<model.RemovedMember[]>;

  /** All ACLs when no filter is given. */
  describeAcls(filter?: security.AclFilter, options?: model.CallOptions): Promise<security.AclBinding[]>;
  /** Outcomes in the order of the ACLs. */
  createAcls(acls: readonly security.AclBinding[], options?: model.CallOptions): Promise<model.Outcome<true>[]>;
  /** Outcomes in the order of the filters. */
  deleteAcls(
    filters: readonly security.AclFilter[],
    options?: model.CallOptions,
  ): Promise<model.Outcome<readonly security.DeletedAcl[]>[]>;
  /** All quotas when no filter is given. */
  describeClientQuotas(
    filter?: security.ClientQuotaFilter,
    options?: model.CallOptions,
  ): Promise<security.ClientQuotaEntry[]>;
  /** Outcomes in the order of the alterations. */
  alterClientQuotas(
    alterations: readonly security.ClientQuotaAlteration[],
    options?: model.CreateTopicsOptions,
  ): Promise<model.Outcome<true>[]>;
  /** By user; all users when none are named. */
  describeUserScramCredentials(
    users?: readonly string[],
    options?: model.CallOptions,
  ): Promise<Map<string, model.Outcome<readonly security.ScramCredential[]>>>;
  /** By user, one alteration each. Passwords are salted and hashed on this side. */
  alterUserScramCredentials(
    alterations: readonly security.ScramAlteration[],
    options?: model.CallOptions,
  ): Promise<Map<string, model.Outcome<true>>>;

  /** Brokers have them only with delegation.token.secret.key set, and give them only over SASL. */
  createDelegationToken(options?: security.NewDelegationToken): Promise<security.DelegationToken>;
  /** Answers when it ends then, in milliseconds since 1970. */
  renewDelegationToken(
    hmac: Buffer,
    options?: model.CallOptions & { readonly renewTimePeriodMs?: number },
  ): Promise<number>;
  /** At once, or after so long; answers when it ends then. */
  expireDelegationToken(
    hmac: Buffer,
    options?: model.CallOptions & { readonly expiryTimePeriodMs?: number },
  ): Promise<number>;
  /** Those of these owners ('User:alice'); all that we may see when none are named. */
  describeDelegationTokens(
    owners?: readonly string[],
    options?: model.CallOptions,
  ): Promise<security.DelegationToken[]>;

  listTransactions(options?: transaction.ListTransactionsOptions): Promise<transaction.TransactionListing[]>;
  /** By transactional id. */
  describeTransactions(
    transactionalIds: readonly string[],
    options?: model.CallOptions,
  ): Promise<Map<string, model.Outcome<transaction.TransactionDescription>>>;
  /** Ends a hanging transaction in one partition; see `describeProducers`. */
  abortTransaction(transaction: transaction.TransactionToAbort, options?: model.CallOptions): Promise<void>;
  /** By transactional id: its producer is shut out, what it has open is aborted. */
  fenceProducers(
    transactionalIds: readonly string[],
    options?: model.CallOptions,
  ): Promise<Map<string, model.Outcome<transaction.FencedProducer>>>;

  /** By feature. Which there are, `apiVersions` says. */
  updateFeatures(
    updates: readonly model.FeatureUpdate[],
    options?: model.CreateTopicsOptions,
  ): Promise<Map<string, model.Outcome<true>>>;
  /** Throws UNSUPPORTED_VERSION where the cluster has no quorum of controllers. */
  describeMetadataQuorum(options?: model.CallOptions): Promise<model.QuorumDescription>;

  /** What a broker says it speaks; any broker when none is named. */
  apiVersions(nodeId?: number, options?: model.CallOptions): Promise<model.BrokerFeatures>;
  /** One raw request, for what has no method here. To the controller, a node, or (default) any broker; not retried. */
  send<N extends ApiName>(
    api: N,
    body: RequestOf<N>,
    options?: model.CallOptions & { readonly node?: number | 'any' | 'controller'; readonly version?: number },
  ): Promise<ResponseOf<N>>;
  close(): Promise<void>;
}
