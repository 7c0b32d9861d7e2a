import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32c } from './crc32c.ts';
import { withoutNatives } from './native.ts';

test('the check value of the CRC catalogue, and vectors of RFC 3720', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
  expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
  expect(crc32c(Buffer.from(Array.from({ length: 32 }, (_, i) => i)))).toBe(0x46dd794e);
  expect(crc32c(Buffer.alloc(0))).toBe(0);
});

test('native and own code agree on any stretch, whole or in pieces', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), fc.nat(2000), fc.nat(2000), (bytes, a, b) => {
      const start = Math.min(a, b, bytes.length);
      const end = Math.min(Math.max(a, b), bytes.length);
      const middle = (start + end) >> 1;
      const whole = crc32c(bytes, start, end);
      expect(withoutNatives(() => crc32c(bytes, start, end))).toBe(whole);
      expect(crc32c(bytes, middle, end, crc32c(bytes, start, middle))).toBe(whole);
    }),
  );
});
