// A first day with the client, to be run by any runtime: makes a topic, sends with every codec, reads it back in a group.
import { Admin, Consumer, Producer } from '@moldau/client';

const [bootstrapServers = '', topic = ''] = process.argv.slice(2);
const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
const admin = new Admin({ bootstrapServers });
await admin.createTopics([{ name: topic, numPartitions: 3 }]);
const sent = new Set<string>();
for (const compressionType of codecs) {
  const producer = new Producer({ bootstrapServers, compressionType });
  await Promise.all(
    Array.from({ length: 200 }, (_, i) => {
      const value = `${compressionType}-${i}`;
      sent.add(value);
      return producer.send({ topic, key: `k${i}`, value, headers: { codec: compressionType } });
    }),
  );
  await producer.close();
}
const consumer = new Consumer({ bootstrapServers, groupId: `${topic}-group`, autoOffsetReset: 'earliest' });
consumer.subscribe(topic);
for await (const record of consumer) {
  const value = record.value?.toString() ?? '';
  if (!sent.delete(value)) throw new Error(`${value} came twice, or was never sent`);
  if (sent.size === 0) break;
}
await consumer.commitSync();
await consumer.close();
await admin.deleteTopics([topic]);
await admin.close();
process.stdout.write('ok\n');
process.exit(0);
