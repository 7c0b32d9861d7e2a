// Carries a fault plan out, and takes everything back when the chaos is over. Each fault that strikes is written down with
// the draws that it began with: a second run can be given what was written, and leave some of it out (the shrinker does).
import type { SimCluster } from '../cluster/sim-cluster.ts';
import type { SimNode } from '../cluster/sim-node.ts';
import type { Prng } from '../world/prng.ts';
import type { BitRot } from './bit-rot.ts';
import type { FaultName, FaultPlan } from './fault-plan.ts';

/** One fault that struck. */
export interface Strike {
  /** By order, from 1. */
  readonly number: number;
  readonly fault: FaultName;
  /** Milliseconds behind the one of its kind before, and since the world began. */
  readonly delayMs: number;
  readonly at: number;
  /** The machine that was chosen. */
  readonly target: string;
  readonly draws: Prng;
}

/** What struck in an earlier run of the same seed, and which of it does not strike now. */
export interface Script {
  readonly strikes: readonly Strike[];
  readonly skip: ReadonlySet<number>;
}

export class FaultSchedule {
  readonly #cluster: SimCluster;
  readonly #plan: FaultPlan;
  /** Of kinds and, in a scripted run, of each strike: set where it begins. */
  #draws: Prng;
  readonly #rot: BitRot;
  readonly #script: Script | undefined;
  readonly #scripted = new Map<FaultName, Strike[]>();
  #over = false;
  readonly strikes: Strike[] = [];
  /** How often each fault happened. */
  readonly fired = new Map<FaultName, number>();

  constructor(cluster: SimCluster, plan: FaultPlan, draws: Prng, rot: BitRot, script?: Script) {
    this.#cluster = cluster;
    this.#rot = rot;
    this.#plan = plan;
    this.#draws = draws;
    this.#script = script;
    for (const strike of script?.strikes ?? []) {
      this.#scripted.set(strike.fault, [...(this.#scripted.get(strike.fault) ?? []), strike]);
    }
  }

  begin(): void {
    const { network, nodes, engineFaults } = this.#cluster;
    network.faults.delayMs = this.#plan.networkDelayMs;
    network.faults.chunkShare = this.#plan.chunkShare;
    engineFaults.lostReplyShare = this.#plan.lostReplyShare;
    engineFaults.lateWatchMs = this.#plan.lateWatchMs;
    for (const { disk } of nodes) disk.faults.syncMs = this.#plan.syncMs;
    for (const fault of this.#plan.everyMs.keys()) this.#next(fault);
  }

  /** All is well from now on: machines on, programs running, packets passing, disks sound. */
  heal(): void {
    this.#over = true;
    const { network, nodes, engineFaults } = this.#cluster;
    network.mend();
    network.faults.delayMs = 0.2;
    engineFaults.lostReplyShare = 0;
    engineFaults.lateWatchMs = 5;
    for (const node of nodes) {
      Object.assign(node.disk.faults, {
        failing: false,
        capacityBytes: Number.POSITIVE_INFINITY,
        stalledUntil: 0,
        syncMs: 0.4,
      });
      node.wanted = true;
      node.powerOn();
      node.start();
    }
  }

  #next(fault: FaultName): void {
    const scripted = this.#scripted.get(fault)?.shift();
    if (this.#script && !scripted) return;
    const everyMs = this.#plan.everyMs.get(fault)!;
    // Exponential: bursts and long pauses both happen.
    const delayMs = scripted?.delayMs ?? -Math.log(1 - this.#draws.float()) * everyMs;
    const { world, nodes } = this.#cluster;
    world.schedule(delayMs, undefined, `fault ${fault}`, () => {
      if (this.#over) return;
      if (scripted) this.#draws = scripted.draws.copy();
      const number = scripted?.number ?? this.strikes.length + 1;
      if (!this.#script?.skip.has(number)) {
        const draws = this.#draws.copy();
        const target = draws.copy().pick(nodes).machine.name;
        this.strikes.push({ number, fault, delayMs, at: world.now, target, draws });
        this.fired.set(fault, (this.fired.get(fault) ?? 0) + 1);
        this.#carryOut(fault);
      }
      this.#next(fault);
    });
  }

  #later(delayMs: number, run: () => void): void {
    this.#cluster.world.schedule(delayMs, undefined, 'fault over', () => {
      if (!this.#over) run();
    });
  }

  #duration(): number {
    const { durationMsMax } = this.#plan;
    return this.#draws.chance(0.5) ? this.#draws.range(50, durationMsMax / 5) : this.#draws.range(50, durationMsMax);
  }

