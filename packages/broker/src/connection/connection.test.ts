import type { TimerHandle } from '@moldau/kernel';
import { expect, test } from 'vitest';
import { FakeSocket, frameOf } from '../test/fake-socket.ts';
import { ClientConnection, type ConnectionHost, frameGraceMs, requestsInFlightMax } from './connection.ts';
import { FrameMemory } from './frame-memory.ts';
import { type PendingRequest, SILENT } from './pending-request.ts';
import { RequestBudget } from './request-budget.ts';

/** A host that keeps what was started; frames whose text starts with 'p' are of the pipelined kind. */
class Host implements ConnectionHost {
  readonly frameBytesMax = 1_000_000;
  readonly budget: RequestBudget;
  readonly frameMemory = new FrameMemory();
  readonly socket = new FakeSocket();
  readonly started: { text: string; request: PendingRequest }[] = [];
  readonly heard: string[] = [];
  time = 0;
  /** Texts that are answered within `serve`, with themselves in upper case. */
  readonly atOnce = new Set<string>();
  readonly connection: ClientConnection;

  constructor(budgetBytes = 1_000_000) {
    this.budget = new RequestBudget(budgetBytes);
    this.connection = new ClientConnection(this, this.socket, 1, 'PLAINTEXT');
    this.connection.start();
  }

  now(): number {
    return this.time;
  }

  throttled(_apiKey: number, throttleMs: number): void {
    this.heard.push(`throttled ${throttleMs}`);
  }

  readonly timers: { readonly dueMs: number; readonly run: () => void }[] = [];

  after(delayMs: number, run: () => void): TimerHandle {
    const timer = { dueMs: this.time + delayMs, run };
    this.timers.push(timer);
    return timer as unknown as TimerHandle;
  }

  clear(timer: TimerHandle): void {
    this.timers.splice(this.timers.indexOf(timer as never), 1);
  }

  /** Lets time pass, timers running as they come due. */
  pass(ms: number): void {
    this.time += ms;
    for (const timer of this.timers.filter(({ dueMs }) => dueMs <= this.time)) {
      this.clear(timer as unknown as TimerHandle);
      timer.run();
    }
  }

  mayPipeline(frame: Buffer): boolean {
    return frame.toString().startsWith('p');
  }

  serve(request: PendingRequest, frame: Buffer): void {
    const text = frame.toString();
    request.pipelined = text.startsWith('p');
    this.started.push({ text, request });
    request.onAbort(() => this.heard.push(`aborted ${text}`));
    if (this.atOnce.has(text)) this.answer(text);
  }

  violated(_connection: ClientConnection, reason: string): void {
    this.heard.push(`violated: ${reason}`);
  }

  closed(_connection: ClientConnection, reason: string): void {
    this.heard.push(`closed: ${reason}`);
  }

  gone(): void {
    this.heard.push('gone');
  }

  answer(text: string, as = text.toUpperCase()): void {
    const found = this.started.find((one) => one.text === text && one.request.outcome === undefined);
    found!.request.finish({ kind: 'answered', chunks: [Buffer.from(as)] });
  }

  get texts(): string {
    return this.started.map(({ text }) => text).join(' ');
  }
}

