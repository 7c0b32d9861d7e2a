// The table of all APIs: key on the wire, name, request, response, versions. What a broker serves of it is its own choice.
import type { Message } from './description/message.ts';
import { OPEN_END, parseVersions } from './description/versions.ts';
import { AddOffsetsToTxnRequest, AddOffsetsToTxnResponse } from './messages/add-offsets-to-txn.ts';
import { AddPartitionsToTxnRequest, AddPartitionsToTxnResponse } from './messages/add-partitions-to-txn.ts';
import { AddRaftVoterRequest, AddRaftVoterResponse } from './messages/add-raft-voter.ts';
import { AllocateProducerIdsRequest, AllocateProducerIdsResponse } from './messages/allocate-producer-ids.ts';
import { AlterClientQuotasRequest, AlterClientQuotasResponse } from './messages/alter-client-quotas.ts';
import { AlterConfigsRequest, AlterConfigsResponse } from './messages/alter-configs.ts';
import { AlterPartitionRequest, AlterPartitionResponse } from './messages/alter-partition.ts';
import {
  AlterPartitionReassignmentsRequest,
  AlterPartitionReassignmentsResponse,
} from './messages/alter-partition-reassignments.ts';
import { AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse } from './messages/alter-replica-log-dirs.ts';
import { AlterShareGroupOffsetsRequest, AlterShareGroupOffsetsResponse } from './messages/alter-share-group-offsets.ts';
import {
  AlterUserScramCredentialsRequest,
  AlterUserScramCredentialsResponse,
} from './messages/alter-user-scram-credentials.ts';
import { ApiVersionsRequest, ApiVersionsResponse } from './messages/api-versions.ts';
import { AssignReplicasToDirsRequest, AssignReplicasToDirsResponse } from './messages/assign-replicas-to-dirs.ts';
import { BeginQuorumEpochRequest, BeginQuorumEpochResponse } from './messages/begin-quorum-epoch.ts';
import { BrokerHeartbeatRequest, BrokerHeartbeatResponse } from './messages/broker-heartbeat.ts';
import { BrokerRegistrationRequest, BrokerRegistrationResponse } from './messages/broker-registration.ts';
import { ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse } from './messages/consumer-group-describe.ts';
import { ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse } from './messages/consumer-group-heartbeat.ts';
import { ControllerRegistrationRequest, ControllerRegistrationResponse } from './messages/controller-registration.ts';
import { CreateAclsRequest, CreateAclsResponse } from './messages/create-acls.ts';
import { CreateDelegationTokenRequest, CreateDelegationTokenResponse } from './messages/create-delegation-token.ts';
import { CreatePartitionsRequest, CreatePartitionsResponse } from './messages/create-partitions.ts';
import { CreateTopicsRequest, CreateTopicsResponse } from './messages/create-topics.ts';
import { DeleteAclsRequest, DeleteAclsResponse } from './messages/delete-acls.ts';
import { DeleteGroupsRequest, DeleteGroupsResponse } from './messages/delete-groups.ts';
import { DeleteRecordsRequest, DeleteRecordsResponse } from './messages/delete-records.ts';
import {
  DeleteShareGroupOffsetsRequest,
  DeleteShareGroupOffsetsResponse,
} from './messages/delete-share-group-offsets.ts';
import { DeleteShareGroupStateRequest, DeleteShareGroupStateResponse } from './messages/delete-share-group-state.ts';
import { DeleteTopicsRequest, DeleteTopicsResponse } from './messages/delete-topics.ts';
import { DescribeAclsRequest, DescribeAclsResponse } from './messages/describe-acls.ts';
import { DescribeClientQuotasRequest, DescribeClientQuotasResponse } from './messages/describe-client-quotas.ts';
import { DescribeClusterRequest, DescribeClusterResponse } from './messages/describe-cluster.ts';
import { DescribeConfigsRequest, DescribeConfigsResponse } from './messages/describe-configs.ts';
import {
  DescribeDelegationTokenRequest,
  DescribeDelegationTokenResponse,
} from './messages/describe-delegation-token.ts';
import { DescribeGroupsRequest, DescribeGroupsResponse } from './messages/describe-groups.ts';
import { DescribeLogDirsRequest, DescribeLogDirsResponse } from './messages/describe-log-dirs.ts';
import { DescribeProducersRequest, DescribeProducersResponse } from './messages/describe-producers.ts';
import { DescribeQuorumRequest, DescribeQuorumResponse } from './messages/describe-quorum.ts';
import {
  DescribeShareGroupOffsetsRequest,
  DescribeShareGroupOffsetsResponse,
} from './messages/describe-share-group-offsets.ts';
import {
  DescribeTopicPartitionsRequest,
  DescribeTopicPartitionsResponse,
} from './messages/describe-topic-partitions.ts';
import { DescribeTransactionsRequest, DescribeTransactionsResponse } from './messages/describe-transactions.ts';
import {
  DescribeUserScramCredentialsRequest,
  DescribeUserScramCredentialsResponse,
} from './messages/describe-user-scram-credentials.ts';
import { ElectLeadersRequest, ElectLeadersResponse } from './messages/elect-leaders.ts';
import { EndQuorumEpochRequest, EndQuorumEpochResponse } from './messages/end-quorum-epoch.ts';
import { EndTxnRequest, EndTxnResponse } from './messages/end-txn.ts';
import { EnvelopeRequest, EnvelopeResponse } from './messages/envelope.ts';
import { ExpireDelegationTokenRequest, ExpireDelegationTokenResponse } from './messages/expire-delegation-token.ts';
import { FetchRequest, FetchResponse } from './messages/fetch.ts';
import { FetchSnapshotRequest, FetchSnapshotResponse } from './messages/fetch-snapshot.ts';
import { FindCoordinatorRequest, FindCoordinatorResponse } from './messages/find-coordinator.ts';
import {
  GetTelemetrySubscriptionsRequest,
  GetTelemetrySubscriptionsResponse,
} from './messages/get-telemetry-subscriptions.ts';
import { HeartbeatRequest, HeartbeatResponse } from './messages/heartbeat.ts';
import {
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
} from './messages/incremental-alter-configs.ts';
import { InitProducerIdRequest, InitProducerIdResponse } from './messages/init-producer-id.ts';
import {
  InitializeShareGroupStateRequest,
  InitializeShareGroupStateResponse,
} from './messages/initialize-share-group-state.ts';
import { JoinGroupRequest, JoinGroupResponse } from './messages/join-group.ts';
import { LeaveGroupRequest, LeaveGroupResponse } from './messages/leave-group.ts';
import { ListConfigResourcesRequest, ListConfigResourcesResponse } from './messages/list-config-resources.ts';
import { ListGroupsRequest, ListGroupsResponse } from './messages/list-groups.ts';
import { ListOffsetsRequest, ListOffsetsResponse } from './messages/list-offsets.ts';
import {
  ListPartitionReassignmentsRequest,
  ListPartitionReassignmentsResponse,
} from './messages/list-partition-reassignments.ts';
import { ListTransactionsRequest, ListTransactionsResponse } from './messages/list-transactions.ts';
import { MetadataRequest, MetadataResponse } from './messages/metadata.ts';
import { OffsetCommitRequest, OffsetCommitResponse } from './messages/offset-commit.ts';
import { OffsetDeleteRequest, OffsetDeleteResponse } from './messages/offset-delete.ts';
import { OffsetFetchRequest, OffsetFetchResponse } from './messages/offset-fetch.ts';
import { OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse } from './messages/offset-for-leader-epoch.ts';
import { ProduceRequest, ProduceResponse } from './messages/produce.ts';
import { PushTelemetryRequest, PushTelemetryResponse } from './messages/push-telemetry.ts';
import { ReadShareGroupStateRequest, ReadShareGroupStateResponse } from './messages/read-share-group-state.ts';
import {
  ReadShareGroupStateSummaryRequest,
  ReadShareGroupStateSummaryResponse,
} from './messages/read-share-group-state-summary.ts';
import { RemoveRaftVoterRequest, RemoveRaftVoterResponse } from './messages/remove-raft-voter.ts';
import { RenewDelegationTokenRequest, RenewDelegationTokenResponse } from './messages/renew-delegation-token.ts';
import { SaslAuthenticateRequest, SaslAuthenticateResponse } from './messages/sasl-authenticate.ts';
import { SaslHandshakeRequest, SaslHandshakeResponse } from './messages/sasl-handshake.ts';
import { ShareAcknowledgeRequest, ShareAcknowledgeResponse } from './messages/share-acknowledge.ts';
import { ShareFetchRequest, ShareFetchResponse } from './messages/share-fetch.ts';
import { ShareGroupDescribeRequest, ShareGroupDescribeResponse } from './messages/share-group-describe.ts';
import { ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse } from './messages/share-group-heartbeat.ts';
import { StreamsGroupDescribeRequest, StreamsGroupDescribeResponse } from './messages/streams-group-describe.ts';
import { StreamsGroupHeartbeatRequest, StreamsGroupHeartbeatResponse } from './messages/streams-group-heartbeat.ts';
import {
  StreamsGroupTopologyDescriptionUpdateRequest,
  StreamsGroupTopologyDescriptionUpdateResponse,
} from './messages/streams-group-topology-description-update.ts';
import { SyncGroupRequest, SyncGroupResponse } from './messages/sync-group.ts';
import { TxnOffsetCommitRequest, TxnOffsetCommitResponse } from './messages/txn-offset-commit.ts';
import { UnregisterBrokerRequest, UnregisterBrokerResponse } from './messages/unregister-broker.ts';
import { UnregisterControllerRequest, UnregisterControllerResponse } from './messages/unregister-controller.ts';
import { UpdateFeaturesRequest, UpdateFeaturesResponse } from './messages/update-features.ts';
import { UpdateRaftVoterRequest, UpdateRaftVoterResponse } from './messages/update-raft-voter.ts';
import { VoteRequest, VoteResponse } from './messages/vote.ts';
import { WriteShareGroupStateRequest, WriteShareGroupStateResponse } from './messages/write-share-group-state.ts';
import { WriteTxnMarkersRequest, WriteTxnMarkersResponse } from './messages/write-txn-markers.ts';

