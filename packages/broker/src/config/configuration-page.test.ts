import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { brokerSettings } from './broker-settings.ts';
import { CONFIGURATION_COMMAND, CONFIGURATION_PAGE, configurationPage } from './configuration-page.ts';
import { topicSettingEntries } from './settings/topic.ts';

test('the page in the repository is up to date', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../..', CONFIGURATION_PAGE), 'utf8');
  expect(page === configurationPage(), `run: ${CONFIGURATION_COMMAND}`).toBe(true);
});

test('the page names every setting', () => {
  const page = configurationPage();
  for (const [name, setting] of [...brokerSettings(), ...topicSettingEntries()]) {
    expect(page.includes(`\`${name}\``), name).toBe(!setting.internal);
  }
});
