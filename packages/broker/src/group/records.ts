// What this folder writes into __consumer_offsets, in Kafka's formats, and how it is read back.
//
//   OffsetCommit (key type 1)   value v4, the version Kafka writes since 4.1; v1 where the commit carries an expiry
//   GroupMetadata (key type 2)  value v3
// Read besides: every older version, the legacy offset key (type 0). Other types (groups of the newer protocols in a
// taken-over log) are left alone.

import {
  decodeRecordKey,
  decodeRecordValue,
  encodeRecordKey,
  encodeRecordValue,
  prefixOf,
} from '@moldau/protocol/codec/versioned';
import { GroupMetadataKey, GroupMetadataValue } from '@moldau/protocol/coordinator-records/group-metadata';
import {
  LegacyOffsetCommitKey,
  LegacyOffsetCommitValue,
} from '@moldau/protocol/coordinator-records/legacy-offset-commit';
import { OffsetCommitKey, OffsetCommitValue } from '@moldau/protocol/coordinator-records/offset-commit';
import { ZERO_UUID } from '@moldau/protocol/description/field';
import type { RecordCodec } from '../replicated-machine/machine.ts';
import type { Phase } from './classic-group.ts';
import type { CommittedOffset } from './committed-offset.ts';
import type { Rebalance } from './rebalance-history.ts';

/** A member as stored. */
export interface StoredMember {
  readonly memberId: string;
  readonly instanceId: string | undefined;
  readonly clientId: string;
  readonly clientHost: string;
  readonly rebalanceTimeoutMs: number;
  readonly sessionTimeoutMs: number;
  /** Its metadata for the group's protocol. */
  readonly subscription: Buffer;
  readonly assignment: Buffer;
}

/** A group as stored. */
export interface StoredGroup {
  readonly generation: number;
  readonly protocolType: string | undefined;
  readonly protocol: string | undefined;
  readonly leader: string | undefined;
  readonly stateSinceMs: number | undefined;
  readonly members: readonly StoredMember[];
}

export type GroupRecord =
  | {
      readonly kind: 'group';
      readonly groupId: string;
      readonly group: StoredGroup;
      /**
       * The phase that the group is in once this record is in the log; it knows more of the members than the record does
       * (all their protocols, who waits). Absent on replay, where the record is all there is.
       */
      readonly becomes?: Phase;
      /** The rebalance that ended with this record; kept in memory only. */
      readonly rebalance?: Rebalance;
    }
  /** The first record of a group: nothing but its name. Read back as an empty group. */
  | { readonly kind: 'groupCreated'; readonly groupId: string; readonly stateSinceMs: number }
  | { readonly kind: 'groupRemoved'; readonly groupId: string }
  | {
      readonly kind: 'offset';
      readonly groupId: string;
      readonly topic: string;
      readonly partition: number;
      readonly committed: CommittedOffset;
    }
  | { readonly kind: 'offsetRemoved'; readonly groupId: string; readonly topic: string; readonly partition: number };

const OFFSET_VALUE_VERSION = 4;
/** The only version that has a place for it. It has none for leader epoch and topic id: Kafka loses them too. */
const OFFSET_VALUE_VERSION_WITH_EXPIRY = 1;
const GROUP_VALUE_VERSION = 3;

const LEGACY_OFFSET = 0;
const OFFSET = 1;
const GROUP = 2;

export const GROUP_RECORDS: RecordCodec<GroupRecord> = {
  encode(record) {
    switch (record.kind) {
      case 'group':
        return { key: groupKey(record.groupId), value: groupValue(record.group) };
      case 'groupCreated':
        return {
          key: groupKey(record.groupId),
          value: groupValue({ ...NEW_GROUP, stateSinceMs: record.stateSinceMs }),
        };
      case 'groupRemoved':
        return { key: groupKey(record.groupId), value: null };
      case 'offset':
        return { key: offsetKey(record), value: offsetValue(record.committed) };
      case 'offsetRemoved':
        return { key: offsetKey(record), value: null };
    }
  },

  decode(key, value) {
    switch (prefixOf(key)) {
      case LEGACY_OFFSET:
        return decodeLegacyOffset(key, value);
      case OFFSET:
        return decodeOffset(key, value);
      case GROUP:
        return decodeGroup(key, value);
      default:
        return undefined;
    }
  },
};

const NEW_GROUP: StoredGroup = {
  generation: 0,
  protocolType: undefined,
  protocol: undefined,
  leader: undefined,
  stateSinceMs: undefined,
  members: [],
};

