// A cluster that can be hurt in every way: each broker on a machine of its own (network namespace, file system, wall clock),
// and beside them, for Moldau, the servers of a real ZooKeeper. Where this process may not make machines, brokers are plain
// processes and what needs a machine is left out.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApacheCluster, startApacheCluster } from '../../peer/apache-cluster.ts';
import type { Peer, Place } from '../../peer/broker-process.ts';
import { startMoldauCluster } from '../../peer/moldau-cluster.ts';
import type { ZooKeeperServer } from '../../peer/zookeeper.ts';
import { DiskFaults } from '../machine/disk-faults.ts';
import { canMountImages, DiskImage, type FileSystem } from '../machine/disk-image.ts';
import { clearLeftovers, owner } from '../machine/leftovers.ts';
import { canHaveNetworks, type Machine, MachineNetwork } from '../machine/network.ts';
import { WallClock } from '../machine/wall-clock.ts';

export interface FaultClusterOptions {
  readonly target: 'moldau' | 'apache';
  readonly brokers: number;
  readonly zooKeeperServers: number;
  readonly fileSystem: FileSystem;
  readonly durability?: 'fsync' | 'os';
  /** Settings beyond those that make a run quick. */
  readonly properties?: Readonly<Record<string, string | number | boolean>>;
}

export interface FaultNode {
  readonly id: number;
  readonly peer: Peer;
  readonly machine: Machine | undefined;
  readonly disk: DiskImage | undefined;
  readonly clock: WallClock | undefined;
  /** What its disk does to it short of losing power. */
  readonly diskFaults: DiskFaults | undefined;
}

export interface FaultCluster {
  readonly name: string;
  readonly bootstrap: string;
  readonly nodes: readonly FaultNode[];
  /** Of ZooKeeper; none for KRaft. */
  readonly keepers: readonly ZooKeeperServer[];
  readonly keeperAddresses: readonly string[];
  readonly network: MachineNetwork | undefined;
  /** An acknowledgement means that disks have it: power may be cut anywhere. */
  readonly durable: boolean;
  close(): Promise<void>;
}

/** How long a broker may be silent before it is taken for dead; short, so that a run meets it often. */
export const SESSION_MS = 3_000;
const DISK_MEBIBYTES = 400;
/** Runs are shorter than the minute after which a recovery point is written, and would meet a broker that has none only. */
const CHECKPOINTS = { 'log.flush.offset.checkpoint.interval.ms': 3_000 };

export async function startFaultCluster(o: FaultClusterOptions): Promise<FaultCluster> {
  clearLeftovers();
  const folder = mkdtempSync(join(tmpdir(), `faults-${owner}-`));
  const keepers = o.target === 'moldau' ? o.zooKeeperServers : 0;
  const network = canHaveNetworks() ? new MachineNetwork(o.brokers + keepers) : undefined;
  const images = canMountImages(folder);
  const disks: DiskImage[] = [];
  const clocks: WallClock[] = [];
  const diskFaults: DiskFaults[] = [];
  const places: Place[] = [];
  const cleanUp = (): void => {
    process.off('exit', cleanUp);
    for (const disk of disks) disk.close();
    network?.close();
    rmSync(folder, { recursive: true, force: true });
  };
  // Ctrl-C and SIGTERM, where the program makes an exit of them: its processes are killed by then.
  process.on('exit', cleanUp);
  let cluster: ApacheCluster & { readonly zookeeper?: { readonly servers: readonly ZooKeeperServer[] } };
  try {
    for (let i = 0; i < o.brokers + keepers; i++) {
      const machine = network?.machines[i];
      const isBroker = i < o.brokers;
      if (isBroker && images) disks.push(new DiskImage(folder, `disk-${i}`, o.fileSystem, DISK_MEBIBYTES));
      // A JVM does not bear libfaketime: it counts on clocks that agree.
      if (isBroker && o.target === 'moldau' && network) clocks.push(new WallClock(folder, `node-${i}`));
      if (isBroker && disks[i] && DiskFaults.possible) {
        diskFaults.push(new DiskFaults(folder, `node-${i}`, disks[i]!.path));
      }
      const env = isBroker ? preloaded(diskFaults[i], clocks[i]) : {};
      places.push({
        host: machine?.address ?? '127.0.0.1',
        prefix: machine?.prefix ?? [],
        ...(isBroker && disks[i] ? { dataDirectory: join(disks[i]!.path, 'data') } : {}),
        env,
      });
    }
    cluster =
      o.target === 'moldau'
        ? await startMoldauCluster({
            brokers: o.brokers,
            zooKeeperServers: keepers,
            places,
            ...(o.durability ? { durability: o.durability } : {}),
            properties: {
              'zookeeper.session.timeout.ms': SESSION_MS,
              'replica.lag.time.max.ms': 5_000,
              'log.segment.bytes': 4_194_304,
              ...CHECKPOINTS,
              ...o.properties,
            },
          })
        : await startApacheCluster({
            brokers: o.brokers,
            places,
            heap: '384M',
            properties: {
              'broker.session.timeout.ms': SESSION_MS,
              'broker.heartbeat.interval.ms': 500,
              'replica.lag.time.max.ms': 5_000,
              'log.segment.bytes': 4_194_304,
              ...CHECKPOINTS,
              ...o.properties,
            },
          });
  } catch (error) {
    cleanUp();
    throw error;
  }
  return {
    name: cluster.name,
    bootstrap: cluster.bootstrap,
    nodes: cluster.brokers.map((peer, i) => ({
      id: i + 1,
      peer,
      machine: network?.machines[i],
      disk: disks[i],
      clock: clocks[i],
      diskFaults: diskFaults[i],
    })),
    keepers: cluster.zookeeper?.servers ?? [],
    keeperAddresses: (cluster.zookeeper?.servers ?? []).map(({ host }) => host),
    network,
    durable: o.target === 'moldau' && o.durability !== 'os',
    close: async () => {
      await cluster.close();
      cleanUp();
    },
  };
}

/** Several libraries in front of one process. */
function preloaded(...parts: readonly (DiskFaults | WallClock | undefined)[]): Readonly<Record<string, string>> {
  const all = parts.flatMap((part) => (part ? [part.env] : []));
  if (all.length === 0) return {};
  return Object.assign({}, ...all, { LD_PRELOAD: all.map(({ LD_PRELOAD }) => LD_PRELOAD).join(':') });
}
