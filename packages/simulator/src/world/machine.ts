// A machine of the virtual world, and the runs of a program on it. The disk outlives a run; what a run scheduled does not.
import type { Prng } from './prng.ts';
import type { World, WorldEvent } from './world.ts';

/** One run of a program: from its start to its stop or crash. Every port of the program is bound to it. */
export interface Boot {
  readonly machine: Machine;
  readonly number: number;
  /** False for ever after a crash: nothing that this run began calls back any more. */
  alive: boolean;
}

export class Machine {
  readonly name: string;
  readonly world: World;
  /** False: the power is off; packets to it vanish. */
  powered = true;
  boot: Boot | undefined;
  /** The loop dispatches nothing before this time (a long garbage collection, SIGSTOP, a starved virtual machine). */
  stalledUntil = 0;
  /** Events that came during a stall, in order. */
  readonly held: WorldEvent[] = [];
  /** Wall clock against the world's, in milliseconds; changes in jumps. */
  wallOffsetMs = 0;
  /** Monotonic milliseconds here per millisecond of the world. */
  readonly rate: number;
  readonly #monotonicOffset: number;
  #boots = 0;

  constructor(world: World, name: string, draws: Prng) {
    this.world = world;
    this.name = name;
    this.rate = 1 + draws.range(-0.000_2, 0.000_2);
    this.#monotonicOffset = draws.range(1_000, 1_000_000);
  }

  start(): Boot {
    this.boot = { machine: this, number: ++this.#boots, alive: true };
    return this.boot;
  }

  /** Nothing of the present run happens any more. */
  halt(): void {
    if (this.boot) this.boot.alive = false;
    this.boot = undefined;
    this.held.length = 0;
    this.stalledUntil = 0;
  }

  monotonic(): number {
    return this.#monotonicOffset + this.world.now * this.rate;
  }

  wall(): number {
    return Math.floor(this.world.wallStart + this.world.now * this.rate + this.wallOffsetMs);
  }

  stall(durationMs: number): void {
    const until = this.world.now + durationMs;
    if (until <= this.stalledUntil) return;
    this.stalledUntil = until;
    this.world.schedule(durationMs, undefined, 'stall over', () => this.world.release(this));
  }
}
