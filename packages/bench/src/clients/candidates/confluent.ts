// @confluentinc/kafka-javascript (librdkafka) through its KafkaJS-like face, built from its sources by the conformance
// package. `linger.ms` of 0 for single sends, its default of 5 otherwise.
import { confluentEntry, install } from '@moldau/conformance/install';
import type { Candidate } from '../candidate.ts';

type Settings = Readonly<Record<string, unknown>>;
interface Message {
  readonly value: Buffer | null;
}
interface Confluent {
  producer(settings: Settings): {
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    send(o: { topic: string; messages: { value: Buffer }[] }): Promise<unknown>;
  };
  consumer(settings: Settings): {
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    subscribe(o: { topics: string[] }): Promise<void>;
    run(o: {
      eachMessage?(payload: { message: Message }): Promise<void>;
      eachBatch?(payload: { batch: { messages: readonly Message[] } }): Promise<void>;
    }): Promise<void>;
  };
}

async function open(bootstrap: string): Promise<Confluent> {
  install(['confluent'], { allowed: false });
  const loaded = (await import(confluentEntry)) as {
    default: { KafkaJS: { Kafka: new (settings: Settings) => Confluent } };
  };
  return new loaded.default.KafkaJS.Kafka({ log_level: 0, 'bootstrap.servers': bootstrap });
}

export const confluent: Candidate = {
  async openProducer({ bootstrap, lingerMs }) {
    const producer = (await open(bootstrap)).producer({ acks: -1, 'linger.ms': lingerMs });
    await producer.connect();
    return {
      async send(topic, values) {
        await producer.send({ topic, messages: values.map((value) => ({ value })) });
      },
      close: () => producer.disconnect(),
    };
  },

  async consume({ bootstrap, topic, group, style, seen }) {
    const consumer = (await open(bootstrap)).consumer({ 'group.id': group, 'auto.offset.reset': 'earliest' });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic] });
    await consumer.run(
      style === 'batches'
        ? {
            async eachBatch({ batch: { messages } }: { batch: { messages: readonly Message[] } }) {
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
