// One client's socket: bytes to requests, answers to bytes.
// Always: answers leave in the order of requests, whatever order they are finished in. A request starts when everything
// before it is answered (Kafka's rule), or, for Produce, when everything before it is Produce too. Nothing new starts
// while the client does not read its answers, nor while a quota holds it back. At most `requestsInFlightMax` requests and one held frame wait here; past
// that the socket is paused and the client feels it.
import type { Connection, TimerHandle } from '@moldau/kernel';
import type { CallConnection, ClientSoftware } from '../context.ts';
import type { FrameMemory } from './frame-memory.ts';
import { Framing } from './framing.ts';
import { type Outcome, PendingRequest } from './pending-request.ts';
import type { RequestBudget } from './request-budget.ts';

/** Requests of one connection that may wait for their answers together. */
export const requestsInFlightMax = 128;
/** Answers that may be ready together before they are written, while requests of the same chunk still start. */
const readyBytesMax = 256 * 1024;
/** Answers smaller than this are copied together into one write; larger chunks go out as they are. */
const chunkBytesSmall = 8 * 1024;
/** A frame that has begun must arrive within this, and `frameBytesPerSecondMin` on top of it for long ones. */
export const frameGraceMs = 30_000;
const frameBytesPerSecondMin = 16 * 1024;

/** What a connection needs of the broker around it. */
export interface ConnectionHost {
  readonly frameBytesMax: number;
  readonly budget: RequestBudget;
  readonly frameMemory: FrameMemory;
  now(): number;
  /** Calls `run` after so long, unless the handle is cleared. */
  after(delayMs: number, run: () => void): TimerHandle;
  clear(timer: TimerHandle): void;
  /**
   * Looks at a frame's first bytes: whether it may start beside others of its kind. Such a request has copied what it
   * needs of the frame when `serve` returns.
   */
  mayPipeline(frame: Buffer): boolean;
  /** Decodes and serves; finishes the request now or later. Keeps views of the frame unless `mayPipeline`. Never throws. */
  serve(request: PendingRequest, frame: Buffer): void;
  /** A quota makes the client wait after a request of this API. */
  throttled(apiKey: number, throttleMs: number): void;
  /** The stream is no stream of requests; the connection is being closed. */
  violated(connection: ClientConnection, reason: string): void;
  /** The connection serves no more; its socket may still be sending. */
  closed(connection: ClientConnection, reason: string): void;
  /** The socket is gone. The last word of a connection. */
  gone(connection: ClientConnection): void;
}

export class ClientConnection implements CallConnection {
  readonly id: number;
  readonly listener: string;
  readonly remoteHost: string;
  #clientSoftware: ClientSoftware | undefined;
  principal = 'User:ANONYMOUS';
  /** Monotonic time of the last request or answer. */
  lastActiveMs: number;

  readonly #host: ConnectionHost;
  readonly #socket: Connection;
  readonly #framing: Framing;
  /** Unanswered requests, oldest at `#head`. */
  #requests: (PendingRequest | undefined)[] = [];
  #head = 0;
  #unanswered = 0;
  /** Bytes of answers that are ready and not handed to the socket. */
  #readyBytes = 0;
  #closing = false;
  /** A whole frame that may not start yet. */
  #heldFrame: Buffer | undefined;
  #frameBeganAtMs = 0;
  #paused = false;
  #full = false;
  /** Answered requests whose lent memory the socket is still sending. */
  #lent: PendingRequest[] = [];
  #flushing = false;
  #advancing = false;
  #stopping = false;
  /** Runs while a quota keeps the client waiting. */
  #throttle: TimerHandle | undefined;
  #throttledUntilMs = 0;
  #closed = false;
  #closeReason = '';
  readonly #retry = () => this.#advance();
  readonly #flush = () => this.#flushAnswers();

  constructor(host: ConnectionHost, socket: Connection, id: number, listener: string) {
    this.#host = host;
    this.#socket = socket;
    this.id = id;
    this.listener = listener;
    this.remoteHost = socket.remote.host;
    this.lastActiveMs = host.now();
    this.#framing = new Framing(
      { frameBytesMax: host.frameBytesMax, admit: (bytes) => host.budget.admit(bytes, this.#retry) },
      host.frameMemory,
    );
  }

  get closed(): boolean {
    return this.#closed;
  }

  get clientSoftware(): ClientSoftware | undefined {
    return this.#clientSoftware;
  }

  introduce(software: ClientSoftware): void {
    this.#clientSoftware = software;
  }

  get inFlight(): number {
    return this.#requests.length - this.#head;
  }

  /** For log events: `host:port`. */
  get remote(): string {
    return `${this.#socket.remote.host}:${this.#socket.remote.port}`;
  }

  start(): void {
    this.#socket.start({
      onData: (chunk) => {
        if (this.#closed) return;
        this.#framing.push(chunk);
        this.#advance();
        this.#framing.settle();
      },
      onDrain: () => {
        this.#full = false;
        this.#returnLent();
        this.#advance();
      },
      onEnd: () => this.close('the client closed its side'),
      onClose: (error) => {
        this.#ended(error ? error.message : this.#closeReason || 'closed by the client');
        this.#host.gone(this);
      },
    });
  }

