// Keeps compiled sources, so that the second run of a tool does not read TypeScript again. Imported before anything else.
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(import.meta.url);
const installedAt = here.lastIndexOf('node_modules');
// In the repository beside its packages, otherwise beside the package that is installed; where neither can be written,
// nothing is kept and nothing breaks.
const modules =
  installedAt < 0
    ? fileURLToPath(new URL('../../../../node_modules', import.meta.url))
    : here.slice(0, installedAt + 'node_modules'.length);
enableCompileCache(`${modules}/.cache/moldau-cli`);
