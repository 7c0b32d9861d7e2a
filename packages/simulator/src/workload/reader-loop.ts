// A reader without a group: follows partitions by assign, begins anew now and then, asks where they end; and the last
// reader, who reads everything when all is over.
import { Consumer, KafkaError, type TopicPartition } from '@moldau/client';
import type { FinalLog } from '@moldau/history';
import type { ClientHost } from './client-host.ts';
import { plainValue } from './producer-loop.ts';

export async function readerLoop(host: ClientHost, name: string, partitions: readonly TopicPartition[]): Promise<void> {
  const { history, world } = host;
  const draws = host.draws.fork(name);
  const consumer = newReader(host, name);
  let session = 0;
  let nextAsk = 0;
  const restart = () => {
    session++;
    consumer.assign(partitions);
    consumer.seekToBeginning();
  };
  restart();
  while (!host.stopping) {
    try {
      for (const record of await consumer.poll(draws.pick([100, 500, 2_000]))) {
        const { topic, partition, offset } = record;
        const value = plainValue(record.value);
        history.add({ kind: 'polled', at: world.now, reader: name, session, topic, partition, offset, value });
      }
      if (draws.chance(0.01)) restart();
      if (world.now > nextAsk) {
        nextAsk = world.now + draws.range(2_000, 8_000);
        for (const { topic, partition, offset } of await consumer.endOffsets(partitions)) {
          history.add({ kind: 'end', at: world.now, reader: name, topic, partition, offset });
        }
      }
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      host.met(error);
      await host.sleep(draws.range(50, 1_000));
      restart();
    }
  }
  await consumer.close({ timeoutMs: 5_000 }).catch((error: unknown) => host.met(error));
}

/** Every record of the partitions, from the first to the end that stands when it begins. */
export async function readAll(host: ClientHost, partitions: readonly TopicPartition[]): Promise<FinalLog[]> {
  const consumer = newReader(host, 'last-reader');
  const starts = new Map((await consumer.beginningOffsets(partitions)).map((one) => [keyOf(one), one.offset]));
  const ends = new Map((await consumer.endOffsets(partitions)).map((one) => [keyOf(one), one.offset]));
  const logs = new Map(
    partitions.map((one) => [
      keyOf(one),
      { ...one, startOffset: starts.get(keyOf(one)) ?? 0, records: [] as [number, string][] },
    ]),
  );
  consumer.assign(partitions);
  consumer.seekToBeginning();
  const open = new Set([...logs.keys()].filter((key) => (ends.get(key) ?? 0) > (starts.get(key) ?? 0)));
  while (open.size > 0) {
    for (const record of await consumer.poll(1_000)) {
      const key = keyOf(record);
      logs.get(key)?.records.push([record.offset, plainValue(record.value)]);
    }
    for (const key of open) {
      const [topic, partition] = partsOf(key);
      if ((await consumer.position({ topic, partition })) >= (ends.get(key) ?? 0)) open.delete(key);
    }
  }
  // Retention may have gone on meanwhile: what it took after we began is not lost.
  for (const { topic, partition, offset } of await consumer.beginningOffsets(partitions)) {
    const log = logs.get(keyOf({ topic, partition }))!;
    log.startOffset = Math.max(log.startOffset, offset);
    log.records = log.records.filter(([at]) => at >= log.startOffset);
  }
  await consumer.close({ timeoutMs: 5_000 });
  return [...logs.values()];
}

function newReader(host: ClientHost, name: string): Consumer {
  return new Consumer({
    ...host.common,
    clientId: name,
    autoOffsetReset: 'earliest',
    enableAutoCommit: false,
    fetchMaxWaitMs: 500,
    defaultApiTimeoutMs: 10_000,
  });
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}

function partsOf(key: string): readonly [topic: string, partition: number] {
  const at = key.lastIndexOf('-');
  return [key.slice(0, at), Number(key.slice(at + 1))];
}
