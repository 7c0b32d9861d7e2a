// A copy of the sources in which something may be broken on purpose, and the breaking of it. The real tree is never touched.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Of the repository. */
export const root = fileURLToPath(new URL('../../../../', import.meta.url));

export interface SourceEdit {
  readonly name: string;
  /** From `packages/`. */
  readonly file: string;
  readonly text: string;
  readonly instead: string;
  /** A second change in the same file, where two rules cover for each other. */
  readonly also?: { readonly text: string; readonly instead: string };
}

/** The file with the edit made. Throws when a text does not stand in it exactly once: the lists are kept true to the sources. */
export function edited({ name, file, text, instead, also }: SourceEdit, tree: string): string {
  let source = readFileSync(join(tree, 'packages', file), 'utf8');
  for (const change of [{ text, instead }, ...(also ? [also] : [])]) {
    const times = source.split(change.text).length - 1;
    if (times !== 1) throw new Error(`${name}: its text stands ${times} times in packages/${file}; mend the list`);
    source = source.replace(change.text, () => change.instead);
  }
  return source;
}

/** Copies these packages into a new temporary folder, with links to what they depend on. Answers the folder. */
export function copySources(packages: readonly string[], o: { tests?: boolean } = {}): string {
  const copy = mkdtempSync(join(tmpdir(), 'moldau-edited-'));
  const modules = join(copy, 'node_modules');
  mkdirSync(join(modules, '@moldau'), { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name !== '@moldau' && !name.startsWith('.')) symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
  for (const name of packages) {
    const from = join(root, 'packages', name);
    const to = join(copy, 'packages', name);
    mkdirSync(to, { recursive: true });
    cpSync(join(from, 'package.json'), join(to, 'package.json'));
    const filter = (path: string) => o.tests === true || !/\.(test|bench)\.ts$/.test(path);
    cpSync(join(from, 'src'), join(to, 'src'), { recursive: true, filter });
    if (o.tests && existsSync(join(from, 'test'))) cpSync(join(from, 'test'), join(to, 'test'), { recursive: true });
    symlinkSync(to, join(modules, '@moldau', name));
  }
  return copy;
}
