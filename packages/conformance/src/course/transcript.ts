// What a Kafka course types, with what it shows beside each line. The same transcript is held against Moldau with its own
// tools and against Apache Kafka with Kafka's.
//
// In what is shown, <id> stands for a topic id and <...> for anything else in a line that differs from run to run.
import { BOOK_LINES } from './book.ts';

export interface Step {
  /** What the course is about to show. */
  readonly about: string;
  readonly line: string;
  /** Standard output; '' for none. */
  readonly shows: string;
  /** What has to stand on standard error, beside anything else there. */
  readonly says?: string;
  readonly status?: number;
}

const BROKER = '--bootstrap-server localhost:9092';
const partition = (topic: string, number: number) =>
  `\tTopic: ${topic}\tPartition: ${number}\tLeader: 1\tReplicas: 1\tIsr: 1\tElr: \tLastKnownElr: \n`;
const described = (topic: string, partitions: number, configs = 'segment.bytes=1073741824') =>
  `Topic: ${topic}\tTopicId: <id>\tPartitionCount: ${partitions}\tReplicationFactor: 1\tConfigs: ${configs}\n` +
  Array.from({ length: partitions }, (_, i) => partition(topic, i)).join('');

/** A fresh broker. */
export const TOPICS: readonly Step[] = [
  {
    about: 'there are no topics yet',
    line: `bin/kafka-topics.sh --list ${BROKER}`,
    shows: '\n',
  },
  {
    about: 'a topic with one partition',
    line: `bin/kafka-topics.sh --create --topic book ${BROKER}`,
    shows: 'Created topic book.\n',
  },
  {
    about: 'a topic with three partitions',
    line: `bin/kafka-topics.sh --create --topic shared --partitions 3 --replication-factor 1 ${BROKER}`,
    shows: 'Created topic shared.\n',
  },
  {
    about: 'names with dots and underscores are a risk',
    line: `bin/kafka-topics.sh --create --topic my_first.topic --partitions 2 --config max.message.bytes=128000 ${BROKER}`,
    shows:
      "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could collide. To avoid issues it is best to use either, but not both.\n" +
      'Created topic my_first.topic.\n',
  },
  {
    about: 'a name can be used once',
    line: `bin/kafka-topics.sh --create --topic book ${BROKER}`,
    shows: "Error while executing topic command : Topic 'book' already exists.\n",
    says: 'org.apache.kafka.common.errors.TopicExistsException',
    status: 1,
  },
  {
    about: 'unless one does not insist',
    line: `bin/kafka-topics.sh --create --topic book --if-not-exists ${BROKER}`,
    shows: '',
  },
  {
    about: 'more replicas than brokers cannot be',
    line: `bin/kafka-topics.sh --create --topic safe --replication-factor 3 ${BROKER}`,
    shows: 'Error while executing topic command : <...>3<...>\n',
    says: 'org.apache.kafka.common.errors.InvalidReplicationFactorException',
    status: 1,
  },
  {
    about: 'nor a name with a slash',
    line: `bin/kafka-topics.sh --create --topic a/b ${BROKER}`,
    shows:
      "Error while executing topic command : Topic name is invalid: 'a/b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'\n",
    says: 'org.apache.kafka.common.errors.InvalidTopicException',
    status: 1,
  },
  {
    about: 'the list',
    line: `bin/kafka-topics.sh --list ${BROKER}`,
    shows: 'book\nmy_first.topic\nshared\n',
  },
  {
    about: 'a description',
    line: `bin/kafka-topics.sh --describe --topic book ${BROKER}`,
    shows: described('book', 1),
  },
  {
    about: 'of several partitions',
    line: `bin/kafka-topics.sh --describe --topic shared ${BROKER}`,
    shows: described('shared', 3),
  },
  {
    about: 'of a topic with a setting of its own',
    line: `bin/kafka-topics.sh --describe --topic my_first.topic ${BROKER}`,
    shows: described('my_first.topic', 2, 'segment.bytes=1073741824,max.message.bytes=128000'),
  },
  {
    about: 'of a topic that is not there',
    line: `bin/kafka-topics.sh --describe --topic nothing ${BROKER}`,
    shows: "Error while executing topic command : Topic 'nothing' does not exist as expected\n",
    status: 1,
  },
  {
    about: 'more partitions',
    line: `bin/kafka-topics.sh --alter --topic my_first.topic --partitions 4 ${BROKER}`,
    shows: '',
  },
  {
    about: 'are there',
    line: `bin/kafka-topics.sh --describe --topic my_first.topic ${BROKER}`,
    shows: described('my_first.topic', 4, 'segment.bytes=1073741824,max.message.bytes=128000'),
  },
  {
    about: 'fewer cannot be',
    line: `bin/kafka-topics.sh --alter --topic my_first.topic --partitions 2 ${BROKER}`,
    shows:
      'Error while executing topic command : The topic my_first.topic currently has 4 partition(s); 2 would not be an increase.\n',
    says: 'org.apache.kafka.common.errors.InvalidPartitionsException',
    status: 1,
  },
  {
    about: 'a setting is changed',
    line: `bin/kafka-configs.sh --alter --entity-type topics --entity-name my_first.topic --add-config max.message.bytes=64000,retention.ms=7200000 ${BROKER}`,
    shows: 'Completed updating config for topic my_first.topic.\n',
  },
  {
    about: 'and shown with where it comes from',
    line: `bin/kafka-configs.sh --describe --entity-type topics --entity-name my_first.topic ${BROKER}`,
    shows:
      'Dynamic configs for topic my_first.topic are:\n' +
      '  max.message.bytes=64000 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:max.message.bytes=64000, DEFAULT_CONFIG:message.max.bytes=1048588}\n' +
      '  retention.ms=7200000 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=7200000}\n',
  },
  {
    about: 'and taken back',
    line: `bin/kafka-configs.sh --alter --entity-type topics --entity-name my_first.topic --delete-config max.message.bytes,retention.ms ${BROKER}`,
    shows: 'Completed updating config for topic my_first.topic.\n',
  },
  {
    about: 'none is left',
    line: `bin/kafka-configs.sh --describe --entity-type topics --entity-name my_first.topic ${BROKER}`,
    shows: 'Dynamic configs for topic my_first.topic are:\n',
  },
  {
    about: 'a setting that there is not',
    line: `bin/kafka-configs.sh --alter --topic my_first.topic --add-config no.such.setting=1 ${BROKER}`,
    shows: '',
    says: 'Unknown topic config name: no.such.setting',
    status: 1,
  },
];

