// Refusals of the membership commands, with the fields that Kafka leaves in them.
import type { WireError } from '@moldau/protocol/errors';
import type { JoinAnswer, SyncAnswer } from './commands.ts';
import { EMPTY_BYTES } from './member-table.ts';

/** `memberId` is the one the client is to go on with: its own, a new one, or none. */
export function joinRefused(error: WireError, memberId: string): JoinAnswer {
  return {
    kind: 'join',
    error,
    memberId,
    generation: -1,
    protocolType: null,
    protocol: null,
    leader: '',
    skipAssignment: false,
    members: [],
  };
}

export function syncRefused(error: WireError): SyncAnswer {
  return { kind: 'sync', error, protocolType: null, protocol: null, assignment: EMPTY_BYTES };
}
