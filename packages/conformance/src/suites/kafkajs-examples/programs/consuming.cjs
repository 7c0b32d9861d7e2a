// Batches with resolved offsets, commits by hand, pausing and resuming, seeking, several partitions at a time.
const { Kafka, logLevel } = require('kafkajs');
const [bootstrap, prefix] = process.argv.slice(2);

const kafka = new Kafka({ clientId: 'consuming', brokers: [bootstrap], logLevel: logLevel.ERROR });
const say = (what, seen) => console.log(JSON.stringify([what, seen]));
const quick = { heartbeatInterval: 200, sessionTimeout: 6000, maxWaitTimeInMs: 100 };
const topic = `${prefix}-topic`;

const run = async () => {
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 2 }], waitForLeaders: true });
  const committed = async (groupId) => {
    const [{ partitions }] = await admin.fetchOffsets({ groupId, topics: [topic] });
    return partitions.sort((a, b) => a.partition - b.partition).map(({ offset }) => offset);
  };
  const producer = kafka.producer();
  await producer.connect();
  for (const partition of [0, 1]) {
    const messages = Array.from({ length: 10 }, (_, i) => ({ partition, value: `${partition}.${i}` }));
    await producer.send({ topic, messages });
  }

  // eachBatch: resolves one by one, commits what is resolved.
  const batches = kafka.consumer({ groupId: `${prefix}-batches`, ...quick });
  await batches.connect();
  await batches.subscribe({ topics: [topic], fromBeginning: true });
  const seen = [];
  await new Promise((resolve) => {
    void batches.run({
      eachBatchAutoResolve: false,
      eachBatch: async ({
        batch,
        resolveOffset,
        heartbeat,
        commitOffsetsIfNecessary,
        uncommittedOffsets,
        isRunning,
        isStale,
      }) => {
        for (const message of batch.messages) {
          if (!isRunning() || isStale()) break;
          seen.push(message.value.toString());
          resolveOffset(message.offset);
          await heartbeat();
        }
        await commitOffsetsIfNecessary(uncommittedOffsets());
        if (seen.length === 20) resolve();
      },
    });
  });
  await batches.disconnect();
  say('batches', seen.sort());
  say('committed by batches', await committed(`${prefix}-batches`));

  // Commits by hand, one past the message at hand.
  const byHand = kafka.consumer({ groupId: `${prefix}-by-hand`, ...quick });
  await byHand.connect();
  await byHand.subscribe({ topics: [topic], fromBeginning: true });
  let handled = 0;
  await new Promise((resolve) => {
    void byHand.run({
      autoCommit: false,
      eachMessage: async ({ partition, message }) => {
        if (Number(message.offset) === 4) {
          await byHand.commitOffsets([{ topic, partition, offset: (Number(message.offset) + 1).toString() }]);
        }
        if (++handled === 20) resolve();
      },
    });
  });
  await byHand.disconnect();
  say('committed by hand', await committed(`${prefix}-by-hand`));

  // A group that resumes, with both partitions side by side.
  const again = kafka.consumer({ groupId: `${prefix}-by-hand`, ...quick });
  await again.connect();
  await again.subscribe({ topics: [topic], fromBeginning: true });
  const resumed = [];
  await new Promise((resolve) => {
    void again.run({
      partitionsConsumedConcurrently: 2,
      eachMessage: async ({ message }) => {
        resumed.push(message.value.toString());
        if (resumed.length === 10) resolve();
      },
    });
  });
  say('resumed', resumed.sort());

  // Seeking: the sixth message of each partition and all after it once more.
  resumed.length = 0;
  for (const partition of [0, 1]) again.seek({ topic, partition, offset: '6' });
  while (resumed.length < 8) await new Promise((resolve) => setTimeout(resolve, 20));
  say('sought', resumed.slice().sort());

  // Pausing: what comes meanwhile waits.
  again.pause([{ topic }]);
  say(
    'paused',
    again.paused().map(({ topic: name, partitions }) => [name, partitions.sort()]),
  );
  resumed.length = 0;
  await producer.send({ topic, messages: [{ partition: 0, value: 'while paused' }] });
  await new Promise((resolve) => setTimeout(resolve, 500));
  const before = resumed.length;
  again.resume([{ topic }]);
  while (resumed.length < 1) await new Promise((resolve) => setTimeout(resolve, 20));
  say('resumed after a pause', [before, resumed]);
  await again.disconnect();
  await producer.disconnect();
  await admin.disconnect();
};

run().catch((error) => {
  console.error(error);
  process.exit(1);
});
