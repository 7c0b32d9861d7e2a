// Admin: one method per thing to do, each done in a file of its folder.
import type { Ports } from '@moldau/kernel';
import type { ApiName } from '@moldau/protocol';
import { Cluster } from '../cluster/cluster.ts';
import type { RequestOf, ResponseOf } from '../connection/broker-connection.ts';
import { nodePorts } from '../node/default-ports.ts';
import { ADMIN_SETTINGS, type AdminOptions } from '../settings/admin-settings.ts';
import { defaultClientId } from '../settings/client-id.ts';
import { resolveSettings } from '../settings/setting.ts';
import type { TopicPartition } from '../topic-partition.ts';
import { createAcls, deleteAcls, describeAcls } from './acls.ts';
import type { AdminApi } from './admin-api.ts';
import { AdminCalls } from './admin-calls.ts';
import type { CallOptions, ElectionType } from './admin-model.ts';
import { alterClientQuotas, describeClientQuotas } from './client-quotas.ts';
import { apiVersions, describeCluster, describeLogDirs } from './cluster-calls.ts';
import { describeConfigs, incrementalAlterConfigs, listConfigResources } from './configs.ts';
import {
  createDelegationToken,
  describeDelegationTokens,
  expireDelegationToken,
  renewDelegationToken,
} from './delegation-tokens.ts';
import { electLeaders } from './elections.ts';
import { updateFeatures } from './features.ts';
import {
  alterConsumerGroupOffsets,
  deleteConsumerGroupOffsets,
  deleteGroups,
  describeConsumerGroups,
  listConsumerGroupOffsets,
  listGroups,
  removeMembersFromConsumerGroup,
} from './groups.ts';
import { deleteRecords, describeProducers, listOffsets } from './partitions.ts';
import { describeMetadataQuorum } from './quorum.ts';
import { alterPartitionReassignments, listPartitionReassignments } from './reassignments.ts';
import { unregisterBroker } from './registrations.ts';
import { alterReplicaLogDirs, describeReplicaLogDirs } from './replica-log-dirs.ts';
import { alterUserScramCredentials, describeUserScramCredentials } from './scram-users.ts';
import { createPartitions, createTopics, deleteTopics, describeTopics, listTopics } from './topics.ts';
import { abortTransaction, describeTransactions, fenceProducers, listTransactions } from './transactions.ts';

type Rest<F> = F extends (calls: AdminCalls, ...rest: infer R) => unknown ? R : never;

export class Admin implements AdminApi {
  readonly #calls: AdminCalls;

