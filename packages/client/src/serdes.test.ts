import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Serde, serdes } from './serdes.ts';

function comesBack<T>(serde: Serde<T>, values: fc.Arbitrary<T>): void {
  fc.assert(
    fc.property(values, (value) => {
      expect(serde.deserializer(Buffer.from(serde.serializer(value, 't')), 't')).toEqual(value);
    }),
  );
}

test('what is written is read', () => {
  comesBack(serdes.string, fc.string({ unit: 'grapheme' }));
  comesBack(serdes.int16, fc.integer({ min: -0x8000, max: 0x7fff }));
  comesBack(serdes.int32, fc.integer());
  comesBack(serdes.int64, fc.maxSafeInteger());
  comesBack(serdes.bigint64, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
  comesBack(serdes.float64, fc.double({ noNaN: true }));
  comesBack(serdes.uuid, fc.uuid());
  comesBack(serdes.json<unknown>(), fc.dictionary(fc.string(), fc.integer()));
  comesBack(
    serdes.buffer,
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  );
});

test('the bytes are those of Java’s serializers', () => {
  const hex = <T>(serde: Serde<T>, value: T) => Buffer.from(serde.serializer(value, 't')).toString('hex');
  expect(hex(serdes.int16, -2)).toBe('fffe');
  expect(hex(serdes.int32, 258)).toBe('00000102');
  expect(hex(serdes.int64, -1)).toBe('ffffffffffffffff');
  expect(hex(serdes.float64, 1)).toBe('3ff0000000000000');
  expect(Buffer.from(serdes.uuid.serializer('123E4567-e89b-12d3-a456-426614174000', 't')).toString()).toBe(
    '123e4567-e89b-12d3-a456-426614174000',
  );
});

test('what does not fit is refused, not bent', () => {
  expect(() => serdes.int16.serializer(40_000, 't')).toThrow('whole number');
  expect(() => serdes.int64.serializer(0.5, 't')).toThrow('whole number');
  expect(() => serdes.int64.deserializer(serdes.bigint64.serializer(2n ** 60n, 't') as Buffer, 't')).toThrow('2^53');
  expect(() => serdes.int32.deserializer(Buffer.alloc(3), 't')).toThrow('3 bytes');
  expect(() => serdes.uuid.serializer('no', 't')).toThrow('UUID');
  expect(() => serdes.json().serializer(undefined, 't')).toThrow('JSON');
  expect(() => serdes.string.serializer(5 as never, 't')).toThrow('a string');
});
