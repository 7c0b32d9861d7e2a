// Value of the control record with which a KRaft leader opens its epoch.
import { array, int16, int32, uuid } from '../description/field.ts';
import { data, type MessageOf } from '../description/message.ts';

const Voter = { voterId: int32(), voterDirectoryId: uuid({ versions: '1+' }) };

export const LeaderChangeMessage = data({
  name: 'LeaderChangeMessage',
  versions: '0-1',
  flexible: '0+',
  fields: { version: int16(), leaderId: int32(), voters: array(Voter), grantingVoters: array(Voter) },
});
export type LeaderChangeMessage = MessageOf<typeof LeaderChangeMessage>;
