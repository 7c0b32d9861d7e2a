// Instrumentation events, a logger of one's own, and errors by their classes.
const { Kafka, logLevel, KafkaJSError, KafkaJSNonRetriableError, KafkaJSNumberOfRetriesExceeded } = require('kafkajs');
const [bootstrap, prefix] = process.argv.slice(2);

const say = (what, seen) => console.log(JSON.stringify([what, seen]));
const logged = new Set();
const logCreator =
  () =>
  ({ namespace, level, label, log }) => {
    logged.add([typeof namespace, typeof level, typeof label, typeof log.message, typeof log.timestamp].join());
  };
const kafka = new Kafka({ clientId: 'observing', brokers: [bootstrap], logLevel: logLevel.INFO, logCreator });
const topic = `${prefix}-topic`;

const run = async () => {
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
  await admin.disconnect();

  const happened = [];
  const producer = kafka.producer();
  producer.on(producer.events.CONNECT, ({ type, timestamp, payload }) =>
    happened.push([type, typeof timestamp, payload]),
  );
  const remove = producer.on(producer.events.DISCONNECT, () => happened.push(['never']));
  await producer.connect();
  await producer.send({ topic, messages: [{ value: 'one' }] });
  remove();
  await producer.disconnect();

  const consumer = kafka.consumer({ groupId: `${prefix}-group`, heartbeatInterval: 100, sessionTimeout: 6000 });
  const { GROUP_JOIN, START_BATCH_PROCESS, END_BATCH_PROCESS, COMMIT_OFFSETS, HEARTBEAT, STOP, CRASH } =
    consumer.events;
  const seen = new Map();
  for (const name of [GROUP_JOIN, START_BATCH_PROCESS, END_BATCH_PROCESS, COMMIT_OFFSETS, HEARTBEAT, STOP]) {
    consumer.on(name, ({ payload }) => seen.set(name, payload));
  }
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({ eachMessage: async () => {} });
  const wanted = [GROUP_JOIN, END_BATCH_PROCESS, COMMIT_OFFSETS, HEARTBEAT];
  while (!wanted.every((name) => seen.has(name))) await new Promise((resolve) => setTimeout(resolve, 20));
  await consumer.stop();
  say('producer', happened);
  say('joined', seen.get(GROUP_JOIN).memberAssignment);
  const { topic: from, partition, batchSize, firstOffset, lastOffset, highWatermark } = seen.get(END_BATCH_PROCESS);
  say('batch', [from, partition, batchSize, firstOffset, lastOffset, highWatermark]);
  // KafkaJS hands the partition over as a text here, although its types say number.
  const [commit] = seen.get(COMMIT_OFFSETS).topics;
  say('committed', [commit.topic, Number(commit.partitions[0].partition), commit.partitions[0].offset]);
  say('heartbeat', Object.keys(seen.get(HEARTBEAT)).sort());
  say('stopped', seen.has(STOP));
  await consumer.disconnect();

  // A handler that keeps failing: retried, then a crash that says so.
  const crashing = kafka.consumer({
    groupId: `${prefix}-crashing`,
    retry: { retries: 1, initialRetryTime: 20, restartOnFailure: async () => false },
  });
  let attempts = 0;
  const crash = new Promise((resolve) => crashing.on(CRASH, ({ payload }) => resolve(payload)));
  await crashing.connect();
  await crashing.subscribe({ topics: [topic], fromBeginning: true });
  await crashing.run({
    eachMessage: async () => {
      attempts++;
      throw new Error('not today');
    },
  });
  const { error, restart } = await crash;
  say('crash', [
    error.name,
    error instanceof KafkaJSNumberOfRetriesExceeded,
    error instanceof KafkaJSError,
    restart,
    attempts,
  ]);
  await crashing.disconnect();

  const wrong = await producer.send({ topic, messages: [{ value: 'x' }] }).catch((failure) => failure);
  say('not connected', [wrong instanceof KafkaJSError, wrong.name]);
  try {
    new Kafka({ brokers: [] }).producer();
    await new Kafka({ brokers: [] }).producer().connect();
  } catch (failure) {
    say('no brokers', failure instanceof KafkaJSNonRetriableError);
  }
  say('log entries', [...logged]);
};

run().catch((error) => {
  console.error(error);
  process.exit(1);
});
