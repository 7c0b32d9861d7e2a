// Which nemesis strikes when, whom and for how long: all drawn from the seed before the run begins, so that the same seed is
// the same schedule on every machine. (What the processes do meanwhile is theirs.)
import { seeded } from '../seeded.ts';
import type { Nemesis, Strike } from './nemeses.ts';

export interface Appointment extends Strike {
  readonly nemesis: Nemesis;
  /** After the one before has mended what it broke. */
  readonly pauseMs: number;
}

const PAUSE_MS = [200, 4_000] as const;
/** What a cluster needs to be struck and to come back, beyond the strike itself. */
const OVERHEAD_MS = 1_500;

/** The nemeses that come in any case, however short the run, come from here on: by then segments are closed. */
const SURE_FROM = 2;

/**
 * Fills about `seconds`. Every nemesis comes once, in an order that is drawn, before any comes a second time; those named by
 * `sure` are among the first.
 */
export function schedule(
  seed: number,
  seconds: number,
  nemeses: readonly Nemesis[],
  brokers: number,
  sure: readonly string[] = [],
): Appointment[] {
  if (nemeses.length === 0) throw new Error('no nemesis is possible here');
  const random = seeded(seed);
  const appointments: Appointment[] = [];
  let deck: Nemesis[] = [];
  for (let leftMs = seconds * 1_000; leftMs > 0; ) {
    if (deck.length === 0) {
      const drawn = shuffled(nemeses, random.next);
      const early = drawn.filter(({ name }) => sure.includes(name));
      deck = drawn.filter((nemesis) => !early.includes(nemesis));
      // Taken from the end.
      deck.splice(Math.max(0, deck.length - SURE_FROM), 0, ...early);
    }
    const nemesis = deck.pop()!;
    const [least, most] = nemesis.durationMs;
    const appointment = {
      nemesis,
      pauseMs: random.between(...PAUSE_MS),
      victim: random.between(0, brokers - 1),
      variant: random.next(),
      durationMs: random.between(least, most),
    };
    appointments.push(appointment);
    leftMs -= appointment.pauseMs + appointment.durationMs + OVERHEAD_MS;
  }
  return appointments;
}

function shuffled<T>(items: readonly T[], next: () => number): T[] {
  const list = [...items];
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [list[i], list[j]] = [list[j]!, list[i]!];
  }
  return list;
}
