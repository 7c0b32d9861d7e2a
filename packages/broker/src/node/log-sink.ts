// Log events as JSON lines (pino) on a file descriptor, or as plain lines for a person at a terminal.
import { writeSync } from 'node:fs';
import type { EventLevel, LogSink } from '../events.ts';

/** How a broker process logs. 'json': one object a line, for collectors; 'text': for people. */
export type LogFormat = 'json' | 'text';

/** Writes to `fd` (1 stdout, 2 stderr), synchronously, so that the last words before an exit are not lost. */
export async function logSink(format: LogFormat, fd: number): Promise<LogSink> {
  if (format === 'text') {
    return {
      write(level, name, meaning, fields) {
        writeAll(fd, textLine(level, name, meaning, fields));
      },
    };
  }
  // Loaded only when asked for: a person's terminal need not pay for it in start time and memory.
  const { default: pino } = await import('pino');
  const destination = pino.destination({ fd, sync: true });
  // A closed pipe at the other end must not take the broker down.
  destination.on('error', () => {});
  const logger = pino(
    {
      level: 'debug',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: (error: unknown) => (error instanceof Error ? pino.stdSerializers.err(error) : error) },
    },
    destination,
  );
  return {
    write(level, name, meaning, fields) {
      logger[level]({ event: name, ...fields }, meaning);
    },
  };
}

/** A line that nobody takes (a full or closed pipe) is lost: the broker waits for no reader of its log. */
function writeAll(fd: number, line: string): void {
  try {
    writeSync(fd, line);
  } catch {
    // Nobody can be told.
  }
}

function textLine(level: EventLevel, name: string, meaning: string, fields: Readonly<Record<string, unknown>>): string {
  const told = Object.entries(fields).map(([key, value]) => `${key}=${textOf(value)}`);
  return `[${new Date().toISOString()}] ${level.toUpperCase()} ${name}: ${meaning}${told.length > 0 ? ` (${told.join(' ')})` : ''}\n`;
}

function textOf(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(value.message);
  if (Array.isArray(value)) return value.join(',');
  if (typeof value === 'number') return String(Number.isInteger(value) ? value : Math.round(value * 1000) / 1000);
  return typeof value === 'string' ? value : JSON.stringify(value);
}
