// The ports of one run of a program on a virtual machine. Timers, like all that calls back, end with the run.
import type { Clock, Disk, Network, Ports, Random, Timers } from '@moldau/kernel';
import type { Boot } from './machine.ts';
import type { Prng } from './prng.ts';
import type { WorldEvent } from './world.ts';

/** What Node's timers do with less. */
const TIMER_MS_MIN = 1;
/** The rest of a turn of the event loop. */
const TURN_MS = 0.005;

export function portsOf(boot: Boot, draws: Prng, disk: Disk, network: Network): Ports {
  return { clock: clockOf(boot), timers: timersOf(boot), random: randomOf(draws), disk, network };
}

function clockOf({ machine }: Boot): Clock {
  return { now: () => machine.wall(), monotonic: () => machine.monotonic() };
}

function timersOf(boot: Boot): Timers {
  const { machine } = boot;
  const { world } = machine;
  return {
    set: (delayMs, run) => world.schedule(Math.max(TIMER_MS_MIN, delayMs) / machine.rate, boot, 'timer', run),
    clear: (handle) => world.cancel(handle as WorldEvent),
    afterTurn: (run) => {
      world.schedule(TURN_MS, boot, 'turn', run);
    },
  };
}

export function randomOf(draws: Prng): Random {
  return { bytes: (count) => draws.bytes(count), float: () => draws.float() };
}
