// The frames for one API and version: the n-th frame of a seed is always the same, so that a finding can be had again.
import { APIS, type Api } from '@moldau/protocol';
import { layoutOf, type StructLayout } from '@moldau/protocol/codec/layout';
import { Dice } from './dice.ts';
import { type Known, type Wish, writeStruct } from './grammar.ts';
import { type MarkedBytes, MarkedWriter } from './marked-bytes.ts';
import { mutated } from './mutate.ts';

export interface Pair {
  readonly api: Api;
  /** As advertised, which may be a version that is not described (Produce 0-2): its frames look like the nearest one. */
  readonly version: number;
}

export function titleOf({ api, version }: Pair): string {
  return `${api.name} v${version}`;
}

/** One frame in so many is sent as it is, to prove that good requests still get their answers. */
const UNCHANGED_EVERY = 10;

const layouts = new Map<string, StructLayout>();
const others = Object.values(APIS) as Api[];

/** The frame without its size. Its correlation id is `index`, unless a mutation hits just that. */
export function frameOf(pair: Pair, index: number, seed: number, known: Known): Buffer {
  const dice = new Dice(seed, pair.api.key, pair.version, index);
  const unchanged = index % UNCHANGED_EVERY === 0;
  const frame = goodFrame(pair, index, dice, { known, harmless: !unchanged });
  if (unchanged) return Buffer.from(frame.bytes);
  const api = dice.pick(others);
  const other = goodFrame({ api, version: api.versions.max }, index, dice, { known, harmless: true });
  return mutated(frame, other.bytes, dice);
}

function goodFrame({ api, version }: Pair, correlationId: number, dice: Dice, wish: Wish): MarkedBytes {
  const described = Math.min(Math.max(version, api.versions.min), api.versions.max);
  const flexible = api.flexible !== undefined && described >= api.flexible;
  const out = new MarkedWriter();
  out.int('number', api.key, 2);
  out.int('number', version, 2);
  out.int('number', correlationId, 4);
  const clientId = Buffer.from('fuzz');
  out.int('length', clientId.length, 2);
  out.put('text', clientId);
  if (flexible) out.uvarint('tagCount', 0);
  writeStruct(out, layout(api, described), dice, wish);
  return out.finish();
}

function layout(api: Api, version: number): StructLayout {
  const key = `${api.name} ${version}`;
  const known = layouts.get(key);
  if (known) return known;
  const made = layoutOf(api.request, version);
  layouts.set(key, made);
  return made;
}
