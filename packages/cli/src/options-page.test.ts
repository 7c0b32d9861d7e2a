import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { TOOLS_PAGE, withOptionTables } from './options-page.ts';

test('docs/tools.md lists the options that the tools have (node packages/cli/src/options-page.ts writes them)', async () => {
  const page = readFileSync(TOOLS_PAGE, 'utf8');
  expect(page).toBe(await withOptionTables(page));
});
