// A cluster of Moldau brokers on one machine: processes of their own over a real ZooKeeper, as an operator runs them. Settings
// are those of apache-cluster.ts, so that one may stand for the other.
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApacheCluster } from './apache-cluster.ts';
import { BrokerProcess, type Place, propertiesText } from './broker-process.ts';
import { moldauCommand } from './command-line.ts';
import { freePorts } from './free-ports.ts';
import { whenServing } from './readiness.ts';
import { startZooKeeper, type ZooKeeperEnsemble } from './zookeeper.ts';

export interface MoldauClusterOptions {
  /** Default 3. */
  readonly brokers?: number;
  /** Of the ensemble; default 1. */
  readonly zooKeeperServers?: number;
  readonly properties?: Readonly<Record<string, string | number | boolean>>;
  readonly durability?: 'fsync' | 'os';
  /** One for each broker, then one for each server of ZooKeeper; all on 127.0.0.1 when absent. */
  readonly places?: readonly Place[];
  /** Node ids begin here; default 1. Courses begin at 0. */
  readonly firstId?: number;
}

export interface MoldauCluster extends ApacheCluster {
  readonly zookeeper: ZooKeeperEnsemble;
  /** One broker more, with the next id; resolves when it serves. It is closed with the cluster. */
  addBroker(): Promise<BrokerProcess>;
}

/** Starts a fresh cluster and resolves when every broker serves and knows all the others. */
export async function startMoldauCluster(o: MoldauClusterOptions = {}): Promise<MoldauCluster> {
  const count = o.brokers ?? 3;
  const firstId = o.firstId ?? 1;
  const keepers = o.places?.slice(count);
  const zookeeper = await startZooKeeper({
    servers: o.zooKeeperServers ?? 1,
    ...(keepers && keepers.length > 0 ? { places: keepers } : {}),
  });
  const ports = await freePorts(count);
  const replicas = Math.min(3, count);
  const inSync = Math.min(2, count);
  const make = (port: number, index: number): BrokerProcess => {
    const place = o.places?.[index];
    const host = place?.host ?? '127.0.0.1';
    const directory = mkdtempSync(join(tmpdir(), 'moldau-'));
    const data = place?.dataDirectory ?? join(directory, 'data');
    mkdirSync(data, { recursive: true });
    const properties = join(directory, 'server.properties');
    const [file, ...args] = moldauCommand('kafka-server-start', properties);
    writeFileSync(
      properties,
      propertiesText({
        'node.id': firstId + index,
        'broker.rack': `rack-${firstId + index}`,
        'zookeeper.connect': zookeeper.connect,
        listeners: `PLAINTEXT://${host}:${port}`,
        'advertised.listeners': `PLAINTEXT://${host}:${port}`,
        'log.dirs': data,
        'default.replication.factor': replicas,
        'min.insync.replicas': inSync,
        'offsets.topic.replication.factor': replicas,
        'offsets.topic.num.partitions': 5,
        'transaction.state.log.replication.factor': replicas,
        'transaction.state.log.min.isr': inSync,
        'transaction.state.log.num.partitions': 5,
        'group.initial.rebalance.delay.ms': 0,
        ...(o.durability ? { 'log.durability': o.durability } : {}),
        ...o.properties,
      }),
    );
    const options = process.env.MOLDAU_NODE_OPTIONS;
    return new BrokerProcess(
      {
        name: `Moldau ${firstId + index}`,
        file,
        args,
        env: { MOLDAU_RUN_DIR: directory, ...(options ? { NODE_OPTIONS: options } : {}) },
        host,
        port,
        directory,
        startTimeoutMs: 60_000,
        ...(place ? { place } : {}),
      },
      data,
    );
  };
  const brokers = ports.map(make);
  const close = async () => {
    await Promise.all(brokers.map((broker) => broker.close()));
    await zookeeper.close();
  };
  try {
    await Promise.all(brokers.map((broker) => broker.start()));
    for (const broker of brokers) {
      const { host, port } = broker;
      await whenServing(host, port, { timeoutMs: 60_000, alive: () => broker.running, brokers: count });
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    name: `Moldau, ${count} brokers`,
    brokers,
    bootstrap: brokers.map(({ bootstrap }) => bootstrap).join(),
    broker: (nodeId) => {
      const broker = brokers[nodeId - firstId];
      if (!broker) throw new Error(`there is no broker ${nodeId} in this cluster of ${count}`);
      return broker;
    },
    close,
    zookeeper,
    addBroker: async () => {
      const broker = make((await freePorts(1))[0]!, brokers.length);
      brokers.push(broker);
      await broker.start();
      return broker;
    },
  };
}
