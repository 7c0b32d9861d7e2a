import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProtocolError } from './errors.ts';
import {
  readUnsignedVarint,
  readVarint,
  readVarlong,
  sizeOfUnsignedVarint,
  sizeOfVarint,
  sizeOfVarlong,
  writeUnsignedVarint,
  writeVarint,
  writeVarlong,
} from './varint.ts';

const at = (bytes: Uint8Array, end = bytes.length) => ({ buffer: bytes, position: 0, end });
const int32 = fc.integer({ min: -0x80000000, max: 0x7fffffff });
const safe = fc.oneof(fc.maxSafeInteger(), int32);

test('what is written is read back, takes the size foretold, and not a byte more is read', () => {
  const bytes = new Uint8Array(16);
  fc.assert(
    fc.property(safe, int32, fc.nat(0xffffffff), (long, int, unsigned) => {
      expect(writeVarlong(bytes, 0, long)).toBe(sizeOfVarlong(long));
      expect(writeVarint(bytes, 0, int)).toBe(sizeOfVarint(int));
      expect(writeUnsignedVarint(bytes, 0, unsigned)).toBe(sizeOfUnsignedVarint(unsigned));
      const check = (end: number, read: (cursor: ReturnType<typeof at>) => number, value: number) => {
        const cursor = at(bytes, end);
        expect(read(cursor)).toBe(value);
        expect(cursor.position).toBe(end);
        expect(() => read(at(bytes, end - 1))).toThrow(ProtocolError);
      };
      check(writeVarlong(bytes, 0, long), readVarlong, long);
      check(writeVarint(bytes, 0, int), readVarint, int);
      check(writeUnsignedVarint(bytes, 0, unsigned), readUnsignedVarint, unsigned);
    }),
  );
});

test('varlong agrees with 64-bit arithmetic', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 53n) + 1n, max: 2n ** 53n - 1n }), (value) => {
      const bytes: number[] = [];
      let left = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
      for (; left >= 0x80n; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80);
      bytes.push(Number(left));
      const mine = new Uint8Array(16);
      const end = writeVarlong(mine, 0, Number(value));
      expect([...mine.subarray(0, end)]).toEqual(bytes);
      expect(readVarlong(at(Uint8Array.from(bytes)))).toBe(Number(value));
    }),
  );
});

test('too long, truncated or beyond 2^53 is refused', () => {
  expect(() => readVarint(at(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0x01)))).toThrow('more than 5 bytes');
  expect(() => readVarlong(at(new Uint8Array(11).fill(0xff)))).toThrow('more than 10 bytes');
  expect(() => readVarlong(at(Uint8Array.of(0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01)))).toThrow(
    '2^53',
  );
  expect(() => readVarint(at(new Uint8Array(0)))).toThrow(ProtocolError);
});
