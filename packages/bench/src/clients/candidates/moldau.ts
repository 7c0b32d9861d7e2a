import { Consumer, Producer } from '@moldau/client';
import type { Candidate } from '../candidate.ts';

export const moldau: Candidate = {
  async openProducer({ bootstrap, lingerMs }) {
    // batch.size of 1 MB, which is Confluent's default: KafkaJS and platformatic send whatever they are handed as one batch, and
    // Kafka's own default of 16 KiB, made for Java's memory of 2012, would hold a single record of 10 KiB.
    const producer = new Producer({ bootstrapServers: bootstrap, lingerMs, batchSize: 1_000_000 });
    return {
      async send(topic, values) {
        if (values.length === 1) {
          await producer.send({ topic, value: values[0]! });
          return;
        }
        await Promise.all(values.map((value) => producer.send({ topic, value })));
      },
      close: () => producer.close(),
    };
  },

  async consume({ bootstrap, topic, group, style, seen }) {
    const consumer = new Consumer({ bootstrapServers: bootstrap, groupId: group, autoOffsetReset: 'earliest' });
    consumer.subscribe(topic);
    const ending = new AbortController();
    const running =
      style === 'batches'
        ? consumer.eachBatch(
            ({ records }) => {
              let bytes = 0;
              for (const { value } of records) bytes += value?.length ?? 0;
              seen(records.length, bytes);
            },
            { signal: ending.signal },
          )
        : consumer.eachMessage(async ({ value }) => seen(1, value?.length ?? 0), { signal: ending.signal });
    return async () => {
      ending.abort();
      await running;
      await consumer.close();
    };
  },
};
