// An immutable map whose changed copies share all but a few nodes with the original: a hash array mapped trie (32-way).
// Under every part of ClusterImage, so that one changed topic among a hundred thousand costs microseconds and readers
// keep the picture they hold.
// Always: iteration order depends on the keys alone, so that two brokers with the same records iterate alike.

type Slot<V> = Leaf<V> | Branch<V> | Collision<V>;

interface Leaf<V> {
  readonly kind: 'leaf';
  readonly hash: number;
  readonly key: string;
  readonly value: V;
}

interface Branch<V> {
  readonly kind: 'branch';
  /** Bit i is set when the slot for hash bits i is present. */
  readonly bitmap: number;
  readonly slots: readonly Slot<V>[];
}

/** Keys of one and the same 32-bit hash. */
interface Collision<V> {
  readonly kind: 'collision';
  readonly hash: number;
  readonly leaves: readonly Leaf<V>[];
}

const BITS = 5;
const MASK = 31;

/** FNV-1a over UTF-16 units, mixed at the end so that low bits differ for names that differ in a last digit. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return (hash ^ (hash >>> 12)) >>> 0;
}

function count(bits: number): number {
  let n = bits - ((bits >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return (((n + (n >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}

export class PersistentMap<V> {
  static readonly #none = new PersistentMap<never>(undefined, 0);
  readonly #root: Slot<V> | undefined;
  readonly size: number;

  private constructor(root: Slot<V> | undefined, size: number) {
    this.#root = root;
    this.size = size;
  }

  static empty<V>(): PersistentMap<V> {
    return PersistentMap.#none as PersistentMap<V>;
  }

  get(key: string): V | undefined {
    const hash = hashOf(key);
    let slot = this.#root;
    for (let shift = 0; slot; shift += BITS) {
      if (slot.kind === 'leaf') return slot.key === key ? slot.value : undefined;
      if (slot.kind === 'collision') return slot.leaves.find((leaf) => leaf.key === key)?.value;
      const bit = 1 << ((hash >>> shift) & MASK);
      slot = slot.bitmap & bit ? slot.slots[count(slot.bitmap & (bit - 1))] : undefined;
    }
    return undefined;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** A map with `key` set. `value` must not be undefined. */
  set(key: string, value: V): PersistentMap<V> {
    const leaf: Leaf<V> = { kind: 'leaf', hash: hashOf(key), key, value };
    const grown = !this.has(key);
    return new PersistentMap(this.#root ? inserted(this.#root, leaf, 0) : leaf, grown ? this.size + 1 : this.size);
  }

  /** A map without `key`; this one when it has none. */
  delete(key: string): PersistentMap<V> {
    if (!this.#root || !this.has(key)) return this;
    return new PersistentMap(removed(this.#root, hashOf(key), key, 0), this.size - 1);
  }

  *values(): IterableIterator<V> {
    for (const leaf of leavesOf(this.#root)) yield leaf.value;
  }

  *keys(): IterableIterator<string> {
    for (const leaf of leavesOf(this.#root)) yield leaf.key;
  }

  *[Symbol.iterator](): IterableIterator<[string, V]> {
    for (const leaf of leavesOf(this.#root)) yield [leaf.key, leaf.value];
  }
}

function* leavesOf<V>(root: Slot<V> | undefined): IterableIterator<Leaf<V>> {
  const open: (Slot<V> | undefined)[] = [root];
  while (open.length > 0) {
    const slot = open.pop();
    if (!slot) continue;
    if (slot.kind === 'leaf') yield slot;
    else if (slot.kind === 'collision') yield* slot.leaves;
    else for (let i = slot.slots.length - 1; i >= 0; i--) open.push(slot.slots[i]);
  }
}

function inserted<V>(slot: Slot<V>, leaf: Leaf<V>, shift: number): Slot<V> {
  switch (slot.kind) {
    case 'leaf':
      if (slot.key === leaf.key) return leaf;
      return slot.hash === leaf.hash
        ? { kind: 'collision', hash: leaf.hash, leaves: sorted([slot, leaf]) }
        : inserted(branchOver(slot, shift), leaf, shift);
    case 'collision': {
      if (slot.hash !== leaf.hash) return inserted(branchOver(slot, shift), leaf, shift);
      return { ...slot, leaves: sorted([...slot.leaves.filter((other) => other.key !== leaf.key), leaf]) };
    }
    case 'branch': {
      const bit = 1 << ((leaf.hash >>> shift) & MASK);
      const at = count(slot.bitmap & (bit - 1));
      const slots = slot.slots.slice();
      if (slot.bitmap & bit) slots[at] = inserted(slots[at]!, leaf, shift + BITS);
      else slots.splice(at, 0, leaf);
      return { kind: 'branch', bitmap: slot.bitmap | bit, slots };
    }
  }
}

/** Equal hashes are kept in the order of keys, so that the order of insertion leaves no trace. */
function sorted<V>(leaves: Leaf<V>[]): Leaf<V>[] {
  return leaves.sort((a, b) => (a.key < b.key ? -1 : 1));
}

function branchOver<V>(slot: Leaf<V> | Collision<V>, shift: number): Branch<V> {
  return { kind: 'branch', bitmap: 1 << ((slot.hash >>> shift) & MASK), slots: [slot] };
}

function removed<V>(slot: Slot<V>, hash: number, key: string, shift: number): Slot<V> | undefined {
  switch (slot.kind) {
    case 'leaf':
      return undefined;
    case 'collision': {
      const leaves = slot.leaves.filter((leaf) => leaf.key !== key);
      return leaves.length === 1 ? leaves[0] : { ...slot, leaves };
    }
    case 'branch': {
      const bit = 1 << ((hash >>> shift) & MASK);
      const at = count(slot.bitmap & (bit - 1));
      const left = removed(slot.slots[at]!, hash, key, shift + BITS);
      const slots = slot.slots.slice();
      if (left) slots[at] = left;
      else slots.splice(at, 1);
      if (slots.length === 0) return undefined;
      // A branch over a single leaf is that leaf, as if nothing else had ever been there.
      if (slots.length === 1 && slots[0]!.kind !== 'branch') return slots[0];
      return { kind: 'branch', bitmap: left ? slot.bitmap : slot.bitmap & ~bit, slots };
    }
  }
}
