import { expect, test } from 'vitest';
import { errorCode, errorName, ProtocolError, WIRE_ERRORS, type WireError } from './errors.ts';

test('every code from -1 to 136 has one name, and back', () => {
  const codes = Object.values(WIRE_ERRORS).map((error) => error.code);
  expect(codes.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 138 }, (_, index) => index - 1));
  for (const name of Object.keys(WIRE_ERRORS) as WireError[]) expect(errorName(errorCode(name))).toBe(name);
});

test('a code of the future is an unknown error', () => {
  expect(errorName(137)).toBe('UNKNOWN_SERVER_ERROR');
});

test('a protocol error names its field', () => {
  const error = new ProtocolError('too long', 'topics[].name');
  expect([error.message, error.path, error.name]).toEqual([
    'topics[].name: too long',
    'topics[].name',
    'ProtocolError',
  ]);
});
