// A topic that is there in every sense. Apache Kafka's controller answers CreateTopics before the broker leads all of its
// partitions; a client refused for one of several may send to all of them once more, and the records stand twice.
import { Admin } from '@platformatic/kafka';
import { eventually } from '../suite/eventually.ts';
import { bootstrap } from '../suite/target.ts';
import type { ConnectedClient } from './client.ts';

/** Resolves when every partition of the topic answers ListOffsets. */
export async function whenLed(topic: string, partitions: number): Promise<void> {
  const admin = new Admin({ clientId: 'leaders', bootstrapBrokers: [bootstrap] });
  const asked = Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, timestamp: -1n }));
  try {
    await eventually(`leaders of ${topic}`, async () => {
      const [found] = await admin.listOffsets({ topics: [{ name: topic, partitions: asked }] });
      return found?.partitions.length === partitions;
    });
  } finally {
    await admin.close();
  }
}

/** The client makes the topic; then it is waited for. */
export async function createTopic(
  client: ConnectedClient,
  name: string,
  partitions: number,
  configs?: Readonly<Record<string, string>>,
): Promise<void> {
  await client.createTopic(name, partitions, configs);
  await whenLed(name, partitions);
}
