// Logging in KafkaJS's shape: entries with a namespace, a level and a text, handed to one function that the application
// may replace (`logCreator`). Without one, entries are lines of JSON on the console.
import type { Clock } from '@moldau/kernel';
import { environmentLogLevel } from '../node/log-level.ts';

export const logLevel = { NOTHING: 0, ERROR: 1, WARN: 2, INFO: 4, DEBUG: 5 } as const;
export type logLevel = (typeof logLevel)[keyof typeof logLevel];

export interface LoggerEntryContent {
  /** ISO 8601. */
  readonly timestamp: string;
  readonly message: string;
  readonly [key: string]: unknown;
}

export interface LogEntry {
  readonly namespace: string;
  readonly level: logLevel;
  readonly label: string;
  readonly log: LoggerEntryContent;
}

export type logCreator = (level: logLevel) => (entry: LogEntry) => void;

export interface Logger {
  info(message: string, extra?: object): void;
  error(message: string, extra?: object): void;
  warn(message: string, extra?: object): void;
  debug(message: string, extra?: object): void;
  /** A logger whose entries carry this name too, with a level of its own if given. */
  namespace(name: string, level?: logLevel): Logger;
  setLogLevel(level: logLevel): void;
}

const consoleCreator: logCreator = () => (entry) => {
  const { namespace, level, label, log } = entry;
  const message = namespace === '' ? log.message : `[${namespace}] ${log.message}`;
  const line = JSON.stringify({ level: label, ...log, message });
  if (level === logLevel.ERROR) console.error(line);
  else if (level === logLevel.WARN) console.warn(line);
  else console.info(line);
};

export function createLogger(o: { clock: Clock; level?: logLevel; creator?: logCreator | undefined }): Logger {
  const level = evaluated(o.level ?? logLevel.INFO);
  const write = (o.creator ?? consoleCreator)(level);
  return loggerOf(o.clock, write, '', { level }, undefined);
}

/** KAFKAJS_LOG_LEVEL, where it is set to one of the names, is stronger than what the program says at the start. */
function evaluated(level: logLevel): logLevel {
  return (logLevel as { readonly [name: string]: logLevel | undefined })[environmentLogLevel()] ?? level;
}

function loggerOf(
  clock: Clock,
  write: (entry: LogEntry) => void,
  namespace: string,
  shared: { level: logLevel },
  own: logLevel | undefined,
): Logger {
  const at =
    (level: logLevel, label: string) =>
    (message: string, extra: object = {}) => {
      if (level > (own ?? shared.level)) return;
      const timestamp = new Date(clock.now()).toISOString();
      write({ namespace, level, label, log: { timestamp, logger: 'moldau', message, ...extra } });
    };
  return {
    info: at(logLevel.INFO, 'INFO'),
    error: at(logLevel.ERROR, 'ERROR'),
    warn: at(logLevel.WARN, 'WARN'),
    debug: at(logLevel.DEBUG, 'DEBUG'),
    namespace: (name, level) => loggerOf(clock, write, name, shared, level === undefined ? own : evaluated(level)),
    setLogLevel: (level) => {
      own = level;
      shared.level = level;
    },
  };
}
