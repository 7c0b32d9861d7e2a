// All groups and offsets of one partition of __consumer_offsets: the replicated machine of this folder. It finds the group
// that a command is about, hands over to the file that knows the rule, and is the one place where records change anything.
import {
  type Decision,
  NOTHING,
  type Now,
  type RecordPlace,
  type ReplicatedMachine,
  type Ticket,
} from '../replicated-machine/machine.ts';
import { joinRefused, syncRefused } from './answers.ts';
import { GROUPS_MAX } from './bounds.ts';
import { type ClassicGroup, membersOf, newGroup, timerTarget } from './classic-group.ts';
import type { GroupAnswer, GroupCommand, JoinCommand } from './commands.ts';
import { commit } from './commit.ts';
import { deleteGroups, describe, list } from './describing.ts';
import { SWEEP_TIMER, Sweep } from './expiry.ts';
import { isJoinable, join } from './join.ts';
import { callBackIfTooLarge, heartbeat, leave, sessionTimeout } from './membership.ts';
import type { GroupNotice } from './notices.ts';
import { OffsetStore } from './offset-store.ts';
import { joinTimeout, retryEmpty } from './rebalance.ts';
import { keepRebalance } from './rebalance-history.ts';
import type { GroupRecord } from './records.ts';
import { phaseOf } from './stored-group.ts';
import { deleteOffsets, fetchOffsets, forgetTopics } from './stored-offsets.ts';
import { subscribedTopicsOf } from './subscriptions.ts';
import { assignmentRefused, sync, syncTimeout } from './sync.ts';
import { type GroupSettings, Turn } from './turn.ts';

type GroupDecision = Decision<GroupRecord, GroupAnswer, GroupNotice>;

export class GroupMachine implements ReplicatedMachine<GroupCommand, GroupRecord, GroupAnswer, GroupNotice> {
  readonly #settings: GroupSettings;
  readonly #groups = new Map<string, ClassicGroup>();
  readonly #offsets = new OffsetStore();
  readonly #sweep = new Sweep();

  constructor(settings: GroupSettings) {
    this.#settings = settings;
  }

  /** For reading: metrics, tests, the console's history. */
  get groups(): ReadonlyMap<string, ClassicGroup> {
    return this.#groups;
  }

  get offsets(): OffsetStore {
    return this.#offsets;
  }

