// The header before every request body. The client id keeps its two-byte length in the flexible version too, so that
// any broker can read the header of an ApiVersions request from its own future. Version 0 served one retired API.
import { int16, int32, string } from '../description/field.ts';
import { data, type MessageOf } from '../description/message.ts';

export const RequestHeader = data({
  name: 'RequestHeader',
  versions: '1-2',
  flexible: '2+',
  fields: {
    requestApiKey: int16(),
    requestApiVersion: int16(),
    correlationId: int32(),
    clientId: string({ nullable: '0+', flexible: 'none' }),
  },
});
export type RequestHeader = MessageOf<typeof RequestHeader>;
