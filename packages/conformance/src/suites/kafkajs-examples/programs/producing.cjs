// Keys, headers, tombstones, batches for several topics, codecs, acknowledgements, a partitioner of one's own.
const { Kafka, logLevel, CompressionTypes, Partitioners } = require('kafkajs');
const [bootstrap, prefix] = process.argv.slice(2);

const kafka = new Kafka({ clientId: 'producing', brokers: [bootstrap], logLevel: logLevel.ERROR });
const say = (what, seen) => console.log(JSON.stringify([what, seen]));
const places = (sent) =>
  sent
    .map(({ topicName, partition, errorCode, baseOffset }) => [topicName, partition, errorCode, baseOffset])
    .sort((a, b) => String(a).localeCompare(String(b)));

const byLastDigit =
  () =>
  ({ partitionMetadata, message }) =>
    Number(message.key.toString().slice(-1)) % partitionMetadata.length;

async function readAll(topic, count) {
  const consumer = kafka.consumer({ groupId: `${prefix}-${topic}-reader` });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const seen = [];
  await new Promise((resolve) => {
    void consumer.run({
      eachMessage: async ({ partition, message }) => {
        const headers = Object.entries(message.headers).map(([name, value]) => [name, [].concat(value).map(String)]);
        seen.push([partition, message.key && String(message.key), message.value && String(message.value), headers]);
        if (seen.length === count) resolve();
      },
    });
  });
  await consumer.disconnect();
  return seen.sort((a, b) => String(a).localeCompare(String(b)));
}

const run = async () => {
  const admin = kafka.admin();
  await admin.connect();
  const [one, two] = [`${prefix}-one`, `${prefix}-two`];
  await admin.createTopics({ topics: [one, two].map((topic) => ({ topic, numPartitions: 3 })), waitForLeaders: true });
  await admin.disconnect();

  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  say(
    'keys and headers',
    places(
      await producer.send({
        topic: one,
        messages: [
          { key: 'key1', value: 'hello world', headers: { 'correlation-id': 'abc', list: ['a', 'b'] } },
          { key: 'key2', value: 'hey hey!', headers: { 'correlation-id': Buffer.from('def') } },
          { key: 'key3', value: null },
          { value: 'to the last', partition: 2, timestamp: '1700000000000' },
        ],
      }),
    ),
  );
  say(
    'two topics at once, compressed',
    places(
      await producer.sendBatch({
        compression: CompressionTypes.GZIP,
        topicMessages: [
          { topic: one, messages: [{ key: 'key1', value: 'again' }] },
          { topic: two, messages: [{ key: 'key1', value: 'elsewhere' }] },
        ],
      }),
    ),
  );
  say('acks 0', await producer.send({ topic: two, acks: 0, messages: [{ key: 'key1', value: 'no answer' }] }));
  say('acks 1', places(await producer.send({ topic: two, acks: 1, messages: [{ key: 'key1', value: 'the leader' }] })));
  await producer.disconnect();

  const custom = kafka.producer({ createPartitioner: byLastDigit });
  await custom.connect();
  const digits = ['0', '1', '2', '3'].map((digit) => ({ key: `n${digit}`, value: digit }));
  const sent = await custom.send({ topic: two, messages: digits });
  say('own partitioner', sent.map(({ partition }) => partition).sort());
  await custom.disconnect();

  const idempotent = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await idempotent.connect();
  say('idempotent', [
    idempotent.isIdempotent(),
    (await idempotent.send({ topic: one, messages: [{ key: 'key1', value: 'once' }] })).length,
  ]);
  await idempotent.disconnect();

  say('first topic', await readAll(one, 6));
  say('second topic', await readAll(two, 7));
};

run().catch((error) => {
  console.error(error);
  process.exit(1);
});