/** The file `book.txt` lies in the directory. */
export const RECORDS: readonly Step[] = [
  {
    about: `a file of ${BOOK_LINES} lines goes into a topic`,
    line: `bin/kafka-console-producer.sh --topic book ${BROKER} < book.txt`,
    shows: '',
  },
  {
    about: 'all of them are there',
    line: `bin/kafka-get-offsets.sh --topic book ${BROKER}`,
    shows: `book:0:${BOOK_LINES}\n`,
  },
  {
    about: 'from the beginning they come out again',
    line: `bin/kafka-console-consumer.sh --topic book --from-beginning --max-messages ${BOOK_LINES} ${BROKER} > copy.txt`,
    shows: '',
    says: `Processed a total of ${BOOK_LINES} messages`,
  },
  {
    about: 'as they went in',
    line: 'cmp book.txt copy.txt && wc -l < copy.txt',
    shows: `${BOOK_LINES}\n`,
  },
  {
    about: 'some of them, from the middle',
    line: `bin/kafka-console-consumer.sh --topic book --partition 0 --offset 60000 --max-messages 3 --property print.offset=true ${BROKER} | cut -d ' ' -f 1`,
    shows: 'Option\nOffset:60000\t60000\nOffset:60001\t60001\nOffset:60002\t60002\n',
    says: 'Processed a total of 3 messages',
  },
  {
    about: 'records with keys',
    line: `printf 'prague:1\\ndresden:2\\nhamburg:3\\nprague:4\\n' | bin/kafka-console-producer.sh --topic shared --reader-property parse.key=true --reader-property key.separator=: ${BROKER}`,
    shows: '',
  },
  {
    about: 'go where their key says',
    line: `bin/kafka-console-consumer.sh --topic shared --from-beginning --max-messages 4 --formatter-property print.key=true --formatter-property print.partition=true ${BROKER} | sort`,
    shows: 'Partition:0\thamburg\t3\nPartition:1\tprague\t1\nPartition:1\tprague\t4\nPartition:2\tdresden\t2\n',
    says: 'Processed a total of 4 messages',
  },
  {
    about: 'a record with headers, compressed',
    line: `printf 'trace:7,lang:cs\\tk\\tahoj\\n' | bin/kafka-console-producer.sh --topic my_first.topic --compression-codec lz4 --reader-property parse.headers=true --reader-property parse.key=true ${BROKER}`,
    shows: '',
  },
  {
    about: 'shows them',
    line: `bin/kafka-console-consumer.sh --topic my_first.topic --from-beginning --max-messages 1 --formatter-property print.headers=true --formatter-property print.key=true --formatter-property print.timestamp=true ${BROKER}`,
    shows: 'CreateTime:<...>\ttrace:7,lang:cs\tk\tahoj\n',
    says: 'Processed a total of 1 messages',
  },
  {
    about: 'a topic that is not there comes into being with its first record',
    line: `echo 'first' | bin/kafka-console-producer.sh --topic made-by-writing ${BROKER}`,
    shows: '',
  },
  {
    about: 'and has it',
    line: `bin/kafka-console-consumer.sh --topic made-by-writing --from-beginning --max-messages 1 ${BROKER}`,
    shows: 'first\n',
    says: 'Processed a total of 1 messages',
  },
  {
    about: 'a consumer that gets nothing more stops when it is told to',
    line: `bin/kafka-console-consumer.sh --topic made-by-writing --from-beginning --timeout-ms 2000 ${BROKER}`,
    shows: 'first\n',
    says: 'Processed a total of 1 messages',
  },
];

