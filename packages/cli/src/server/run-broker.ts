// A broker, or several, as this process: started, announced, stopped on a signal. Shared by kafka-server-start and `moldau
// start`.
import { type BrokerProcessOptions, startBrokerProcess } from '@moldau/broker/node/main';
import { CommandLineError } from '../command-line/option.ts';
import type { Terminal } from '../terminal.ts';
import { announceBroker } from './run-files.ts';

export type BrokerProcess = Awaited<ReturnType<typeof startBrokerProcess>>;

export interface BrokerRun {
  readonly file?: { readonly name: string; readonly text: string };
  /** `key=value`, stronger than the file. */
  readonly overrides: readonly string[];
  /** More than one broker: what each has beyond `overrides`. */
  readonly several?: readonly (readonly string[])[];
  /** What it was started from, for people. */
  readonly source: string;
  readonly log: { readonly format: 'json' | 'text'; readonly fd: number; readonly level: 'info' | 'warn' };
  /** Said when the port is taken: how to choose another with this command. */
  readonly otherPort: string;
  onListening?(brokers: readonly BrokerProcess[]): void;
}

/** Runs until a signal or a failure; answers the exit status. Throws CommandLineError when it cannot start. */
export async function runBroker(run: BrokerRun, terminal: Terminal): Promise<number> {
  // Listened for from here on: a signal that meets the start lets it finish, and then stops in order. Without it a broker
  // that has just said it is there would end without its last words.
  const interrupted = new Promise<undefined>((resolve) => terminal.onInterrupt(() => resolve(undefined)));
  let started: Started;
  try {
    started = await startAll(run);
  } catch (error) {
    throw new CommandLineError(whyNot(error, run), { usage: false });
  }
  const { brokers } = started;
  for (const warning of new Set(brokers.flatMap(({ warnings }) => warnings))) terminal.err(`${warning}\n`);
  const forget = announceBroker({ pid: process.pid, nodeId: brokers[0]!.nodeId, source: run.source });
  run.onListening?.(brokers);
  const failure = await Promise.race([interrupted, started.failed]);
  try {
    if (failure) terminal.err(`The broker has to stop: ${failure.message}\n`);
    await started.stop();
  } finally {
    forget();
  }
  return failure ? 1 : 0;
}

interface Started {
  readonly brokers: readonly BrokerProcess[];
  readonly failed: Promise<Error>;
  stop(): Promise<void>;
}

async function startAll(run: BrokerRun): Promise<Started> {
  const options = (more: readonly string[]): BrokerProcessOptions => ({
    ...(run.file ? { file: run.file } : {}),
    overrides: [...run.overrides, ...more],
    environment: brokerEnvironment(),
    log: run.log,
  });
  if (!run.several) {
    const broker = await startBrokerProcess(options([]));
    return { brokers: [broker], failed: broker.failed, stop: () => broker.stop() };
  }
  const { startSeveralBrokers } = await import('@moldau/broker/node/several-brokers');
  return await startSeveralBrokers(run.several.map(options));
}

/** Variables that begin with MOLDAU_ are broker settings, but for those that are about the process. */
const PROCESS_VARIABLES: ReadonlySet<string> = new Set([
  'MOLDAU_RUN_DIR',
  'MOLDAU_LOG_FORMAT',
  'MOLDAU_DEBUG',
  'MOLDAU_NODE_OPTIONS',
]);

function brokerEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !PROCESS_VARIABLES.has(name)));
}

function whyNot(error: unknown, run: BrokerRun): string {
  const { message, cause } = error as Error;
  const { code, port } = (cause ?? error) as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE') {
    return (
      `Port ${port ?? ''} is taken: another broker or program listens there already.\n` +
      `Stop it (bin/kafka-server-stop.sh stops the brokers that are yours), or choose another port: ${run.otherPort}`
    );
  }
  if (code === 'EACCES')
    return `${message}. Ports below 1024 need rights of their own; choose another: ${run.otherPort}`;
  return message;
}
