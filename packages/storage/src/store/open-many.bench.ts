// Ten thousand logs: create, append to each, clean restart, restart after a kill. `node packages/storage/src/store/open-many.bench.ts [logs]`
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodePorts } from '@moldau/kernel/node/ports';
import { DEFAULT_LOG_CONFIG } from '../log-config.ts';
import { batch } from '../test/batches.ts';
import { LogStore } from './log-store.ts';

const TOPIC_ID = 'p2Jc0bMkS3uLAYbkL0aWgA';
const [directoryOption, phase] = process.argv.slice(3);
const logs = Number(process.argv[2] ?? 10_000);
const directory = directoryOption ?? mkdtempSync(join(tmpdir(), 'moldau-many-'));

async function timed<T>(name: string, run: () => Promise<T> | T): Promise<T> {
  const started = performance.now();
  const result = await run();
  const rssMiB = (process.memoryUsage().rss / 2 ** 20).toFixed(0);
  process.stdout.write(
    `${name.padEnd(44)} ${(performance.now() - started).toFixed(0).padStart(7)} ms   rss ${rssMiB} MiB\n`,
  );
  return result;
}

function open(durability: 'fsync' | 'os'): Promise<LogStore> {
  return LogStore.open({
    ports: nodePorts,
    directories: [directory],
    brokerId: 1,
    defaults: { ...DEFAULT_LOG_CONFIG, durability },
    events: () => {},
  });
}

async function appendToAll(store: LogStore, value: string): Promise<void> {
  let left = store.logCount;
  await new Promise<void>((resolve) => {
    for (const log of store.logs()) {
      log.append(batch({ values: [value], timestamp: Date.now() }), {
        leaderEpoch: 0,
        origin: 'client',
        now: Date.now(),
      });
      log.whenPersisted(log.endOffset, () => --left === 0 && resolve());
    }
  });
}

if (phase === 'fill-and-die') {
  const store = await timed('open clean', () => open('os'));
  await timed('append one batch to each (os)', () => appendToAll(store, 'x'.repeat(500)));
  process.kill(process.pid, 'SIGKILL');
}
const store = await timed('open empty', () => open('os'));
await timed(`create ${logs} logs`, () => {
  for (let i = 0; i < logs; i++) {
    store.create({ topic: 'many', topicId: TOPIC_ID, partition: i, config: DEFAULT_LOG_CONFIG });
  }
});
for (const log of store.logs()) log.configure({ ...DEFAULT_LOG_CONFIG, durability: 'os' });
await timed('append one batch to each (os)', () => appendToAll(store, 'x'.repeat(500)));
await timed('checkpoint pass', () => store.checkpoint());
await timed('close', () => store.close());
const again = await timed('open clean', () => open('os'));
await timed('close, nothing changed', () => again.close());
await new Promise((resolve) => {
  spawn(process.execPath, [import.meta.filename, String(logs), directory, 'fill-and-die'], { stdio: 'inherit' }).on(
    'exit',
    resolve,
  );
});
const recovered = await timed('open after kill -9 (os)', () => open('os'));
await timed('close', () => recovered.close());
rmSync(directory, { recursive: true, force: true });
