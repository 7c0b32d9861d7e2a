import { describe, expect, test } from 'vitest';
import { ConfigError } from './config-error.ts';
import { readBrokerConfig } from './read-config.ts';

const file = (text: string) => readBrokerConfig({ file: { name: 'server.properties', text } });

function problems(run: () => unknown): string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n').map((line) => line.trim());
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('values', () => {
  test('defaults are there under camelCase names', () => {
    const { config, warnings } = readBrokerConfig({});
    expect(config.listeners).toEqual([{ name: 'PLAINTEXT', host: '', port: 9092, protocol: 'PLAINTEXT' }]);
    expect(config.logDirs).toEqual(['/tmp/kafka-logs']);
    expect(config.nodeId).toBe(1);
    expect(config.logRetentionMs).toBeNull();
    expect(config.logRetentionHours).toBe(168);
    expect(config.logFlushIntervalMessages).toBe(Number.MAX_SAFE_INTEGER);
    expect(config.logDurability).toBe('fsync');
    expect(config.socketRequestMaxBytes).toBe(104_857_600);
    expect(warnings).toEqual([]);
  });

  test('a file is read with its escapes, continuations and comments', () => {
    const { config } = file(
      '\uFEFF# comment\n! other comment\nlog.dirs = /data/a,\\\n           /data/b\r\nbroker.rack: eins\\u002Dzwei\nnum.partitions 3\n',
    );
    expect(config.logDirs).toEqual(['/data/a', '/data/b']);
    expect(config.brokerRack).toBe('eins-zwei');
    expect(config.numPartitions).toBe(3);
  });

  test('the later source wins: file, KAFKA_, MOLDAU_, override, program', () => {
    const text = 'num.partitions=1\nlog.retention.ms=1\nlog.dirs=/file\nbroker.rack=file\nmessage.max.bytes=1\n';
    const environment = {
      KAFKA_LOG_RETENTION_MS: '2',
      KAFKA_LOG_DIRS: '/kafka',
      KAFKA_BROKER_RACK: 'kafka',
      KAFKA_MESSAGE_MAX_BYTES: '2',
      MOLDAU_LOG_DIRS: '/moldau',
      MOLDAU_BROKER_RACK: 'moldau',
      MOLDAU_MESSAGE_MAX_BYTES: '3',
      HOME: '/root',
    };
    const { config } = readBrokerConfig({
      file: { name: 'f', text },
      environment,
      overrides: ['broker.rack=override', 'message.max.bytes = 4'],
      values: { 'message.max.bytes': '5' },
    });
    expect(config.numPartitions).toBe(1);
    expect(config.logRetentionMs).toBe(2);
    expect(config.logDirs).toEqual(['/moldau']);
    expect(config.brokerRack).toBe('override');
    expect(config.messageMaxBytes).toBe(5);
  });

  test('node.id and broker.id are one setting', () => {
    expect(file('broker.id=0').config.nodeId).toBe(0);
    expect(file('node.id=7').config.nodeId).toBe(7);
    expect(file('node.id=7\nbroker.id=7').config.nodeId).toBe(7);
    expect(file('broker.id=-1').config.nodeId).toBe(1);
  });

  test('the server.properties of a KRaft course starts', () => {
    const { config, warnings } = file(`
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=localhost:9093
listeners=PLAINTEXT://:9092,CONTROLLER://:9093
inter.broker.listener.name=PLAINTEXT
advertised.listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL
num.network.threads=3
num.io.threads=8
socket.send.buffer.bytes=102400
socket.receive.buffer.bytes=102400
socket.request.max.bytes=104857600
log.dirs=/tmp/kraft-combined-logs
num.partitions=1
num.recovery.threads.per.data.dir=1
offsets.topic.replication.factor=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
log.retention.hours=168
log.segment.bytes=1073741824
log.retention.check.interval.ms=300000
`);
    expect(config.listeners.map((one) => one.name)).toEqual(['PLAINTEXT']);
    expect(config.advertisedListeners).toEqual([
      { name: 'PLAINTEXT', host: 'localhost', port: 9092, protocol: 'PLAINTEXT' },
    ]);
    expect(warnings).toEqual([
      'server.properties:5: listener CONTROLLER is for controllers of Kafka; Moldau needs none and does not open it',
    ]);
  });

  test('several listeners, an IPv6 one among them', () => {
    const { config } = file(
      'listeners=INTERNAL://0.0.0.0:9092,external://[::1]:9093\nadvertised.listeners=INTERNAL://b1:19092,EXTERNAL://b1.example:9093\n' +
        'listener.security.protocol.map=INTERNAL:PLAINTEXT,EXTERNAL:PLAINTEXT\ninter.broker.listener.name=internal',
    );
    expect(config.listeners).toEqual([
      { name: 'INTERNAL', host: '0.0.0.0', port: 9092, protocol: 'PLAINTEXT' },
      { name: 'EXTERNAL', host: '::1', port: 9093, protocol: 'PLAINTEXT' },
    ]);
    expect(config.advertisedListeners.map((one) => `${one.host}:${one.port}`)).toEqual(['b1:19092', 'b1.example:9093']);
    expect(config.interBrokerListenerName).toBe('INTERNAL');
  });
});

