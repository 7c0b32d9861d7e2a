// Several brokers in one process, over one embedded store of the cluster's metadata: a cluster to develop and test against.
// It shares its process, so it dies as one; brokers in processes of their own keep their metadata in ZooKeeper.
import { nodePorts } from '@moldau/kernel/node/ports';
import { EmbeddedStore } from '@moldau/metadata';
import { readBrokerConfig } from '../config/read-config.ts';
import { storeDirectory } from '../controller/open-cluster.ts';
import { type BrokerProcess, type BrokerProcessOptions, startBrokerProcess } from './main.ts';

export interface SeveralBrokers {
  /** In the order in which they were started. */
  readonly brokers: readonly BrokerProcess[];
  /** Settles when one of them, or the store, cannot go on. */
  readonly failed: Promise<Error>;
  /** One after the other, so that leaderships are handed over; the store last. Safe to call again. */
  stop(): Promise<void>;
}

/** All of them need the same `metadata.log.dir`. Throws as `startBrokerProcess` does, with everything closed again. */
export async function startSeveralBrokers(options: readonly BrokerProcessOptions[]): Promise<SeveralBrokers> {
  const { config } = readBrokerConfig({
    ...(options[0]?.file && { file: options[0].file }),
    ...(options[0]?.overrides && { overrides: options[0].overrides }),
    ...(options[0]?.environment && { environment: options[0].environment }),
  });
  let fail: (error: Error) => void = () => {};
  const storeFailed = new Promise<Error>((resolve) => {
    fail = resolve;
  });
  const store = await EmbeddedStore.open({
    ports: nodePorts,
    directory: storeDirectory(config),
    snapshotBytes: config.metadataLogMaxRecordBytesBetweenSnapshots,
    onEvent: (event) => {
      if (event.kind !== 'failed') return;
      fail(event.error instanceof Error ? event.error : new Error(String(event.error)));
    },
  });
  const brokers: BrokerProcess[] = [];
  const stopAll = async () => {
    for (const broker of brokers) await broker.stop();
    await store.close();
  };
  try {
    for (const one of options) {
      brokers.push(
        await startBrokerProcess({ ...one, engine: async () => store.member(), brokersInProcess: options.length }),
      );
    }
  } catch (error) {
    await stopAll();
    throw error;
  }
  let stopping: Promise<void> | undefined;
  return {
    brokers,
    failed: Promise.race([storeFailed, ...brokers.map(({ failed }) => failed)]),
    stop() {
      stopping ??= stopAll();
      return stopping;
    },
  };
}
