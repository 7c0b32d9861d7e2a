// The first program of everybody: send, then read from the beginning.
const { Kafka, logLevel } = require('kafkajs');
const [bootstrap, prefix] = process.argv.slice(2);

const kafka = new Kafka({ clientId: 'my-app', brokers: [bootstrap], logLevel: logLevel.ERROR });
const topic = `${prefix}-first`;
const producer = kafka.producer();
const consumer = kafka.consumer({ groupId: `${prefix}-group` });

const run = async () => {
  await producer.connect();
  await producer.send({ topic, messages: [{ value: 'Hello KafkaJS user!' }] });
  await producer.disconnect();

  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise((resolve, reject) => {
    consumer
      .run({
        eachMessage: async ({ topic: from, partition, message }) => {
          console.log(JSON.stringify({ from, partition, offset: message.offset, value: message.value.toString() }));
          resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
};

run().catch((error) => {
  console.error(error);
  process.exit(1);
});
