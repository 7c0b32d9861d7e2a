// What can be asked of the groups of one partition of __consumer_offsets, and what is answered. Free of wire versions: the
// handlers translate. `error: 'NONE'` is success, as on the wire.
import type { WireError } from '@moldau/protocol/errors';
import type { MemberProtocol } from './member-table.ts';

export interface JoinCommand {
  readonly kind: 'join';
  readonly groupId: string;
  /** Empty: not known here yet. */
  readonly memberId: string;
  /** The id to give to a member that has none; random, so made at the edge. */
  readonly newMemberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocolType: string;
  readonly protocols: readonly MemberProtocol[];
  readonly reason: string | null;
  /** v4+: a new dynamic member is told its id first and has to join with it (KIP-394). */
  readonly needsKnownMemberId: boolean;
  /** v9+: a returning static leader may be told that it leads and need not assign (KIP-814). */
  readonly canSkipAssignment: boolean;
}

export interface JoinAnswer {
  readonly kind: 'join';
  readonly error: WireError;
  readonly memberId: string;
  readonly generation: number;
  readonly protocolType: string | null;
  readonly protocol: string | null;
  readonly leader: string;
  readonly skipAssignment: boolean;
  /** Everybody, for the leader; nobody for the others. */
  readonly members: readonly { memberId: string; instanceId: string | undefined; metadata: Buffer }[];
}

export interface SyncCommand {
  readonly kind: 'sync';
  readonly groupId: string;
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly generation: number;
  readonly protocolType: string | null;
  readonly protocol: string | null;
  /** The leader's; empty from everybody else. */
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Buffer }[];
}

export interface SyncAnswer {
  readonly kind: 'sync';
  readonly error: WireError;
  readonly protocolType: string | null;
  readonly protocol: string | null;
  readonly assignment: Buffer;
}

export interface HeartbeatCommand {
  readonly kind: 'heartbeat';
  readonly groupId: string;
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly generation: number;
}

export interface HeartbeatAnswer {
  readonly kind: 'heartbeat';
  readonly error: WireError;
}

export interface LeavingMember {
  /** Empty: whoever holds the instance id (an operator removes it). */
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly reason: string | null;
}

export interface LeaveCommand {
  readonly kind: 'leave';
  readonly groupId: string;
  readonly members: readonly LeavingMember[];
}

export interface LeaveAnswer {
  readonly kind: 'leave';
  readonly members: readonly { memberId: string; instanceId: string | null; error: WireError }[];
}

export interface CommitCommand {
  readonly kind: 'commit';
  readonly groupId: string;
  /** -1: not a member of a generation. */
  readonly generation: number;
  readonly memberId: string;
  readonly instanceId: string | null;
  /** v2-4 only: the client's own wish how long to keep the offsets. */
  readonly retentionMs: number | undefined;
  /** What to say of a generation of a group that does not exist: changed with v9. */
  readonly missingGroupError: 'ILLEGAL_GENERATION' | 'GROUP_ID_NOT_FOUND';
  /** Only partitions that exist. */
  readonly topics: readonly CommitTopic[];
}

export interface CommitTopic {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: readonly CommitPartition[];
}

export interface CommitPartition {
  readonly partition: number;
  readonly offset: number;
  /** -1: not known. */
  readonly leaderEpoch: number;
  readonly metadata: string;
}

export interface CommitAnswer {
  readonly kind: 'commit';
  /** Of the whole request; else see topics, in the order of the command. */
  readonly error: WireError;
  readonly topics: readonly { name: string; topicId: string; partitions: readonly PartitionError[] }[];
}

export interface PartitionError {
  readonly partition: number;
  readonly error: WireError;
}

export interface FetchOffsetsCommand {
  readonly kind: 'fetchOffsets';
  readonly groupId: string;
  /** Null: every partition that has an offset. */
  readonly topics:
    | readonly { readonly name: string; readonly topicId: string; readonly partitions: readonly number[] }[]
    | null;
  /** Offsets that an open transaction is about to change are answered with UNSTABLE_OFFSET_COMMIT (KIP-447). */
  readonly requireStable: boolean;
}

