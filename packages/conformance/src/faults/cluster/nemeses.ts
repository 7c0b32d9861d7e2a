// What is done to a cluster, by name. Each strikes, lasts, and mends what it broke, so that the next begins with all machines
// there again (if not yet in step). What it draws it is given: the same seed strikes the same way.
import { setTimeout as sleep } from 'node:timers/promises';
import { type FaultCluster, type FaultNode, SESSION_MS } from './fault-cluster.ts';
import { rot, type Scene } from './rot.ts';

export interface Strike {
  /** Which broker. */
  readonly victim: number;
  /** 0 <= n < 1, for what the nemesis decides itself. */
  readonly variant: number;
  readonly durationMs: number;
}

export interface Nemesis {
  readonly name: string;
  readonly what: string;
  /** How long, at least and at most. */
  readonly durationMs: readonly [least: number, most: number];
  possible(cluster: FaultCluster): boolean;
  /** Loses records that were acknowledged from the page cache: only where that is not so, or by its name. */
  readonly needsDurability?: true;
  strike(cluster: FaultCluster, strike: Strike, scene: Scene): Promise<void>;
}

/** In which a broker under load has made forty writes or syncs, on a busy machine too. */
const FAILS_WITHIN_MS = 15_000;

const node = (cluster: FaultCluster, { victim }: Strike): FaultNode => cluster.nodes[victim % cluster.nodes.length]!;
const always = (): boolean => true;
const onMachines = ({ network }: FaultCluster): boolean => network !== undefined;
const onDisks = ({ nodes }: FaultCluster): boolean => nodes.every(({ disk }) => disk !== undefined);
const withDiskFaults = ({ nodes }: FaultCluster): boolean => nodes.every(({ diskFaults }) => diskFaults !== undefined);
const overZooKeeper = ({ keepers }: FaultCluster): boolean => keepers.length > 0;

/** A broker may have ended by itself, as one does whose disk fails. */
async function bringBack({ peer }: FaultNode): Promise<void> {
  if (!peer.running) await peer.start();
}

async function loseAndRegainPower(nodes: readonly FaultNode[], pauseMs: number): Promise<void> {
  for (const { disk } of nodes) disk!.cutPower();
  await Promise.all(nodes.map(({ peer }) => peer.kill()));
  await sleep(pauseMs);
  for (const { disk } of nodes) disk!.powerUp();
  await Promise.all(nodes.map(bringBack));
}

const others = (cluster: FaultCluster, of: FaultNode): string[] =>
  cluster.nodes.filter((one) => one !== of).map(({ machine }) => machine!.address);

