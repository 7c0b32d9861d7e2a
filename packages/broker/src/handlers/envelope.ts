// Envelope (api 58): an admin request that reached another broker, forwarded to the controller as it came (KIP-590).
// Between brokers only. The inner request is served like one that came here, for the principal that the other broker names.
import {
  APIS,
  type Api,
  decodeRequest,
  decodeRequestHeader,
  encodeResponse,
  type InputOf,
  ProtocolError,
} from '@moldau/protocol';
import { errorCode, type WireError } from '@moldau/protocol/errors';
import type { EnvelopeRequest, EnvelopeResponse } from '@moldau/protocol/messages/envelope';
import type { BrokerContext, Call, Later } from '../context.ts';
import { failureAnswer } from './failure-answer.ts';
import { servedApi } from './table.ts';

type Response = InputOf<typeof EnvelopeResponse>;
const SIZE_BYTES = 4;

export async function envelope(broker: BrokerContext, call: Call, request: EnvelopeRequest): Promise<Response> {
  if (!broker.controller.local) return refused('NOT_CONTROLLER');
  const frame = request.requestData;
  if (frame.length < 4) return refused('INVALID_REQUEST');
  const served = servedApi(frame.readInt16BE(0));
  const apiVersion = frame.readInt16BE(2);
  if (!served?.forwarded) return refused('INVALID_REQUEST');
  if (apiVersion < served.versions.min || apiVersion > served.versions.max) return refused('UNSUPPORTED_VERSION');
  let header: ReturnType<typeof decodeRequestHeader>;
  let body: never;
  try {
    header = decodeRequestHeader(frame);
    body = decodeRequest(APIS[served.api] as Api, header, frame) as never;
  } catch (error) {
    if (error instanceof ProtocolError) return refused('INVALID_REQUEST');
    throw error;
  }
  const { correlationId, clientId } = header;
  const inner: Call = {
    apiKey: served.key,
    apiVersion,
    correlationId,
    clientId,
    connection: call.connection,
    principal: request.requestPrincipal?.toString() ?? call.principal,
    host: request.clientHostAddress.toString(),
    receivedAtMs: call.receivedAtMs,
    frameBytes: frame.length,
    aborted: () => call.aborted(),
    onAbort: (run) => call.onAbort(run),
    onFollowed: (run) => call.onFollowed(run),
    onSent: (run) => call.onSent(run),
    // The connection is another broker's, with the requests of all its clients.
    throttle: () => {},
  };
  let answer: unknown;
  try {
    // Admin handlers answer or promise; those that answer with a Later are never forwarded.
    answer = await (served.handler(broker, inner, body) as Exclude<ReturnType<typeof served.handler>, Later<unknown>>);
    await broker.controller.propagated();
  } catch (error) {
    answer = failureAnswer(served.api, apiVersion, body, error);
    if (answer === undefined) throw error;
  }
  const chunks = encodeResponse({ api: APIS[served.api] as Api, apiVersion, correlationId }, answer as never);
  return { errorCode: 0, responseData: Buffer.concat(chunks).subarray(SIZE_BYTES) };
}

function refused(error: WireError): Response {
  return { errorCode: errorCode(error), responseData: null };
}
