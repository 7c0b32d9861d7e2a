import { CONFIG_RESOURCE_TYPES, type MetadataRecord } from '@moldau/metadata';
import { describe, expect, test } from 'vitest';
import { apply, configOf, picture } from '../test/cluster-picture.ts';
import { type ConfigChange, type ConfigWish, decideAlterConfigs } from './alter-configs.ts';

const { topic, broker, brokerLogger, clientMetrics, group } = CONFIG_RESOURCE_TYPES;
const before: MetadataRecord[] = [
  { kind: 'configSet', resourceType: 'topic', resourceName: 't', name: 'retention.ms', value: '1' },
  { kind: 'configSet', resourceType: 'topic', resourceName: 't', name: 'cleanup.policy', value: 'compact' },
  { kind: 'configSet', resourceType: 'broker', resourceName: '', name: 'log.retention.ms', value: '5' },
];

function wish(
  resourceType: number,
  resourceName: string,
  changes: ConfigChange[],
  mode: ConfigWish['mode'] = 'incremental',
): ConfigWish {
  return { resourceType, resourceName, mode, changes };
}

function decide(...wishes: ConfigWish[]) {
  const image = picture({ topics: { t: 1, u: 1 }, records: before });
  const { records, result } = decideAlterConfigs({ image, config: configOf() }, wishes);
  return { records, result, after: apply(image, records) };
}

const set = (name: string, value: string | null): ConfigChange => ({ operation: 'SET', name, value });
const change = (operation: ConfigChange['operation'], name: string, value: string | null = null): ConfigChange => ({
  operation,
  name,
  value,
});

describe('settings change', () => {
  const cases: [title: string, wish: ConfigWish, values: Record<string, string>][] = [
    ['set', wish(topic, 't', [set('retention.ms', '2')]), { 'retention.ms': '2', 'cleanup.policy': 'compact' }],
    ['deleted', wish(topic, 't', [change('DELETE', 'retention.ms')]), { 'cleanup.policy': 'compact' }],
    ['deleted though never set', wish(topic, 'u', [change('DELETE', 'retention.ms')]), {}],
    ['replaced altogether', wish(topic, 't', [set('flush.ms', '9')], 'replace'), { 'flush.ms': '9' }],
    ['replaced by nothing', wish(topic, 't', [], 'replace'), {}],
    [
      'appended to what was set',
      wish(topic, 't', [change('APPEND', 'cleanup.policy', 'delete')]),
      { 'retention.ms': '1', 'cleanup.policy': 'compact,delete' },
    ],
    [
      'appended to the default',
      wish(topic, 'u', [change('APPEND', 'cleanup.policy', 'compact')]),
      { 'cleanup.policy': 'delete,compact' },
    ],
    [
      'appended though there',
      wish(topic, 'u', [change('APPEND', 'cleanup.policy', 'delete')]),
      { 'cleanup.policy': 'delete' },
    ],
    [
      'subtracted',
      wish(topic, 't', [change('SUBTRACT', 'cleanup.policy', 'compact')]),
      { 'retention.ms': '1', 'cleanup.policy': '' },
    ],
  ];
  test.each(cases)('%s', (_, one, values) => {
    const { result, after } = decide(one);
    expect(result).toEqual([{ error: 'NONE', detail: null }]);
    expect(Object.fromEntries(after.configs('topic', one.resourceName))).toEqual(values);
  });

  test('what stays as it was is not recorded', () => {
    expect(decide(wish(topic, 't', [set('retention.ms', '1')])).records).toEqual([]);
  });

  test('of a broker, and of all brokers', () => {
    const { result, after } = decide(
      wish(broker, '1', [set('log.retention.ms', '7')]),
      wish(broker, '', [set('message.max.bytes', '2000')]),
    );
    expect(result.map((one) => one.error)).toEqual(['NONE', 'NONE']);
    expect(Object.fromEntries(after.configs('broker', '1'))).toEqual({ 'log.retention.ms': '7' });
    expect(Object.fromEntries(after.configs('broker', ''))).toEqual({
      'log.retention.ms': '5',
      'message.max.bytes': '2000',
    });
  });

  test('of another broker: the controller decides for all, wherever it runs', () => {
    const image = picture({ brokers: [1, 2] });
    const { records, result } = decideAlterConfigs({ image, config: configOf() }, [
      wish(broker, '2', [set('log.retention.ms', '7')]),
    ]);
    expect(result).toEqual([{ error: 'NONE', detail: null }]);
    expect(Object.fromEntries(apply(image, records).configs('broker', '2'))).toEqual({ 'log.retention.ms': '7' });
  });

  test('one resource refused leaves the others', () => {
    const { result, after } = decide(
      wish(topic, 't', [set('retention.ms', '2')]),
      wish(topic, 'u', [set('nope', '1')]),
    );
    expect(result.map((one) => one.error)).toEqual(['NONE', 'INVALID_CONFIG']);
    expect(after.configs('topic', 't').get('retention.ms')).toBe('2');
  });
});

