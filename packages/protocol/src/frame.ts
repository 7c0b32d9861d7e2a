// Frames: header and body of a request or response, from and to bytes. The int32 size before a frame is written here and
// taken off by whoever cuts the stream into frames.
//
// Always: a response to ApiVersions has header v0, whatever its body is, because the client cannot know yet what the
// broker speaks; a request of an unknown API or version can be read as far as the client id, which never changed its form.
import { APIS, type Api, apiByKey } from './apis.ts';
import { ByteWriter } from './codec/byte-writer.ts';
import { decode, decodeWhole, encode } from './codec/codec.ts';
import { reading } from './codec/reading.ts';
import type { InputOf, MessageOf } from './description/message.ts';
import { ProtocolError } from './errors.ts';
import { RequestHeader } from './messages/request-header.ts';
import { ResponseHeader } from './messages/response-header.ts';

export interface FrameHeader {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
  /** The API and this version of it are described: the body can be decoded. */
  readonly known: boolean;
  /** Where the body starts. Of an unknown API or version, where the client id ends. */
  readonly bodyPosition: number;
}

/** `frame` comes without its size. Throws ProtocolError when not even the client id can be read. */
export function decodeRequestHeader(frame: Buffer): FrameHeader {
  if (frame.length < 4) throw new ProtocolError(`a frame of ${frame.length} bytes has no header`);
  const apiKey = frame.readInt16BE(0);
  const apiVersion = frame.readInt16BE(2);
  const api = apiByKey(apiKey);
  const known = api !== undefined && apiVersion >= api.versions.min && apiVersion <= api.versions.max;
  const { correlationId, clientId } = decode(
    RequestHeader,
    known ? requestHeaderVersion(api, apiVersion) : 1,
    frame,
    0,
  );
  return { apiKey, apiVersion, correlationId, clientId, known, bodyPosition: reading.position };
}

/** Bytes behind the body are left alone, as Apache Kafka leaves them: a sloppy client is served there, so it is here. */
export function decodeRequest<A extends Api>(api: A, header: FrameHeader, frame: Buffer): MessageOf<A['request']> {
  const { apiVersion, bodyPosition } = header;
  return decode<A['request']>(api.request, apiVersion, frame, bodyPosition, frame.length, REQUEST_ELEMENTS_MAX);
}

/** As ELEMENTS_MAX, for strangers: some 100 MB. A request about 100,000 partitions has a tenth of it. */
const REQUEST_ELEMENTS_MAX = 1_000_000;

export interface RequestOptions<A extends Api> {
  readonly api: A;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
}

/** The frame with its size, in pieces to be sent one after the other. */
export function encodeRequest<A extends Api>(of: RequestOptions<A>, body: InputOf<A['request']>): Buffer[] {
  const { api, apiVersion, correlationId, clientId } = of;
  const writer = new ByteWriter();
  writer.reserve(SIZE_BYTES);
  writer.position += SIZE_BYTES;
  const header = { requestApiKey: api.key, requestApiVersion: apiVersion, correlationId, clientId };
  encode(RequestHeader, requestHeaderVersion(api, apiVersion), header, writer);
  encode<A['request']>(api.request, apiVersion, body, writer);
  return finishFrame(writer);
}

/** As `encodeRequest`, around a body that is encoded already, in the layout of that API and version. */
export function encodeRawRequest(of: RequestOptions<Api>, body: readonly Uint8Array[]): Buffer[] {
  const { api, apiVersion, correlationId, clientId } = of;
  const writer = new ByteWriter();
  writer.reserve(SIZE_BYTES);
  writer.position += SIZE_BYTES;
  const header = { requestApiKey: api.key, requestApiVersion: apiVersion, correlationId, clientId };
  encode(RequestHeader, requestHeaderVersion(api, apiVersion), header, writer);
  const pieces = [
    ...writer.finish(),
    ...body.map((piece) => Buffer.from(piece.buffer, piece.byteOffset, piece.length)),
  ];
  const size = pieces.reduce((sum, piece) => sum + piece.length, 0) - SIZE_BYTES;
  if (size > 0x7fffffff) throw new ProtocolError(`a frame of ${size} bytes, more than an int32 can say`);
  pieces[0]!.writeInt32BE(size, 0);
  return pieces;
}

export interface ResponseOptions<A extends Api> {
  readonly api: A;
  readonly apiVersion: number;
  readonly correlationId: number;
}

/** The frame with its size, in pieces to be sent one after the other. */
export function encodeResponse<A extends Api>(of: ResponseOptions<A>, body: InputOf<A['response']>): Buffer[] {
  const { api, apiVersion, correlationId } = of;
  const writer = new ByteWriter();
  writer.reserve(SIZE_BYTES);
  writer.position += SIZE_BYTES;
  encode(ResponseHeader, responseHeaderVersion(api, apiVersion), { correlationId }, writer);
  encode<A['response']>(api.response, apiVersion, body, writer);
  return finishFrame(writer);
}

/** `frame` comes without its size. The body has to fill it. */
export function decodeResponse<A extends Api>(
  api: A,
  apiVersion: number,
  frame: Buffer,
): { readonly correlationId: number; readonly body: MessageOf<A['response']> } {
  const { correlationId } = decode(ResponseHeader, responseHeaderVersion(api, apiVersion), frame, 0);
  return { correlationId, body: decodeWhole<A['response']>(api.response, apiVersion, frame, reading.position) };
}

/** As `decodeResponse`, with the body left as bytes: a view of the frame. */
export function decodeRawResponse(
  api: Api,
  apiVersion: number,
  frame: Buffer,
): { readonly correlationId: number; readonly body: Buffer } {
  const { correlationId } = decode(ResponseHeader, responseHeaderVersion(api, apiVersion), frame, 0);
  return { correlationId, body: frame.subarray(reading.position) };
}

const SIZE_BYTES = 4;

function finishFrame(writer: ByteWriter): Buffer[] {
  const size = writer.length - SIZE_BYTES;
  if (size > 0x7fffffff) throw new ProtocolError(`a frame of ${size} bytes, more than an int32 can say`);
  const pieces = writer.finish();
  pieces[0]!.writeInt32BE(size, 0);
  return pieces;
}

function requestHeaderVersion(api: Api, apiVersion: number): number {
  return api.flexible !== undefined && apiVersion >= api.flexible ? 2 : 1;
}

function responseHeaderVersion(api: Api, apiVersion: number): number {
  if (api.key === APIS.ApiVersions.key) return 0;
  return api.flexible !== undefined && apiVersion >= api.flexible ? 1 : 0;
}
