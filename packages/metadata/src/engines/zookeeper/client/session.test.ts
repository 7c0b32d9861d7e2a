// The session as a transcript: what goes in, what it wishes. Times are milliseconds of a clock that the test moves.
import { expect, test } from 'vitest';
import { ZOOKEEPER_ERRORS } from './errors.ts';
import { JuteReader, JuteWriter } from './jute.ts';
import { encodeRequest, OP, XID } from './messages.ts';
import { type Call, type Effect, Session, type SessionOptions } from './session.ts';

const servers = [
  { host: 'a', port: 1 },
  { host: 'b', port: 2 },
];

function session(options: Partial<SessionOptions> = {}) {
  return new Session({
    servers,
    sessionTimeoutMs: 6_000,
    requestTimeoutMs: 5_000,
    inFlightMax: 2,
    queueMax: 4,
    credentials: [],
    random: () => 0.5,
    ...options,
  });
}

function call(what: string, watch?: Call['watch']): Call {
  return { op: OP.exists, what, encode: (xid) => encodeRequest(xid, OP.exists), ...(watch && { watch }) };
}

function greeting(timeoutMs = 6_000, sessionId = '0100000000000007'): Buffer {
  return new JuteWriter().int(0).int(timeoutMs).id(sessionId).bytes(Buffer.alloc(16, 7)).bool(false).finish();
}

function reply(xid: number, error = 0, zxid = 5): Buffer {
  return new JuteWriter().int(xid).long(zxid).int(error).finish();
}

/** One line for each effect. */
function told(effects: readonly Effect[]): string[] {
  return effects.map(line);
}

function line(effect: Effect): string {
  switch (effect.kind) {
    case 'connect':
      return `connect ${effect.server.host} ${Math.round(effect.timeoutMs)}`;
    case 'disconnect':
      return 'disconnect';
    case 'send': {
      if (effect.body.length <= 40) return `send ${effect.body.readInt32BE(0)} op ${effect.body.readInt32BE(4)}`;
      const reader = new JuteReader(effect.body);
      if (reader.int() !== 0) return `send ${effect.body.readInt32BE(0)} op ${effect.body.readInt32BE(4)}`;
      return `hello zxid=${reader.long()} timeout=${reader.int()} session=${reader.id()}`;
    }
    case 'answer':
      return `answer ${effect.call.what} error=${effect.header.error}`;
    case 'fail':
      return `fail ${effect.call.what} ${effect.code}`;
    case 'notice':
      return `notice ${effect.notice.event} ${effect.notice.path}`;
    case 'rearmed':
      return 'rearmed';
    case 'stateChanged':
      return `state ${effect.state.kind}${effect.state.kind === 'over' ? ` ${effect.state.why}` : ''}`;
  }
}

function connected(options?: Partial<SessionOptions>) {
  const one = session(options);
  one.start(0);
  one.opened(10);
  one.frame(greeting(), 20);
  return one;
}

test('the first connection, and requests that waited for it', () => {
  const one = session({ credentials: [{ scheme: 'digest', auth: Buffer.from('u:p') }] });
  expect(told(one.submit(call('early'), 0))).toEqual([]);
  expect(told(one.start(0))).toEqual(['state connecting', 'connect a 2000']);
  expect(told(one.opened(10))).toEqual([`hello zxid=0 timeout=6000 session=${'0'.repeat(16)}`]);
  // The credentials go before anything that needs them.
  expect(told(one.frame(greeting(4_000), 20))).toEqual(['state connected', 'send -4 op 100', 'send 1 op 3']);
  expect([one.timeoutMs, one.sessionId]).toEqual([4_000, '0100000000000007']);
  expect(told(one.frame(reply(1), 30))).toEqual(['answer early error=0']);
});

test('no more requests are under way than allowed; the rest follows, and past the bound is refused', () => {
  const one = connected();
  expect(told(one.submit(call('1'), 30))).toEqual(['send 1 op 3']);
  expect(told(one.submit(call('2'), 30))).toEqual(['send 2 op 3']);
  for (const name of ['3', '4', '5', '6']) expect(told(one.submit(call(name), 30))).toEqual([]);
  expect(told(one.submit(call('7'), 30))).toEqual(['fail 7 QUEUE_FULL']);
  expect(told(one.frame(reply(1), 40))).toEqual(['answer 1 error=0', 'send 3 op 3']);
});

