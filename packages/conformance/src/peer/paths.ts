// Where the repository, its git-ignored cache and the pinned Node lie. Everything that the suites and benches install
// beside npm packages (Kafka's jars, the built add-on of Confluent's client) goes into the cache and nowhere else.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const repository = join(dirname(fileURLToPath(import.meta.url)), '../../../..');

/** Git-ignored; safe to delete, filled again by `src/install.ts`. */
export const cache = join(repository, '.cache');

/** The Node that the workspace pins, or the running one where none is packaged for the platform. */
export const node = ((): string => {
  const pinned = join(repository, 'node_modules/.bin/node');
  return existsSync(pinned) ? pinned : process.execPath;
})();
