// What the files of this suite share: topics filled, and members that read in the background and note what they saw.
import { Admin, Consumer, type ConsumerOptions, KafkaError, Producer } from '@moldau/client';
import { bootstrap, fresh } from '../../suite/target.ts';

export async function newTopic(numPartitions: number): Promise<string> {
  const name = fresh('consumer');
  const admin = new Admin({ bootstrapServers: bootstrap });
  const outcome = (await admin.createTopics([{ name, numPartitions }])).get(name);
  await admin.close();
  if (outcome instanceof KafkaError) throw outcome;
  return name;
}

/** Writes the numbers `from` to `from + count - 1`, round robin. */
export async function fill(topic: string, count: number, partitions: number, from = 0): Promise<void> {
  const producer = new Producer({ bootstrapServers: bootstrap });
  const send = (i: number) => producer.send({ topic, partition: i % partitions, value: String(from + i) });
  await Promise.all(Array.from({ length: count }, (_, i) => send(i)));
  await producer.close();
}

export function newConsumer(options: Partial<ConsumerOptions<string, string>> = {}): Consumer<string, string> {
  return new Consumer<string, string>({
    bootstrapServers: bootstrap,
    autoOffsetReset: 'earliest',
    valueDeserializer: String,
    ...options,
  });
}

export interface Reader {
  readonly consumer: Consumer<string, string>;
  /** Stops in order: commits and leaves. Rejects with what ended the reading before. */
  stop(): Promise<void>;
}

/** Polls until it is stopped; `seen` gets each number. */
export function reading(
  topic: string,
  seen: Map<number, number>,
  options: Partial<ConsumerOptions<string, string>>,
): Reader {
  const consumer = newConsumer(options);
  consumer.subscribe(topic);
  let stopped = false;
  const done = (async () => {
    while (!stopped) {
      for (const { value } of await consumer.poll(200)) seen.set(Number(value), (seen.get(Number(value)) ?? 0) + 1);
    }
  })();
  done.catch(() => {});
  return {
    consumer,
    stop: async () => {
      stopped = true;
      try {
        await done;
      } finally {
        await consumer.close();
      }
    },
  };
}