test('the session goes on at another server: what was in flight is unknown, what waited is asked there', () => {
  const one = connected();
  one.submit(call('watch', { path: '/w', mode: 'persistentRecursive' }), 30);
  expect(told(one.frame(reply(1, 0, 77), 40))).toEqual(['answer watch error=0']);
  for (const name of ['1', '2', '3']) one.submit(call(name), 50);
  expect(told(one.lost('reset', 60))).toEqual([
    'disconnect',
    'fail 1 CONNECTION_LOSS',
    'fail 2 CONNECTION_LOSS',
    'state away',
  ]);
  expect(told(one.tick(60))).toEqual(['state connecting', 'connect b 2000']);
  expect(told(one.opened(61))).toEqual(['hello zxid=77 timeout=6000 session=0100000000000007']);
  expect(told(one.frame(greeting(), 62))).toEqual(['state connected', 'send -8 op 105', 'send 4 op 3']);
  expect(told(one.frame(reply(XID.setWatches), 63))).toEqual(['rearmed']);
});

test('pings keep an idle session, and the session counts as confirmed from when the ping was sent', () => {
  const one = connected();
  expect(one.confirmedAt).toBe(10);
  expect(one.dueAt()).toBe(2_010);
  expect(told(one.tick(2_020))).toEqual(['send -2 op 11']);
  expect(one.confirmedAt).toBe(10);
  expect(told(one.frame(reply(XID.ping), 2_900))).toEqual([]);
  expect(one.confirmedAt).toBe(2_020);
});

test('a server that falls silent is left in time to keep the session elsewhere', () => {
  const one = connected();
  one.dueAt();
  one.tick(2_020);
  expect(one.dueAt()).toBe(4_020);
  expect(told(one.tick(4_020))).toEqual(['disconnect', 'state away']);
});

test('a loop that stood still does not blame the server before it has read what waits in the socket (R9)', () => {
  const one = connected();
  one.dueAt();
  expect(told(one.tick(9_000))).toEqual(['send -2 op 11']);
});

test('expired: everything that waits is told, and nothing more is sent', () => {
  const one = connected();
  one.submit(call('1'), 30);
  one.lost('reset', 40);
  one.submit(call('2'), 41);
  one.tick(60);
  one.opened(61);
  expect(told(one.frame(greeting(0, '0'.repeat(16)), 62))).toEqual([
    'disconnect',
    'state over expired',
    'fail 2 SESSION_EXPIRED',
  ]);
  expect(told(one.submit(call('3'), 70))).toEqual(['fail 3 SESSION_EXPIRED']);
  expect(one.dueAt()).toBe(Number.POSITIVE_INFINITY);
});

test('refused credentials end the session at once, instead of going round for ever', () => {
  const one = connected();
  expect(told(one.frame(reply(XID.auth, ZOOKEEPER_ERRORS.AUTH_FAILED), 30))).toEqual([
    'disconnect',
    'state over authFailed',
  ]);
});

test('a request that is not answered in time is told so; its late answer is nobody’s, and the next one’s is the next one’s', () => {
  const one = connected();
  one.submit(call('slow'), 30);
  one.submit(call('next'), 4_000);
  one.frame(reply(XID.ping), 4_500);
  one.dueAt();
  expect(told(one.tick(5_030))).toContain('fail slow OPERATION_TIMEOUT');
  expect(told(one.frame(reply(1), 5_100))).toEqual([]);
  expect(told(one.frame(reply(2), 5_101))).toEqual(['answer next error=0']);
});

test('an answer out of order ends the connection: nothing after it could be told apart', () => {
  const one = connected();
  one.submit(call('1'), 30);
  one.submit(call('2'), 30);
  expect(told(one.frame(reply(2), 40))).toEqual([
    'disconnect',
    'fail 1 CONNECTION_LOSS',
    'fail 2 CONNECTION_LOSS',
    'state away',
  ]);
});

test('servers are tried in turn, and with pauses once all have failed', () => {
  const one = session();
  one.start(0);
  one.lost('refused', 1);
  expect(one.dueAt()).toBe(1);
  expect(told(one.tick(1))).toEqual(['state connecting', 'connect b 2000']);
  one.lost('refused', 2);
  expect(one.dueAt()).toBe(52);
  for (let i = 0; i < 40; i++) {
    one.tick(one.dueAt());
    one.lost('refused', one.dueAt() - 2_000);
  }
  expect(one.state.kind).toBe('away');
});

test('closing says so to ZooKeeper, so that ephemeral znodes go at once', () => {
  const one = connected();
  expect(told(one.close(30))).toEqual(['send 0 op -11']);
  expect(told(one.submit(call('late'), 31))).toEqual(['fail late CLOSED']);
  expect(told(one.frame(reply(0), 40))).toEqual(['disconnect', 'state over closed']);
});