  /** A request of this connection has its outcome. */
  requestFinished(outcome: Outcome): void {
    if (this.#closed) return;
    this.#unanswered--;
    if (outcome.kind === 'close') this.#closing = true;
    else if (outcome.kind === 'answered') for (const chunk of outcome.chunks) this.#readyBytes += chunk.length;
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(this.#flush);
  }

  /** Answers what is in flight and takes up nothing new for so long; the socket is not read meanwhile. */
  throttle(throttleMs: number, apiKey: number): void {
    this.#host.throttled(apiKey, throttleMs);
    const untilMs = this.#host.now() + throttleMs;
    if (this.#closed || untilMs <= this.#throttledUntilMs) return;
    this.#throttledUntilMs = untilMs;
    if (this.#throttle) this.#host.clear(this.#throttle);
    this.#throttle = this.#host.after(throttleMs, () => {
      this.#throttle = undefined;
      this.lastActiveMs = this.#host.now();
      this.#advance();
    });
  }

  /** Starts nothing new, answers what is in flight, then closes. */
  stop(): void {
    this.#stopping = true;
    if (this.inFlight === 0) this.close('the broker stops');
  }

  /** Sends what is answered, then ends the socket. */
  close(reason: string): void {
    if (this.#closed) return;
    this.#closeReason = reason;
    this.#sendAnswered();
    this.#socket.end();
    // Read on (and drop), so that the end of the client's side is seen.
    if (this.#paused) this.#socket.resume();
    this.#ended(reason);
  }

  /** Ends the socket at once; also one that was closed and whose client does not close its side. */
  destroy(reason: string): void {
    this.#closeReason ||= reason;
    this.#socket.destroy();
    this.#ended(reason);
  }

  /** The stream is not Kafka's protocol: earlier answers are sent, then the connection ends. */
  violate(reason: string): void {
    if (this.#closed) return;
    this.#host.violated(this, reason);
    this.close(reason);
  }

  /** A frame has begun and is overdue at `now`; answers what arrived of it. */
  overdue(now: number): { readonly receivedBytes: number; readonly frameBytes: number } | undefined {
    if (!this.#framing.midFrame || this.#paused) return undefined;
    const progress = this.#framing.progress;
    const allowedMs = frameGraceMs + (progress.receivedBytes / frameBytesPerSecondMin) * 1000;
    return now - this.#frameBeganAtMs > allowedMs ? progress : undefined;
  }

  /** Nothing is in flight and nothing happened since `sinceMs`. */
  idleSince(sinceMs: number): boolean {
    return this.inFlight === 0 && this.#throttle === undefined && this.lastActiveMs < sinceMs;
  }

  /** Starts what may start; pauses the socket when input must wait, resumes it when not. */
  #advance(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    let held = false;
    let followed: PendingRequest | undefined;
    while (!this.#closed && !this.#closing && !this.#stopping) {
      if (this.#heldFrame === undefined) {
        const step = this.#framing.next();
        if (step === 'incomplete') break;
        if (step === 'held') {
          held = true;
          break;
        }
        if (step === 'violation') {
          this.#advancing = false;
          this.violate(this.#framing.violation);
          return;
        }
        const frame = this.#framing.takeFrame();
        const memory = this.#framing.frameMemory;
        if (!this.#mayStart(frame)) {
          this.#heldFrame = memory ? frame : owned(frame);
          held = true;
          followed = this.#requests[this.#requests.length - 1];
          break;
        }
        if (this.#host.mayPipeline(frame)) {
          this.#startRequest(frame);
          if (memory) this.#host.frameMemory.giveBack(memory);
        } else {
          this.#startRequest(memory ? frame : owned(frame));
        }
        continue;
      }
      const frame = this.#heldFrame;
      if (!this.#mayStart(frame)) {
        held = true;
        break;
      }
      this.#heldFrame = undefined;
      this.#startRequest(frame);
    }
    this.#advancing = false;
    followed?.followed();
    if (this.#closed) return;
    if (held !== this.#paused) {
      this.#paused = held;
      if (held) this.#socket.pause();
      else this.#socket.resume();
    }
    if (!this.#framing.midFrame || held) this.#frameBeganAtMs = 0;
    else if (this.#frameBeganAtMs === 0) this.#frameBeganAtMs = this.#host.now();
  }

  #mayStart(frame: Buffer): boolean {
    // Answers of requests that finished at once go out at the end of the turn, unless they have become many.
    if (this.#unanswered === 0 && (this.#readyBytes > readyBytesMax || this.inFlight >= requestsInFlightMax)) {
      this.#sendAnswered();
    }
    if (this.#full || this.#throttle !== undefined) return false;
    if (this.#unanswered === 0) return true;
    if (this.inFlight >= requestsInFlightMax || this.#readyBytes > readyBytesMax) return false;
    // Where the last in flight is of the pipelined kind all are, or it would not have been let in.
    return this.#requests[this.#requests.length - 1]!.pipelined && this.#host.mayPipeline(frame);
  }

  #startRequest(frame: Buffer): void {
    const now = this.#host.now();
    this.lastActiveMs = now;
    const request = new PendingRequest(this, now, frame.length);
    this.#requests.push(request);
    this.#unanswered++;
    this.#host.serve(request, frame);
  }

  #flushAnswers(): void {
    this.#flushing = false;
    if (this.#closed) return;
    const closing = this.#sendAnswered();
    if (closing !== undefined) {
      this.close(closing);
      return;
    }
    if (this.#stopping && this.inFlight === 0) this.close('the broker stops');
    else if (this.#heldFrame !== undefined || this.#paused) this.#advance();
  }

  /** Writes the answers at the head of the queue that are ready; answers a reason when one of them ends the connection. */
  #sendAnswered(): string | undefined {
    let chunks: Buffer[] | undefined;
    let bytes = 0;
    let releasedBytes = 0;
    let closing: string | undefined;
    while (this.#head < this.#requests.length) {
      const request = this.#requests[this.#head]!;
      const outcome = request.outcome;
      if (outcome === undefined) break;
      this.#requests[this.#head++] = undefined;
      releasedBytes += request.frameBytes;
      if (outcome.kind === 'close') {
        closing = outcome.reason;
        break;
      }
      if (outcome.kind === 'silent') continue;
      if (request.lends) this.#lent.push(request);
      chunks ??= [];
      for (const chunk of outcome.chunks) {
        chunks.push(chunk);
        bytes += chunk.length;
      }
    }
    if (this.#head === this.#requests.length) {
      this.#requests.length = 0;
      this.#head = 0;
    } else if (this.#head > requestsInFlightMax) {
      this.#requests = this.#requests.slice(this.#head);
      this.#head = 0;
    }
    if (chunks) {
      this.lastActiveMs = this.#host.now();
      this.#readyBytes -= bytes;
      if (!this.#socket.write(gathered(chunks, bytes))) this.#full = this.#socket.queuedBytes > 0;
      if (this.#lent.length > 0 && this.#socket.queuedBytes === 0) this.#returnLent();
    }
    if (releasedBytes > 0) this.#host.budget.release(releasedBytes);
    return closing;
  }

  /** Nothing is queued any more: what was lent for it is free. */
  #returnLent(): void {
    const lent = this.#lent;
    if (lent.length === 0) return;
    this.#lent = [];
    for (const request of lent) request.sent();
  }

  #ended(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#throttle) this.#host.clear(this.#throttle);
    this.#throttle = undefined;
    let heldBytes = this.#framing.admittedBytes + (this.#heldFrame?.length ?? 0);
    const left = this.#requests.slice(this.#head);
    for (const request of left) heldBytes += request?.frameBytes ?? 0;
    this.#requests = [];
    this.#head = 0;
    this.#heldFrame = undefined;
    for (const request of left) {
      request?.abort();
      request?.sent();
    }
    this.#host.budget.forget(this.#retry);
    if (heldBytes > 0) this.#host.budget.release(heldBytes);
    this.#host.closed(this, reason);
  }
}

/** A copy that may be kept: the frame lies in memory that is lent for this call only. */
function owned(frame: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(frame.length);
  frame.copy(copy);
  return copy;
}

/** Small neighbours copied into one buffer, so that a turn's answers cost one write of few pieces. */
function gathered(chunks: Buffer[], bytes: number): Buffer[] {
  if (chunks.length === 1) return chunks;
  if (bytes <= chunkBytesSmall) return [Buffer.concat(chunks, bytes)];
  const out: Buffer[] = [];
  let run: Buffer[] = [];
  for (const chunk of chunks) {
    if (chunk.length < chunkBytesSmall) {
      run.push(chunk);
      continue;
    }
    if (run.length > 0) out.push(run.length === 1 ? run[0]! : Buffer.concat(run));
    run = [];
    out.push(chunk);
  }
  if (run.length > 0) out.push(run.length === 1 ? run[0]! : Buffer.concat(run));
  return out;
}
