// The list of planted bugs stays true to the sources, so that the weekly hunt does not begin by failing.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { PLANTED_BUGS } from './bugs.ts';

const packages = fileURLToPath(new URL('../../../', import.meta.url));

test.each(PLANTED_BUGS.map((bug) => [bug.name, bug] as const))(
  '%s can be planted',
  (_name, { file, text, instead, also }) => {
    const source = readFileSync(`${packages}${file}`, 'utf8');
    for (const change of [{ text, instead }, ...(also ? [also] : [])]) {
      expect(source.split(change.text)).toHaveLength(2);
      expect(change.instead).not.toBe(change.text);
    }
  },
);

test('there are at least twenty, and no name twice', () => {
  expect(PLANTED_BUGS.length).toBeGreaterThanOrEqual(20);
  expect(new Set(PLANTED_BUGS.map(({ name }) => name)).size).toBe(PLANTED_BUGS.length);
});