describe('refusals name place, key, value and what is allowed', () => {
  const cases: [text: string, message: string | RegExp][] = [
    ['num.partitions=none', 'server.properties:1: num.partitions=none: Not a number of type INT; allowed: 1 or more'],
    ['num.partitions=0', 'server.properties:1: num.partitions=0: Value must be at least 1; allowed: 1 or more'],
    [
      '\n\nauto.create.topics.enable=yes',
      'server.properties:3: auto.create.topics.enable=yes: Expected value to be either true or false; allowed: true or false',
    ],
    [
      'file.delete.delay.ms=1',
      'server.properties:1: file.delete.delay.ms=1: no such setting of a broker, only of a topic; here it is called log.segment.delete.delay.ms',
    ],
    ['log.retnetion.ms=1', 'server.properties:1: log.retnetion.ms=1: no such setting; did you mean log.retention.ms?'],
    [
      'entirely.made.up.thing=1',
      'server.properties:1: entirely.made.up.thing=1: no such setting; docs/configuration.md lists them all',
    ],
    ['log.cleanup.policy=shred', /String must be one of: compact, delete; allowed: any of compact, delete$/],
    ['log.segment.bytes=1048575', /Value must be at least 1048576; allowed: 1048576 or more$/],
    ['message.max.bytes=9999999999', /Not a number of type INT/],
    ['log.retention.bytes=9223372036854775808', /Not a number of type LONG/],
    ['log.retention.hours=0', /log.retention.hours must be unlimited \(-1\) or, greater than or equal to 1$/],
    ['zookeeper.session.timeout.ms=100', /Value must be at least 500/],
    ['zookeeper.ssl.crl.enable=true', /not supported: revocation lists are not looked at/],
    ['port=9092', /say it in listeners/],
    [
      'authorizer.class.name=org.example.Mine',
      /classes of Java cannot be run.*there is org\.apache\.kafka.*StandardAuthorizer$/,
    ],
    [
      'super.users=User:a;b',
      /super\.users=User:a;b: expected a string in format principalType:principalName but got b$/,
    ],
    ['create.topic.policy.class.name=a.B', /not supported: policy classes/],
    ['remote.log.storage.system.enable=true', /not supported: tiered storage/],
    ['security.inter.broker.protocol=SSL', /only PLAINTEXT is served yet/],
    ['listeners=SSL://:9093', /listener SSL has the security protocol SSL; only PLAINTEXT is served yet/],
    ['listeners=9092', /Unable to parse 9092 to a broker endpoint; allowed is name:\/\/host:port/],
    ['listeners=PLAINTEXT://:70000', /with a port of 0 to 65535/],
    ['listeners=', /'listeners' must not be empty/],
    ['listeners=EXTERNAL://:9092', /No security protocol defined for listener EXTERNAL/],
    ['listeners=PLAINTEXT://:1,PLAINTEXT://:2', /Each listener must have a different name/],
    [
      'listeners=A://:1,B://:1\nlistener.security.protocol.map=A:PLAINTEXT,B:PLAINTEXT',
      /Each listener must have a different port; A and B share 1/,
    ],
    ['listeners=PLAINTEXT://0.0.0.0:9092', /nonroutable meta-address 0\.0\.0\.0; set advertised\.listeners/],
    ['advertised.listeners=OTHER://h:1', /equal to or a subset of the ones defined in listeners/],
    ['inter.broker.listener.name=OTHER', /must be a listener name defined in advertised.listeners: PLAINTEXT/],
    ['node.id=1\nbroker.id=2', /node\.id is 1; the two are one setting/],
    ['process.roles=controller', /a process without the broker role/],
    ['process.roles=broker,king', /String must be one of: broker, controller/],
    ['max.connections.per.ip.overrides=1.2.3.4', /1\.2\.3\.4 is not of the form address:count/],
    ['log.dirs=a,b\ncordoned.log.dirs=c', /must be present in log\.dirs or log\.dir, or be \*; c is not/],
    ['log.dirs=a,a', /'log.dirs' values must not be duplicated/],
    ['listener.name.external.no.such=1', /no such setting/],
  ];
  test.each(cases)('%s', (text, message) => {
    const [line] = problems(() => file(text));
    if (typeof message === 'string') expect(line).toBe(message);
    else expect(line).toMatch(message);
  });

  test('all problems come at once', () => {
    const lines = problems(() => file('num.partitions=0\nlog.dir=\nwhat.is.this=1'));
    expect(lines[0]).toBe('3 settings cannot be used:');
    expect(lines).toHaveLength(4);
  });

  test('overrides and variables are named as such', () => {
    expect(problems(() => readBrokerConfig({ overrides: ['num.partitions'] }))).toEqual([
      '--override: num.partitions: not of the form key=value',
    ]);
    expect(problems(() => readBrokerConfig({ overrides: ['num.partitions=x'] }))[0]).toMatch(
      /^--override: num\.partitions=x: /,
    );
    expect(problems(() => readBrokerConfig({ environment: { KAFKA_NUM_PARTITIONS: 'x' } }))[0]).toMatch(
      /^environment KAFKA_NUM_PARTITIONS: num\.partitions=x: /,
    );
    expect(problems(() => readBrokerConfig({ environment: { MOLDAU_NUM_PARTITION: '1' } }))[0]).toMatch(
      /did you mean num\.partitions\?/,
    );
  });

  test('a secret is not shown', () => {
    const read = () => file('delegation.token.secret.key=hunter2\nnum.partitions=0');
    expect(problems(read).join('\n')).not.toContain('hunter2');
  });
});

