// KafkaJS, and our face with its API: the same program, so that the two rows differ by the client alone.
import type { Candidate } from '../candidate.ts';

interface Message {
  readonly value: Buffer | null;
}
interface KafkaJs {
  producer(o?: object): {
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    send(o: { topic: string; acks: number; messages: { value: Buffer }[] }): Promise<unknown>;
  };
  consumer(o: { groupId: string }): {
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    subscribe(o: { topics: string[]; fromBeginning: boolean }): Promise<void>;
    run(o: {
      eachMessage?(payload: { message: Message }): Promise<void>;
      eachBatch?(payload: { batch: { messages: readonly Message[] } }): Promise<void>;
    }): Promise<void>;
  };
}

/** `open` makes the library's Kafka object for these brokers. */
export function kafkaJsCandidate(open: (bootstrap: string) => Promise<KafkaJs>): Candidate {
  return {
    async openProducer({ bootstrap }) {
      const producer = (await open(bootstrap)).producer();
      await producer.connect();
      return {
        async send(topic, values) {
          await producer.send({ topic, acks: -1, messages: values.map((value) => ({ value })) });
        },
        close: () => producer.disconnect(),
      };
    },

    async consume({ bootstrap, topic, group, style, seen }) {
      const consumer = (await open(bootstrap)).consumer({ groupId: group });
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await consumer.run(
        style === 'batches'
          ? {
              async eachBatch({ batch: { messages } }) {
                let bytes = 0;
                for (const { value } of messages) bytes += value?.length ?? 0;
                seen(messages.length, bytes);
              },
            }
          : {
              async eachMessage({ message: { value } }) {
                seen(1, value?.length ?? 0);
              },
            },
      );
      return () => consumer.disconnect();
    },
  };
}

export const kafkajs = kafkaJsCandidate(async (bootstrap) => {
  const { Kafka, logLevel } = await import('kafkajs');
  return new Kafka({ brokers: [bootstrap], logLevel: logLevel.ERROR }) as unknown as KafkaJs;
});

export const moldauFace = kafkaJsCandidate(async (bootstrap) => {
  const { Kafka, logLevel } = await import('@moldau/client/kafkajs');
  return new Kafka({ brokers: [bootstrap], logLevel: logLevel.ERROR }) as unknown as KafkaJs;
});
