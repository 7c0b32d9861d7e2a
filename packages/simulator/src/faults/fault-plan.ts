// Which faults a seed has, how often and how hard. Swarm testing: each seed draws a subset, because faults hide each other
// (a cluster that is cut all the time never gets far enough to lose anything).
import type { ClusterShape } from '../cluster/settings.ts';
import type { Prng } from '../world/prng.ts';

export const FAULTS = [
  'kill',
  'killTwice',
  'powerCut',
  'powerCutAll',
  'stop',
  'stall',
  'isolate',
  'cutOneWay',
  'cutStore',
  'clog',
  'reset',
  'diskStall',
  'diskFull',
  'diskFail',
  'clockJump',
  'expireSession',
  'storeAway',
] as const;
/** Drawn apart, so that seeds keep what they drew before these were thought of. */
export const LATER_FAULTS = ['killThenPower', 'bitRot'] as const;
export type FaultName = (typeof FAULTS)[number] | (typeof LATER_FAULTS)[number];

export interface FaultPlan {
  /** Milliseconds between two of a kind, on average; absent: never. */
  readonly everyMs: ReadonlyMap<FaultName, number>;
  /** Longest that a fault with a duration lasts. */
  readonly durationMsMax: number;
  readonly lostReplyShare: number;
  readonly lateWatchMs: number;
  readonly networkDelayMs: number;
  readonly chunkShare: number;
  readonly syncMs: number;
  readonly keptShare: number;
  readonly tornShare: number;
}

/** What a page-cache broker never promised to survive. */
const lossyWithoutSync: ReadonlySet<FaultName> = new Set([
  ...(['powerCut', 'powerCutAll', 'diskFail', 'killThenPower'] as const),
]);

export function drawPlan(draws: Prng, shape: ClusterShape): FaultPlan {
  const everyMs = new Map<FaultName, number>();
  const calm = draws.chance(0.05);
  for (const fault of FAULTS) {
    const chosen = draws.chance(0.35);
    const mean = draws.pick([5_000, 10_000, 20_000, 40_000]);
    if (calm || !chosen || (shape.durability === 'os' && lossyWithoutSync.has(fault))) continue;
    everyMs.set(fault, fault === 'powerCutAll' || fault === 'diskFail' ? mean * 2 : mean);
  }
  const later = draws.fork('later faults');
  for (const fault of LATER_FAULTS) {
    const chosen = later.chance(0.3);
    const mean = later.pick([5_000, 10_000, 20_000]);
    if (calm || !chosen || (shape.durability === 'os' && lossyWithoutSync.has(fault))) continue;
    // A copy that is the only one is not made good again.
    if (fault === 'bitRot' && (shape.brokers === 1 || shape.engine !== 'model')) continue;
    everyMs.set(fault, mean);
  }
  return {
    everyMs,
    durationMsMax: draws.pick([1_000, 5_000, 15_000]),
    lostReplyShare: draws.chance(0.4) ? draws.range(0, 0.05) : 0,
    lateWatchMs: draws.pick([0, 5, 200, 2_000]),
    networkDelayMs: draws.pick([0.1, 0.3, 2, 10]),
    chunkShare: draws.pick([0, 0.1, 0.5]),
    syncMs: draws.pick([0.2, 1, 5]),
    keptShare: draws.pick([0, 0.3, 0.7]),
    tornShare: draws.pick([0, 0.3, 0.8]),
  };
}

/** What of a plan besides its faults can be set to rest, one by one, and what it is then. */
export const CALM = {
  lostReplyShare: 0,
  lateWatchMs: 5,
  networkDelayMs: 0.2,
  chunkShare: 0,
  syncMs: 0.4,
  keptShare: 0,
  tornShare: 0,
} as const satisfies Partial<Record<keyof FaultPlan, number>>;
export type Knob = keyof typeof CALM;

/** The plan without these faults, and with these of its numbers at rest. */
export function calmed(plan: FaultPlan, without: readonly FaultName[], knobs: readonly Knob[]): FaultPlan {
  const everyMs = new Map([...plan.everyMs].filter(([fault]) => !without.includes(fault)));
  return { ...plan, everyMs, ...Object.fromEntries(knobs.map((knob) => [knob, CALM[knob]])) };
}
