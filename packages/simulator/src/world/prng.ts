// Where every draw of a run comes from. One seed, many streams: each purpose forks its own by name, so that one more draw
// for the network does not change what the disk does.
// Always: the same seed and the same calls give the same numbers, on every machine (integers of 32 bits only).

/** sfc32 (Doty-Humphrey's small fast counting generator): passes PractRand, a handful of instructions. */
export class Prng {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;
  readonly #seed: string;

  constructor(seed: string) {
    this.#seed = seed;
    this.#a = hash(seed, 0x9e3779b9);
    this.#b = hash(seed, 0x243f6a88);
    this.#c = hash(seed, 0xb7e15162);
    for (let i = 0; i < 12; i++) this.uint32();
  }

  /** A stream of its own, the same for the same name whatever was drawn here before. */
  fork(name: string): Prng {
    return new Prng(`${this.#seed}/${name}`);
  }

  /** A stream that goes on as this one would, from here. */
  copy(): Prng {
    const copy = new Prng(this.#seed);
    copy.#a = this.#a;
    copy.#b = this.#b;
    copy.#c = this.#c;
    copy.#counter = this.#counter;
    return copy;
  }

  uint32(): number {
    const t = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + t) | 0;
    return t >>> 0;
  }

  /** In [0, 1). */
  float(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  /** A whole number in [0, end). */
  below(end: number): number {
    return Math.floor(this.float() * end);
  }

  /** A whole number in [first, last]. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1);
  }

  /** A float in [from, to). */
  range(from: number, to: number): number {
    return from + this.float() * (to - from);
  }

  /** Positive, small mostly and now and then large: `median` is the middle, the 99th percentile some 15 times as much. */
  skewed(median: number): number {
    const u = this.float();
    return median * Math.exp(1.17 * Math.SQRT2 * inverseErf(2 * u - 1));
  }

  chance(probability: number): boolean {
    return this.float() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const held = shuffled[i]!;
      shuffled[i] = shuffled[j]!;
      shuffled[j] = held;
    }
    return shuffled;
  }

  bytes(count: number): Buffer {
    const bytes = Buffer.allocUnsafe(count);
    for (let i = 0; i < count; i++) bytes[i] = this.uint32() & 0xff;
    return bytes;
  }
}

/** 32 bits of a text (FNV-1a with an avalanche at the end). */
function hash(text: string, salt: number): number {
  let h = 0x811c9dc5 ^ salt;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Winitzki's approximation; good to some thousandths, and made of operations that are exact everywhere it matters. */
function inverseErf(x: number): number {
  const clipped = Math.max(-0.999_999, Math.min(0.999_999, x));
  const l = Math.log(1 - clipped * clipped);
  const a = 0.147;
  const b = 2 / (Math.PI * a) + l / 2;
  return Math.sign(clipped) * Math.sqrt(Math.sqrt(b * b - l / a) - b);
}