export const NEMESES: readonly Nemesis[] = [
  {
    name: 'kill',
    what: 'kill -9 of a broker, started again',
    durationMs: [200, 6_000],
    possible: always,
    strike: async (cluster, strike) => {
      const { peer } = node(cluster, strike);
      await peer.kill();
      await sleep(strike.durationMs);
      await peer.start();
    },
  },
  {
    name: 'kill-storm',
    what: 'kill -9 of one broker five times, also while it starts',
    durationMs: [500, 3_000],
    possible: always,
    strike: async (cluster, strike) => {
      const { peer } = node(cluster, strike);
      for (let i = 0; i < 5; i++) {
        await peer.kill();
        await peer.start({ wait: false });
        await sleep(strike.durationMs * ((strike.variant * (i + 1)) % 1));
      }
      await peer.kill();
      await peer.start();
    },
  },
  {
    name: 'kill-all',
    what: 'kill -9 of all brokers at once',
    durationMs: [200, 2_000],
    possible: always,
    strike: async (cluster, strike) => {
      await Promise.all(cluster.nodes.map(({ peer }) => peer.kill()));
      await sleep(strike.durationMs);
      await Promise.all(cluster.nodes.map(({ peer }) => peer.start()));
    },
  },
  {
    name: 'restart',
    what: 'a broker stopped in order and started again',
    durationMs: [0, 1_000],
    possible: always,
    strike: async (cluster, strike) => {
      const { peer } = node(cluster, strike);
      await peer.stop();
      await sleep(strike.durationMs);
      await peer.start();
    },
  },
  {
    name: 'rolling-restart',
    what: 'all brokers stopped in order and started again, one after the other',
    durationMs: [0, 500],
    possible: always,
    strike: async (cluster, strike) => {
      for (const { peer } of cluster.nodes) {
        await peer.stop();
        await sleep(strike.durationMs);
        await peer.start();
        await sleep(1_000);
      }
    },
  },
  {
    name: 'freeze',
    what: 'SIGSTOP of a broker, half the time past its session, then SIGCONT',
    durationMs: [300, 3 * SESSION_MS],
    possible: always,
    strike: async (cluster, strike) => {
      const { pid } = node(cluster, strike).peer;
      process.kill(pid, 'SIGSTOP');
      await sleep(strike.durationMs);
      process.kill(pid, 'SIGCONT');
    },
  },
  {
    name: 'cut-off',
    what: 'a broker cut off from the brokers and the store; clients reach it',
    durationMs: [1_000, 3 * SESSION_MS],
    possible: onMachines,
    strike: async (cluster, strike) => {
      const victim = node(cluster, strike);
      cluster.network!.cut(victim.machine!, [...others(cluster, victim), ...cluster.keeperAddresses]);
      await sleep(strike.durationMs);
      cluster.network!.heal();
    },
  },
  {
    name: 'cable',
    what: 'a broker cut off from everybody',
    durationMs: [1_000, 3 * SESSION_MS],
    possible: onMachines,
    strike: async (cluster, strike) => {
      const victim = node(cluster, strike);
      const everybody = [...others(cluster, victim), ...cluster.keeperAddresses, cluster.network!.outside];
      cluster.network!.cut(victim.machine!, everybody);
      await sleep(strike.durationMs);
      cluster.network!.heal();
    },
  },
  {
    name: 'one-way',
    what: 'a broker that is heard by the others and does not hear them',
    durationMs: [1_000, 3 * SESSION_MS],
    possible: onMachines,
    strike: async (cluster, strike) => {
      const victim = node(cluster, strike);
      cluster.network!.deafen(victim.machine!, others(cluster, victim));
      await sleep(strike.durationMs);
      cluster.network!.heal();
    },
  },
  {
    name: 'pair',
    what: 'two brokers that cannot reach each other, while the third reaches both',
    durationMs: [1_000, 3 * SESSION_MS],
    possible: onMachines,
    strike: async (cluster, strike) => {
      const victim = node(cluster, strike);
      const neighbours = others(cluster, victim);
      cluster.network!.cut(victim.machine!, [neighbours[Math.floor(strike.variant * neighbours.length)]!]);
      await sleep(strike.durationMs);
      cluster.network!.heal();
    },
  },
  {
    name: 'store-unreachable',
    what: 'a broker cut off from ZooKeeper only',
    durationMs: [1_000, 3 * SESSION_MS],
    possible: (cluster) => onMachines(cluster) && overZooKeeper(cluster),
    strike: async (cluster, strike) => {
      cluster.network!.cut(node(cluster, strike).machine!, cluster.keeperAddresses);
      await sleep(strike.durationMs);
      cluster.network!.heal();
    },
  },
  {
    name: 'store-kill',
    what: 'kill -9 of a server of ZooKeeper, or of all of them',
    durationMs: [500, 3 * SESSION_MS],
    possible: overZooKeeper,
    strike: async (cluster, strike) => {
      const { keepers } = cluster;
      const struck = strike.variant < 0.5 ? keepers : [keepers[strike.victim % keepers.length]!];
      await Promise.all(struck.map((keeper) => keeper.kill()));
      await sleep(strike.durationMs);
      await Promise.all(struck.map((keeper) => keeper.start()));
    },
  },
  {
    name: 'store-freeze',
    what: 'SIGSTOP of all of ZooKeeper, then SIGCONT',
    durationMs: [500, 3 * SESSION_MS],
    possible: overZooKeeper,
    strike: async (cluster, strike) => {
      const pids = cluster.keepers.map(({ pid }) => pid);
      for (const pid of pids) process.kill(pid, 'SIGSTOP');
      await sleep(strike.durationMs);
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    },
  },
  {
    name: 'store-wiped',
    what: 'ZooKeeper comes back with nothing, brokers are restarted over it, then its data are brought back',
    durationMs: [1_000, 5_000],
    possible: overZooKeeper,
    strike: async (cluster, strike) => {
      await Promise.all(cluster.keepers.map((keeper) => keeper.kill()));
      for (const keeper of cluster.keepers) keeper.wipe();
      await Promise.all(cluster.keepers.map((keeper) => keeper.start()));
      const victim = node(cluster, strike);
      // One that starts over an empty store must refuse it, and may end for that.
      await victim.peer.kill();
      await victim.peer.start({ wait: false });
      await sleep(strike.durationMs);
      await victim.peer.kill();
      await Promise.all(cluster.keepers.map((keeper) => keeper.kill()));
      for (const keeper of cluster.keepers) keeper.unwipe();
      await Promise.all(cluster.keepers.map((keeper) => keeper.start()));
      await Promise.all(cluster.nodes.map(bringBack));
    },
  },
  {
    name: 'disk-full',
    what: 'no room on the disk of a broker, then room again',
    durationMs: [500, 4_000],
    possible: onDisks,
    strike: async (cluster, strike) => {
      const victim = node(cluster, strike);
      victim.disk!.fill();
      await sleep(strike.durationMs);
      victim.disk!.drain();
      await sleep(500);
      await bringBack(victim);
    },
  },
  {
    name: 'disk-slow',
    what: 'each write and sync of a broker takes 5 ms to half a second longer',
    durationMs: [1_000, 6_000],
    possible: withDiskFaults,
    strike: async (cluster, strike) => {
      const { diskFaults } = node(cluster, strike);
      diskFaults!.slow(5 * 100 ** strike.variant);
      await sleep(strike.durationMs);
      diskFaults!.mend();
    },
  },
  {
    name: 'disk-error',
    what: 'one write or sync of a broker, the first to the fortieth, fails with EIO; it is started again',
    durationMs: [500, 4_000],
    possible: withDiskFaults,
    strike: async (cluster, strike, { complain }) => {
      const victim = node(cluster, strike);
      const faults = victim.diskFaults!;
      const before = faults.failed;
      faults.failCall(1 + Math.floor(((strike.variant * 97) % 1) * 40), strike.variant < 0.5 ? 'sync' : 'write');
      for (let waitedMs = 0; faults.failed === before && waitedMs < FAILS_WITHIN_MS; waitedMs += 50) await sleep(50);
      if (faults.failed === before && victim.peer.running) complain(`no call failed at broker ${victim.id}`);
      await sleep(strike.durationMs);
      faults.mend();
      // A directory that failed is out of service until a restart, whether the broker ended over it or not.
      await victim.peer.kill();
      await victim.peer.start();
    },
  },
  {
    name: 'bit-flip',
    what: 'a bit of a closed segment of a broker that is down is flipped; found, never served, mended from the others',
    durationMs: [0, 1_000],
    possible: always,
    strike: async (cluster, strike, scene) => {
      await sleep(strike.durationMs);
      await rot(cluster, node(cluster, strike), strike.variant, scene);
    },
  },
  {
    name: 'power',
    what: 'a broker loses power: what it did not sync is gone',
    durationMs: [100, 4_000],
    possible: onDisks,
    needsDurability: true,
    strike: (cluster, strike) => loseAndRegainPower([node(cluster, strike)], strike.durationMs),
  },
  {
    name: 'power-all',
    what: 'all brokers lose power at the same instant',
    durationMs: [100, 2_000],
    possible: onDisks,
    needsDurability: true,
    strike: (cluster, strike) => loseAndRegainPower(cluster.nodes, strike.durationMs),
  },
  {
    name: 'clock',
    what: 'the wall clock of a broker jumps by up to a year, and back',
    durationMs: [1_500, 5_000],
    possible: ({ nodes }) => nodes.every(({ clock }) => clock !== undefined),
    strike: async (cluster, strike) => {
      const { clock } = node(cluster, strike);
      const span = strike.variant < 0.5 ? 3_600 : 365 * 86_400;
      clock!.jump(Math.round(((strike.variant * 97) % 1 > 0.5 ? 1 : -1) * span));
      await sleep(strike.durationMs);
      clock!.jump(0);
    },
  },
];