const offsets = (group: string, topic: string, current: number, end: number) =>
  '\nGROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG             CONSUMER-ID     HOST            CLIENT-ID\n' +
  `${[group.padEnd(15), topic.padEnd(15), '0'.padEnd(10), String(current).padEnd(15), String(end).padEnd(15), String(end - current).padEnd(15), '-'.padEnd(15), '-'.padEnd(15), '-'].join(' ')}\n`;
const newOffset = (group: string, topic: string, offset: number) =>
  `\nGROUP           TOPIC           PARTITION  NEW-OFFSET\n${[group.padEnd(15), topic.padEnd(15), '0'.padEnd(10), offset].join(' ')}\n`;

/** One member at a time; the lessons with several members at once are in course.suite.ts. */
export const GROUPS: readonly Step[] = [
  {
    about: 'a group reads a part of a topic',
    line: `bin/kafka-console-consumer.sh --topic book --group course --from-beginning --max-messages 1000 ${BROKER} | tail -1 | cut -d ' ' -f 1`,
    shows: '999\n',
    says: 'Processed a total of 1000 messages',
  },
  {
    about: 'how far it is, and how far behind',
    line: `bin/kafka-consumer-groups.sh --describe --group course ${BROKER}`,
    shows: offsets('course', 'book', 1000, BOOK_LINES),
    says: "Consumer group 'course' has no active members.",
  },
  {
    about: 'it goes on where it was',
    line: `bin/kafka-console-consumer.sh --topic book --group course --max-messages 1 ${BROKER} | cut -d ' ' -f 1`,
    shows: '1000\n',
    says: 'Processed a total of 1 messages',
  },
  {
    about: 'its state',
    line: `bin/kafka-consumer-groups.sh --describe --group course --state ${BROKER}`,
    shows:
      '\nGROUP           COORDINATOR (ID)          ASSIGNMENT-STRATEGY  STATE                #MEMBERS\n' +
      'course          <...>  (1)<...> -                    Empty                0\n',
    says: "Consumer group 'course' has no active members.",
  },
  {
    about: 'it is among the groups',
    line: `bin/kafka-consumer-groups.sh --list ${BROKER} | grep -E '^course'`,
    shows: 'course\n',
  },
  {
    about: 'where it would be, set back to the beginning',
    line: `bin/kafka-consumer-groups.sh --reset-offsets --group course --topic book --to-earliest --dry-run ${BROKER}`,
    shows: newOffset('course', 'book', 0),
  },
  {
    about: 'set to an offset',
    line: `bin/kafka-consumer-groups.sh --reset-offsets --group course --topic book:0 --to-offset 5000 --execute ${BROKER}`,
    shows: newOffset('course', 'book', 5000),
  },
  {
    about: 'moved back by a hundred',
    line: `bin/kafka-consumer-groups.sh --reset-offsets --group course --all-topics --shift-by -100 --execute ${BROKER}`,
    shows: newOffset('course', 'book', 4900),
  },
  {
    about: 'there it is',
    line: `bin/kafka-consumer-groups.sh --describe --group course ${BROKER}`,
    shows: offsets('course', 'book', 4900, BOOK_LINES),
  },
  {
    about: 'a plan for later',
    line: `bin/kafka-consumer-groups.sh --reset-offsets --group course --topic book --to-latest --export --dry-run ${BROKER} | tee plan.csv`,
    shows: `book,0,${BOOK_LINES}\n\n`,
  },
  {
    about: 'carried out',
    line: `bin/kafka-consumer-groups.sh --reset-offsets --group course --from-file plan.csv --execute ${BROKER}`,
    shows: newOffset('course', 'book', BOOK_LINES),
  },
  {
    about: 'offsets of a topic are forgotten',
    line: `bin/kafka-consumer-groups.sh --delete-offsets --group course --topic book ${BROKER}`,
    shows:
      'Request succeeded for deleting offsets from group course.\n\nTOPIC           PARTITION  STATUS         \nbook            0          Successful     \n',
  },
  {
    about: 'a group that is not there',
    line: `bin/kafka-consumer-groups.sh --describe --group nobody ${BROKER}`,
    shows:
      '\nError: Executing consumer group command failed due to org.apache.kafka.common.errors.GroupIdNotFoundException: Group nobody not found.\n',
  },
  {
    about: 'a group goes',
    line: `bin/kafka-consumer-groups.sh --delete --group course ${BROKER}`,
    shows: "Deletion of requested consumer groups ('course') was successful.\n",
  },
];

