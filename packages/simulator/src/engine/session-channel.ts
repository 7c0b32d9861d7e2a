// The connection of one broker to the ensemble: requests arrive in order, answers come in order, and either may be lost
// with the connection; then everything under way fails with ConnectionLoss, and nobody knows what of it took effect.
import type { SimNetwork } from '../network/sim-network.ts';
import type { Boot, Machine } from '../world/machine.ts';
import type { Prng } from '../world/prng.ts';
import type { Ensemble } from './ensemble.ts';

export class ConnectionLoss extends Error {}

export interface EngineFaults {
  /** Share of requests whose answer is lost after they took effect. */
  lostReplyShare: number;
  /** How late a notification may be. */
  lateWatchMs: number;
}

interface UnderWay {
  readonly reject: (error: ConnectionLoss) => void;
}

/** How long until a broken connection is noticed. */
const NOTICE_MS = 300;

export class SessionChannel {
  readonly #boot: Boot;
  readonly #network: SimNetwork;
  readonly #far: Machine;
  readonly #ensemble: Ensemble;
  readonly #draws: Prng;
  readonly #faults: EngineFaults;
  readonly #underWay = new Set<UnderWay>();
  #requestArrivesAt = 0;
  #answerArrivesAt = 0;
  /** Grows when the connection breaks. */
  #connection = 0;
  #breaking = false;

  constructor(boot: Boot, network: SimNetwork, far: Machine, ensemble: Ensemble, draws: Prng, faults: EngineFaults) {
    this.#boot = boot;
    this.#network = network;
    this.#far = far;
    this.#ensemble = ensemble;
    this.#draws = draws;
    this.#faults = faults;
  }

  /** Runs `effect` at the ensemble; rejects with ConnectionLoss. */
  ask<T>(label: string, effect: () => T): Promise<T> {
    const { world } = this.#boot.machine;
    return new Promise<T>((resolve, reject) => {
      const underWay = { reject };
      this.#underWay.add(underWay);
      const connection = this.#connection;
      const there = this.#network.delayMs(this.#boot.machine, this.#far);
      this.#requestArrivesAt = Math.max(this.#requestArrivesAt + 0.001, world.now + there);
      world.schedule(this.#requestArrivesAt - world.now, undefined, `zk ${label}`, () => {
        if (connection !== this.#connection) return;
        if (!this.#reaches(true)) {
          this.#break();
          return;
        }
        const answer = effect();
        if (this.#draws.chance(this.#faults.lostReplyShare) || !this.#reaches(false)) {
          this.#break();
          return;
        }
        const back = this.#network.delayMs(this.#far, this.#boot.machine);
        this.#answerArrivesAt = Math.max(this.#answerArrivesAt + 0.001, world.now + back);
        world.schedule(this.#answerArrivesAt - world.now, this.#boot, `zk ${label} answered`, () => {
          if (!this.#underWay.delete(underWay)) return;
          resolve(answer);
        });
      });
    });
  }

  /** A notification on its way; lost when the connection is. */
  notify(run: () => void): void {
    const { world } = this.#boot.machine;
    const connection = this.#connection;
    const delayMs =
      this.#network.delayMs(this.#far, this.#boot.machine) + this.#draws.range(0, this.#faults.lateWatchMs);
    world.schedule(delayMs, this.#boot, 'zk watch', () => {
      if (connection !== this.#connection) return;
      if (this.#reaches(false)) run();
      else this.#break();
    });
  }

  #reaches(forth: boolean): boolean {
    const { machine } = this.#boot;
    if (machine.world.now < this.#ensemble.awayUntil) return false;
    return forth ? this.#network.passes(machine, this.#far) : this.#network.passes(this.#far, machine);
  }

  #break(): void {
    if (this.#breaking) return;
    this.#breaking = true;
    this.#boot.machine.world.schedule(NOTICE_MS, this.#boot, 'zk connection lost', () => {
      this.#breaking = false;
      this.#connection++;
      const lost = [...this.#underWay];
      this.#underWay.clear();
      for (const { reject } of lost) reject(new ConnectionLoss('connection to the ensemble lost'));
    });
  }
}
