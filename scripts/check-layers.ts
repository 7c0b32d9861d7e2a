// Holds the house rules that a type checker cannot: which package stands on which, what may reach past the ports
// (docs/decisions, DESIGN D1), and that no folder or file is a drawer.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Package → what its sources may import from the workspace. Tests may in addition import what their package.json lists for development. */
const standsOn: Record<string, readonly string[]> = {
  kernel: [],
  protocol: ['kernel'],
  storage: ['kernel', 'protocol'],
  metadata: ['kernel', 'protocol'],
  broker: ['kernel', 'protocol', 'storage', 'metadata'],
  client: ['kernel', 'protocol'],
  cli: ['kernel', 'protocol', 'storage', 'metadata', 'client', 'broker'],
  history: [],
  simulator: ['kernel', 'protocol', 'storage', 'metadata', 'broker', 'client', 'history'],
  conformance: ['kernel', 'protocol', 'client', 'history'],
  bench: ['kernel', 'protocol', 'client', 'broker', 'conformance'],
  moldau: ['client', 'cli', 'broker'],
};

/** Single entrances into packages that are otherwise out of bounds: docs/decisions/011. */
const entrances: Record<string, readonly string[]> = { broker: ['@moldau/client/connection'] };

/** Packages whose code meets the world only through ports. Their `node/` folders, tests and benches are the edge and exempt. */
const ported = new Set(['protocol', 'storage', 'metadata', 'broker', 'client', 'history', 'simulator']);
const banned: ReadonlyArray<readonly [pattern: RegExp, instead: string]> = [
  [/\bDate\.now\(|\bnew Date\(\)/, 'Clock.now()'],
  [/\bperformance\.now\(/, 'Clock.monotonic()'],
  [/\bset(Timeout|Interval|Immediate)\(/, 'Timers'],
  [/\bMath\.random\(|\brandomUUID\(|\brandomBytes\(/, 'Random'],
  [
    /from 'node:(fs|fs\/promises|net|tls|dns|dns\/promises|timers|timers\/promises|child_process|worker_threads|os)'/,
    'Disk, Network or Timers',
  ],
  [/\bprocess\.(env|exit|on|hrtime|nextTick|cwd|argv|stdout|stderr|pid)\b/, 'a value handed in by main'],
];
const drawers = /(^|\/)(utils?|helpers?|common|misc|types)(\/|\.ts$)/;

const problems: string[] = [];
for (const name of readdirSync(join(root, 'packages'))) {
  const allowed = standsOn[name];
  if (!allowed) {
    problems.push(`packages/${name}: not in the table of scripts/check-layers.ts; say what it stands on`);
    continue;
  }
  const folder = join(root, 'packages', name);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    devDependencies?: Record<string, string>;
  };
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const shown = relative(root, path).replaceAll('\\', '/');
    if (shown.includes('/node_modules/') || shown.includes('/dist/') || !entry.isFile() || !path.endsWith('.ts'))
      continue;
    if (drawers.test(shown)) problems.push(`${shown}: a drawer; name the thing it holds instead`);
    const isTest = /\.(test|bench)\.ts$/.test(shown) || shown.includes('/test/');
    const text = readFileSync(path, 'utf8');
    text.split('\n').forEach((line, index) => {
      const at = `${shown}:${index + 1}`;
      const imported = /from '(@moldau\/([a-z-]+)|moldau)(\/[^']*)?'/.exec(line);
      const target = imported ? (imported[2] ?? 'moldau') : undefined;
      if (target && target !== name && !allowed.includes(target)) {
        const forTests = isTest && manifest.devDependencies?.[`@moldau/${target}`] !== undefined;
        const entrance = `@moldau/${target}${imported?.[3] ?? ''}`;
        if (!forTests && !entrances[name]?.includes(entrance))
          problems.push(`${at}: ${name} does not stand on ${target} (DESIGN section 2)`);
      }
      if (ported.has(name) && !isTest && !shown.includes('/node/') && !/^\s*(\/\/|\*|\/\*)/.test(line)) {
        for (const [pattern, instead] of banned) {
          if (pattern.test(line)) problems.push(`${at}: reaches past the ports; use ${instead}`);
        }
      }
    });
  }
}

for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exit(problems.length === 0 ? 0 : 1);