export interface Api<Q extends Message = Message, A extends Message = Message> {
  readonly key: number;
  readonly name: string;
  readonly request: Q;
  readonly response: A;
  /** What we can read and write, both ends inclusive. */
  readonly versions: { readonly min: number; readonly max: number };
  /** The newest version that Kafka calls stable: the newest to advertise. */
  readonly stableMax: number;
  /** First version with compact lengths and tagged fields; undefined when there is none. */
  readonly flexible: number | undefined;
}

function api<Q extends Message, A extends Message>(key: number, request: Q, response: A): Api<Q, A> {
  const versions = parseVersions(request.versions);
  const { min, max } = parseVersions(request.flexible);
  return {
    key,
    name: request.name,
    request,
    response,
    versions,
    stableMax: request.newestUnstable ? versions.max - 1 : versions.max,
    flexible: max === OPEN_END ? min : undefined,
  };
}

export const APIS = {
  Produce: api(0, ProduceRequest, ProduceResponse),
  Fetch: api(1, FetchRequest, FetchResponse),
  ListOffsets: api(2, ListOffsetsRequest, ListOffsetsResponse),
  Metadata: api(3, MetadataRequest, MetadataResponse),
  OffsetCommit: api(8, OffsetCommitRequest, OffsetCommitResponse),
  OffsetFetch: api(9, OffsetFetchRequest, OffsetFetchResponse),
  FindCoordinator: api(10, FindCoordinatorRequest, FindCoordinatorResponse),
  JoinGroup: api(11, JoinGroupRequest, JoinGroupResponse),
  Heartbeat: api(12, HeartbeatRequest, HeartbeatResponse),
  LeaveGroup: api(13, LeaveGroupRequest, LeaveGroupResponse),
  SyncGroup: api(14, SyncGroupRequest, SyncGroupResponse),
  DescribeGroups: api(15, DescribeGroupsRequest, DescribeGroupsResponse),
  ListGroups: api(16, ListGroupsRequest, ListGroupsResponse),
  SaslHandshake: api(17, SaslHandshakeRequest, SaslHandshakeResponse),
  ApiVersions: api(18, ApiVersionsRequest, ApiVersionsResponse),
  CreateTopics: api(19, CreateTopicsRequest, CreateTopicsResponse),
  DeleteTopics: api(20, DeleteTopicsRequest, DeleteTopicsResponse),
  DeleteRecords: api(21, DeleteRecordsRequest, DeleteRecordsResponse),
  InitProducerId: api(22, InitProducerIdRequest, InitProducerIdResponse),
  OffsetForLeaderEpoch: api(23, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse),
  AddPartitionsToTxn: api(24, AddPartitionsToTxnRequest, AddPartitionsToTxnResponse),
  AddOffsetsToTxn: api(25, AddOffsetsToTxnRequest, AddOffsetsToTxnResponse),
  EndTxn: api(26, EndTxnRequest, EndTxnResponse),
  WriteTxnMarkers: api(27, WriteTxnMarkersRequest, WriteTxnMarkersResponse),
  TxnOffsetCommit: api(28, TxnOffsetCommitRequest, TxnOffsetCommitResponse),
  DescribeAcls: api(29, DescribeAclsRequest, DescribeAclsResponse),
  CreateAcls: api(30, CreateAclsRequest, CreateAclsResponse),
  DeleteAcls: api(31, DeleteAclsRequest, DeleteAclsResponse),
  DescribeConfigs: api(32, DescribeConfigsRequest, DescribeConfigsResponse),
  AlterConfigs: api(33, AlterConfigsRequest, AlterConfigsResponse),
  AlterReplicaLogDirs: api(34, AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse),
  DescribeLogDirs: api(35, DescribeLogDirsRequest, DescribeLogDirsResponse),
  SaslAuthenticate: api(36, SaslAuthenticateRequest, SaslAuthenticateResponse),
  CreatePartitions: api(37, CreatePartitionsRequest, CreatePartitionsResponse),
  CreateDelegationToken: api(38, CreateDelegationTokenRequest, CreateDelegationTokenResponse),
  RenewDelegationToken: api(39, RenewDelegationTokenRequest, RenewDelegationTokenResponse),
  ExpireDelegationToken: api(40, ExpireDelegationTokenRequest, ExpireDelegationTokenResponse),
  DescribeDelegationToken: api(41, DescribeDelegationTokenRequest, DescribeDelegationTokenResponse),
  DeleteGroups: api(42, DeleteGroupsRequest, DeleteGroupsResponse),
  ElectLeaders: api(43, ElectLeadersRequest, ElectLeadersResponse),
  IncrementalAlterConfigs: api(44, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse),
  AlterPartitionReassignments: api(45, AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse),
  ListPartitionReassignments: api(46, ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse),
  OffsetDelete: api(47, OffsetDeleteRequest, OffsetDeleteResponse),
  DescribeClientQuotas: api(48, DescribeClientQuotasRequest, DescribeClientQuotasResponse),
  AlterClientQuotas: api(49, AlterClientQuotasRequest, AlterClientQuotasResponse),
  DescribeUserScramCredentials: api(50, DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResponse),
  AlterUserScramCredentials: api(51, AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse),
  Vote: api(52, VoteRequest, VoteResponse),
  BeginQuorumEpoch: api(53, BeginQuorumEpochRequest, BeginQuorumEpochResponse),
  EndQuorumEpoch: api(54, EndQuorumEpochRequest, EndQuorumEpochResponse),
  DescribeQuorum: api(55, DescribeQuorumRequest, DescribeQuorumResponse),
  AlterPartition: api(56, AlterPartitionRequest, AlterPartitionResponse),
  UpdateFeatures: api(57, UpdateFeaturesRequest, UpdateFeaturesResponse),
  Envelope: api(58, EnvelopeRequest, EnvelopeResponse),
  FetchSnapshot: api(59, FetchSnapshotRequest, FetchSnapshotResponse),
  DescribeCluster: api(60, DescribeClusterRequest, DescribeClusterResponse),
  DescribeProducers: api(61, DescribeProducersRequest, DescribeProducersResponse),
  BrokerRegistration: api(62, BrokerRegistrationRequest, BrokerRegistrationResponse),
  BrokerHeartbeat: api(63, BrokerHeartbeatRequest, BrokerHeartbeatResponse),
  UnregisterBroker: api(64, UnregisterBrokerRequest, UnregisterBrokerResponse),
  DescribeTransactions: api(65, DescribeTransactionsRequest, DescribeTransactionsResponse),
  ListTransactions: api(66, ListTransactionsRequest, ListTransactionsResponse),
  AllocateProducerIds: api(67, AllocateProducerIdsRequest, AllocateProducerIdsResponse),
  ConsumerGroupHeartbeat: api(68, ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse),
  ConsumerGroupDescribe: api(69, ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse),
  ControllerRegistration: api(70, ControllerRegistrationRequest, ControllerRegistrationResponse),
  GetTelemetrySubscriptions: api(71, GetTelemetrySubscriptionsRequest, GetTelemetrySubscriptionsResponse),
  PushTelemetry: api(72, PushTelemetryRequest, PushTelemetryResponse),
  AssignReplicasToDirs: api(73, AssignReplicasToDirsRequest, AssignReplicasToDirsResponse),
  ListConfigResources: api(74, ListConfigResourcesRequest, ListConfigResourcesResponse),
  DescribeTopicPartitions: api(75, DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse),
  ShareGroupHeartbeat: api(76, ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse),
  ShareGroupDescribe: api(77, ShareGroupDescribeRequest, ShareGroupDescribeResponse),
  ShareFetch: api(78, ShareFetchRequest, ShareFetchResponse),
  ShareAcknowledge: api(79, ShareAcknowledgeRequest, ShareAcknowledgeResponse),
  AddRaftVoter: api(80, AddRaftVoterRequest, AddRaftVoterResponse),
  RemoveRaftVoter: api(81, RemoveRaftVoterRequest, RemoveRaftVoterResponse),
  UpdateRaftVoter: api(82, UpdateRaftVoterRequest, UpdateRaftVoterResponse),
  InitializeShareGroupState: api(83, InitializeShareGroupStateRequest, InitializeShareGroupStateResponse),
  ReadShareGroupState: api(84, ReadShareGroupStateRequest, ReadShareGroupStateResponse),
  WriteShareGroupState: api(85, WriteShareGroupStateRequest, WriteShareGroupStateResponse),
  DeleteShareGroupState: api(86, DeleteShareGroupStateRequest, DeleteShareGroupStateResponse),
  ReadShareGroupStateSummary: api(87, ReadShareGroupStateSummaryRequest, ReadShareGroupStateSummaryResponse),
  StreamsGroupHeartbeat: api(88, StreamsGroupHeartbeatRequest, StreamsGroupHeartbeatResponse),
  StreamsGroupDescribe: api(89, StreamsGroupDescribeRequest, StreamsGroupDescribeResponse),
  DescribeShareGroupOffsets: api(90, DescribeShareGroupOffsetsRequest, DescribeShareGroupOffsetsResponse),
  AlterShareGroupOffsets: api(91, AlterShareGroupOffsetsRequest, AlterShareGroupOffsetsResponse),
  DeleteShareGroupOffsets: api(92, DeleteShareGroupOffsetsRequest, DeleteShareGroupOffsetsResponse),
  StreamsGroupTopologyDescriptionUpdate: api(
    93,
    StreamsGroupTopologyDescriptionUpdateRequest,
    StreamsGroupTopologyDescriptionUpdateResponse,
  ),
  UnregisterController: api(94, UnregisterControllerRequest, UnregisterControllerResponse),
};

export type ApiName = keyof typeof APIS;

const byKey: (Api | undefined)[] = [];
for (const name of Object.keys(APIS) as ApiName[]) byKey[APIS[name].key] = APIS[name];

/** Undefined for keys never given and for those retired with Kafka 4.0 (4-7). */
export function apiByKey(key: number): Api | undefined {
  return byKey[key];
}
