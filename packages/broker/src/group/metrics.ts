// The metrics of groups, under Kafka's names where it has them (GroupMetadataManager, group-coordinator-metrics).
import type { MetricDefinition } from '../metrics.ts';

/** Rebalances last from milliseconds to the longest rebalance timeouts people set. */
const REBALANCE_BUCKETS_SECONDS = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 3, 5, 10, 30, 60, 120, 300, 600] as const;

export const GROUP_METRICS = {
  groups: {
    kind: 'gauge',
    name: 'kafka_coordinator_group_groupmetadatamanager_numgroups',
    help: 'Groups that this broker coordinates',
  },
  groupsEmpty: {
    kind: 'gauge',
    name: 'kafka_coordinator_group_groupmetadatamanager_numgroupsempty',
    help: 'Of these, groups without members',
  },
  groupsPreparing: {
    kind: 'gauge',
    name: 'kafka_coordinator_group_groupmetadatamanager_numgroupspreparingrebalance',
    help: 'Of these, groups whose members are called back',
  },
  groupsCompleting: {
    kind: 'gauge',
    name: 'kafka_coordinator_group_groupmetadatamanager_numgroupscompletingrebalance',
    help: 'Of these, groups whose leader is to assign partitions',
  },
  groupsStable: {
    kind: 'gauge',
    name: 'kafka_coordinator_group_groupmetadatamanager_numgroupsstable',
    help: 'Of these, groups whose members all have their partitions',
  },
  groupOffsets: {
    kind: 'gauge',
    name: 'kafka_coordinator_group_groupmetadatamanager_numoffsets',
    help: 'Committed offsets kept',
  },
  groupMembersParked: {
    kind: 'gauge',
    name: 'kafka_coordinator_group_members_parked',
    help: 'Members whose JoinGroup or SyncGroup waits for the others',
  },
  offsetCommits: {
    kind: 'counter',
    name: 'kafka_server_group_coordinator_metrics_offset_commit_total',
    help: 'Offsets committed',
  },
  offsetExpirations: {
    kind: 'counter',
    name: 'kafka_server_group_coordinator_metrics_offset_expiration_total',
    help: 'Offsets forgotten after offsets.retention.minutes',
  },
  offsetDeletions: {
    kind: 'counter',
    name: 'kafka_server_group_coordinator_metrics_offset_deletion_total',
    help: 'Offsets deleted on request, with their group or with their topic',
    labels: ['why'],
  },
  rebalancesStarted: {
    kind: 'counter',
    name: 'kafka_server_group_coordinator_metrics_group_rebalance_total',
    help: 'Rebalances begun, by what set them off',
    labels: ['cause'],
  },
  rebalancesFinished: {
    kind: 'counter',
    name: 'kafka_server_group_coordinator_metrics_group_completed_rebalance_total',
    help: 'Rebalances ended: stable, empty (nobody was left) or interrupted (by the next one)',
    labels: ['outcome'],
  },
  rebalanceSeconds: {
    kind: 'histogram',
    name: 'kafka_server_group_coordinator_metrics_group_rebalance_seconds',
    help: 'Seconds that a phase of a rebalance took: preparing (waiting for members), completing (waiting for the leader)',
    labels: ['phase'],
    buckets: REBALANCE_BUCKETS_SECONDS,
  },
  groupLoadSeconds: {
    kind: 'histogram',
    name: 'kafka_server_group_coordinator_metrics_partition_load_seconds',
    help: 'Seconds to read the groups and offsets of one partition of __consumer_offsets',
  },
  groupShardFailures: {
    kind: 'counter',
    name: 'kafka_server_group_coordinator_metrics_partition_failure_total',
    help: 'Times that the groups of a partition had to be dropped and read again, or could not be read',
  },
  groupAppendsRefused: {
    kind: 'counter',
    name: 'kafka_server_group_coordinator_metrics_append_refused_total',
    help: 'Changes that __consumer_offsets did not take, by error',
    labels: ['error'],
  },
  groupBoundsReached: {
    kind: 'counter',
    name: 'kafka_server_group_coordinator_metrics_bound_reached_total',
    help: 'Requests refused because a limit on groups, members or offsets is reached',
    labels: ['bound'],
  },
  groupStallSeconds: {
    kind: 'counter',
    name: 'kafka_server_group_coordinator_metrics_stall_seconds_total',
    help: 'Seconds that this broker slept and for which no member was held responsible',
  },
} as const satisfies Record<string, MetricDefinition>;
