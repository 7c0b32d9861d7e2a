// docs/client-failures.md promises a test for each complaint: here it is held to that.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const root = new URL('../../../', import.meta.url);
const rows = readFileSync(new URL('docs/client-failures.md', root), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && line.includes('`'))
  .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));

test('the table is read', () => {
  expect(rows.length).toBeGreaterThan(20);
});

test.each(
  rows
    .map(([, complaint, , , file, network]) => [complaint!, network!, file!])
    .filter(([, network]) => network !== '-'),
)('through the proxy: %s', (_, network, file) => {
  const source = readFileSync(new URL(file, root), 'utf8');
  const done = {
    slow: 'delayMs =',
    cut: '.cut()',
    'half-open': '.halfOpen()',
    refusing: 'refusing = true',
    proxied: 'ProxiedBroker.start(',
  };
  for (const harm of network.split(', ')) expect(source).toContain(done[harm as keyof typeof done]);
});

test.each(rows.map(([, complaint, , title, file]) => [complaint!, title!, file!]))('%s', (_, title, file) => {
  const source = readFileSync(new URL(file, root), 'utf8');
  const titles = [...source.matchAll(/\b(?:test|it)\(\s*(['`])(.*?)\1,/gs)].map((match) => match[2]!);
  expect(titles.filter((one) => one.includes(title))).not.toEqual([]);
});
