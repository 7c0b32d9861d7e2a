// The broker as a process: the machine's own ports, a log, and the metrics page. Signals and exit codes belong to the
// caller (packages/cli), which calls `stop` and says what happened.
import { hostname } from 'node:os';
import type { Ports } from '@moldau/kernel';
import { nodePorts } from '@moldau/kernel/node/ports';
import type { MetadataEngine } from '@moldau/metadata';
import { Broker } from '../broker.ts';
import { readBrokerConfig } from '../config/read-config.ts';
import type { AdvertisedEndpoint } from '../context.ts';
import type { EventLevel } from '../events.ts';
import { BROKER_METRICS } from '../metrics.ts';
import { type LogFormat, logSink } from './log-sink.ts';

export interface BrokerProcessOptions {
  /** A server.properties file; `name` is what errors call it. */
  readonly file?: { readonly name: string; readonly text: string };
  /** `key=value`, stronger than the file. */
  readonly overrides?: readonly string[];
  /** Only KAFKA_ and MOLDAU_ variables are looked at. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Where log events go: 1 stdout, 2 stderr. */
  /** `level`: the least severe that is written, default 'info'. */
  readonly log: { readonly format: LogFormat; readonly fd: number; readonly level?: EventLevel };
  /** This broker's view of the metadata store, where others in the process share it. */
  readonly engine?: () => Promise<MetadataEngine>;
  /** How many brokers share this process. Default 1. */
  readonly brokersInProcess?: number;
}

/** The machine's ports for one of `brokers` in this process: descriptors are the process's, and each broker has its share. */
export function portsShared(brokers: number): Ports {
  const { disk } = nodePorts;
  return { ...nodePorts, disk: { ...disk, openFilesLimit: () => Math.floor(disk.openFilesLimit() / brokers) } };
}

export interface BrokerProcess {
  /** What clients connect to, in the order of `listeners`. */
  readonly endpoints: readonly AdvertisedEndpoint[];
  readonly clusterId: string;
  readonly nodeId: number;
  /** Port of the metrics page, when there is one. */
  readonly metricsPort: number | undefined;
  /** What was set and has no effect. */
  readonly warnings: readonly string[];
  /** Settles when the broker cannot go on and has to be stopped. */
  readonly failed: Promise<Error>;
  /** Answers what is in flight, closes everything in order. Safe to call again. */
  stop(): Promise<void>;
}

/** Starts a broker in this process. Throws ConfigError, or the error of what could not be opened. */
export async function startBrokerProcess(options: BrokerProcessOptions): Promise<BrokerProcess> {
  const { file, overrides, environment, log } = options;
  const { config, warnings } = readBrokerConfig({
    ...(file && { file }),
    ...(overrides && { overrides }),
    ...(environment && { environment }),
  });
  const broker = await Broker.start({
    ports: options.brokersInProcess === undefined ? nodePorts : portsShared(options.brokersInProcess),
    config,
    log: await logSink(log.format, log.fd),
    ...(log.level && { logLevel: log.level }),
    hostName: hostname(),
    ...(options.engine && { engine: options.engine }),
  });
  let metricsServer: { readonly port: number; close(): Promise<void> } | undefined;
  if (config.metricsPort !== null) {
    try {
      // Loaded only when asked for: a start without the page need not pay for its libraries.
      const { MetricsServer } = await import('./metrics-server.ts');
      metricsServer = await MetricsServer.open({
        host: config.metricsHost,
        port: config.metricsPort,
        table: BROKER_METRICS,
        cells: broker.metrics,
      });
    } catch (error) {
      await broker.stop('the metrics page could not be opened');
      throw error;
    }
  }
  let stopping: Promise<void> | undefined;
  return {
    endpoints: broker.endpoints,
    clusterId: broker.clusterId,
    nodeId: broker.nodeId,
    metricsPort: metricsServer?.port,
    warnings,
    failed: broker.failed,
    stop() {
      stopping ??= (async () => {
        await metricsServer?.close();
        await broker.stop('asked to');
      })();
      return stopping;
    },
  };
}
