// The public face of the package. Messages are imported from their own files: '@moldau/protocol/messages/produce'.
export * from './apis.ts';
export { ZERO_UUID } from './description/field.ts';
export type { InputOf, Message, MessageOf } from './description/message.ts';
export * from './errors.ts';
