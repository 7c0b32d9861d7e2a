import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ADMIN_SETTINGS } from './admin-settings.ts';
import { CONSUMER_SETTINGS } from './consumer-settings.ts';
import { PRODUCER_SETTINGS } from './producer-settings.ts';
import { settingRows } from './setting-rows.ts';

test('docs/clients.md has the row of every setting, as its table says it (add the rows shown)', () => {
  const page = readFileSync(new URL('../../../../docs/clients.md', import.meta.url), 'utf8').split('\n');
  const rows = [ADMIN_SETTINGS, PRODUCER_SETTINGS, CONSUMER_SETTINGS].flatMap(settingRows);
  expect([...new Set(rows)].filter((row) => !page.includes(row))).toEqual([]);
  const documented = page.filter((line) => line.startsWith('| `'));
  expect(documented.filter((line) => !rows.includes(line))).toEqual([]);
});
