#!/usr/bin/env node
// The one script that runs on whatever Node the machine has (20 and newer): installs what is missing, then hands over to
// the Node that the repository pins. Plain JavaScript and built-ins only, because nothing may be installed yet.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [command, ...rest] = process.argv.slice(2);
const modules = join(root, 'node_modules');
const bin = join(modules, '.bin');
const stamp = join(modules, '.moldau-lock');

/** Installed already? The stamp holds the lock file it was installed from, so that a pull with new packages reinstalls. */
function installed() {
  try {
    return readFileSync(stamp, 'utf8') === readFileSync(join(root, 'package-lock.json'), 'utf8');
  } catch {
    return false;
  }
}

function install() {
  process.stderr.write('Installing packages (first run only) ...\n');
  const npm = process.env.npm_execpath;
  const [file, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  // Not `npm ci`: it refuses a lock file that lacks an optional package of another platform, and a registry mirror may
  // not have them all. `install` takes the locked versions just the same.
  const done = spawnSync(file, [...first, 'install', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32' && file === 'npm',
  });
  if (done.status !== 0) {
    process.stderr.write(`npm install failed in ${root} (exit ${done.status}). Its own message stands above.\n`);
    process.exit(done.status ?? 1);
  }
  writeFileSync(stamp, readFileSync(join(root, 'package-lock.json')));
}

/** The pinned Node where the registry has one for this platform; the running one otherwise, if it is new enough. */
function pinnedNode() {
  const exe = process.platform === 'win32' ? 'node.exe' : 'node';
  const arch = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  for (const name of [`node-${arch}`, `node-bin-${arch}`]) {
    const file = join(modules, name, 'bin', exe);
    if (existsSync(file)) return file;
  }
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 18)) return process.execPath;
  process.stderr.write(
    `Moldau needs Node 22.18 or newer; this is ${process.versions.node}, and no pinned Node is packaged for ${arch}.\n`,
  );
  process.exit(1);
}

if (!installed()) install();
const node = pinnedNode();
const script = (name) => join(root, 'scripts', name);
const commands = {
  // A broker's young objects die at once: a small nursery keeps its memory small and costs no time.
  start: ['--max-semi-space-size=8', join(root, 'packages/cli/src/start.ts')],
  moldau: [join(root, 'packages/cli/src/moldau.ts')],
  test: [join(modules, 'vitest/vitest.mjs'), 'run'],
  check: [script('check.ts')],
  bench: [join(root, 'packages/bench/src/main.ts')],
  simulate: [join(root, 'packages/simulator/src/node/simulate.ts')],
  'bench:cluster': [join(root, 'packages/bench/src/cluster/main.ts')],
  'bench:clients': [join(root, 'packages/bench/src/clients/main.ts')],
  build: [script('build.ts')],
  format: [join(modules, '@biomejs/biome/bin/biome'), 'check', '--write'],
};
const target = command === 'run' ? [resolve(rest.shift() ?? '')] : commands[command];
if (!target) {
  process.stderr.write(`bootstrap: unknown command ${command}; one of ${Object.keys(commands).join(', ')}, run FILE\n`);
  process.exit(2);
}
const child = spawn(node, [...target, ...rest], {
  cwd: command === 'moldau' ? process.cwd() : root,
  stdio: 'inherit',
  // The pinned Node comes first for everything started below.
  env: {
    ...process.env,
    PATH: `${dirname(node)}${process.platform === 'win32' ? ';' : ':'}${bin}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH}`,
  },
});
// Ctrl-C reaches the whole foreground group; the child stops in order and this process reports its exit status.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (signal !== 'SIGINT') child.kill(signal);
  });
}
child.on('exit', (code, signal) => process.exit(signal ? 128 + (signal === 'SIGINT' ? 2 : 15) : (code ?? 1)));
