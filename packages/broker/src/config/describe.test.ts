import type { MetadataRecord } from '@moldau/metadata';
import { describe, expect, test } from 'vitest';
import { configOf, picture } from '../test/cluster-picture.ts';
import { describeAllBrokers, describeBroker, describeTopic } from './describe.ts';

const brokerSet = (resourceName: string, name: string, value: string): MetadataRecord => ({
  kind: 'configSet',
  resourceType: 'broker',
  resourceName,
  name,
  value,
});

/** `value (source) name=value@source ...`, as short as a table wants it. */
function shown(found: ReturnType<typeof describeTopic>, name: string): string {
  const one = found.find((config) => config.name === name);
  if (!one) return 'absent';
  const synonyms = one.synonyms.map((synonym) => `${synonym.name}=${synonym.value}@${synonym.source}`);
  return [`${one.value} (${one.source})`, ...synonyms].join(' ');
}

describe('topics', () => {
  const cases: [
    title: string,
    name: string,
    given: Record<string, string>,
    records: MetadataRecord[],
    overrides: Record<string, string>,
    expected: string,
  ][] = [
    ['a default', 'max.message.bytes', {}, [], {}, '1048588 (DEFAULT_CONFIG) message.max.bytes=1048588@DEFAULT_CONFIG'],
    [
      'set on the topic',
      'max.message.bytes',
      {},
      [],
      { 'max.message.bytes': '5' },
      '5 (DYNAMIC_TOPIC_CONFIG) max.message.bytes=5@DYNAMIC_TOPIC_CONFIG message.max.bytes=1048588@DEFAULT_CONFIG',
    ],
    [
      'set everywhere',
      'max.message.bytes',
      { 'message.max.bytes': '10' },
      [brokerSet('1', 'message.max.bytes', '12'), brokerSet('', 'message.max.bytes', '11')],
      { 'max.message.bytes': '13' },
      '13 (DYNAMIC_TOPIC_CONFIG) max.message.bytes=13@DYNAMIC_TOPIC_CONFIG message.max.bytes=12@DYNAMIC_BROKER_CONFIG' +
        ' message.max.bytes=11@DYNAMIC_DEFAULT_BROKER_CONFIG message.max.bytes=10@STATIC_BROKER_CONFIG message.max.bytes=1048588@DEFAULT_CONFIG',
    ],
    [
      'retention by hours shows no synonyms, as in Kafka',
      'retention.ms',
      { 'log.retention.hours': '1' },
      [],
      {},
      '3600000 (DEFAULT_CONFIG)',
    ],
    [
      'retention by milliseconds shows the weaker ones behind it',
      'retention.ms',
      { 'log.retention.ms': '5', 'log.retention.hours': '1' },
      [],
      {},
      '5 (STATIC_BROKER_CONFIG) log.retention.ms=5@STATIC_BROKER_CONFIG log.retention.hours=1@STATIC_BROKER_CONFIG log.retention.hours=168@DEFAULT_CONFIG',
    ],
    [
      'longs without limit',
      'flush.messages',
      {},
      [],
      {},
      '9223372036854775807 (DEFAULT_CONFIG) log.flush.interval.messages=9223372036854775807@DEFAULT_CONFIG',
    ],
    [
      'lists are tidied',
      'cleanup.policy',
      {},
      [],
      { 'cleanup.policy': 'delete , compact' },
      'delete,compact (DYNAMIC_TOPIC_CONFIG) cleanup.policy=delete,compact@DYNAMIC_TOPIC_CONFIG log.cleanup.policy=delete@DEFAULT_CONFIG',
    ],
    ['no broker setting behind it', 'remote.storage.enable', {}, [], {}, 'false (DEFAULT_CONFIG)'],
    ['internal ones only when set', 'internal.segment.bytes', {}, [], {}, 'absent'],
    [
      'internal ones when set',
      'internal.segment.bytes',
      {},
      [],
      { 'internal.segment.bytes': '9' },
      '9 (DYNAMIC_TOPIC_CONFIG) internal.segment.bytes=9@DYNAMIC_TOPIC_CONFIG',
    ],
  ];
  test.each(cases)('%s', (_, name, given, records, overrides, expected) => {
    const found = describeTopic(configOf(given), picture({ records }), new Map(Object.entries(overrides)));
    expect(shown(found, name)).toBe(expected);
    expect(found[0]?.name).toBe('segment.bytes');
  });
});

describe('brokers', () => {
  const records = [brokerSet('1', 'message.max.bytes', '12'), brokerSet('', 'log.retention.ms', '11')];
  const cases: [name: string, expected: string][] = [
    ['node.id', '4 (STATIC_BROKER_CONFIG) node.id=4@STATIC_BROKER_CONFIG node.id=1@DEFAULT_CONFIG'],
    ['broker.id', '4 (STATIC_BROKER_CONFIG) broker.id=4@STATIC_BROKER_CONFIG broker.id=-1@DEFAULT_CONFIG'],
    ['advertised.listeners', 'null (DEFAULT_CONFIG)'],
    ['num.partitions', '1 (DEFAULT_CONFIG) num.partitions=1@DEFAULT_CONFIG'],
    ['log.retention.hours', '168 (DEFAULT_CONFIG) log.retention.hours=168@DEFAULT_CONFIG'],
    [
      'log.retention.ms',
      '11 (DYNAMIC_DEFAULT_BROKER_CONFIG) log.retention.ms=11@DYNAMIC_DEFAULT_BROKER_CONFIG log.retention.hours=168@DEFAULT_CONFIG',
    ],
    ['ssl.keystore.password', 'null (STATIC_BROKER_CONFIG) ssl.keystore.password=null@STATIC_BROKER_CONFIG'],
    ['unstable.api.versions.enable', 'absent'],
  ];
  test.each(cases)('%s', (name, expected) => {
    const config = configOf({ 'broker.id': '4', 'ssl.keystore.password': 'hunter2' });
    const found = describeBroker(config, picture({ records }));
    expect(shown(found, name)).toBe(expected);
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });

  test('read-only ones say so', () => {
    const found = describeBroker(configOf(), picture());
    const readOnly = (name: string) => found.find((one) => one.name === name)?.readOnly;
    expect(readOnly('node.id')).toBe(true);
    expect(readOnly('message.max.bytes')).toBe(false);
  });

  test('for all brokers, what was set dynamically and nothing else', () => {
    const found = describeAllBrokers(configOf(), picture({ records }));
    expect(found.map((one) => one.name)).toEqual(['log.retention.ms']);
    expect(shown(found, 'log.retention.ms')).toBe(
      '11 (DYNAMIC_DEFAULT_BROKER_CONFIG) log.retention.ms=11@DYNAMIC_DEFAULT_BROKER_CONFIG',
    );
  });
});
