// Walks a segment past what is no batch: whoever cuts, indexes or replays a log must not take damage for its end. Nothing is
// lost, forgotten or cut because a checksum looks wrong (D5).
import { baseOffsetOf } from '@moldau/protocol/records/batch-header';
import { type WalkEnd, type WalkOptions, walkBatches, walkBatchesSync } from './batch-walk.ts';
import { findIntact } from './find-intact.ts';

/** Where batches go on. */
export interface Resumed {
  readonly position: number;
  /** Base offset of the first batch there. */
  readonly offset: number;
}

/** Asked at each damaged stretch, which begins at `damage.position`; undefined: no batch follows. False ends the walk. */
export type OnDamage = (damage: WalkEnd, resumed: Resumed | undefined) => boolean;

const WINDOW_BYTES_MIN = 1 << 20;

export async function walkAroundDamage(
  file: Parameters<typeof walkBatches>[0],
  options: WalkOptions,
  onDamage: OnDamage,
): Promise<WalkEnd> {
  let { from, offsetMin } = options;
  for (;;) {
    const end = await walkBatches(file, { ...options, from, offsetMin });
    if (end.reason === 'end' || end.reason === 'stopped') return end;
    const resumed = await intactFrom(file, end.position + 1, options.to, end.nextOffset);
    if (!onDamage(end, resumed) || !resumed) return end;
    ({ position: from, offset: offsetMin } = resumed);
  }
}

/** Blocks. */
export function walkAroundDamageSync(
  file: Parameters<typeof walkBatchesSync>[0],
  options: WalkOptions,
  onDamage: OnDamage,
): WalkEnd {
  let { from, offsetMin } = options;
  for (;;) {
    const end = walkBatchesSync(file, { ...options, from, offsetMin });
    if (end.reason === 'end' || end.reason === 'stopped') return end;
    const window = Buffer.allocUnsafeSlow(Math.max(0, options.to - end.position - 1));
    const resumed = found(window, file.readSync(window, end.position + 1), end.position + 1, end.nextOffset);
    if (!onDamage(end, resumed) || !resumed) return end;
    ({ position: from, offset: offsetMin } = resumed);
  }
}

/** The first batch behind damage. What is read grows until one is found: damage is mostly a batch long. */
export async function intactFrom(
  file: { read(target: Uint8Array, position: number): Promise<number> },
  from: number,
  to: number,
  offsetMin: number,
): Promise<Resumed | undefined> {
  for (let bytes = WINDOW_BYTES_MIN; from < to; bytes *= 4) {
    const window = Buffer.allocUnsafeSlow(Math.min(bytes, to - from));
    const resumed = found(window, await file.read(window, from), from, offsetMin);
    if (resumed) return resumed;
    if (window.length === to - from) return undefined;
  }
  return undefined;
}

function found(window: Buffer, filled: number, from: number, offsetMin: number): Resumed | undefined {
  const at = findIntact(window.subarray(0, filled), 0, offsetMin);
  return at < 0 ? undefined : { position: from + at, offset: baseOffsetOf(window, at) };
}
