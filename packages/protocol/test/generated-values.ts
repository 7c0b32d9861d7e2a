// Random values for one version of a message, drawn by fast-check from its layout, and what decoding has to make of them.
import fc from 'fast-check';
import type { FieldLayout, StructLayout } from '../src/codec/layout.ts';
import { ZERO_UUID } from '../src/description/field.ts';

export type Values = { [name: string]: unknown };

/** Only fields that the version has; such as may be left out are, now and then. */
export function valuesOf(struct: StructLayout): fc.Arbitrary<Values> {
  const present = struct.fields.filter((field) => field.present);
  const required = present.filter((field) => !field.omissible).map((field) => field.name);
  const members = Object.fromEntries(present.map((field) => [field.name, anyValueOf(field)]));
  return fc.record(members, { requiredKeys: required, noNullPrototype: true });
}

/** The decoded form: every field of every version, absent and left-out ones as their defaults. */
export function expectedOf(struct: StructLayout, values: Values): Values {
  return Object.fromEntries(
    struct.fields.map((field) => {
      const given = values[field.name];
      return [field.name, given === undefined ? defaultOf(field) : expectedValue(field, given)];
    }),
  );
}

function expectedValue(field: FieldLayout, value: unknown): unknown {
  if (value === null) return null;
  if (field.kind === 'struct') return expectedOf(field.struct!, value as Values);
  if (field.kind === 'array') return (value as unknown[]).map((element) => expectedValue(field.element!, element));
  return value;
}

export function defaultOf(field: FieldLayout): unknown {
  if (field.defaultValue !== undefined) return field.defaultValue;
  switch (field.kind) {
    case 'bool':
      return false;
    case 'string':
      return '';
    case 'uuid':
      return ZERO_UUID;
    case 'bytes':
      return Buffer.alloc(0);
    case 'records':
      return null;
    case 'array':
      return [];
    case 'struct':
      return expectedOf(field.struct!, {});
    default:
      return 0;
  }
}

function anyValueOf(field: FieldLayout): fc.Arbitrary<unknown> {
  const value = plainValueOf(field);
  return field.nullable ? fc.option(value, { nil: null, freq: 4 }) : value;
}

function plainValueOf(field: FieldLayout): fc.Arbitrary<unknown> {
  const buffers = (size: fc.IntArrayConstraints) => fc.uint8Array(size).map((bytes) => Buffer.from(bytes));
  switch (field.kind) {
    case 'bool':
      return fc.boolean();
    case 'int8':
      return fc.integer({ min: -0x80, max: 0x7f });
    case 'int16':
      return fc.integer({ min: -0x8000, max: 0x7fff });
    case 'uint16':
      return fc.integer({ min: 0, max: 0xffff });
    case 'int32':
      return fc.integer();
    case 'uint32':
      return fc.integer({ min: 0, max: 0xffffffff });
    case 'int64':
      return fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.constant(-1));
    case 'float64':
      return fc.double({ noNaN: true });
    case 'uuid':
      return buffers({ minLength: 16, maxLength: 16 }).map((bytes) => bytes.toString('base64url'));
    case 'string':
      return fc.oneof(
        { weight: 8, arbitrary: fc.string({ maxLength: 12 }) },
        { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 50 }) },
        { weight: 1, arbitrary: fc.constantFrom('__proto__', 'constructor', 'x'.repeat(126), 'ÿ'.repeat(200)) },
      );
    case 'bytes':
    case 'records':
      return fc.oneof(
        { weight: 8, arbitrary: buffers({ maxLength: 24 }) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: 9000 }).map((size) => Buffer.alloc(size, 7)) },
      );
    case 'array':
      return fc.array(anyValueOf(field.element!), { maxLength: 3 });
    case 'struct':
      return valuesOf(field.struct!);
  }
}
