// Read, work, write in one transaction: the answer and the offset of what it answers stand or fall together.
const { Kafka, logLevel } = require('kafkajs');
const [bootstrap, prefix] = process.argv.slice(2);

const kafka = new Kafka({ clientId: 'transacting', brokers: [bootstrap], logLevel: logLevel.NOTHING });
const say = (what, seen) => console.log(JSON.stringify([what, seen]));
const [input, output] = [`${prefix}-input`, `${prefix}-output`];
const groupId = `${prefix}-group`;

const run = async () => {
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    topics: [input, output].map((topic) => ({ topic, numPartitions: 1 })),
    waitForLeaders: true,
  });
  const plain = kafka.producer();
  await plain.connect();
  await plain.send({ topic: input, messages: ['a', 'b', 'c', 'd'].map((value) => ({ value })) });
  await plain.disconnect();

  const producer = kafka.producer({ transactionalId: `${prefix}-worker`, maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topics: [input], fromBeginning: true });
  let failed = false;
  await new Promise((resolve) => {
    void consumer.run({
      autoCommit: false,
      eachMessage: async ({ topic, partition, message }) => {
        const transaction = await producer.transaction();
        try {
          await transaction.send({ topic: output, messages: [{ value: message.value.toString().toUpperCase() }] });
          await transaction.sendOffsets({
            consumerGroupId: groupId,
            topics: [{ topic, partitions: [{ partition, offset: (Number(message.offset) + 1).toString() }] }],
          });
          if (message.value.toString() === 'c' && !failed) {
            failed = true;
            throw new Error('the work for c fails once');
          }
          await transaction.commit();
        } catch (error) {
          await transaction.abort();
          throw error;
        }
        if (message.offset === '3') resolve();
      },
    });
  });
  await consumer.disconnect();
  await producer.disconnect();

  const reader = kafka.consumer({ groupId: `${prefix}-reader`, maxWaitTimeInMs: 100 });
  await reader.connect();
  await reader.subscribe({ topics: [output], fromBeginning: true });
  const seen = [];
  await new Promise((resolve) => {
    void reader.run({
      eachMessage: async ({ message }) => {
        seen.push(message.value.toString());
        if (message.value.toString() === 'D') resolve();
      },
    });
  });
  await reader.disconnect();
  say('output', seen);
  const [{ partitions }] = await admin.fetchOffsets({ groupId, topics: [input] });
  say('offset', partitions[0].offset);
  await admin.disconnect();
};

run().catch((error) => {
  console.error(error);
  process.exit(1);
});