  decide(command: GroupCommand, ticket: Ticket, now: Now): GroupDecision {
    const turn = new Turn(now, this.#settings);
    switch (command.kind) {
      case 'join':
        this.#join(turn, command, ticket);
        break;
      case 'sync': {
        const group = this.#groups.get(command.groupId);
        if (group) sync(turn, group, command, ticket);
        else turn.reply(ticket, syncRefused('UNKNOWN_MEMBER_ID'));
        break;
      }
      case 'heartbeat': {
        const group = this.#groups.get(command.groupId);
        if (group) heartbeat(turn, group, command, ticket);
        else turn.heartbeat(ticket, 'UNKNOWN_MEMBER_ID');
        break;
      }
      case 'leave': {
        const group = this.#groups.get(command.groupId);
        if (group) {
          leave(turn, group, command, ticket);
        } else {
          const members = command.members.map(({ memberId, instanceId }) => ({
            memberId,
            instanceId,
            error: 'UNKNOWN_MEMBER_ID' as const,
          }));
          turn.reply(ticket, { kind: 'leave', members });
        }
        break;
      }
      case 'commit': {
        const group = this.#groups.get(command.groupId);
        if (!group && command.generation < 0 && !this.#hasRoom(turn, command.groupId)) {
          turn.reply(ticket, { kind: 'commit', error: 'COORDINATOR_NOT_AVAILABLE', topics: [] });
        } else {
          commit(turn, group, command, ticket);
        }
        break;
      }
      case 'fetchOffsets':
        fetchOffsets(turn, this.#offsets, command, ticket);
        break;
      case 'deleteOffsets':
        deleteOffsets(turn, this.#groups.get(command.groupId), this.#offsets, command, ticket);
        break;
      case 'describe':
        describe(turn, this.#groups, command, ticket);
        break;
      case 'list':
        list(turn, this.#groups, command, ticket);
        break;
      case 'deleteGroups':
        deleteGroups(turn, this.#groups, this.#offsets, command, ticket);
        break;
      case 'sweep':
        this.#sweep.begin(turn, this.#groups.keys());
        this.#sweep.goOn(turn, this.#groups, this.#offsets);
        turn.reply(ticket, { kind: 'done' });
        break;
      case 'topicsDeleted':
        forgetTopics(turn, this.#offsets, command);
        turn.reply(ticket, { kind: 'done' });
        break;
    }
    return turn;
  }

  expired(timer: string, now: Now): GroupDecision {
    const turn = new Turn(now, this.#settings);
    if (timer === SWEEP_TIMER) {
      this.#sweep.goOn(turn, this.#groups, this.#offsets);
      return turn;
    }
    const { kind, groupId, memberId } = timerTarget(timer);
    const group = this.#groups.get(groupId);
    if (!group) return NOTHING;
    if (kind === 'join') joinTimeout(turn, group);
    else if (kind === 'sync') syncTimeout(turn, group);
    else sessionTimeout(turn, group, memberId);
    return turn;
  }

  apply(record: GroupRecord, place: RecordPlace): void {
    switch (record.kind) {
      case 'groupCreated': {
        this.#groupOf(record.groupId, record.stateSinceMs).durable = true;
        return;
      }
      case 'group': {
        const { groupId, group: stored } = record;
        const group = this.#groupOf(groupId, stored.stateSinceMs);
        group.durable = true;
        group.generation = stored.generation;
        group.protocolType = stored.protocolType;
        group.stateSinceMs = stored.stateSinceMs;
        group.phase = record.becomes ?? phaseOf(groupId, stored);
        group.subscribedTopics = subscribedTopicsOf(stored.protocolType, stored.protocol, membersOf(group));
        if (record.rebalance) keepRebalance(group.recentRebalances, record.rebalance);
        return;
      }
      case 'groupRemoved':
        this.#groups.delete(record.groupId);
        return;
      case 'offset': {
        const { groupId, topic, partition, committed } = record;
        // Offsets without a group: a simple group. Its only record is the offset itself.
        this.#groupOf(groupId, undefined);
        if (place.producerId === -1) this.#offsets.put(groupId, topic, partition, committed);
        else this.#offsets.putPending(place.producerId, groupId, topic, partition, committed);
        return;
      }
      case 'offsetRemoved':
        this.#offsets.remove(record.groupId, record.topic, record.partition);
        return;
    }
  }

  transactionEnded(producerId: number, committed: boolean): void {
    this.#offsets.endTransaction(producerId, committed);
  }

  refused(records: readonly GroupRecord[], now: Now): GroupDecision {
    const turn = new Turn(now, this.#settings);
    for (const record of records) {
      if (record.kind !== 'group' && record.kind !== 'groupCreated') continue;
      const group = this.#groups.get(record.groupId);
      if (!group) continue;
      if (record.kind === 'groupCreated') {
        this.#groups.delete(record.groupId);
        const { phase } = group;
        if (phase.kind !== 'PreparingRebalance') continue;
        for (const [memberId, ticket] of phase.waiting)
          turn.reply(ticket, joinRefused('COORDINATOR_NOT_AVAILABLE', memberId));
      } else if (record.group.members.length === 0) {
        retryEmpty(turn, group);
      } else {
        assignmentRefused(turn, group);
      }
    }
    return turn;
  }

  loaded(now: Now): GroupDecision {
    const turn = new Turn(now, this.#settings);
    for (const group of this.#groups.values()) {
      // A full session timeout from now on: nobody could be heard while nobody was listening (hazard G3).
      for (const member of membersOf(group).values()) turn.setTimer(member.sessionTimer, member.sessionTimeoutMs);
      callBackIfTooLarge(turn, group);
    }
    return turn;
  }

  unload(): void {
    for (const group of this.#groups.values()) group.phase = { kind: 'Dead' };
    this.#groups.clear();
  }

  #join(turn: Turn, command: JoinCommand, ticket: Ticket): void {
    const known = this.#groups.get(command.groupId);
    if (known) {
      join(turn, known, command, ticket);
      return;
    }
    if (command.memberId !== '') {
      turn.reply(ticket, joinRefused('UNKNOWN_MEMBER_ID', command.memberId));
      return;
    }
    if (!isJoinable(command)) {
      turn.reply(ticket, joinRefused('INCONSISTENT_GROUP_PROTOCOL', ''));
      return;
    }
    if (!this.#hasRoom(turn, command.groupId)) {
      turn.reply(ticket, joinRefused('COORDINATOR_NOT_AVAILABLE', ''));
      return;
    }
    const group = newGroup(command.groupId, turn.now.wallMs);
    this.#groups.set(command.groupId, group);
    turn.notice({ kind: 'groupCreated', groupId: command.groupId });
    turn.record({ kind: 'groupCreated', groupId: command.groupId, stateSinceMs: turn.now.wallMs });
    join(turn, group, command, ticket);
  }

  #hasRoom(turn: Turn, groupId: string): boolean {
    if (this.#groups.size < GROUPS_MAX) return true;
    turn.notice({ kind: 'boundReached', bound: 'groups of one partition', limit: GROUPS_MAX, groupId });
    return false;
  }

  #groupOf(groupId: string, wallMs: number | undefined): ClassicGroup {
    let group = this.#groups.get(groupId);
    if (!group) {
      group = newGroup(groupId, wallMs);
      this.#groups.set(groupId, group);
    }
    return group;
  }
}
