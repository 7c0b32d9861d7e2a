// The two Python clients that Debian packages, run by the system's own Python: confluent-kafka over librdkafka 2.0.2 and
// kafka-python 2.0.2. Both are old, and in use in that age.
import { join } from 'node:path';
import { workerAdapter } from '../../contract/worker.ts';
import { repository } from '../../peer/paths.ts';

const worker = join(repository, 'packages/conformance/python/worker.py');
const command = (library: string) => (bootstrap: string) => ({
  file: '/usr/bin/python3',
  args: [worker, library, bootstrap],
});

export const confluentPython = workerAdapter({
  name: 'confluent-kafka-python (librdkafka 2.0.2)',
  codecs: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
  can: {
    idempotence: true,
    staticMembers: true,
    nullHeaders: true,
    repeatedHeaders: true,
    acksZero: true,
    // Its cooperative-sticky skips records when a member crashes, against Apache Kafka as well; newer librdkafka does not.
    assignors: ['range'],
    logAppendTime: true,
    redelivers: false,
    tellsFencing: false,
  },
  command: command('confluent'),
});

export const kafkaPython = workerAdapter({
  name: 'kafka-python 2.0.2',
  codecs: ['none', 'gzip'],
  can: {
    idempotence: false,
    staticMembers: false,
    nullHeaders: false,
    repeatedHeaders: true,
    acksZero: true,
    assignors: ['range', 'roundrobin'],
    logAppendTime: true,
    redelivers: false,
    tellsFencing: false,
  },
  command: command('kafka-python'),
});
