// Lies told to a well-formed frame. Marks say where a lie about a length, a count, a tag or a null can be told; the rest
// of the lies know nothing of what the bytes mean.
import type { Dice } from './dice.ts';
import type { Mark, MarkedBytes, MarkKind } from './marked-bytes.ts';

/** One to three mutations. `other`: bytes of a request of another API, for splices. */
export function mutated(frame: MarkedBytes, other: Buffer, dice: Dice): Buffer {
  let bytes: Buffer = Buffer.from(frame.bytes);
  // Marks stay true only as long as nothing has moved.
  let marks: readonly Mark[] = frame.marks;
  for (let left = dice.pick([1, 1, 1, 2, 3]); left > 0; left--) {
    const mutation = dice.pick(marks.length > 0 ? MUTATIONS : BLIND);
    const before = bytes.length;
    bytes = mutation(bytes, marks, other, dice);
    if (bytes.length !== before) marks = [];
  }
  return bytes;
}

type Mutation = (bytes: Buffer, marks: readonly Mark[], other: Buffer, dice: Dice) => Buffer;

/** Another number in place of the marked one, in as many bytes. */
function lieAt(...kinds: MarkKind[]): Mutation {
  return (bytes, marks, _other, dice) => {
    const fitting = marks.filter((mark) => kinds.includes(mark.kind) && mark.bytes > 0);
    if (fitting.length === 0) return flipBits(bytes, marks, _other, dice);
    const { position, bytes: size } = dice.pick(fitting);
    for (let i = 0; i < size; i++) bytes[position + i] = dice.pick(EXTREMES) ?? dice.below(256);
    return bytes;
  };
}
const EXTREMES = [0x00, 0xff, 0x7f, 0x80, 0x01, undefined];

/** A little more or less than the truth: off by one is where decoders fail. */
const nudge: Mutation = (bytes, marks, other, dice) => {
  const fitting = marks.filter((mark) => (mark.kind === 'length' || mark.kind === 'count') && mark.bytes > 0);
  if (fitting.length === 0) return flipBits(bytes, marks, other, dice);
  const { position, bytes: size } = dice.pick(fitting);
  const last = position + size - 1;
  bytes[last] = bytes[last]! + dice.pick([-1, 1, 2, -2]);
  return bytes;
};

/** A varint that goes on and on, in place of the marked one. */
const longVarint: Mutation = (bytes, marks, other, dice) => {
  const fitting = marks.filter((mark) => mark.kind !== 'text' && mark.kind !== 'blob' && mark.kind !== 'number');
  if (fitting.length === 0) return flipBits(bytes, marks, other, dice);
  const { position, bytes: size } = dice.pick(fitting);
  const varint = Buffer.alloc(1 + dice.below(10), dice.pick([0x80, 0xff, 0x81]));
  if (dice.oneIn(2)) varint[varint.length - 1] = dice.pick([0, 1, 0x0f, 0x7f]);
  return Buffer.concat([bytes.subarray(0, position), varint, bytes.subarray(position + size)]);
};

const flipBits: Mutation = (bytes, _marks, _other, dice) => {
  for (let left = 1 + dice.below(3); left > 0 && bytes.length > 0; left--) {
    const at = dice.below(bytes.length);
    bytes[at] = bytes[at]! ^ (1 << dice.below(8));
  }
  return bytes;
};

const truncate: Mutation = (bytes, _marks, _other, dice) => bytes.subarray(0, dice.below(bytes.length + 1));

const extend: Mutation = (bytes, _marks, _other, dice) => Buffer.concat([bytes, dice.bytes(1 + dice.below(40))]);

const insert: Mutation = (bytes, _marks, _other, dice) => {
  const at = dice.below(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), dice.bytes(1 + dice.below(8)), bytes.subarray(at)]);
};

const cutOut: Mutation = (bytes, _marks, _other, dice) => {
  const at = dice.below(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + dice.below(8))]);
};

/** The header of this request, the body of another, from somewhere on. */
const splice: Mutation = (bytes, _marks, other, dice) => {
  const at = Math.min(bytes.length, 8 + dice.below(bytes.length + 1));
  return Buffer.concat([bytes.subarray(0, at), other.subarray(dice.below(other.length + 1))]);
};

const otherVersion: Mutation = (bytes, _marks, _other, dice) => {
  if (bytes.length >= 4) bytes.writeInt16BE(dice.oneIn(4) ? dice.below(65536) - 32768 : dice.below(20), 2);
  return bytes;
};

const BLIND = [flipBits, truncate, extend, insert, cutOut, splice];
const MUTATIONS = [
  ...[lieAt('length'), lieAt('count'), lieAt('tag', 'tagCount'), lieAt('null'), lieAt('number'), lieAt('text', 'blob')],
  ...[nudge, nudge, longVarint, otherVersion],
  ...BLIND,
];