/** The end of this turn: microtasks have run. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('pipelined requests start together, and their answers leave in order whatever order they finish in', async () => {
  const host = new Host();
  host.socket.receive('p1', 'p2', 'p3');
  expect(host.texts).toBe('p1 p2 p3');
  host.answer('p3');
  host.answer('p2');
  await turn();
  expect(host.socket.writes).toEqual([]);
  host.answer('p1');
  await turn();
  expect(host.socket.writes).toEqual(['P1P2P3']);
});

test('another kind of request starts only when all before it are answered, and pauses the socket meanwhile', async () => {
  const host = new Host();
  host.socket.receive('p1', 'x', 'p2');
  expect(host.texts).toBe('p1');
  expect(host.socket.paused).toBe(true);
  host.answer('p1');
  await turn();
  expect(host.texts).toBe('p1 x');
  host.answer('x');
  await turn();
  expect(host.texts).toBe('p1 x p2');
  expect(host.socket.paused).toBe(false);
  host.answer('p2');
  await turn();
  expect(host.socket.writes.join('')).toBe('P1XP2');
});

test('requests that are answered at once are taken up one after the other in the same turn, one write for all', async () => {
  const host = new Host();
  for (const text of ['a', 'b', 'c']) host.atOnce.add(text);
  host.socket.receive('a', 'b', 'c');
  expect(host.texts).toBe('a b c');
  expect(host.socket.paused).toBe(false);
  await turn();
  expect(host.socket.writes).toEqual(['ABC']);
});

test('a request without answer leaves no trace between its neighbours', async () => {
  const host = new Host();
  host.socket.receive('p1', 'p2', 'p3');
  host.started[1]!.request.finish(SILENT);
  host.answer('p1');
  host.answer('p3');
  await turn();
  expect(host.socket.writes).toEqual(['P1P3']);
});

test('a request that ends the connection does so after the answers before it', async () => {
  const host = new Host();
  host.socket.receive('p1', 'p2', 'p3');
  host.started[1]!.request.finish({ kind: 'close', reason: 'refused' });
  await turn();
  expect(host.socket.ended).toBe(false);
  host.answer('p1');
  await turn();
  expect(host.socket.writes).toEqual(['P1']);
  expect(host.socket.ended).toBe(true);
  expect(host.heard).toEqual(['aborted p3', 'closed: refused']);
});

test('a client that does not read its answers gets no new request started', async () => {
  const host = new Host();
  host.socket.slow = true;
  host.socket.receive('a');
  host.answer('a');
  await turn();
  host.socket.receive('b');
  expect(host.texts).toBe('a');
  expect(host.socket.paused).toBe(true);
  host.socket.drain();
  expect(host.texts).toBe('a b');
  expect(host.socket.paused).toBe(false);
});

test('at most requestsInFlightMax requests of a connection are in flight', async () => {
  const host = new Host();
  host.socket.receive(...Array.from({ length: requestsInFlightMax + 5 }, (_, i) => `p${i}`));
  expect(host.started).toHaveLength(requestsInFlightMax);
  host.answer('p0');
  await turn();
  expect(host.started).toHaveLength(requestsInFlightMax + 1);
});

test('many large answers in one turn are written before more requests start', async () => {
  const host = new Host();
  host.socket.slow = true;
  const original = host.serve.bind(host);
  host.serve = (request, frame) => {
    original(request, frame);
    host.answer(frame.toString(), 'x'.repeat(200_000));
  };
  host.socket.receive('a', 'b', 'c', 'd');
  expect(host.texts).toBe('a b');
  expect(host.socket.queuedBytes).toBe(400_000);
  await turn();
  expect(host.texts).toBe('a b');
});

test('the memory of requests is bounded over all connections, and waiting ones go on as it is given back', async () => {
  const host = new Host(5);
  host.socket.receive('p-first', 'p-second');
  expect(host.texts).toBe('p-first');
  expect(host.budget.heldBytes).toBe(7);
  expect(host.socket.paused).toBe(true);
  host.answer('p-first');
  await turn();
  expect(host.texts).toBe('p-first p-second');
  host.answer('p-second');
  await turn();
  expect(host.budget.heldBytes).toBe(0);
  expect(host.socket.paused).toBe(false);
});

test('all memory is given back when a connection ends, wherever its requests stand', () => {
  const host = new Host(1_000);
  host.socket.receive('p1', 'x-held');
  host.socket.receiveBytes(frameOf('half a frame').subarray(0, 8));
  expect(host.budget.heldBytes).toBeGreaterThan(0);
  host.socket.destroy();
  expect(host.budget.heldBytes).toBe(0);
  expect(host.heard).toEqual(['aborted p1', 'closed: closed by the client', 'gone']);
});

test('bytes that are no frame end the connection after the answers before them', async () => {
  const host = new Host();
  host.atOnce.add('a');
  host.socket.receiveBytes(Buffer.concat([frameOf('a'), Buffer.from('GET / HTTP/1.1\r\n')]));
  expect(host.socket.writes).toEqual(['A']);
  expect(host.socket.ended).toBe(true);
  expect(host.heard[0]).toMatch(/^violated: request size 1195725856 is outside/);
});

test('a client that closes its side ends the connection and releases what is parked', () => {
  const host = new Host();
  host.socket.receive('parked');
  host.socket.clientEnds();
  expect(host.heard).toEqual(['aborted parked', 'closed: the client closed its side']);
  host.started[0]!.request.finish({ kind: 'answered', chunks: [Buffer.from('late')] });
  expect(host.socket.writes).toEqual([]);
});

test('a frame that has begun is overdue after its grace, unless we made it wait', () => {
  const host = new Host();
  host.socket.receiveBytes(frameOf('slow').subarray(0, 6));
  host.time = frameGraceMs - 1;
  expect(host.connection.overdue(host.time)).toBe(undefined);
  host.time = frameGraceMs + 10;
  expect(host.connection.overdue(host.time)).toEqual({ receivedBytes: 2, frameBytes: 4 });
  const waiting = new Host();
  waiting.socket.receive('a');
  waiting.socket.receiveBytes(Buffer.concat([frameOf('b'), frameOf('c').subarray(0, 5)]));
  waiting.time = 10 * frameGraceMs;
  expect(waiting.connection.overdue(waiting.time)).toBe(undefined);
});

test('a long frame may take longer, as long as its bytes keep coming', () => {
  const host = new Host();
  host.socket.receiveBytes(frameOf('x'.repeat(900_000)).subarray(0, 600_000));
  host.time = frameGraceMs + 30_000;
  expect(host.connection.overdue(host.time)).toBe(undefined);
  host.time = frameGraceMs + 40_000;
  expect(host.connection.overdue(host.time)).toBeDefined();
});

test('a client held back by a quota gets its answer at once, and its next request starts when the time is over', async () => {
  const host = new Host();
  host.socket.receive('a');
  host.connection.throttle(500, 0);
  // A shorter one that comes later does not end it sooner.
  host.connection.throttle(100, 0);
  host.answer('a');
  await Promise.resolve();
  expect(host.socket.writes).toEqual(['A']);
  host.socket.receive('p1', 'p2');
  expect(host.texts).toBe('a');
  expect(host.socket.paused).toBe(true);
  // Nobody ends a connection as idle that is made to wait here.
  expect(host.connection.idleSince(host.time + 1)).toBe(false);
  host.pass(499);
  expect(host.texts).toBe('a');
  host.pass(1);
  expect(host.texts).toBe('a p1 p2');
  expect(host.socket.paused).toBe(false);
});

test('a connection that ends while it is held back leaves no timer', () => {
  const host = new Host();
  host.connection.throttle(500, 0);
  host.socket.destroy();
  expect(host.timers).toEqual([]);
});

test('stopping answers what is in flight, starts nothing new, then closes', async () => {
  const host = new Host();
  host.socket.receive('p1', 'x');
  host.connection.stop();
  expect(host.socket.ended).toBe(false);
  host.answer('p1');
  await turn();
  expect(host.texts).toBe('p1');
  expect(host.socket.writes).toEqual(['P1']);
  expect(host.socket.ended).toBe(true);
});

test('lent memory comes back when its answer has left to the last byte, not before', async () => {
  const host = new Host();
  host.socket.slow = true;
  host.socket.receive('fetch');
  host.started[0]!.request.onSent(() => host.heard.push('returned'));
  host.answer('fetch');
  await turn();
  expect(host.socket.writes).toEqual(['FETCH']);
  expect(host.heard).toEqual([]);
  host.socket.drain();
  expect(host.heard).toEqual(['returned']);
});

test('lent memory comes back at once when the socket takes everything, or when the answer is never sent', async () => {
  const host = new Host();
  host.socket.receive('fetch');
  host.started[0]!.request.onSent(() => host.heard.push('returned'));
  host.answer('fetch');
  await turn();
  expect(host.heard).toEqual(['returned']);
  host.socket.receive('parked');
  host.started[1]!.request.onSent(() => host.heard.push('returned unsent'));
  host.socket.destroy();
  expect(host.heard.slice(1, 3)).toEqual(['aborted parked', 'returned unsent']);
});

test('memory of an answer that the socket was still sending when the connection broke is not used again', async () => {
  const host = new Host();
  host.socket.slow = true;
  host.socket.receive('fetch');
  host.started[0]!.request.onSent(() => host.heard.push('returned'));
  host.answer('fetch');
  await turn();
  host.socket.destroy();
  expect(host.heard).not.toContain('returned');
});
