// The lists of planted bugs and of fences stay true to the sources, so that the weekly hunt does not begin by failing.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { edited, root } from '../node/source-copy.ts';
import { PLANTED_BUGS } from './bugs.ts';
import { FENCES } from './fences.ts';

test.each(PLANTED_BUGS.map((bug) => [bug.name, bug] as const))('%s can be planted', (_name, bug) => {
  expect(edited(bug, root)).not.toBe(readFileSync(`${root}packages/${bug.file}`, 'utf8'));
});

test.each(FENCES.map((one) => [`${one.fence} ${one.name}`, one] as const))(
  'the fence %s can be taken out',
  (_name, one) => {
    expect(edited(one, root)).not.toBe(readFileSync(`${root}packages/${one.file}`, 'utf8'));
    expect(readFileSync(`${root}packages/${one.test.file}`, 'utf8')).toContain(one.test.name);
  },
);

test('all ten fences are there', () => {
  expect([...new Set(FENCES.map(({ fence }) => fence))].sort()).toEqual([
    'broker epoch',
    'compare and swap',
    'controller epoch',
    'coordinator epoch',
    'leader epoch',
    'leader epoch start',
    'maximal ISR',
    'producer epoch',
    'strict min-ISR',
    'topic id',
  ]);
});

test('there are at least twenty, and no name twice', () => {
  expect(PLANTED_BUGS.length).toBeGreaterThanOrEqual(20);
  expect(new Set(PLANTED_BUGS.map(({ name }) => name)).size).toBe(PLANTED_BUGS.length);
});
