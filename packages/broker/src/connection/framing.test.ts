import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameMemory } from './frame-memory.ts';
import { Framing } from './framing.ts';

const open = { frameBytesMax: 1_000, admit: () => true };

function frameBytes(body: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
}

function drain(framing: Framing): Buffer[] {
  const frames: Buffer[] = [];
  while (framing.next() === 'frame') frames.push(framing.takeFrame());
  return frames;
}

test('frames come out whole and in order however the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      (bodies, cuts) => {
        const framing = new Framing(open, new FrameMemory());
        const stream = Buffer.concat(bodies.map((body) => frameBytes(Buffer.from(body))));
        const found: Buffer[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const length = cuts[i % cuts.length]!;
          framing.push(Buffer.from(stream.subarray(at, at + length)));
          found.push(...drain(framing));
          at += length;
        }
        expect(found.map((frame) => frame.toString('hex'))).toEqual(
          bodies.map((body) => Buffer.from(body).toString('hex')),
        );
        expect(framing.midFrame).toBe(false);
      },
    ),
  );
});

test('a frame inside one chunk is a view of it, not a copy', () => {
  const framing = new Framing(open, new FrameMemory());
  const chunk = frameBytes(Buffer.from('abc'));
  framing.push(chunk);
  const [frame] = drain(framing);
  expect(frame!.buffer).toBe(chunk.buffer);
});

test.each([
  ['negative', -1],
  ['one past the limit', 1_001],
  ['an HTTP request', Buffer.from('GET ').readInt32BE(0)],
])('a size that is %s is a violation before any byte of the body', (_name, size) => {
  const framing = new Framing(open, new FrameMemory());
  const chunk = Buffer.alloc(4);
  chunk.writeInt32BE(size);
  framing.push(chunk);
  expect(framing.next()).toBe('violation');
  expect(framing.violation).toContain(String(size));
  expect(framing.next()).toBe('violation');
});

test('a frame that is not admitted holds the stream and loses nothing', () => {
  let room = 0;
  const framing = new Framing({ frameBytesMax: 1_000, admit: (bytes) => bytes <= room }, new FrameMemory());
  framing.push(Buffer.concat([frameBytes(Buffer.from('first')), frameBytes(Buffer.from('second'))]));
  expect(framing.next()).toBe('held');
  expect(framing.admittedBytes).toBe(0);
  room = 5;
  expect(framing.next()).toBe('frame');
  expect(framing.takeFrame().toString()).toBe('first');
  expect(framing.next()).toBe('held');
  room = 6;
  expect(drain(framing).map(String)).toEqual(['second']);
});

test('progress of a frame that has begun can be told, and its admitted bytes', () => {
  const framing = new Framing(open, new FrameMemory());
  framing.push(frameBytes(Buffer.alloc(100)).subarray(0, 34));
  expect(framing.next()).toBe('incomplete');
  expect(framing.midFrame).toBe(true);
  expect(framing.progress).toEqual({ receivedBytes: 30, frameBytes: 100 });
  expect(framing.admittedBytes).toBe(100);
});

test('a frame in single bytes is put together without a part per byte', () => {
  const framing = new Framing(open, new FrameMemory());
  const body = Buffer.from(Array.from({ length: 999 }, (_, i) => i % 251));
  const stream = frameBytes(body);
  const found: Buffer[] = [];
  for (const byte of stream) {
    framing.push(Buffer.from([byte]));
    found.push(...drain(framing));
  }
  expect(found).toHaveLength(1);
  expect(found[0]!.equals(body)).toBe(true);
});

test('chunks are lent: memory read into again after settle changes no frame that comes later', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 40 }),
      (contents, cuts) => {
        const stream = Buffer.concat(
          contents.map((content) => {
            const frame = Buffer.alloc(4 + content.length);
            frame.writeInt32BE(content.length);
            frame.set(content, 4);
            return frame;
          }),
        );
        const lent = Buffer.alloc(500);
        const memory = new FrameMemory();
        const framing = new Framing(open, memory);
        const frames: Buffer[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const bytes = Math.min(cuts[turn % cuts.length]!, stream.length - at);
          stream.copy(lent, 0, at, at + bytes);
          at += bytes;
          framing.push(lent.subarray(0, bytes));
          // Every third chunk is left unread for a turn, as when the budget holds the stream.
          if (turn % 3 !== 2) while (framing.next() === 'frame') frames.push(Buffer.from(framing.takeFrame()));
          framing.settle();
          lent.fill(0xee);
        }
        while (framing.next() === 'frame') frames.push(Buffer.from(framing.takeFrame()));
        expect(frames).toEqual(contents.map((content) => Buffer.from(content)));
      },
    ),
  );
});
