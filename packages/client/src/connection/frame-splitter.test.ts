import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameSplitter, ImpossibleFrame } from './frame-splitter.ts';

test('frames come out whole, in whatever pieces the bytes arrive', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 }),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
      (frames, cuts) => {
        const stream = Buffer.concat(
          frames.flatMap((frame) => {
            const size = Buffer.alloc(4);
            size.writeInt32BE(frame.length);
            return [size, frame];
          }),
        );
        const got: string[] = [];
        const splitter = new FrameSplitter(1000, (frame) => got.push(frame.toString('hex')));
        for (let position = 0, i = 0; position < stream.length; i++) {
          const end = position + cuts[i % cuts.length]!;
          splitter.push(stream.subarray(position, end));
          position = end;
        }
        expect(got).toEqual(frames.map((frame) => Buffer.from(frame).toString('hex')));
      },
    ),
  );
});

test('a negative or too large size ends it before memory is taken', () => {
  const splitter = () => new FrameSplitter(100, () => {});
  expect(() => splitter().push(Buffer.from([0xff, 0xff, 0xff, 0xff]))).toThrow(ImpossibleFrame);
  expect(() => splitter().push(Buffer.from('HTTP/1.1'))).toThrow(ImpossibleFrame);
});

test('frames outlive their chunks, which are only lent', () => {
  const got: Buffer[] = [];
  const splitter = new FrameSplitter(1000, (frame) => got.push(frame));
  const lent = Buffer.from([0, 0, 0, 2, 7, 8, 0, 0, 0, 3, 1]);
  splitter.push(lent);
  lent.fill(0xff);
  splitter.push(Buffer.from([2, 3]));
  expect(got.map((frame) => [...frame])).toEqual([
    [7, 8],
    [1, 2, 3],
  ]);
});

test('frames that are taken at once come without memory of their own, whole or in pieces, one after the other', () => {
  const stream = [
    [0, 0, 0, 2, 7, 8, 0, 0, 0, 3, 1],
    [2, 3, 0, 0, 0, 3, 4],
    [5, 6],
  ].map((bytes) => Buffer.from(bytes));
  const seen: number[][] = [];
  const got: Buffer[] = [];
  const taken = (frame: Buffer): void => {
    seen.push([...frame]);
    got.push(frame);
  };
  const splitter = new FrameSplitter(1000, taken, () => true);
  for (const chunk of stream) splitter.push(chunk);
  expect(seen).toEqual([
    [7, 8],
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expect(got[0]!.buffer).toBe(stream[0]!.buffer);
  expect(got[1]!.buffer).toBe(got[2]!.buffer);
});

test('only the frames that are said to be taken at once are lent', () => {
  let lend = true;
  const got: Buffer[] = [];
  const splitter = new FrameSplitter(
    1000,
    (frame) => {
      got.push(frame);
      lend = !lend;
    },
    () => lend,
  );
  const chunk = Buffer.from([0, 0, 0, 1, 7, 0, 0, 0, 1, 8, 0, 0, 0, 1, 9]);
  splitter.push(chunk);
  chunk.fill(0xff);
  expect(got.map((frame) => [...frame])).toEqual([[0xff], [8], [0xff]]);
});