  #carryOut(fault: FaultName): void {
    const { network, nodes, world, ensemble, store } = this.#cluster;
    const draws = this.#draws;
    const node = draws.pick(nodes);
    const name = node.machine.name;
    switch (fault) {
      case 'kill':
        node.kill();
        return;
      case 'killTwice':
        for (const victim of draws.shuffle(nodes).slice(0, 2)) victim.kill();
        return;
      case 'killThenPower':
        // What the killed run left in the page cache is read back as if it were there for good, and then it is not.
        node.kill();
        this.#later(draws.range(100, 4_000), () => this.#cutPower(node));
        return;
      case 'powerCut':
        this.#cutPower(node);
        return;
      case 'powerCutAll':
        for (const victim of nodes) this.#cutPower(victim);
        return;
      case 'stop':
        void node.stop();
        this.#later(this.#duration() + 500, () => {
          // One that did not come down in order is killed, as service managers do.
          node.kill();
          node.wanted = true;
          node.start();
        });
        return;
      case 'stall':
        node.machine.stall(this.#duration());
        return;
      case 'isolate': {
        const others = [...nodes.map(({ machine }) => machine.name), this.#cluster.clients.machine.name];
        if (draws.chance(0.5)) others.push(store.name);
        const cut = others.filter((other) => other !== name);
        for (const other of cut) {
          network.cut(name, other);
          network.cut(other, name);
        }
        this.#later(this.#duration(), () => {
          for (const other of cut) {
            network.mend(name, other);
            network.mend(other, name);
          }
        });
        return;
      }
      case 'cutOneWay': {
        const other = draws.pick([...nodes.map(({ machine }) => machine.name), this.#cluster.clients.machine.name]);
        if (other === name) return;
        const [from, to] = draws.chance(0.5) ? [name, other] : [other, name];
        network.cut(from, to);
        this.#later(this.#duration(), () => network.mend(from, to));
        return;
      }
      case 'cutStore':
        network.cut(name, store.name);
        network.cut(store.name, name);
        this.#later(this.#duration(), () => {
          network.mend(name, store.name);
          network.mend(store.name, name);
        });
        return;
      case 'clog': {
        const other = draws.pick(nodes).machine.name;
        network.clog(name, other, draws.range(50, 3_000), this.#duration());
        return;
      }
      case 'reset':
        network.resetOne();
        return;
      case 'diskStall':
        node.disk.faults.stalledUntil = world.now + this.#duration();
        return;
      case 'diskFull': {
        const { faults } = node.disk;
        faults.capacityBytes = node.disk.usedBytes + draws.below(5_000);
        this.#later(this.#duration(), () => {
          faults.capacityBytes = Number.POSITIVE_INFINITY;
        });
        return;
      }
      case 'diskFail': {
        const { faults } = node.disk;
        faults.failing = true;
        this.#later(this.#duration(), () => {
          faults.failing = false;
        });
        return;
      }
      case 'bitRot':
        this.#rot.strike(node);
        return;
      case 'clockJump':
        node.machine.wallOffsetMs += draws.pick([-1, 1]) * draws.skewed(60_000);
        return;
      case 'expireSession':
        ensemble.expireOne((sessions) => draws.pick(sessions));
        return;
      case 'storeAway':
        ensemble.awayUntil = world.now + this.#duration();
    }
  }

  #cutPower(node: SimNode): void {
    if (!node.machine.powered) return;
    node.cutPower({ keptShare: this.#plan.keptShare, tornShare: this.#plan.tornShare });
    this.#later(this.#draws.range(200, 3_000), () => {
      node.powerOn();
      node.start();
    });
  }
}
