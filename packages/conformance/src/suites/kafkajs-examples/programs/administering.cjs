// The admin client: topics, partitions, configs, offsets, groups, records, the cluster.
const { Kafka, logLevel, ConfigResourceTypes } = require('kafkajs');
const [bootstrap, prefix] = process.argv.slice(2);

const kafka = new Kafka({ clientId: 'administering', brokers: [bootstrap], logLevel: logLevel.NOTHING });
const say = (what, seen) => console.log(JSON.stringify([what, seen]));
const topic = `${prefix}-topic`;
const groupId = `${prefix}-group`;
const inOrder = (partitions) => partitions.slice().sort((a, b) => a.partition - b.partition);

const run = async () => {
  const admin = kafka.admin();
  await admin.connect();
  const entry = { topic, numPartitions: 2, configEntries: [{ name: 'retention.ms', value: '7200000' }] };
  say('created', await admin.createTopics({ topics: [entry], waitForLeaders: true }));
  say('created again', await admin.createTopics({ topics: [entry] }));
  say('listed', (await admin.listTopics()).includes(topic));
  await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
  const known = async () => (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0].partitions.length;
  while ((await known()) < 3) await new Promise((resolve) => setTimeout(resolve, 50));
  say('partitions', await known());

  const described = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: ['retention.ms'] }],
  });
  const [config] = described.resources[0].configEntries;
  say('config', [config.configName, config.configValue]);

  const producer = kafka.producer();
  await producer.connect();
  const messages = Array.from({ length: 5 }, (_, i) => ({
    partition: 0,
    value: `${i}`,
    timestamp: `${1700000000000 + i}`,
  }));
  await producer.send({ topic, messages });
  await producer.disconnect();
  say('offsets', inOrder(await admin.fetchTopicOffsets(topic)));
  const later = await admin.fetchTopicOffsetsByTimestamp(topic, 1700000000002);
  say('offset of a time', inOrder(later)[0].offset);

  await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '3' }] });
  const fetched = await admin.fetchOffsets({ groupId, topics: [topic] });
  say('offset of a group', inOrder(fetched[0].partitions)[0].offset);
  await admin.resetOffsets({ groupId, topic, earliest: true });
  const reset = await admin.fetchOffsets({ groupId, topics: [topic], resolveOffsets: true });
  say('reset', inOrder(reset[0].partitions)[0].offset);
  const { groups } = await admin.listGroups();
  say(
    'groups',
    groups.some((group) => group.groupId === groupId),
  );
  const about = await admin.describeGroups([groupId]);
  say('group', [about.groups[0].groupId, about.groups[0].state, about.groups[0].members.length]);
  say(
    'groups deleted',
    (await admin.deleteGroups([groupId])).map(({ errorCode }) => errorCode),
  );

  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] });
  say('records deleted', inOrder(await admin.fetchTopicOffsets(topic))[0]);
  const cluster = await admin.describeCluster();
  say('cluster', [cluster.brokers.length, typeof cluster.clusterId, typeof cluster.controller]);
  await admin.deleteTopics({ topics: [topic] });
  const failure = await admin.fetchTopicOffsets(`${prefix}-none`).catch((error) => error);
  say('an error', [failure.name, failure.type, failure.retriable]);
  await admin.disconnect();
};

run().catch((error) => {
  console.error(error);
  process.exit(1);
});
