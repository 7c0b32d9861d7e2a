// kcat while the broker goes away: a producer that is fed a line at a time and a consumer at the tail, both of which
// librdkafka has to carry over a kill -9.
import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import { openOperator } from '../../contract/operator.ts';
import { eventually, sleep } from '../../suite/eventually.ts';
import { bootstrap, broker, fresh } from '../../suite/target.ts';
import { kcatRead } from './kcat.ts';

test('kcat: kill -9 while lines flow from a producer to a consumer', async () => {
  const topic = fresh('restart');
  const operator = await openOperator();
  await operator.createTopic(topic, 1);
  await operator.close();
  // -E: a broker that is away is no reason to give up.
  const settings = ['-E', '-X', 'reconnect.backoff.max.ms=500', '-X', 'message.timeout.ms=60000'];
  const idempotent = ['-X', 'enable.idempotence=true'];
  const producer = spawn('kcat', [
    '-b',
    bootstrap,
    '-P',
    '-u',
    '-t',
    topic,
    '-p',
    '0',
    '-X',
    'linger.ms=5',
    ...idempotent,
    ...settings,
  ]);
  const consumer = spawn('kcat', [
    '-b',
    bootstrap,
    '-C',
    '-u',
    '-q',
    '-t',
    topic,
    '-p',
    '0',
    '-o',
    'beginning',
    ...settings,
  ]);
  let text = '';
  consumer.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const received = (): string[] => text.split('\n').filter((line) => line !== '');
  try {
    let n = 0;
    const feed = setInterval(() => producer.stdin.write(`line-${n++}\n`), 5);
    try {
      await eventually('a hundred lines', () => received().length >= 100);
      await broker.kill();
      await sleep(300);
      await broker.start();
      const before = received().length;
      await eventually('a hundred more', () => received().length >= before + 100, 60_000);
    } finally {
      clearInterval(feed);
    }
    const ended = new Promise((resolve) => producer.once('close', resolve));
    producer.stdin.end();
    expect(await ended).toBe(0);
    const sent = Array.from({ length: n }, (_, i) => `line-${i}`);
    await eventually('every line', () => received().length >= n);
    expect(received()).toEqual(sent);
    expect((await kcatRead(topic)).map(({ payload }) => payload)).toEqual(sent);
  } finally {
    producer.kill('SIGKILL');
    consumer.kill('SIGKILL');
  }
});
