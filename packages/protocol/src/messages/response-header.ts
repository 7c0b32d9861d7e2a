// The header before every response body: the correlation id, and tagged fields when the body is flexible.
import { int32 } from '../description/field.ts';
import { data, type MessageOf } from '../description/message.ts';

export const ResponseHeader = data({
  name: 'ResponseHeader',
  versions: '0-1',
  flexible: '1+',
  fields: { correlationId: int32() },
});
export type ResponseHeader = MessageOf<typeof ResponseHeader>;
