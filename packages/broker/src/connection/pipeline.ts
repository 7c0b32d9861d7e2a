// The one road of every request: header, version, body, handler, answer. And the one boundary where an error of ours is
// caught, logged, counted and turned into the API's error answer; nothing a client sends ends the process.
// In the flow: a connection hands over whole frames in order; handlers finish them in any order; the connection sends the
// answers in order again.
import { APIS, type Api, decodeRequest, decodeRequestHeader, encodeResponse } from '@moldau/protocol';
import { errorCode, ProtocolError } from '@moldau/protocol/errors';
import { type Answer, type BrokerContext, CLOSE_CONNECTION, Later, NO_RESPONSE } from '../context.ts';
import { CONNECTION_EVENTS } from '../events.ts';
import { failureAnswer } from '../handlers/failure-answer.ts';
import { SERVED_APIS, type ServedApi, servedApi } from '../handlers/table.ts';
import type { HistogramCell, MetricCell } from '../metrics.ts';
import type { ClientConnection } from './connection.ts';
import { type PendingRequest, SILENT } from './pending-request.ts';

interface ApiCells {
  readonly requests: (MetricCell | undefined)[];
  readonly seconds: HistogramCell;
  readonly failures: MetricCell;
}

export class Pipeline {
  readonly #broker: BrokerContext;
  readonly #cells: ApiCells[] = [];

