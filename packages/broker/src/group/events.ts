// The log events of groups.
import { eventTable } from '../events.ts';

export const GROUP_EVENTS = eventTable('group', {
  rebalanceStarted: {
    level: 'info',
    meaning: 'The members of a group are called back to share out its partitions anew.',
    fields: {
      group: 'text',
      generation: 'number',
      members: 'number',
      cause: 'text',
      member: 'text',
      client: 'text',
      host: 'text',
      reason: 'text',
    },
  },
  rebalanceFinished: {
    level: 'info',
    meaning: 'A rebalance ended. Causes says who set it off and what else happened on the way.',
    fields: {
      group: 'text',
      outcome: 'text',
      fromGeneration: 'number',
      generation: 'number',
      membersBefore: 'number',
      membersAfter: 'number',
      preparingMs: 'duration',
      completingMs: 'duration',
      protocol: 'text',
      leader: 'text',
      causes: 'list',
      moreCauses: 'number',
    },
  },
  rebalanceStalled: {
    level: 'warn',
    meaning: 'The rebalance timeout passed and no member of the group has come back. It goes on waiting.',
    fields: { group: 'text', members: 'number' },
  },
  staticMemberReplaced: {
    level: 'info',
    meaning: 'A static member came back under a new member id and took its old place.',
    fields: { group: 'text', instance: 'text', oldMember: 'text', newMember: 'text', rebalances: 'boolean' },
  },
  memberFenced: {
    level: 'warn',
    meaning:
      'A member was refused because another process took over its group.instance.id. Two processes use the same id?',
    fields: { group: 'text', member: 'text', instance: 'text' },
  },
  assignmentMissing: {
    level: 'warn',
    meaning: "The group's leader assigned nothing to these members. They idle until the next rebalance.",
    fields: { group: 'text', generation: 'number', members: 'list' },
  },
  created: { level: 'debug', meaning: 'A group was made.', fields: { group: 'text' } },
  removed: { level: 'info', meaning: 'A group was removed.', fields: { group: 'text', why: 'text' } },
  offsetsExpired: {
    level: 'info',
    meaning: 'Offsets were forgotten because nobody needed them for offsets.retention.minutes.',
    fields: { group: 'text', count: 'number' },
  },
  offsetsDeleted: {
    level: 'info',
    meaning: 'Offsets were deleted.',
    fields: { group: 'text', count: 'number', why: 'text' },
  },
  boundReached: {
    level: 'warn',
    meaning: 'A request was refused because a limit on groups is reached.',
    fields: { group: 'text', bound: 'text', limit: 'number' },
  },
  expiryPostponed: {
    level: 'warn',
    meaning: 'No offsets are expired this time: the wall clock was set since the last look, and may be wrong.',
    fields: { partition: 'number', disagreementMs: 'duration' },
  },
  loaded: {
    level: 'info',
    meaning: 'The groups and offsets of a partition of __consumer_offsets were read and are served.',
    fields: { partition: 'number', groups: 'number', offsets: 'number', records: 'number', loadMs: 'duration' },
  },
  unknownRecords: {
    level: 'warn',
    meaning:
      'Records of kinds that this version does not know are in __consumer_offsets (groups of newer protocols). They are left alone.',
    fields: { partition: 'number', records: 'number' },
  },
  loadFailed: {
    level: 'error',
    meaning:
      'The groups of a partition of __consumer_offsets could not be read. Their members wait; it is tried again.',
    fields: { partition: 'number', error: 'error', retryMs: 'duration' },
  },
  partitionFailed: {
    level: 'error',
    meaning:
      'The groups of a partition were dropped because their log or the coordinator failed. They are read again from the log.',
    fields: { partition: 'number', error: 'error' },
  },
  appendRefused: {
    level: 'warn',
    meaning: 'A change of a group could not be written to __consumer_offsets; who asked for it was told.',
    fields: { partition: 'number', error: 'text', detail: 'text' },
  },
  stalled: {
    level: 'warn',
    meaning: 'This broker did not run for a while. Deadlines of group members were moved by that time.',
    fields: { stalledMs: 'duration' },
  },
});
