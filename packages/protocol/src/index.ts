// The public face of the package. Messages are imported from their own files: '@moldau/protocol/messages/produce'.
export * from './apis.ts';
export { ByteWriter } from './codec/byte-writer.ts';
export { decode, decodeWhole, encode } from './codec/codec.ts';
export * from './codec/versioned.ts';
export { ZERO_UUID } from './description/field.ts';
export type { InputOf, Message, MessageOf } from './description/message.ts';
export * from './errors.ts';
export * from './frame.ts';