  constructor(broker: BrokerContext) {
    this.#broker = broker;
    const { metrics } = broker;
    for (const { api, key } of SERVED_APIS) {
      this.#cells[key] = {
        requests: [],
        seconds: metrics.requestSeconds.with(api),
        failures: metrics.requestErrors.with(api),
      };
    }
  }

  /** Whether the request in this frame may start beside unanswered ones of its kind. */
  mayPipeline(frame: Buffer): boolean {
    return frame.length >= 2 && servedApi(frame.readInt16BE(0))?.pipelined === true;
  }

  /** Takes a request up. It is finished now or later, and this never throws. */
  serve(request: PendingRequest, frame: Buffer): void {
    try {
      this.#serve(request, frame);
    } catch (error) {
      // Only a header, version or body that cannot be read comes here; handlers have a boundary of their own.
      if (error instanceof ProtocolError) this.#violated(request, error.message);
      else this.#failed(request, undefined, undefined, error);
    }
  }

  #serve(request: PendingRequest, frame: Buffer): void {
    if (frame.length < 4) throw new ProtocolError(`a frame of ${frame.length} bytes has no header`);
    request.apiKey = frame.readInt16BE(0);
    request.apiVersion = frame.readInt16BE(2);
    // Judged before anything that the client wrote is decoded.
    const served = servedApi(request.apiKey);
    if (!served) {
      this.#violated(request, `API key ${request.apiKey} is not served here`);
      return;
    }
    const { min, max } = served.versions;
    const spoken = request.apiVersion >= min && request.apiVersion <= max;
    if (!spoken && served.key !== APIS.ApiVersions.key) {
      this.#violated(request, `version ${request.apiVersion} of ${served.api} is not served here`);
      return;
    }
    const header = decodeRequestHeader(frame);
    request.correlationId = header.correlationId;
    request.clientId = header.clientId;
    if (!spoken) {
      this.#refuseApiVersions(request, served);
      return;
    }
    request.pipelined = served.pipelined;
    if (served.forwarded && !this.#broker.controller.local) {
      this.#count(served, header.apiVersion);
      this.#forward(request, served, decodeRequest(APIS[served.api] as Api, header, frame), frame);
      return;
    }
    const body = decodeRequest(APIS[served.api] as Api, header, frame);
    this.#count(served, header.apiVersion);
    this.#handle(request, served, body as never);
  }

  #handle(request: PendingRequest, served: ServedApi, body: never): void {
    try {
      const answer = served.handler(this.#broker, request, body);
      if (answer instanceof Later) {
        answer.onAnswer(
          (response) => this.#answer(request, served, body, response),
          (error) => this.#failed(request, served, body, error),
        );
      } else if (answer instanceof Promise) {
        const known = served.forwarded ? answer.then((response) => this.#propagated(response)) : answer;
        known.then(
          (response) => this.#answer(request, served, body, response),
          (error: unknown) => this.#failed(request, served, body, error),
        );
      } else {
        this.#answer(request, served, body, answer);
      }
    } catch (error) {
      this.#failed(request, served, body, error);
    }
  }

  /** What was decided is answered when all brokers know of it. */
  async #propagated<Response>(response: Response): Promise<Response> {
    await this.#broker.controller.propagated();
    return response;
  }

  /** To the controller, which is another broker, as it came; its answer goes back as it comes. */
  #forward(request: PendingRequest, served: ServedApi, body: unknown, frame: Buffer): void {
    const { controller, ports } = this.#broker;
    // The frame's memory is used again once this call is over.
    controller.forward(Buffer.from(frame), request.principal, request.connection.remoteHost).then(
      (answer) => {
        const cells = this.#cells[served.key]!;
        cells.seconds.observe((ports.clock.monotonic() - request.receivedAtMs) / 1000);
        const size = Buffer.alloc(4);
        size.writeInt32BE(answer.length);
        request.finish({ kind: 'answered', chunks: [size, answer] });
      },
      (error: unknown) => this.#failed(request, served, body, error),
    );
  }

  #answer(request: PendingRequest, served: ServedApi, body: never, answer: Answer<unknown>): void {
    const cells = this.#cells[served.key]!;
    cells.seconds.observe((this.#broker.ports.clock.monotonic() - request.receivedAtMs) / 1000);
    if (answer === NO_RESPONSE) {
      request.finish(SILENT);
    } else if (answer === CLOSE_CONNECTION) {
      request.finish({ kind: 'close', reason: 'a request without acknowledgement was refused' });
    } else {
      if (request.aborted()) return;
      try {
        request.finish({ kind: 'answered', chunks: this.#encode(request, served, answer) });
      } catch (error) {
        this.#failed(request, served, body, error);
      }
    }
  }

  #encode(request: PendingRequest, served: ServedApi, answer: unknown): Buffer[] {
    const { apiVersion, correlationId } = request;
    return encodeResponse({ api: APIS[served.api] as Api, apiVersion, correlationId }, answer as never);
  }

  /** ApiVersions in a version that we do not know is answered in the layout of v0, with its own range (KIP-511). */
  #refuseApiVersions(request: PendingRequest, served: ServedApi): void {
    const chunks = encodeResponse(
      { api: APIS.ApiVersions, apiVersion: 0, correlationId: request.correlationId },
      {
        errorCode: errorCode('UNSUPPORTED_VERSION'),
        apiKeys: [{ apiKey: served.key, minVersion: served.advertisedMin, maxVersion: served.versions.max }],
      },
    );
    request.finish({ kind: 'answered', chunks });
  }

  #count(served: ServedApi, version: number): void {
    const { requests } = this.#cells[served.key]!;
    let cell = requests[version];
    if (!cell) {
      cell = this.#broker.metrics.requests.with(served.api, String(version));
      requests[version] = cell;
    }
    cell.value++;
  }

  #violated(request: PendingRequest, reason: string): void {
    violated(this.#broker, request.connection, reason);
    request.finish({ kind: 'close', reason });
  }

  #failed(request: PendingRequest, served: ServedApi | undefined, body: unknown, error: unknown): void {
    const { connection, apiVersion } = request;
    const api = served?.api ?? String(request.apiKey);
    this.#broker.events.emit(CONNECTION_EVENTS.requestFailed, {
      connection: connection.id,
      remote: connection.remote,
      api,
      version: apiVersion,
      error,
    });
    if (served) this.#cells[served.key]!.failures.value++;
    try {
      const answer = served && failureAnswer(served.api, apiVersion, body, error);
      if (served && answer !== undefined) {
        request.finish({ kind: 'answered', chunks: this.#encode(request, served, answer) });
        return;
      }
    } catch {
      // The error answer cannot be encoded either: the connection ends below.
    }
    request.finish({ kind: 'close', reason: 'the request failed on our side' });
  }
}

/** Notes that a client does not speak the protocol; the caller ends the connection. */
export function violated(broker: BrokerContext, connection: ClientConnection, reason: string): void {
  broker.metrics.protocolViolations.value++;
  broker.events.emit(CONNECTION_EVENTS.protocolViolation, {
    connection: connection.id,
    remote: connection.remote,
    listener: connection.listener,
    reason,
  });
}
