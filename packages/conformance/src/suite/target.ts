// What a suite knows of the broker it runs against: host, port, and, where the runner owns the broker, a hook to stop,
// kill and start it. Read from the environment, which src/main.ts fills (MOLDAU_CONFORMANCE_BOOTSTRAP,
// MOLDAU_CONFORMANCE_CONTROL).
import { apacheVersion } from '../peer/apache-jars.ts';

const bootstrapText = process.env.MOLDAU_CONFORMANCE_BOOTSTRAP ?? '127.0.0.1:9092';

/** `host:port`. */
export const bootstrap = bootstrapText;
export const host = bootstrapText.slice(0, bootstrapText.lastIndexOf(':'));
export const port = Number(bootstrapText.slice(bootstrapText.lastIndexOf(':') + 1));

const control = process.env.MOLDAU_CONFORMANCE_CONTROL;

/** Whether `broker` below can do anything. */
export const controllable = control !== undefined;

/** `apache` or `moldau` where the runner started the broker, `other` otherwise. */
export const targetKind = process.env.MOLDAU_CONFORMANCE_TARGET ?? 'other';

/** The release of Apache Kafka under test; also for suites that start their own, beside a target that is another broker. */
export const kafkaVersion = process.env.MOLDAU_CONFORMANCE_KAFKA_VERSION ?? apacheVersion;

async function order(path: string): Promise<string> {
  if (!control) throw new Error('this suite restarts the broker; run it with --target moldau or --target apache');
  const answer = await fetch(`${control}/${path}`, { method: 'POST' });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${text}`);
  return text;
}

/** The broker as something that can be stopped. Each call resolves when it is done (`start`: when it serves). */
export const broker = {
  start: (): Promise<string> => order('start'),
  /** Starts the process without waiting until it serves. */
  spawn: (): Promise<string> => order('spawn'),
  /** In order: SIGTERM. */
  stop: (): Promise<string> => order('stop'),
  /** SIGKILL. */
  kill: (): Promise<string> => order('kill'),
  /** The directory that `log.dirs` names. */
  dataDirectory: (): Promise<string> => order('data-directory'),
};

const run = `${Date.now().toString(36)}${process.pid.toString(36)}`;
let names = 0;

/** A name nobody has used on this broker: `<what>-<run>-<n>`. For topics, groups, client ids. */
export function fresh(what: string): string {
  names++;
  return `${what}-${run}-${names}`;
}
