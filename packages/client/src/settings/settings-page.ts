// The page docs/client-settings.md, out of the tables themselves. Its test holds the page to them and writes it anew:
//   npx vitest run packages/client/src/settings -u
import { ADMIN_SETTINGS } from './admin-settings.ts';
import { COMMON_SETTINGS } from './common-settings.ts';
import { CONSUMER_SETTINGS } from './consumer-settings.ts';
import { PRODUCER_SETTINGS } from './producer-settings.ts';
import { SECURITY_SETTINGS } from './security-settings.ts';
import type { SettingTable } from './setting.ts';

export function settingsPage(): string {
  return [
    '# Settings of the client\n\nOptions of `new Admin`, `new Producer` and `new Consumer`, and their names in `.properties` files. Durations are\nmilliseconds, sizes bytes. How they work together is told in [The client](clients.md).\n',
    section('All clients', without(COMMON_SETTINGS, SECURITY_SETTINGS)),
    section('Encryption and authentication, of all clients', SECURITY_SETTINGS),
    section('Admin, beyond those', without(ADMIN_SETTINGS, COMMON_SETTINGS)),
    section('Producer, beyond those (it has no default.api.timeout.ms)', without(PRODUCER_SETTINGS, COMMON_SETTINGS)),
    section('Consumer, beyond those', without(CONSUMER_SETTINGS, COMMON_SETTINGS)),
  ].join('\n');
}

/** Settings of the table that the other one does not have, or has otherwise. */
function without(table: SettingTable, other: SettingTable): SettingTable {
  return Object.fromEntries(Object.entries(table).filter(([name, setting]) => other[name] !== setting));
}

function section(title: string, table: SettingTable): string {
  return `## ${title}\n\n| option | Kafka's name | default | meaning |\n|---|---|---|---|\n${rows(table).join('\n')}\n`;
}

function rows(table: SettingTable): string[] {
  return Object.entries(table).map(([name, { kafka, default: value, doc, secret }]) => {
    const shown = value === undefined ? '' : Array.isArray(value) ? value.join(',') : String(value);
    const text = `${doc}${secret ? ' Secret: in no error.' : ''}`.replaceAll('|', '\\|');
    return `| \`${name}\` | ${kafka} | ${shown === '' ? '' : `\`${shown}\``} | ${text} |`;
  });
}
