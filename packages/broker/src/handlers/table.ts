// Which API is served by which handler. ApiVersions lists exactly what stands here: an API is added when it works.
import { APIS, type ApiName, type InputOf, type MessageOf } from '@moldau/protocol';
import type { Operation } from '../authorizer/operations.ts';
import type { Handler } from '../context.ts';
import { mayInCluster } from './access.ts';
import { createAcls, deleteAcls, describeAcls } from './acls.ts';
import { allocateProducerIds } from './allocate-producer-ids.ts';
import { alterClientQuotas } from './alter-client-quotas.ts';
import { alterConfigs } from './alter-configs.ts';
import { alterPartition } from './alter-partition.ts';
import { alterPartitionReassignments } from './alter-partition-reassignments.ts';
import { alterReplicaLogDirs } from './alter-replica-log-dirs.ts';
import { alterUserScramCredentials } from './alter-user-scram-credentials.ts';
import { apiVersions } from './api-versions.ts';
import { brokerHeartbeat } from './broker-heartbeat.ts';
import { createPartitions } from './create-partitions.ts';
import { createTopics } from './create-topics.ts';
import { deleteGroups } from './delete-groups.ts';
import { deleteRecords } from './delete-records.ts';
import { deleteTopics } from './delete-topics.ts';
import { describeClientQuotas } from './describe-client-quotas.ts';
import { describeCluster } from './describe-cluster.ts';
import { describeConfigs } from './describe-configs.ts';
import { describeGroups } from './describe-groups.ts';
import { describeLogDirs } from './describe-log-dirs.ts';
import { describeProducers } from './describe-producers.ts';
import { describeTopicPartitions } from './describe-topic-partitions.ts';
import { describeUserScramCredentials } from './describe-user-scram-credentials.ts';
import { electLeaders } from './elect-leaders.ts';
import { envelope } from './envelope.ts';
import { emptyAnswer, failureAnswer, Unauthorized } from './failure-answer.ts';
import { fetch } from './fetch.ts';
import { findCoordinator } from './find-coordinator.ts';
import { heartbeat } from './heartbeat.ts';
import { incrementalAlterConfigs } from './incremental-alter-configs.ts';
import { initProducerId } from './init-producer-id.ts';
import { joinGroup } from './join-group.ts';
import { leaveGroup } from './leave-group.ts';
import { listConfigResources } from './list-config-resources.ts';
import { listGroups } from './list-groups.ts';
import { listOffsets } from './list-offsets.ts';
import { listPartitionReassignments } from './list-partition-reassignments.ts';
import { metadata } from './metadata.ts';
import { offsetCommit } from './offset-commit.ts';
import { offsetDelete } from './offset-delete.ts';
import { offsetFetch } from './offset-fetch.ts';
import { offsetForLeaderEpoch } from './offset-for-leader-epoch.ts';
import { produce } from './produce.ts';
import { syncGroup } from './sync-group.ts';
import { unregisterBroker } from './unregister-broker.ts';

/** One served API. */
export interface ServedApi {
  readonly api: ApiName;
  readonly key: number;
  /** Versions served; advertised unless `advertisedMin` says otherwise. */
  readonly versions: { readonly min: number; readonly max: number };
  /** Lower end as told to clients, where it differs from what is served (Produce: 0, KAFKA-18659). */
  readonly advertisedMin: number;
  /**
   * May start while earlier requests of the same kind on the same connection are unanswered. Produce only, whose effects
   * all happen before its first wait; anything else starts when everything before it is answered, as in Kafka.
   */
  readonly pipelined: boolean;
  /** Decided by the controller: forwarded to its broker when that is another one. */
  readonly forwarded: boolean;
  /** Told to clients by ApiVersions; APIs of brokers among each other are not. */
  readonly listed: boolean;
  /**
   * What of the cluster must be allowed for the request as a whole, else it is CLUSTER_AUTHORIZATION_FAILED (Kafka's
   * authorizeClusterOperation). Undefined: the handler asks by itself for what is named in the request.
   */
  readonly needs: Operation | undefined;
  /** Called with the request decoded by this API's own description (`serve` pairs the two). */
  readonly handler: Handler<never, unknown>;
}

/** What differs from the protocol's own ranges. */
export interface ServeOptions {
  readonly versions?: { readonly min: number; readonly max: number };
  readonly advertisedMin?: number;
  readonly pipelined?: boolean;
  readonly forwarded?: boolean;
  readonly listed?: boolean;
  readonly needs?: Operation;
}

/** Pairs an API with its handler; the types hold that the handler takes and answers that API's messages. */
function serve<Api extends ApiName>(
  api: Api,
  handler: Handler<MessageOf<(typeof APIS)[Api]['request']>, InputOf<(typeof APIS)[Api]['response']>>,
  options: ServeOptions = {},
): ServedApi {
  const versions = options.versions ?? { min: APIS[api].versions.min, max: APIS[api].stableMax };
  return {
    api,
    key: APIS[api].key,
    versions,
    advertisedMin: options.advertisedMin ?? versions.min,
    pipelined: options.pipelined ?? false,
    forwarded: options.forwarded ?? false,
    listed: options.listed ?? true,
    needs: options.needs,
    // The types above hold the pair together; the pipeline decodes with this very API's description.
    handler: (options.needs ? guarded(api, options.needs, handler) : handler) as unknown as ServedApi['handler'],
  };
}