  /** Connects when the first call is made. Throws KafkaError INVALID_SETTING. */
  constructor(options: AdminOptions & { readonly ports?: Ports } = {}) {
    const { ports = nodePorts, ...given } = options;
    const resolved = resolveSettings(ADMIN_SETTINGS, given);
    const settings = { ...resolved, clientId: resolved.clientId || defaultClientId('adminclient') };
    this.#calls = new AdminCalls(
      (interest) => new Cluster({ ports, settings, interest: () => ({ kind: 'topics', names: interest() }) }),
      settings,
    );
  }

  listTopics(...rest: Rest<typeof listTopics>) {
    return listTopics(this.#calls, ...rest);
  }
  describeTopics(...rest: Rest<typeof describeTopics>) {
    return describeTopics(this.#calls, ...rest);
  }
  createTopics(...rest: Rest<typeof createTopics>) {
    return createTopics(this.#calls, ...rest);
  }
  deleteTopics(...rest: Rest<typeof deleteTopics>) {
    return deleteTopics(this.#calls, ...rest);
  }
  createPartitions(...rest: Rest<typeof createPartitions>) {
    return createPartitions(this.#calls, ...rest);
  }
  deleteRecords(...rest: Rest<typeof deleteRecords>) {
    return deleteRecords(this.#calls, ...rest);
  }
  listOffsets(...rest: Rest<typeof listOffsets>) {
    return listOffsets(this.#calls, ...rest);
  }

  describeCluster(...rest: Rest<typeof describeCluster>) {
    return describeCluster(this.#calls, ...rest);
  }
  describeConfigs(...rest: Rest<typeof describeConfigs>) {
    return describeConfigs(this.#calls, ...rest);
  }
  incrementalAlterConfigs(...rest: Rest<typeof incrementalAlterConfigs>) {
    return incrementalAlterConfigs(this.#calls, ...rest);
  }
  listConfigResources(...rest: Rest<typeof listConfigResources>) {
    return listConfigResources(this.#calls, ...rest);
  }
  describeLogDirs(brokerIds?: readonly number[], options?: CallOptions & { readonly topics?: readonly string[] }) {
    return describeLogDirs(this.#calls, brokerIds, options);
  }
  describeProducers(...rest: Rest<typeof describeProducers>) {
    return describeProducers(this.#calls, ...rest);
  }
  listPartitionReassignments(partitions?: Parameters<typeof listPartitionReassignments>[1], options?: CallOptions) {
    return listPartitionReassignments(this.#calls, partitions, options);
  }
  alterPartitionReassignments(...rest: Rest<typeof alterPartitionReassignments>) {
    return alterPartitionReassignments(this.#calls, ...rest);
  }
  electLeaders(type: ElectionType, partitions?: readonly TopicPartition[], options?: CallOptions) {
    return electLeaders(this.#calls, type, partitions, options);
  }
  alterReplicaLogDirs(...rest: Rest<typeof alterReplicaLogDirs>) {
    return alterReplicaLogDirs(this.#calls, ...rest);
  }
  describeReplicaLogDirs(...rest: Rest<typeof describeReplicaLogDirs>) {
    return describeReplicaLogDirs(this.#calls, ...rest);
  }
  unregisterBroker(...rest: Rest<typeof unregisterBroker>) {
    return unregisterBroker(this.#calls, ...rest);
  }

  listGroups(...rest: Rest<typeof listGroups>) {
    return listGroups(this.#calls, ...rest);
  }
  describeConsumerGroups(...rest: Rest<typeof describeConsumerGroups>) {
    return describeConsumerGroups(this.#calls, ...rest);
  }
  deleteGroups(...rest: Rest<typeof deleteGroups>) {
    return deleteGroups(this.#calls, ...rest);
  }
  listConsumerGroupOffsets(...rest: Rest<typeof listConsumerGroupOffsets>) {
    return listConsumerGroupOffsets(this.#calls, ...rest);
  }
  alterConsumerGroupOffsets(...rest: Rest<typeof alterConsumerGroupOffsets>) {
    return alterConsumerGroupOffsets(this.#calls, ...rest);
  }
  deleteConsumerGroupOffsets(...rest: Rest<typeof deleteConsumerGroupOffsets>) {
    return deleteConsumerGroupOffsets(this.#calls, ...rest);
  }
  removeMembersFromConsumerGroup(...rest: Rest<typeof removeMembersFromConsumerGroup>) {
    return removeMembersFromConsumerGroup(this.#calls, ...rest);
  }

  describeAcls(...rest: Rest<typeof describeAcls>) {
    return describeAcls(this.#calls, ...rest);
  }
  createAcls(...rest: Rest<typeof createAcls>) {
    return createAcls(this.#calls, ...rest);
  }
  deleteAcls(...rest: Rest<typeof deleteAcls>) {
    return deleteAcls(this.#calls, ...rest);
  }
  describeClientQuotas(...rest: Rest<typeof describeClientQuotas>) {
    return describeClientQuotas(this.#calls, ...rest);
  }
  alterClientQuotas(...rest: Rest<typeof alterClientQuotas>) {
    return alterClientQuotas(this.#calls, ...rest);
  }
  describeUserScramCredentials(...rest: Rest<typeof describeUserScramCredentials>) {
    return describeUserScramCredentials(this.#calls, ...rest);
  }
  alterUserScramCredentials(...rest: Rest<typeof alterUserScramCredentials>) {
    return alterUserScramCredentials(this.#calls, ...rest);
  }
  createDelegationToken(...rest: Rest<typeof createDelegationToken>) {
    return createDelegationToken(this.#calls, ...rest);
  }
  renewDelegationToken(...rest: Rest<typeof renewDelegationToken>) {
    return renewDelegationToken(this.#calls, ...rest);
  }
  expireDelegationToken(...rest: Rest<typeof expireDelegationToken>) {
    return expireDelegationToken(this.#calls, ...rest);
  }
  describeDelegationTokens(...rest: Rest<typeof describeDelegationTokens>) {
    return describeDelegationTokens(this.#calls, ...rest);
  }

  listTransactions(...rest: Rest<typeof listTransactions>) {
    return listTransactions(this.#calls, ...rest);
  }
  describeTransactions(...rest: Rest<typeof describeTransactions>) {
    return describeTransactions(this.#calls, ...rest);
  }
  abortTransaction(...rest: Rest<typeof abortTransaction>) {
    return abortTransaction(this.#calls, ...rest);
  }
  fenceProducers(...rest: Rest<typeof fenceProducers>) {
    return fenceProducers(this.#calls, ...rest);
  }

  updateFeatures(...rest: Rest<typeof updateFeatures>) {
    return updateFeatures(this.#calls, ...rest);
  }
  describeMetadataQuorum(...rest: Rest<typeof describeMetadataQuorum>) {
    return describeMetadataQuorum(this.#calls, ...rest);
  }

  apiVersions(nodeId?: number, options?: CallOptions) {
    return apiVersions(this.#calls, nodeId, options);
  }

  async send<N extends ApiName>(
    api: N,
    body: RequestOf<N>,
    options: CallOptions & { readonly node?: number | 'any' | 'controller'; readonly version?: number } = {},
  ): Promise<ResponseOf<N>> {
    const { node = 'any', version, timeoutMs } = options;
    if (typeof node === 'number') await this.#calls.brokers();
    return this.#calls.cluster.send(node, api, body, {
      ...(version === undefined ? {} : { version }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  }

  close(): Promise<void> {
    return this.#calls.cluster.close();
  }
}
