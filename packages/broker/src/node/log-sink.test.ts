import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BROKER_EVENTS, type EventLevel, EventLog } from '../events.ts';
import { type LogFormat, logSink } from './log-sink.ts';

async function written(format: LogFormat, level: EventLevel, run: (events: EventLog) => void): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'moldau-log-'));
  const path = join(directory, 'log');
  const fd = openSync(path, 'w');
  try {
    run(new EventLog(await logSink(format, fd), level));
    return readFileSync(path, 'utf8').split('\n').slice(0, -1);
  } finally {
    closeSync(fd);
    rmSync(directory, { recursive: true });
  }
}

const emitAll = (events: EventLog) => {
  events.emit(BROKER_EVENTS.stopping, { reason: 'a test' });
  events.emit(BROKER_EVENTS.stopStepFailed, { step: 'logs', error: new Error('disk "full"') });
};

test('text: a line for each event, with its level, name, meaning and fields', async () => {
  const lines = await written('text', 'info', emitAll);
  expect(lines[0]).toMatch(/^\[\d{4}-.*Z\] INFO broker\.stopping: The broker stops.* \(reason=a test\)$/);
  expect(lines[1]).toContain('ERROR broker.stopStepFailed');
  expect(lines[1]).toContain('error="disk \\"full\\""');
});

test('json: an object for each event, errors with their stack', async () => {
  const [first, second] = (await written('json', 'info', emitAll)).map((line) => JSON.parse(line));
  expect(first).toMatchObject({ level: 'info', event: 'broker.stopping', reason: 'a test' });
  expect(second).toMatchObject({ level: 'error', event: 'broker.stopStepFailed', step: 'logs' });
  expect(second.error.message).toBe('disk "full"');
  expect(second.error.stack).toContain('log-sink.test');
});

test('events below the level are not written', async () => {
  expect(await written('text', 'error', emitAll)).toHaveLength(1);
});

test('a log that nobody can write to does not disturb', async () => {
  const sink = await logSink('text', 987_654);
  expect(() => sink.write('info', 'a.b', 'meaning', {})).not.toThrow();
});
