// The rows of docs/clients.md, out of the tables themselves: a setting that is not documented fails a test.
import type { SettingTable } from './setting.ts';

/** One row of a Markdown table for each setting: option, Kafka's name, default, meaning. */
export function settingRows(table: SettingTable): string[] {
  return Object.entries(table).map(([name, { kafka, default: value, doc, secret }]) => {
    const shown = value === undefined ? '' : Array.isArray(value) ? value.join(',') : String(value);
    const text = `${doc}${secret ? ' Secret.' : ''}`.replaceAll('|', '\\|');
    return `| \`${name}\` | ${kafka} | ${shown === '' ? '' : `\`${shown}\``} | ${text} |`;
  });
}
