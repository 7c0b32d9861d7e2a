// Kafka's own Java client as a client of the contract: packages/conformance/java/ConformanceClient.java, compiled on the
// spot against the peer's jars.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { workerAdapter } from '../../contract/worker.ts';
import { apacheVersion, classPath } from '../../peer/apache-jars.ts';
import { cache, repository } from '../../peer/paths.ts';

const source = join(repository, 'packages/conformance/java/ConformanceClient.java');

/** The folder with the compiled classes; named after source and release, so that a change of either compiles anew. */
function compiled(): string {
  const hash = createHash('sha256').update(readFileSync(source)).update(apacheVersion).digest('hex').slice(0, 16);
  const folder = join(cache, `conformance-java-${hash}`);
  if (existsSync(folder)) return folder;
  const partial = `${folder}.partial-${process.pid}`;
  mkdirSync(partial, { recursive: true });
  const done = spawnSync('javac', ['-d', partial, '-cp', classPath(), source], { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`javac: ${done.error?.message ?? done.stderr}`);
  if (!existsSync(folder)) renameSync(partial, folder);
  return folder;
}

export const java = workerAdapter({
  name: `Java client ${apacheVersion}`,
  codecs: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
  can: {
    idempotence: true,
    staticMembers: true,
    nullHeaders: true,
    repeatedHeaders: true,
    acksZero: true,
    assignors: ['range', 'roundrobin', 'cooperative-sticky'],
    logAppendTime: true,
    redelivers: false,
    tellsFencing: true,
    transactions: true,
    consumerProtocol: true,
  },
  command: (bootstrap) => ({
    file: 'java',
    args: [
      ...['-Xmx256M', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'],
      ...['-cp', classPath(apacheVersion, compiled()), 'ConformanceClient', bootstrap],
    ],
  }),
});