function groupKey(groupId: string): Buffer {
  return encodeRecordKey(GroupMetadataKey, { group: groupId });
}

function groupValue(group: StoredGroup): Buffer {
  return encodeRecordValue(GroupMetadataValue, GROUP_VALUE_VERSION, {
    protocolType: group.protocolType ?? '',
    generation: group.generation,
    protocol: group.protocol ?? null,
    leader: group.leader ?? null,
    currentStateTimestamp: group.stateSinceMs ?? -1,
    members: group.members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.instanceId ?? null,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeout: member.rebalanceTimeoutMs,
      sessionTimeout: member.sessionTimeoutMs,
      subscription: member.subscription,
      assignment: member.assignment,
    })),
  });
}

function decodeGroup(key: Buffer, value: Buffer | null): GroupRecord {
  const groupId = decodeRecordKey(GroupMetadataKey, key).group;
  if (value === null) return { kind: 'groupRemoved', groupId };
  const stored = decodeRecordValue(GroupMetadataValue, value);
  const group: StoredGroup = {
    generation: stored.generation,
    protocolType: stored.protocolType === '' ? undefined : stored.protocolType,
    protocol: stored.protocol ?? undefined,
    leader: stored.leader ?? undefined,
    stateSinceMs: stored.currentStateTimestamp === -1 ? undefined : stored.currentStateTimestamp,
    members: stored.members.map((member) => ({
      memberId: member.memberId,
      instanceId: member.groupInstanceId ?? undefined,
      clientId: member.clientId,
      clientHost: member.clientHost,
      // v0 records have no rebalance timeout: the session timeout stood in for it.
      rebalanceTimeoutMs: member.rebalanceTimeout === -1 ? member.sessionTimeout : member.rebalanceTimeout,
      sessionTimeoutMs: member.sessionTimeout,
      subscription: ownBytes(member.subscription),
      assignment: ownBytes(member.assignment),
    })),
  };
  return { kind: 'group', groupId, group };
}

function offsetKey(of: { groupId: string; topic: string; partition: number }): Buffer {
  return encodeRecordKey(OffsetCommitKey, { group: of.groupId, topic: of.topic, partition: of.partition });
}

function offsetValue(committed: CommittedOffset): Buffer {
  const version = committed.expireTimestampMs === undefined ? OFFSET_VALUE_VERSION : OFFSET_VALUE_VERSION_WITH_EXPIRY;
  return encodeRecordValue(OffsetCommitValue, version, {
    offset: committed.offset,
    leaderEpoch: committed.leaderEpoch,
    metadata: committed.metadata,
    commitTimestamp: committed.commitTimestampMs,
    expireTimestamp: committed.expireTimestampMs ?? -1,
    topicId: committed.topicId,
  });
}

function decodeOffset(keyBytes: Buffer, value: Buffer | null): GroupRecord {
  const { group: groupId, topic, partition } = decodeRecordKey(OffsetCommitKey, keyBytes);
  if (value === null) return { kind: 'offsetRemoved', groupId, topic, partition };
  const stored = decodeRecordValue(OffsetCommitValue, value);
  const committed: CommittedOffset = {
    offset: stored.offset,
    leaderEpoch: stored.leaderEpoch,
    metadata: stored.metadata,
    commitTimestampMs: stored.commitTimestamp,
    expireTimestampMs: stored.expireTimestamp === -1 ? undefined : stored.expireTimestamp,
    topicId: stored.topicId,
  };
  return { kind: 'offset', groupId, topic, partition, committed };
}

function decodeLegacyOffset(keyBytes: Buffer, value: Buffer | null): GroupRecord {
  const { group: groupId, topic, partition } = decodeRecordKey(LegacyOffsetCommitKey, keyBytes);
  if (value === null) return { kind: 'offsetRemoved', groupId, topic, partition };
  const stored = decodeRecordValue(LegacyOffsetCommitValue, value);
  const committed: CommittedOffset = {
    offset: stored.offset,
    leaderEpoch: -1,
    metadata: stored.metadata,
    commitTimestampMs: stored.commitTimestamp,
    expireTimestampMs: undefined,
    topicId: ZERO_UUID,
  };
  return { kind: 'offset', groupId, topic, partition, committed };
}

/** A copy with memory of its own. What a machine keeps must not hold on to the chunk of log or the frame it came in. */
export function ownBytes(view: Buffer): Buffer {
  const copy = Buffer.alloc(view.length);
  view.copy(copy);
  return copy;
}
