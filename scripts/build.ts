// `npm run build`: JavaScript and declarations of every published package into its dist/. The inner loop needs none of
// this: Node runs the sources. What is published points at dist (see `publishConfig` of each package).
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
let failed = 0;

for (const name of readdirSync(join(root, 'packages')).sort()) {
  const folder = join(root, 'packages', name);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { private?: boolean };
  if (manifest.private) continue;
  rmSync(join(folder, 'dist'), { recursive: true, force: true });
  const project = join(folder, 'tsconfig.build.json');
  writeFileSync(
    project,
    JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        noEmit: false,
        declaration: true,
        sourceMap: true,
        rewriteRelativeImportExtensions: true,
        rootDir: join(folder, 'src'),
        outDir: join(folder, 'dist'),
      },
      include: [join(folder, 'src/**/*.ts')],
      exclude: [join(folder, 'src/**/*.test.ts'), join(folder, 'src/**/*.bench.ts')],
    }),
  );
  const done = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project], {
    cwd: folder,
    stdio: 'inherit',
  });
  rmSync(project);
  process.stdout.write(`${done.status === 0 ? 'ok  ' : 'FAIL'} ${name}\n`);
  if (done.status !== 0) failed++;
}
process.exit(failed === 0 ? 0 : 1);