/** The handler for those who may do this with the cluster; the API's error answer for all others. */
function guarded<Request, Response>(
  api: ApiName,
  operation: Operation,
  handler: Handler<Request, Response>,
): Handler<Request, Response> {
  return (broker, call, request) => {
    if (mayInCluster(broker, call, operation)) return handler(broker, call, request);
    const refusal = new Unauthorized('CLUSTER_AUTHORIZATION_FAILED');
    // DescribeLogDirs before v3 has no place for an error: there is nothing to see, then, as in Kafka.
    return (failureAnswer(api, call.apiVersion, request, refusal) ?? emptyAnswer(api, call.apiVersion)) as Response;
  };
}

/** Every API of a broker listener, in the order of keys. */
export const SERVED_APIS: readonly ServedApi[] = [
  serve('Produce', produce, { advertisedMin: 0, pipelined: true }),
  serve('Fetch', fetch),
  serve('ListOffsets', listOffsets),
  serve('Metadata', metadata),
  serve('OffsetCommit', offsetCommit),
  serve('OffsetFetch', offsetFetch),
  serve('FindCoordinator', findCoordinator),
  serve('JoinGroup', joinGroup),
  serve('Heartbeat', heartbeat),
  serve('LeaveGroup', leaveGroup),
  serve('SyncGroup', syncGroup),
  serve('DescribeGroups', describeGroups),
  serve('ListGroups', listGroups),
  serve('ApiVersions', apiVersions),
  serve('CreateTopics', createTopics, { forwarded: true }),
  serve('DeleteTopics', deleteTopics, { forwarded: true }),
  serve('DeleteRecords', deleteRecords),
  serve('InitProducerId', initProducerId),
  serve('OffsetForLeaderEpoch', offsetForLeaderEpoch),
  serve('DescribeAcls', describeAcls, { needs: 'DESCRIBE' }),
  serve('CreateAcls', createAcls, { forwarded: true, needs: 'ALTER' }),
  serve('DeleteAcls', deleteAcls, { forwarded: true, needs: 'ALTER' }),
  serve('DescribeConfigs', describeConfigs),
  serve('AlterConfigs', alterConfigs, { forwarded: true }),
  serve('AlterReplicaLogDirs', alterReplicaLogDirs, { needs: 'ALTER' }),
  serve('DescribeLogDirs', describeLogDirs, { needs: 'DESCRIBE' }),
  serve('CreatePartitions', createPartitions, { forwarded: true }),
  serve('DeleteGroups', deleteGroups),
  serve('ElectLeaders', electLeaders, { forwarded: true, needs: 'ALTER' }),
  serve('IncrementalAlterConfigs', incrementalAlterConfigs, { forwarded: true }),
  serve('AlterPartitionReassignments', alterPartitionReassignments, { forwarded: true, needs: 'ALTER' }),
  serve('ListPartitionReassignments', listPartitionReassignments, { forwarded: true, needs: 'DESCRIBE' }),
  serve('OffsetDelete', offsetDelete),
  serve('DescribeClientQuotas', describeClientQuotas, { needs: 'DESCRIBE_CONFIGS' }),
  serve('AlterClientQuotas', alterClientQuotas, { forwarded: true, needs: 'ALTER_CONFIGS' }),
  serve('DescribeUserScramCredentials', describeUserScramCredentials, { needs: 'DESCRIBE' }),
  serve('AlterUserScramCredentials', alterUserScramCredentials, { forwarded: true, needs: 'ALTER' }),
  serve('AlterPartition', alterPartition, { listed: false, needs: 'CLUSTER_ACTION' }),
  serve('Envelope', envelope, { listed: false, needs: 'CLUSTER_ACTION' }),
  serve('DescribeCluster', describeCluster),
  serve('DescribeProducers', describeProducers),
  serve('BrokerHeartbeat', brokerHeartbeat, { listed: false, needs: 'CLUSTER_ACTION' }),
  serve('UnregisterBroker', unregisterBroker, { forwarded: true, needs: 'ALTER' }),
  serve('AllocateProducerIds', allocateProducerIds, { listed: false, needs: 'CLUSTER_ACTION' }),
  serve('ListConfigResources', listConfigResources, { needs: 'DESCRIBE_CONFIGS' }),
  serve('DescribeTopicPartitions', describeTopicPartitions),
];

const byKey: (ServedApi | undefined)[] = [];
for (const served of SERVED_APIS) byKey[served.key] = served;

/** The served API of a key, or undefined. */
export function servedApi(key: number): ServedApi | undefined {
  return byKey[key];
}
