// How a principal travels inside an Envelope request.
import { bool, string } from '../description/field.ts';
import { data, type MessageOf } from '../description/message.ts';

export const DefaultPrincipalData = data({
  name: 'DefaultPrincipalData',
  versions: '0',
  flexible: '0+',
  fields: { type: string(), name: string(), tokenAuthenticated: bool() },
});
export type DefaultPrincipalData = MessageOf<typeof DefaultPrincipalData>;
