// Value of the control record that holds the voters of a KRaft quorum (KIP-853).
import { array, int16, int32, string, struct, uint16, uuid } from '../description/field.ts';
import { data, type MessageOf } from '../description/message.ts';

export const VotersRecord = data({
  name: 'VotersRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    version: int16(),
    voters: array({
      voterId: int32(),
      voterDirectoryId: uuid(),
      endpoints: array({ name: string(), host: string(), port: uint16() }),
      kRaftVersionFeature: struct({ minSupportedVersion: int16(), maxSupportedVersion: int16() }),
    }),
  },
});
export type VotersRecord = MessageOf<typeof VotersRecord>;