describe('changes are refused', () => {
  const cases: [wish: ConfigWish, error: string, detail: string][] = [
    [wish(topic, 't', [set('nope', '1')]), 'INVALID_CONFIG', 'Unknown topic config name: nope'],
    [
      wish(topic, 't', [set('retention.ms', '-2')]),
      'INVALID_CONFIG',
      'Invalid value -2 for configuration retention.ms: Value must be at least -1',
    ],
    [wish(topic, 'x', [set('retention.ms', '1')]), 'UNKNOWN_TOPIC_OR_PARTITION', "The topic 'x' does not exist."],
    [wish(topic, '', [set('retention.ms', '1')]), 'INVALID_REQUEST', 'Default topic resources are not allowed.'],
    [
      wish(topic, '*', [set('retention.ms', '1')]),
      'INVALID_TOPIC_EXCEPTION',
      "Topic name is invalid: '*' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
    ],
    [
      wish(topic, 't', [set('flush.ms', '1'), set('flush.ms', '2')]),
      'INVALID_REQUEST',
      'Error due to duplicate config keys',
    ],
    [wish(topic, 't', [set('flush.ms', null)]), 'INVALID_REQUEST', 'Null value not supported for : flush.ms'],
    [
      wish(topic, 't', [change('APPEND', 'cleanup.policy')]),
      'INVALID_REQUEST',
      'Null value not supported for : cleanup.policy',
    ],
    [
      wish(topic, 't', [change('APPEND', 'flush.ms', '1')]),
      'INVALID_CONFIG',
      "Can't APPEND to key flush.ms because its type is not LIST.",
    ],
    [
      wish(topic, 't', [change('SUBTRACT', 'flush.ms', '1')]),
      'INVALID_CONFIG',
      "Can't SUBTRACT to key flush.ms because its type is not LIST.",
    ],
    [wish(topic, 't', [change(9, 'flush.ms', '1')]), 'INVALID_REQUEST', 'Unknown operations type 9'],
    [wish(broker, '1', [set('node.id', '5')]), 'INVALID_REQUEST', 'Cannot update these configs dynamically: [node.id]'],
    [
      wish(broker, '', [set('log.dirs', '/x'), set('num.partitions', '5')]),
      'INVALID_REQUEST',
      'Cannot update these configs dynamically: [log.dirs, num.partitions]',
    ],
    [
      wish(broker, '', [set('cordoned.log.dirs', '*')]),
      'INVALID_REQUEST',
      'Cannot update these configs at default cluster level, broker id must be specified: [cordoned.log.dirs]',
    ],
    [
      wish(broker, '1', [set('ssl.keystore.location', '/k')]),
      'INVALID_REQUEST',
      'These security configs can be dynamically updated only per-listener using the listener prefix: [ssl.keystore.location]',
    ],
    [wish(broker, '1', [set('nope', '5')]), 'INVALID_REQUEST', 'Unknown broker config name: nope'],
    [
      wish(broker, '1', [set('message.max.bytes', '-1')]),
      'INVALID_REQUEST',
      'Invalid value -1 for configuration message.max.bytes: Value must be at least 0',
    ],
    [
      wish(broker, '1', [set('config.providers', 'file')]),
      'INVALID_REQUEST',
      'config.providers is not supported: placeholders would be taken as they stand; write the values, or give them by environment variables',
    ],
    [
      wish(broker, '2', [set('message.max.bytes', '1')]),
      'INVALID_REQUEST',
      'Unexpected broker id, expected 1, but received 2',
    ],
    [
      wish(broker, 'one', [set('message.max.bytes', '1')]),
      'INVALID_REQUEST',
      'Node id must be an integer, but it is: one',
    ],
    [
      wish(brokerLogger, '1', [set('root', 'DEBUG')]),
      'INVALID_REQUEST',
      'Log levels cannot be changed while the broker runs.',
    ],
    [
      wish(clientMetrics, 'm', [set('interval.ms', '1')]),
      'INVALID_REQUEST',
      'Metrics pushed by clients are not collected; there is nothing to configure.',
    ],
    [
      wish(group, 'g', [set('consumer.session.timeout.ms', '1')]),
      'INVALID_REQUEST',
      'Settings of single groups belong to group protocols that are not served yet.',
    ],
    [wish(3, 'x', []), 'INVALID_REQUEST', 'Unknown resource type 3'],
    [
      wish(topic, 't', [set('cleanup.policy', 'x'.repeat(40_000))]),
      'INVALID_CONFIG',
      'The configuration value cannot be added because it exceeds the maximum value size of 32767 bytes.',
    ],
  ];
  test.each(cases)('%#', (one, error, detail) => {
    expect(decide(one)).toMatchObject({ result: [{ error, detail }], records: [] });
  });

  test('when they are too many, all of them, and nothing is tried', () => {
    const many = Array.from({ length: 10_001 }, (_, index) => set(`k${index}`, '1'));
    const { result, records } = decide(wish(topic, 't', many), wish(topic, 'u', []));
    expect(result.map((one) => one.error)).toEqual(['POLICY_VIOLATION', 'POLICY_VIOLATION']);
    expect(records).toEqual([]);
  });

  test('of a resource that is named twice, both', () => {
    const { result, records } = decide(
      wish(topic, 't', [set('flush.ms', '1')]),
      wish(topic, 't', [set('flush.ms', '2')]),
    );
    expect(result.map((one) => one.detail)).toEqual([
      'Each resource must appear at most once.',
      'Each resource must appear at most once.',
    ]);
    expect(records).toEqual([]);
  });
});
