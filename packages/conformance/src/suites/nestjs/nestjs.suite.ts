// NestJS's Kafka microservice, with KafkaJS as it comes and with our client in its place: the same application, started
// with and without `--import @moldau/client/node/instead-of-kafkajs`, has to see the same.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ConnectedClient } from '../../contract/client.ts';
import { createTopic } from '../../contract/leaders.ts';
import { node } from '../../peer/paths.ts';
import { finished } from '../../peer/tools.ts';
import { bootstrap, fresh } from '../../suite/target.ts';
import { moldauClient } from '../moldau-client/adapter.ts';

const expected = [
  ['reply partitions are disjoint', true],
  ['request and reply', { total: 6, from: 'nobody' }],
  ['with key and headers', { total: 6, from: 'two' }],
  ['forty at once', Array.from({ length: 40 }, (_, id) => id * 2).join()],
  ['an error comes back', { message: 'order 9 is refused' }],
  ['events in order', [1, 2, 3, 4, 5].map((id) => `${id} by same`).join()],
  ['events of one key in one partition', 1],
  ['a client that only sends', '6 by same'],
  ['closed', true],
];

let client: ConnectedClient;
beforeAll(async () => {
  client = await moldauClient.connect(bootstrap);
});
afterAll(() => client.close());

for (const [name, flags] of [
  ['KafkaJS', []],
  ['@moldau/client in its place', ['--import', '@moldau/client/node/instead-of-kafkajs']],
] as const) {
  test(`a shop on NestJS: requests, replies, errors, events (${name})`, async () => {
    const prefix = fresh('shop');
    for (const topic of ['total', 'total.reply', 'refuse', 'refuse.reply', 'placed']) {
      await createTopic(client, `${prefix}.${topic}`, 2);
    }
    const app = join(import.meta.dirname, 'sample-app.ts');
    const child = spawn(node, [...flags, app, bootstrap, prefix], {
      cwd: import.meta.dirname,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, KAFKAJS_NO_PARTITIONER_WARNING: '1' },
    });
    const { status, stdout, stderr } = await finished(child, { timeoutMs: 80_000 });
    const seen = stdout
      .split('\n')
      // Nest's own lines begin with [Nest], where they have no colour.
      .filter((line) => line.startsWith('["'))
      .map((line) => JSON.parse(line) as [string, unknown]);
    expect(seen, stderr).toMatchObject(expected);
    expect(status).toBe(0);
  });
}
