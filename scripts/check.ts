// `npm run check`: types, format and lint, layers. One command, every finding printed, exit status 1 on any.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const modules = join(root, 'node_modules');
const steps: ReadonlyArray<readonly [name: string, script: string, ...args: string[]]> = [
  ['types', join(modules, 'typescript/bin/tsc'), '-p', join(root, 'tsconfig.json')],
  ['format and lint', join(modules, '@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', root],
  ['layers', join(root, 'scripts/check-layers.ts')],
];

let failed = 0;
for (const [name, script, ...args] of steps) {
  const startedAt = performance.now();
  const done = spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: 'inherit' });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const ok = done.status === 0;
  if (!ok) failed++;
  process.stdout.write(`${ok ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)\n`);
}
process.exit(failed === 0 ? 0 : 1);
