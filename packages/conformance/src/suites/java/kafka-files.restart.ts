// Files that Apache Kafka wrote, put under the broker's feet while it is down: segments of every codec, indexes, producer
// snapshot and epochs are served as if it had written them itself, and the log goes on behind them.
import { randomBytes } from 'node:crypto';
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startApacheKafka } from '../../peer/apache-kafka.ts';
import { type KafkaTool, runTool } from '../../peer/tools.ts';
import { bootstrap, broker, fresh } from '../../suite/target.ts';

async function tool(address: string, name: KafkaTool, args: readonly string[], input = ''): Promise<string> {
  const run = await runTool(name, ['--bootstrap-server', address, ...args], { input });
  if (run.status !== 0) throw new Error(`${name} ended with ${run.status}\n${run.stdout}\n${run.stderr}`);
  return run.stdout;
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

test("a partition directory of Apache Kafka's is served", { timeout: 120_000 }, async () => {
  const topic = fresh('files');
  const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
  const values = codecs.flatMap((codec) =>
    Array.from({ length: 200 }, (_, i) => `${codec}-${i}-${randomBytes(3000).toString('base64')}`),
  );
  const create = ['--create', '--topic', topic, '--partitions', '1', '--config', 'segment.bytes=1048576'];
  const times: number[] = [];
  const original = await startApacheKafka();
  const origin: Record<string, string> = {};
  const ask = async (address: string): Promise<string[]> =>
    Promise.all(
      [...times, -1, -2, -3].map((time) =>
        tool(address, 'kafka-get-offsets', ['--topic', topic, '--time', String(time)]),
      ),
    );
  try {
    await tool(original.bootstrap, 'kafka-topics', create);
    for (const codec of codecs) {
      times.push(Date.now());
      const input = values.filter((value) => value.startsWith(`${codec}-`)).map((value) => `${value}\n`);
      await tool(
        original.bootstrap,
        'kafka-console-producer',
        ['--topic', topic, '--compression-codec', codec],
        input.join(''),
      );
    }
    origin.offsets = (await ask(original.bootstrap)).join('');
    await original.stop();
    await tool(bootstrap, 'kafka-topics', create);
    await broker.stop();
    const from = join(original.dataDirectory, `${topic}-0`);
    const to = join(await broker.dataDirectory(), `${topic}-0`);
    expect(readdirSync(from).filter((file) => file.endsWith('.log')).length).toBeGreaterThan(2);
    for (const file of readdirSync(to)) if (file !== 'partition.metadata') rmSync(join(to, file));
    for (const file of readdirSync(from)) if (file !== 'partition.metadata') cpSync(join(from, file), join(to, file));
  } finally {
    await original.close();
  }
  await broker.start();
  const consume = ['--topic', topic, '--from-beginning', '--timeout-ms', '20000', '--max-messages'];
  expect(lines(await tool(bootstrap, 'kafka-console-consumer', [...consume, String(values.length)]))).toEqual(values);
  expect((await ask(bootstrap)).join('')).toBe(origin.offsets);
  await tool(bootstrap, 'kafka-console-producer', ['--topic', topic], 'and on\n');
  const all = lines(await tool(bootstrap, 'kafka-console-consumer', [...consume, String(values.length + 1)]));
  expect(all.at(-1)).toBe('and on');
});