describe('warnings', () => {
  const cases: [text: string, warning: string | RegExp][] = [
    ['background.threads=4', /background\.threads has no effect: one event loop/],
    ['zookeeper.sasl.client=true', /zookeeper\.sasl\.client: Moldau's own client of ZooKeeper has no such setting/],
    ['inter.broker.protocol.version=3.9', /Kafka 4\.0 removed it/],
    ['super.users=User:admin', /super\.users has no effect: authorizer\.class\.name is not set/],
    ['listener.name.plaintext.ssl.client.auth=required', /the listener is PLAINTEXT/],
    ['listener.name.plaintext.plain.sasl.jaas.config=x', /the listener is PLAINTEXT/],
    ['confluent.support.metrics.enable=true', /Confluent/],
    ['ssl.keystore.location=/k', /no SSL listener is served yet/],
  ];
  test.each(cases)('%s', (text, warning) => {
    const { warnings } = file(text);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(warning);
    expect(warnings[0]).toMatch(/^server\.properties:1: /);
  });

  test('a key given twice', () => {
    const { config, warnings } = file('num.partitions=1\nnum.partitions=2');
    expect(config.numPartitions).toBe(2);
    expect(warnings).toEqual([
      'server.properties:2: num.partitions is given a second time (first: server.properties:1); this one holds',
    ]);
  });

  test('variables of others are left alone, near misses are named', () => {
    const environment = {
      KAFKA_SERVICE_HOST: '10.0.0.1',
      KAFKA_BROKERS: 'a:1',
      KAFKA_HEAP_OPTS: '-Xmx1G',
      KAFKA_LOG_RETENTON_MS: '1',
      MOLDAU_LOG_LEVEL: 'debug',
    };
    const { warnings } = readBrokerConfig({ environment });
    expect(warnings).toEqual([
      'environment KAFKA_LOG_RETENTON_MS: no setting is called log.retenton.ms; did you mean KAFKA_LOG_RETENTION_MS? It is ignored',
    ]);
  });
});