export interface FetchedOffset {
  readonly partition: number;
  /** -1: none. */
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string;
  readonly error: WireError;
}

export interface FetchOffsetsAnswer {
  readonly kind: 'fetchOffsets';
  readonly topics: readonly { name: string; topicId: string; partitions: readonly FetchedOffset[] }[];
}

export interface DeleteOffsetsCommand {
  readonly kind: 'deleteOffsets';
  readonly groupId: string;
  /** Only partitions that exist. */
  readonly topics: readonly { readonly name: string; readonly partitions: readonly number[] }[];
}

export interface DeleteOffsetsAnswer {
  readonly kind: 'deleteOffsets';
  readonly error: WireError;
  readonly topics: readonly { name: string; partitions: readonly PartitionError[] }[];
}

export interface DescribeCommand {
  readonly kind: 'describe';
  readonly groupIds: readonly string[];
}

export type GroupStateName = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead';

export interface DescribedGroup {
  readonly groupId: string;
  /** False: there is no such group; the rest says Dead, as older clients expect. */
  readonly found: boolean;
  readonly state: GroupStateName;
  readonly protocolType: string;
  readonly protocol: string;
  readonly members: readonly DescribedMember[];
}

export interface DescribedMember {
  readonly memberId: string;
  readonly instanceId: string | undefined;
  readonly clientId: string;
  readonly clientHost: string;
  /** For the group's protocol; empty while it rebalances. */
  readonly metadata: Buffer;
  readonly assignment: Buffer;
}

export interface DescribeAnswer {
  readonly kind: 'describe';
  readonly groups: readonly DescribedGroup[];
}

export interface ListCommand {
  readonly kind: 'list';
  /** Any case; empty: all. A name that is no state or type matches nothing. */
  readonly states: readonly string[];
  readonly types: readonly string[];
}

export interface ListAnswer {
  readonly kind: 'list';
  readonly groups: readonly { groupId: string; protocolType: string; state: GroupStateName; type: 'classic' }[];
}

export interface DeleteGroupsCommand {
  readonly kind: 'deleteGroups';
  readonly groupIds: readonly string[];
}

export interface DeleteGroupsAnswer {
  readonly kind: 'deleteGroups';
  readonly groups: readonly { groupId: string; error: WireError }[];
}

/** Time to look for offsets that nobody has needed for offsets.retention.minutes. */
export interface SweepCommand {
  readonly kind: 'sweep';
}

export interface TopicsDeletedCommand {
  readonly kind: 'topicsDeleted';
  readonly topics: readonly { readonly name: string; readonly topicId: string }[];
}

/** A command that answers only that it was taken. */
export interface DoneAnswer {
  readonly kind: 'done';
}

export type GroupCommand =
  | JoinCommand
  | SyncCommand
  | HeartbeatCommand
  | LeaveCommand
  | CommitCommand
  | FetchOffsetsCommand
  | DeleteOffsetsCommand
  | DescribeCommand
  | ListCommand
  | DeleteGroupsCommand
  | SweepCommand
  | TopicsDeletedCommand;

/** Which answer belongs to which command. */
export interface GroupAnswers {
  join: JoinAnswer;
  sync: SyncAnswer;
  heartbeat: HeartbeatAnswer;
  leave: LeaveAnswer;
  commit: CommitAnswer;
  fetchOffsets: FetchOffsetsAnswer;
  deleteOffsets: DeleteOffsetsAnswer;
  describe: DescribeAnswer;
  list: ListAnswer;
  deleteGroups: DeleteGroupsAnswer;
  sweep: DoneAnswer;
  topicsDeleted: DoneAnswer;
}

export type GroupAnswer = GroupAnswers[keyof GroupAnswers];
