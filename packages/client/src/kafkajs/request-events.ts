// KafkaJS's events of requests, seen from beside: a network whose connections look at the frames that pass. A frame says which
// request it is at its start (api, version, correlation id), and answers come in the order of requests, so nothing is decoded.
// Always: bytes pass as they are, at once, whoever listens or not.
import type { Clock, Connection, ConnectionEvents, Network, Ports } from '@moldau/kernel';
import { apiByKey } from '@moldau/protocol';
import { KafkaError } from '../errors.ts';
import type { Emitter } from './events.ts';

/** Size, and then of requests: api, version, correlation id; of answers: correlation id. */
const REQUEST_START_BYTES = 12;
const ANSWER_START_BYTES = 8;
const SIZE_BYTES = 4;

export interface RequestEventNames {
  readonly REQUEST: string;
  readonly REQUEST_TIMEOUT: string;
}

/** The ports of one client, whose requests become events. */
export function watchedPorts(ports: Ports, names: RequestEventNames, emitter: Emitter, clientId: string): Ports {
  const { network, clock } = ports;
  /** Brokers are known by their names, and connected to by address. */
  const hosts = new Map<string, string>();
  const watched: Network = {
    ...network,
    resolve: async (host) => {
      const addresses = await network.resolve(host);
      for (const address of addresses) hosts.set(address, host);
      return addresses;
    },
    connect: async (options) => {
      const broker = `${hosts.get(options.host) ?? options.host}:${options.port}`;
      return watchedConnection(await network.connect(options), {
        clock,
        onAnswer: (request) => emitter.emit(names.REQUEST, { broker, clientId, ...request }),
        onTimeout: (request) => emitter.emit(names.REQUEST_TIMEOUT, { broker, clientId, ...request }),
      });
    },
  };
  return { ...ports, network: watched };
}

interface Sent {
  readonly apiKey: number;
  readonly apiName: string;
  readonly apiVersion: number;
  readonly correlationId: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly sentAt: number;
  /** Requests do not wait before they are sent. */
  readonly pendingDuration: 0;
}

interface Watcher {
  readonly clock: Clock;
  onAnswer(request: Sent & { readonly duration: number; readonly size: number }): void;
  onTimeout(request: Sent): void;
}

function watchedConnection(connection: Connection, { clock, onAnswer, onTimeout }: Watcher): Connection {
  const line: Sent[] = [];
  const answers = new FrameStarts(ANSWER_START_BYTES, (start, size) => {
    // Requests that get no answer (acks 0) lie before the one that is answered.
    const index = line.findIndex(({ correlationId }) => correlationId === start.readInt32BE(SIZE_BYTES));
    const [request] = index < 0 ? [] : line.splice(0, index + 1).slice(-1);
    if (request) onAnswer({ ...request, duration: clock.now() - request.sentAt, size });
  });
  const requests = new FrameStarts(REQUEST_START_BYTES, (start) => {
    const apiKey = start.readInt16BE(SIZE_BYTES);
    const at = clock.now();
    line.push({
      ...{ apiKey, apiName: apiByKey(apiKey)?.name ?? `api ${apiKey}`, apiVersion: start.readInt16BE(SIZE_BYTES + 2) },
      ...{ correlationId: start.readInt32BE(SIZE_BYTES + 4), createdAt: at, sentAt: at, pendingDuration: 0 },
    });
  });
  return {
    remote: connection.remote,
    local: connection.local,
    get queuedBytes() {
      return connection.queuedBytes;
    },
    start: (events: ConnectionEvents) =>
      connection.start({
        onDrain: () => events.onDrain?.(),
        ...(events.onEnd ? { onEnd: () => events.onEnd!() } : {}),
        onClose: (error) => events.onClose(error),
        onData: (chunk) => {
          answers.push(chunk);
          events.onData(chunk);
        },
      }),
    write: (chunks) => {
      for (const chunk of chunks) requests.push(chunk);
      return connection.write(chunks);
    },
    pause: () => connection.pause(),
    resume: () => connection.resume(),
    end: () => connection.end(),
    destroy: (error) => {
      if (error instanceof KafkaError && error.error === 'REQUEST_TIMED_OUT' && line[0]) onTimeout(line[0]);
      connection.destroy(error);
    },
  };
}

/** Where frames start in a stream: tells the first bytes of each, and its size. */
class FrameStarts {
  readonly #start: Buffer;
  readonly #onFrame: (start: Buffer, size: number) => void;
  /** Of the start, how much has come. */
  #filled = 0;
  /** Of the frame at hand, how much behind its start is still to come. */
  #left = 0;

  constructor(startBytes: number, onFrame: (start: Buffer, size: number) => void) {
    this.#start = Buffer.alloc(startBytes);
    this.#onFrame = onFrame;
  }

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#left > 0) {
        const passed = Math.min(this.#left, chunk.length - at);
        this.#left -= passed;
        at += passed;
        continue;
      }
      const taken = chunk.subarray(at, at + this.#start.length - this.#filled);
      this.#start.set(taken, this.#filled);
      this.#filled += taken.length;
      at += taken.length;
      if (this.#filled < this.#start.length) return;
      this.#filled = 0;
      const size = this.#start.readInt32BE(0);
      this.#left = Math.max(0, size + SIZE_BYTES - this.#start.length);
      this.#onFrame(this.#start, size);
    }
  }
}
