import { expect, test } from 'vitest';
import { BROKER_EVENTS, CONNECTION_EVENTS, EventLog } from './events.ts';

function logged(level: 'debug' | 'info' | 'error' = 'info') {
  const lines: string[] = [];
  let now = 0;
  const sink = {
    write: (_level: string, name: string, _meaning: string, fields: Readonly<Record<string, unknown>>) =>
      lines.push(`${name} ${fields.leftOut ?? 0}`),
  };
  return { lines, events: new EventLog(sink, level, () => now), at: (ms: number) => (now = ms) };
}

const violation = { connection: 1, remote: 'r', listener: 'L', reason: 'why' };

test('what clients cause at will is written ten times in ten seconds; then its number is told', () => {
  const { lines, events, at } = logged();
  for (let i = 0; i < 500; i++) events.emit(CONNECTION_EVENTS.protocolViolation, violation);
  expect(lines).toHaveLength(10);
  at(10_000);
  events.emit(CONNECTION_EVENTS.protocolViolation, violation);
  events.emit(CONNECTION_EVENTS.protocolViolation, violation);
  expect(lines.slice(10)).toEqual(['connection.protocolViolation 490', 'connection.protocolViolation 0']);
});

test('other events are written each time, from their level on', () => {
  const { lines, events } = logged();
  for (let i = 0; i < 50; i++) events.emit(BROKER_EVENTS.stopping, { reason: 'r' });
  events.emit(CONNECTION_EVENTS.closed, { connection: 1, remote: 'r', reason: 'debug only' });
  expect(lines).toHaveLength(50);
});
