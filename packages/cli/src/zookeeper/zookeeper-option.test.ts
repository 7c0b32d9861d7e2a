// `--zookeeper` of every tool that Kafka once had it for, and of all others that talk to brokers: the brokers are found in
// ZooKeeper, the tool does its work. What is wrong with it is told in a sentence.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrokerProcess, startBrokerProcess } from '@moldau/broker/node/main';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeZooKeeper } from '../../test/fake-zookeeper.ts';
import { recordingTerminal } from '../../test/recording-terminal.ts';
import { TOOLS } from '../tools.ts';

const directory = mkdtempSync(join(tmpdir(), 'moldau-zookeeper-option-'));
let broker: BrokerProcess;
let zooKeeper: FakeZooKeeper;

beforeAll(async () => {
  broker = await startBrokerProcess({
    overrides: [
      'listeners=PLAINTEXT://127.0.0.1:0',
      `log.dirs=${join(directory, 'data')}`,
      'group.initial.rebalance.delay.ms=0',
      'offsets.topic.num.partitions=1',
      'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users=User:ANONYMOUS',
    ],
    log: { format: 'text', fd: 2, level: 'error' },
  });
  const { host, port } = broker.endpoints[0]!;
  // As Kafka writes it.
  const registration = JSON.stringify({
    features: {},
    listener_security_protocol_map: { PLAINTEXT: 'PLAINTEXT' },
    endpoints: [`PLAINTEXT://${host}:${port}`],
    ...{ jmx_port: -1, port, host, version: 5, timestamp: '1700000000000' },
  });
  zooKeeper = await FakeZooKeeper.start({
    '/brokers/ids/1': registration,
    '/kafka/brokers/ids/1': registration,
    '/empty/brokers/ids': '',
  });
  const made = await run('kafka-topics', ['--zookeeper', zooKeeper.address, '--create', '--topic', 'old']);
  expect(made).toMatchObject({ status: 0, stdout: 'Created topic old.\n' });
  expect(
    await run('kafka-console-producer', ['--zookeeper', zooKeeper.address, '--topic', 'old'], 'a\n'),
  ).toMatchObject({
    status: 0,
  });
});
afterAll(async () => {
  await zooKeeper?.stop();
  await broker?.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function run(name: string, args: readonly string[], input = '') {
  const terminal = recordingTerminal(input);
  const status = await (await TOOLS[name]!.load()).run(args, terminal);
  return { status, stdout: terminal.stdout, stderr: terminal.stderr };
}
const words = (text: string) => text.split(' ').filter((word) => word !== '');
const warning = 'Warning: --zookeeper is deprecated: the brokers were found there. Give --bootstrap-server instead.\n';

/** What is typed behind `--zookeeper`, and what is to be seen of it. */
const rows: Readonly<Record<string, readonly [typed: string, stdout: RegExp]>> = {
  // Kafka had --zookeeper for these, in some release.
  'kafka-topics': ['--describe --topic old', /^Topic: old\t/],
  'kafka-configs': ['--describe --entity-type topics --entity-name old', /^Dynamic configs for topic old are:\n$/],
  'kafka-reassign-partitions': ['--list', /^No partition reassignments found\.\n$/],
  'kafka-preferred-replica-election': ['', /^(Valid replica already elected for partitions .*old-0.*\n)?$/],
  'kafka-acls': ['--list', /^\n?$/],
  'kafka-consumer-groups': ['--list', /^\n?$/],
  'kafka-console-consumer': ['--topic old --from-beginning --max-messages 1', /^a\n$/],
  'kafka-consumer-perf-test': ['--topic old --messages 1', /data\.consumed\.in\.MB/],
  // These never had it; it works all the same.
  'kafka-leader-election': ['--election-type preferred --all-topic-partitions', /^(Valid replica .*\n)?$/],
  'kafka-console-producer': ['--topic old', /^$/],
  'kafka-get-offsets': ['--topic old', /^old:0:\d+\n$/],
  'kafka-log-dirs': ['--describe', /"brokers":\[\{/],
  'kafka-broker-api-versions': ['', /Produce\(0\): /],
};

describe('finds the brokers', () => {
  test.each(Object.entries(rows))('%s --zookeeper host:port', async (name, [typed, stdout]) => {
    const ran = await run(name, ['--zookeeper', zooKeeper.address, ...words(typed)]);
    expect(ran).toMatchObject({ status: 0, stdout: expect.stringMatching(stdout) });
    expect(ran.stderr.startsWith(warning)).toBe(true);
  });

  test('every tool with --bootstrap-server is in the table, or says what to give it', async () => {
    // They read a file, JSON or a command first, and are run by nobody who thinks of ZooKeeper.
    const others = ['kafka-delete-records', 'kafka-cluster', 'kafka-producer-perf-test'];
    const verifiable = ['kafka-verifiable-producer', 'kafka-verifiable-consumer'];
    for (const [name, entry] of Object.entries(TOOLS)) {
      const { options } = await entry.load();
      if (!options?.['bootstrap-server'] || others.includes(name) || verifiable.includes(name)) continue;
      expect(Object.keys(rows), name).toContain(name);
    }
  });

  test.each([
    ['one dash', (address: string) => ['-zookeeper', address]],
    ['an equals sign', (address: string) => [`--zookeeper=${address}`]],
    ['a chroot', (address: string) => ['--zookeeper', `${address}/kafka`]],
    ['an ensemble of which one server is away', (address: string) => ['--zookeeper', `127.0.0.1:1,${address}`]],
  ])('%s', async (_, typed) => {
    const ran = await run('kafka-topics', ['--list', ...typed(zooKeeper.address)]);
    expect(ran).toEqual({ status: 0, stdout: expect.stringContaining('old\n'), stderr: warning });
  });

  test("kafka-acls by its authorizer's properties", async () => {
    const properties = ['--authorizer-properties', `zookeeper.connect=${zooKeeper.address}`];
    const authorizer = ['--authorizer', 'kafka.security.authorizer.AclAuthorizer'];
    const ran = await run('kafka-acls', [...authorizer, ...properties, '--list']);
    expect(ran.status).toBe(0);
    expect(ran.stderr).toMatch(/^Warning: --authorizer-properties is deprecated: the brokers were found there/);
  });
});

describe('is refused with what is wrong', () => {
  test.each<[why: string, typed: () => string[], message: RegExp]>([
    [
      'a chroot without brokers',
      () => ['--zookeeper', `${zooKeeper.address}/empty`],
      /no broker is registered in ZooKeeper \(.*\/empty\)\. Is the chroot right/,
    ],
    [
      'a chroot that is not there',
      () => ['--zookeeper', `${zooKeeper.address}/nope`],
      /no broker is registered in ZooKeeper \(.*\/nope\)\. Is the chroot right/,
    ],
    ['no address', () => ['--zookeeper'], /--zookeeper needs the address of ZooKeeper: HOST:2181/],
    [
      'no port',
      () => ['--zookeeper', 'localhost:zoo'],
      /--zookeeper: 'localhost:zoo': 'localhost:zoo' is not host:port/,
    ],
    [
      'a chroot that is none',
      () => ['--zookeeper', 'localhost:2181//x'],
      /the chroot '\/\/x' is not a path of ZooKeeper/,
    ],
    [
      'both',
      () => ['--zookeeper', 'z:2181', '--bootstrap-server', 'b:9092'],
      /Only one of --bootstrap-server or --zookeeper/,
    ],
  ])('%s', async (_, typed, message) => {
    const { status, stdout, stderr } = await run('kafka-topics', ['--list', ...typed()]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  test('a ZooKeeper that does not answer, within seconds', async () => {
    const { status, stderr } = await run('kafka-topics', ['--list', '--zookeeper', '127.0.0.1:1']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^--zookeeper: .*127\.0\.0\.1:1/);
  }, 40_000);
});
