// A broker knows the last five batches of a producer again, also after a restart and after its log was cut, wherever
// segments and snapshots lie (invariant 33).
import { expect, test } from 'vitest';
import type { PartitionLog } from '../partition-log.ts';
import { batch } from '../test/batches.ts';
import { FaultDisk } from '../test/fault-disk.ts';
import { logConfig, openStore, TOPIC_ID } from '../test/stores.ts';

// Every batch of 100 bytes in a segment of its own.
const config = logConfig({ segmentBytes: 150, durability: 'fsync' });

function send(log: PartitionLog, n: number) {
  const bytes = batch({ values: [`v${n}`], producerId: 7, producerEpoch: 0, baseSequence: n, timestamp: Date.now() });
  return log.append(bytes, { leaderEpoch: 0, origin: 'client', now: Date.now() });
}

async function filled(disk: FaultDisk, count: number): Promise<PartitionLog> {
  const { store } = await openStore('/data', { disk, config });
  const log = store.create({ topic: 't', topicId: TOPIC_ID, partition: 0, config });
  for (let n = 0; n < count; n++) {
    send(log, n);
    await new Promise<void>((resolve, reject) =>
      log.whenPersisted(n + 1, (error) => (error ? reject(error) : resolve())),
    );
  }
  return log;
}

test.each(['kill', 'power cut'] as const)('after a %s', async (end) => {
  const disk = new FaultDisk();
  await filled(disk, 8);
  const after = end === 'kill' ? disk.afterProcessKill() : disk.afterPowerCut(() => 0.99);
  const { store } = await openStore('/data', { disk: after, config });
  const log = store.get('t', 0)!;
  for (const n of [3, 4, 5, 6, 7])
    expect(send(log, n)).toMatchObject({ kind: 'appended', baseOffset: n, duplicate: true });
  expect(send(log, 8)).toMatchObject({ kind: 'appended', baseOffset: 8, duplicate: false });
});

test('after the log was cut', async () => {
  const log = await filled(new FaultDisk(), 8);
  await log.truncateTo(6);
  for (const n of [1, 2, 3, 4, 5])
    expect(send(log, n)).toMatchObject({ kind: 'appended', baseOffset: n, duplicate: true });
  expect(send(log, 6)).toMatchObject({ kind: 'appended', baseOffset: 6, duplicate: false });
});
