// Gets the real Apache Kafka (broker, clients, command-line tools, about 90 jars) from Maven into the cache, once. The
// release is named in packages/conformance/peer/pom.xml; another one can be had side by side (3.9 is the last with
// ZooKeeper). Needs Java 17 and Maven.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cache, repository } from './paths.ts';

const pom = join(repository, 'packages/conformance/peer/pom.xml');

/** The release that pom.xml names, such as `4.3.1`. */
export const apacheVersion = ((): string => {
  const version = /<kafka\.version>([^<]+)</.exec(readFileSync(pom, 'utf8'))?.[1];
  if (!version) throw new Error(`${pom} names no kafka.version`);
  return version;
})();

/** The oldest release that our clients are held to, side by side with the newest: the last of 3.x. */
export const apacheVersionOld = '3.9.1';

/** Whether the jars of `version` are there already. */
export function jarsThere(version: string): boolean {
  return existsSync(join(cache, `apache-kafka-${version}`, 'libs'));
}

/** Whether Java and Maven are there. The suites that need them say so instead of failing obscurely. */
export function javaAvailable(): boolean {
  return spawnSync('java', ['-version'], { stdio: 'ignore' }).status === 0;
}

/**
 * The folder of jars of `version`, fetched when missing. Downloads into a neighbour and renames, so that an interrupted
 * fetch is never taken for a finished one.
 */
export function apacheJars(version = apacheVersion): string {
  const folder = join(cache, `apache-kafka-${version}`, 'libs');
  if (existsSync(folder)) return folder;
  const partial = `${folder}.partial-${process.pid}`;
  process.stderr.write(`Fetching Apache Kafka ${version} (about 55 MB) ...\n`);
  mkdirSync(partial, { recursive: true });
  const done = spawnSync(
    'mvn',
    [
      ...['-q', '-B', '-f', pom, `-Dkafka.version=${version}`, 'dependency:copy-dependencies'],
      ...[`-DoutputDirectory=${partial}`, '-DincludeScope=runtime'],
    ],
    { stdio: ['ignore', 2, 2] },
  );
  if (done.status !== 0) {
    rmSync(partial, { recursive: true, force: true });
    throw new Error(
      done.error
        ? `mvn cannot be run (${done.error.message}); install Maven and Java 17`
        : `mvn could not fetch Apache Kafka ${version} (exit ${done.status}); its message stands above`,
    );
  }
  if (existsSync(folder)) rmSync(partial, { recursive: true, force: true });
  else renameSync(partial, folder);
  return folder;
}

/** The `-cp` of every Kafka class of `version`, with `more` folders or jars before it. */
export function classPath(version = apacheVersion, ...more: string[]): string {
  return [...more, join(apacheJars(version), '*')].join(':');
}
