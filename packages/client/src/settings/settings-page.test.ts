import { expect, test } from 'vitest';
import { settingsPage } from './settings-page.ts';

test('docs/client-settings.md says what the tables say (vitest -u writes it anew)', async () => {
  await expect(settingsPage()).toMatchFileSnapshot('../../../../docs/client-settings.md');
});
