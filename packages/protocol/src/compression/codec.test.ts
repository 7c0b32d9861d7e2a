import { createRequire } from 'node:module';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProtocolError } from '../errors.ts';
import { withoutNatives } from '../native.ts';
import { CODECS, type Codec, codecId, codecOfId, compress, decompress } from './codec.ts';

const require = createRequire(import.meta.url);
const packing = CODECS.filter((codec) => codec !== 'none');
const MIB = 1 << 20;

/** Bytes as people have them: repeats, random stretches, empty. */
const content = fc
  .array(fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.record({ byte: fc.nat(255), times: fc.nat(70_000) })), {
    maxLength: 8,
  })
  .map((parts) =>
    Buffer.concat(parts.map((part) => (part instanceof Uint8Array ? part : Buffer.alloc(part.times, part.byte)))),
  );

test('ids are Kafka’s', () => {
  expect(CODECS.map(codecId)).toEqual([0, 1, 2, 3, 4]);
  expect(codecOfId(5)).toBeUndefined();
});

for (const codec of CODECS) {
  test(`${codec}: packed and unpacked again, with and without add-ons in either place`, () => {
    fc.assert(
      fc.property(content, (input) => {
        const native = compress(codec, input);
        const script = withoutNatives(() => compress(codec, input));
        for (const packed of [native, script]) {
          expect(decompress(codec, packed, input.length).equals(input)).toBe(true);
          expect(withoutNatives(() => decompress(codec, packed, input.length)).equals(input)).toBe(true);
          if (input.length > 0) {
            expect(() => decompress(codec, packed, input.length - 1)).toThrow(/more than the \d+ bytes allowed/);
            expect(() => withoutNatives(() => decompress(codec, packed, input.length - 1))).toThrow(/bytes allowed/);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
}

for (const codec of packing) {
  test(`${codec}: damaged and random input throws ProtocolError or gives bytes within the bound, never more`, () => {
    const original = Buffer.from(JSON.stringify(Array.from({ length: 500 }, (_, i) => ({ i, name: `n${i % 17}` }))));
    const packed = compress(codec, original);
    const attempt = (input: Buffer) => {
      try {
        expect(decompress(codec, input, 3 * original.length).length).toBeLessThanOrEqual(3 * original.length);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    };
    const both = (input: Buffer) => {
      attempt(input);
      withoutNatives(() => attempt(input));
    };
    fc.assert(
      fc.property(fc.nat(packed.length - 1), fc.nat(255), fc.nat(packed.length), (at, byte, cut) => {
        const damaged = Buffer.from(packed);
        damaged[at] = byte;
        both(damaged);
        both(packed.subarray(0, cut));
      }),
      { numRuns: 300 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => both(Buffer.from(bytes))));
  });

  test(`${codec}: a bomb of 200 MiB is refused without taking its memory`, () => {
    const bomb = bombs[codec](200 * MIB);
    expect(bomb.length).toBeLessThan(12 * MIB);
    for (const run of [<T>(body: () => T) => body(), withoutNatives]) {
      const before = process.memoryUsage();
      expect(() => run(() => decompress(codec, bomb, MIB))).toThrow(/1048576 bytes allowed|claim/);
      const after = process.memoryUsage();
      expect(after.external + after.arrayBuffers - before.external - before.arrayBuffers).toBeLessThan(24 * MIB);
    }
  });
}

const bombs: Record<Exclude<Codec, 'none'>, (bytes: number) => Buffer> = {
  gzip: (bytes) => gzipSync(Buffer.alloc(bytes)),
  // A frame without content size: only its blocks tell.
  zstd: (bytes) => {
    const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58]);
    const blocks = bytes / (128 * 1024);
    const body = Buffer.alloc(blocks * 4);
    for (let i = 0; i < blocks; i++) {
      body.writeUIntLE(((128 * 1024) << 3) | (1 << 1) | (i === blocks - 1 ? 1 : 0), i * 4, 3);
    }
    return Buffer.concat([header, body]);
  },
  lz4: (bytes) => compress('lz4', Buffer.alloc(bytes)),
  snappy: (bytes) => compress('snappy', Buffer.alloc(bytes)),
};

test('a 6 KB zstd frame that says 200 MB, and one that says nothing, are refused', () => {
  const honest = zstdCompressSync(Buffer.alloc(200 * MIB));
  expect(honest.length).toBeLessThan(20_000);
  expect(() => decompress('zstd', honest, 10 * MIB)).toThrow('bytes allowed');
  expect(() => decompress('zstd', bombs.zstd(200 * MIB), 10 * MIB)).toThrow('bytes allowed');
});

test('snappy without the frame, as librdkafka may send it, is read', () => {
  const input = Buffer.from('the river, the river, the river');
  const bare = require('snappy').compressSync(input) as Buffer;
  expect(decompress('snappy', bare, 100).equals(input)).toBe(true);
  expect(withoutNatives(() => decompress('snappy', bare, 100)).equals(input)).toBe(true);
});

test('snappy that claims 4 GiB in a few bytes is refused by its claim', () => {
  expect(() => decompress('snappy', Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0x00]), 2 ** 33)).toThrow('claim');
});

test('snappy frames one after another are read as one', () => {
  const a = compress('snappy', Buffer.from('first, '));
  const b = compress('snappy', Buffer.from('second'));
  expect(decompress('snappy', Buffer.concat([a, b]), 100).toString()).toBe('first, second');
});

test('lz4 frames of other writers: linked blocks, block and content checksums, several frames', () => {
  const lz4 = require('lz4-napi') as {
    compressFrameSync(input: Buffer, options: object): Buffer;
  };
  const input = Buffer.from('abcdefghij'.repeat(40_000));
  const checked = lz4.compressFrameSync(input, { contentChecksum: true, blockChecksums: true });
  expect(decompress('lz4', checked, input.length).equals(input)).toBe(true);
  const two = Buffer.concat([checked, compress('lz4', Buffer.from('tail'))]);
  expect(decompress('lz4', two, input.length + 4).length).toBe(input.length + 4);

  // Made by hand: block 2 is one match of 20 bytes reaching 10 back into block 1, then 5 literals.
  const linked = Buffer.concat([
    Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x40, 0x40, 0xc0]),
    Buffer.from([10, 0, 0, 0x80]),
    Buffer.from('0123456789'),
    Buffer.from([10, 0, 0, 0, 0x0f, 10, 0, 1, 0x50]),
    Buffer.from('ABCDE'),
    Buffer.alloc(4),
  ]);
  expect(decompress('lz4', linked, 100).toString()).toBe('012345678901234567890123456789ABCDE');
  const independent = Buffer.from(linked);
  independent[4] = 0x60;
  independent[6] = 0x82;
  expect(() => decompress('lz4', independent, 100)).toThrow(ProtocolError);
});

test('an lz4 header with a wrong checksum is refused', () => {
  const packed = compress('lz4', Buffer.from('x'));
  packed[6] = packed[6]! ^ 1;
  expect(() => decompress('lz4', packed, 100)).toThrow('header checksum');
});
