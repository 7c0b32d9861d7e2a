// Value of the control record that fixes the version of the KRaft protocol (KIP-853).
import { int16 } from '../description/field.ts';
import { data, type MessageOf } from '../description/message.ts';

export const KRaftVersionRecord = data({
  name: 'KRaftVersionRecord',
  versions: '0',
  flexible: '0+',
  fields: { version: int16(), kRaftVersion: int16() },
});
export type KRaftVersionRecord = MessageOf<typeof KRaftVersionRecord>;
