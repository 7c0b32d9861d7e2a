import { Consumer, MessagesStreamFallbackModes, MessagesStreamModes, Producer } from '@platformatic/kafka';
import type { Candidate } from '../candidate.ts';

const clientId = 'bench-platformatic';

export const platformatic: Candidate = {
  async openProducer({ bootstrap }) {
    const producer = new Producer({ clientId, bootstrapBrokers: [bootstrap] });
    return {
      async send(topic, values) {
        await producer.send({ acks: -1, messages: values.map((value) => ({ topic, value })) });
      },
      close: () => producer.close(),
    };
  },

  async consume({ bootstrap, topic, group, style, seen }) {
    const consumer = new Consumer({ clientId, bootstrapBrokers: [bootstrap], groupId: group });
    const stream = await consumer.consume({
      topics: [topic],
      mode: MessagesStreamModes.EARLIEST,
      fallbackMode: MessagesStreamFallbackModes.EARLIEST,
    });
    if (style === 'batches') {
      // It has no batches to hand out; events are its fastest way.
      stream.on('data', ({ value }: { value: Buffer }) => seen(1, value?.length ?? 0));
    } else {
      void (async () => {
        for await (const { value } of stream) seen(1, value?.length ?? 0);
      })().catch(() => {});
    }
    return async () => {
      await consumer.close(true);
    };
  },
};
