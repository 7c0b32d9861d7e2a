// Writes docs/configuration.md: `node packages/broker/src/config/node/write-configuration-page.ts`. Run it after a change
// to the tables of settings.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONFIGURATION_PAGE, configurationPage } from '../configuration-page.ts';

writeFileSync(join(import.meta.dirname, '../../../../..', CONFIGURATION_PAGE), configurationPage());
