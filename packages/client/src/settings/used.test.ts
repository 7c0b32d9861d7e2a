// No setting does nothing: the code of each client reads every one in its table. (That it does what it says is told by the
// tests beside that code; what belongs to the other group protocol is refused, see consumer-settings.ts.)
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ADMIN_SETTINGS } from './admin-settings.ts';
import { CONSUMER_SETTINGS } from './consumer-settings.ts';
import { PRODUCER_SETTINGS } from './producer-settings.ts';

const root = new URL('..', import.meta.url).pathname;
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !/\.test\.ts$|^test\//.test(name))
  .map((name) => ({ name, code: codeOf(readFileSync(join(root, name), 'utf8')) }));

/** Without comments and texts: to be named in an error is not to be read. */
function codeOf(source: string): string {
  return source.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g, '');
}

/** What all clients stand on, and the folders of one. */
const SHARED = ['cluster/', 'connection/', 'group/'];
const tables = {
  admin: { table: ADMIN_SETTINGS, folders: [...SHARED, 'admin/'] },
  producer: { table: PRODUCER_SETTINGS, folders: [...SHARED, 'producer/'] },
  consumer: { table: CONSUMER_SETTINGS, folders: [...SHARED, 'consumer/'] },
};

for (const [client, { table, folders }] of Object.entries(tables)) {
  test.each(Object.keys(table))(`${client}: %s is read`, (setting) => {
    const mine = sources.filter(({ name }) => folders.some((folder) => name.startsWith(folder)));
    const readers = mine.filter(({ code }) => new RegExp(`\\b${setting}\\b`).test(code));
    expect(readers.map(({ name }) => name)).not.toEqual([]);
  });
}
