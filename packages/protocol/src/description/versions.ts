// Ranges of versions, written as Kafka writes them: '3+', '3-12', '7', 'none'.

/** Both ends inclusive. An empty range has `min > max`. */
export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

/** Stands for "and every later version". Versions are int16 on the wire. */
export const OPEN_END = 32767;

export const EVERY_VERSION: VersionRange = { min: 0, max: OPEN_END };
export const NO_VERSION: VersionRange = { min: 1, max: 0 };

/** Throws on anything that is not a range: descriptions are ours, so that is a mistake in the source. */
export function parseVersions(text: string): VersionRange {
  if (text === 'none') return NO_VERSION;
  const match = /^(\d+)(?:(\+)|-(\d+))?$/.exec(text);
  if (!match) throw new Error(`'${text}' is not a range of versions`);
  const min = Number(match[1]);
  return { min, max: match[2] ? OPEN_END : match[3] === undefined ? min : Number(match[3]) };
}

export function includes(range: VersionRange, version: number): boolean {
  return version >= range.min && version <= range.max;
}

export function intersect(a: VersionRange, b: VersionRange): VersionRange {
  return { min: Math.max(a.min, b.min), max: Math.min(a.max, b.max) };
}

export function isEmpty(range: VersionRange): boolean {
  return range.min > range.max;
}