/** The end of the course. */
export const LEAVING: readonly Step[] = [
  {
    about: 'the first lines are deleted',
    line: `echo '{"partitions":[{"topic":"book","partition":0,"offset":100000}],"version":1}' > upto.json && bin/kafka-delete-records.sh --offset-json-file upto.json ${BROKER}`,
    shows:
      'Executing records delete operation\nRecords delete operation completed:\npartition: book-0\tlow_watermark: 100000\n',
  },
  {
    about: 'the topic begins later',
    line: `bin/kafka-get-offsets.sh --topic book --time earliest ${BROKER}`,
    shows: 'book:0:100000\n',
  },
  {
    about: 'a topic goes',
    line: `bin/kafka-topics.sh --delete --topic my_first.topic ${BROKER}`,
    shows: '',
  },
  {
    about: 'and is gone',
    line: `bin/kafka-topics.sh --list --exclude-internal ${BROKER} | grep -v unicast`,
    shows: 'book\nmade-by-writing\nshared\n',
  },
  {
    about: 'it cannot go twice',
    line: `bin/kafka-topics.sh --delete --topic my_first.topic ${BROKER}`,
    shows: "Error while executing topic command : Topic 'my_first.topic' does not exist as expected\n",
    status: 1,
  },
  {
    about: 'the broker serves what it says',
    line: `bin/kafka-broker-api-versions.sh ${BROKER} | grep -E 'Produce\\(0\\)|JoinGroup\\(11\\)|SyncGroup\\(14\\)' | tr -d '\\t'`,
    shows:
      'Produce(0): 0 to 13 [usable: 13],\nJoinGroup(11): 0 to 9 [usable: 9],\nSyncGroup(14): 0 to 5 [usable: 5],\n',
  },
];
