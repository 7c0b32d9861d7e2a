import { COMMON_SETTINGS } from './common-settings.ts';
import { integer, type OptionsOf } from './setting.ts';

export const ADMIN_SETTINGS = {
  ...COMMON_SETTINGS,
  retries: integer({
    kafka: 'retries',
    default: 2_147_483_647,
    max: 2_147_483_647,
    doc: 'How often a request is tried again after an error that may pass, within default.api.timeout.ms.',
  }),
};

export type AdminOptions = OptionsOf<typeof ADMIN_SETTINGS>;
