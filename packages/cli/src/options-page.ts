// The option tables in docs/tools.md, made from the tables that the tools parse with, so that page and tools cannot
// disagree. `node packages/cli/src/options-page.ts` writes them; a test holds the page to what this makes.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { OptionTable } from './command-line/option.ts';
import { TOOLS } from './tools.ts';

/** Where the page is. */
export const TOOLS_PAGE = fileURLToPath(new URL('../../../docs/tools.md', import.meta.url));

/** What stands for an argument in the help can be long; on the page it has to fit a column. */
const SHOWN_MAX = 30;

/** A Markdown table of the options that are offered, by name. */
export function optionRows(table: OptionTable): string {
  const rows = Object.entries(table)
    .filter(([, option]) => !option.hidden)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, option]) => {
      const shown = (option.shown ?? 'value').replaceAll('|', '\\|');
      const word = `<${shown.length > SHOWN_MAX || shown.includes('<') ? 'value' : shown}>`;
      const argument = !option.argument ? '' : option.argument === 'optional' ? ` [${word}]` : ` ${word}`;
      const told = option.description.replaceAll('\n', ' ').replaceAll('|', '\\|');
      const otherwise = option.default === undefined ? '' : ` Default: \`${option.default}\`.`;
      return `| \`--${name}${argument}\` | ${told}${otherwise} |`;
    });
  return ['| option | meaning |', '|---|---|', ...rows].join('\n');
}

/** The page with the tables of all tools brought up to date. Throws when it has no place for one of them. */
export async function withOptionTables(page: string): Promise<string> {
  let text = page;
  for (const [name, entry] of Object.entries(TOOLS)) {
    const { options } = await entry.load();
    if (!options) continue;
    const place = new RegExp(`(<!-- options of ${name} -->\\n)[\\s\\S]*?(<!-- end -->)`);
    if (!place.test(text)) throw new Error(`docs/tools.md has no place for the options of ${name}`);
    text = text.replace(place, (_, before: string, after: string) => `${before}\n${optionRows(options)}\n\n${after}`);
  }
  return text;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(TOOLS_PAGE, await withOptionTables(readFileSync(TOOLS_PAGE, 'utf8')));
}
