import type { InputOf } from '@moldau/protocol';
import { errorName } from '@moldau/protocol/errors';
import type { AlterConfigsRequest } from '@moldau/protocol/messages/alter-configs';
import type { IncrementalAlterConfigsRequest } from '@moldau/protocol/messages/incremental-alter-configs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RawClient } from '../test/raw-client.ts';
import { TestBroker } from '../test/test-broker.ts';
import { createTopic, produceTo } from '../test/topic-client.ts';

const TOPIC = 2;
const BROKER = 4;
const LOGGER = 8;
const METRICS = 16;
const GROUP = 32;
const SET = 0;
const DELETE = 1;
const APPEND = 2;

let broker: TestBroker;
let client: RawClient;
beforeAll(async () => {
  broker = await TestBroker.start({ 'log.retention.ms': '7000', 'ssl.keystore.password': 'hunter2' });
  client = await broker.connect();
  await createTopic(client, 't');
  await createTopic(client, 'u');
});
afterAll(() => broker.stop());

async function describeOne(
  resourceType: number,
  resourceName: string,
  version = 4,
  configurationKeys: string[] | null = null,
) {
  const { results } = await client.call('DescribeConfigs', version, {
    resources: [{ resourceType, resourceName, configurationKeys }],
    includeSynonyms: true,
    ...(version >= 3 ? { includeDocumentation: true } : {}),
  });
  return results[0]!;
}

async function textOf(resourceType: number, resourceName: string, name: string) {
  const { configs } = await describeOne(resourceType, resourceName, 4, [name]);
  return configs[0]?.value;
}

type Change = InputOf<typeof IncrementalAlterConfigsRequest>['resources'][number]['configs'][number];
async function alter(
  resourceType: number,
  resourceName: string,
  configs: readonly Change[],
  { version = 1, validateOnly = false } = {},
) {
  const resources = [{ resourceType, resourceName, configs }];
  const { responses } = await client.call('IncrementalAlterConfigs', version, { resources, validateOnly });
  return `${errorName(responses[0]!.errorCode)} ${responses[0]!.errorMessage}`;
}

const set = (name: string, value: string | null): Change => ({ name, configOperation: SET, value });

describe('DescribeConfigs', () => {
  test.each([1, 2, 3, 4])('v%i: every setting of a topic, with source, synonyms, type and words', async (version) => {
    const { errorCode, configs } = await describeOne(TOPIC, 'u', version);
    expect(errorCode).toBe(0);
    expect(configs.length).toBeGreaterThan(30);
    const retention = configs.find((one) => one.name === 'retention.ms');
    expect(retention).toMatchObject({ value: '7000', readOnly: false, isSensitive: false, configSource: 4 });
    expect(retention!.synonyms).toEqual([
      { name: 'log.retention.ms', value: '7000', source: 4 },
      { name: 'log.retention.hours', value: '168', source: 5 },
    ]);
    expect(retention!.configType).toBe(version >= 3 ? 5 : 0);
    expect(retention!.documentation ?? '').toBe(version >= 3 ? 'How long records are kept; -1: without end.' : '');
  });

  test('single settings, by name', async () => {
    const { configs } = await describeOne(TOPIC, 't', 4, ['segment.bytes', 'no.such', 'cleanup.policy']);
    expect(configs.map((one) => one.name)).toEqual(['segment.bytes', 'cleanup.policy']);
    expect((await describeOne(TOPIC, 't', 4, [])).configs.length).toBeGreaterThan(30);
  });

  test('a broker: read-only ones say so, secrets are null', async () => {
    const { configs } = await describeOne(BROKER, '1');
    const of = (name: string) => configs.find((one) => one.name === name);
    expect(of('node.id')).toMatchObject({ value: '1', readOnly: true });
    expect(of('log.retention.ms')).toMatchObject({ value: '7000', readOnly: false, configSource: 4 });
    expect(of('ssl.keystore.password')).toMatchObject({ value: null, isSensitive: true, configType: 9 });
    expect(JSON.stringify(configs)).not.toContain('hunter2');
    expect(of('log.durability')).toMatchObject({ value: 'os' });
  });

  test('all brokers, loggers, client metrics, groups', async () => {
    expect((await describeOne(BROKER, '')).configs).toEqual([]);
    const logger = await describeOne(LOGGER, '1');
    expect(logger.configs).toMatchObject([{ name: 'root', value: 'DEBUG', readOnly: true, configSource: 6 }]);
    expect(await describeOne(METRICS, 'm')).toMatchObject({ errorCode: 0, configs: [] });
    expect(await describeOne(GROUP, 'g')).toMatchObject({ errorCode: 0, configs: [] });
  });

  const refusals: [type: number, name: string, error: string, message: string][] = [
    [TOPIC, 'none', 'UNKNOWN_TOPIC_OR_PARTITION', ''],
    [TOPIC, '', 'INVALID_TOPIC_EXCEPTION', 'Topic name is invalid: the empty string is not allowed'],
    [BROKER, '2', 'INVALID_REQUEST', 'Unexpected broker id, expected 1 or empty string, but received 2'],
    [BROKER, 'one', 'INVALID_REQUEST', 'Broker id must be an integer, but it is: one'],
    [LOGGER, '', 'INVALID_REQUEST', 'Broker id must not be empty'],
    [LOGGER, '2', 'INVALID_REQUEST', 'Unexpected broker id, expected 1 but received 2'],
    [METRICS, '', 'INVALID_REQUEST', 'Client metrics subscription name must not be empty'],
    [GROUP, '', 'INVALID_REQUEST', 'Group name must not be empty'],
    [3, 'x', 'INVALID_REQUEST', 'Unexpected resource type 3 for resource x'],
  ];
  test.each(refusals)('type %i named "%s" is refused: %s', async (type, name, error, message) => {
    const { errorCode, errorMessage, configs } = await describeOne(type, name);
    expect([errorName(errorCode), errorMessage, configs]).toEqual([error, message, []]);
  });
});

describe('changes take effect at once', () => {
  const produce = async (topic: string) => {
    const { errorCode } = await produceTo(client, ['x'.repeat(200)], { topic });
    return errorName(errorCode);
  };

  test('of a topic: the next batch is judged by them', async () => {
    expect(await produce('t')).toBe('NONE');
    expect(await alter(TOPIC, 't', [set('max.message.bytes', '100')])).toBe('NONE null');
    expect(await produce('t')).toBe('MESSAGE_TOO_LARGE');
    expect(await alter(TOPIC, 't', [{ name: 'max.message.bytes', configOperation: DELETE, value: null }])).toBe(
      'NONE null',
    );
    expect(await produce('t')).toBe('NONE');
  });

  test('of a broker: topics that say nothing themselves follow', async () => {
    expect(await alter(TOPIC, 'u', [set('max.message.bytes', '90000')], { version: 0 })).toBe('NONE null');
    expect(await alter(BROKER, '', [set('message.max.bytes', '50000')])).toBe('NONE null');
    expect(await textOf(TOPIC, 't', 'max.message.bytes')).toBe('50000');
    expect(await alter(BROKER, '1', [set('message.max.bytes', '60')])).toBe('NONE null');
    expect(await textOf(TOPIC, 't', 'max.message.bytes')).toBe('60');
    expect([await produce('t'), await produce('u')]).toEqual(['MESSAGE_TOO_LARGE', 'NONE']);
    const { configs } = await describeOne(BROKER, '1', 4, ['message.max.bytes']);
    expect(configs[0]!.synonyms).toEqual([
      { name: 'message.max.bytes', value: '60', source: 2 },
      { name: 'message.max.bytes', value: '50000', source: 3 },
      { name: 'message.max.bytes', value: '1048588', source: 5 },
    ]);
    expect((await describeOne(BROKER, '')).configs).toMatchObject([
      { name: 'message.max.bytes', value: '50000', configSource: 3 },
    ]);
  });

  test('they are there after a restart', async () => {
    const append = { name: 'cleanup.policy', configOperation: APPEND, value: 'compact' };
    expect(await alter(TOPIC, 'u', [append])).toBe('NONE null');
    await broker.restart();
    client = await broker.connect();
    expect(await textOf(TOPIC, 'u', 'cleanup.policy')).toBe('delete,compact');
    expect(await produce('t')).toBe('MESSAGE_TOO_LARGE');
    expect(await textOf(BROKER, '1', 'message.max.bytes')).toBe('60');
  });

  test('validateOnly changes nothing, and says what would be refused', async () => {
    expect(await alter(TOPIC, 't', [set('flush.ms', '1')], { validateOnly: true })).toBe('NONE null');
    expect(await textOf(TOPIC, 't', 'flush.ms')).toBe('9223372036854775807');
    expect(await alter(TOPIC, 't', [set('flush.ms', 'soon')], { validateOnly: true })).toBe(
      'INVALID_CONFIG Invalid value soon for configuration flush.ms: Not a number of type LONG',
    );
  });
});

describe('AlterConfigs', () => {
  type Resource = InputOf<typeof AlterConfigsRequest>['resources'][number];
  async function replace(version: number, ...resources: Resource[]) {
    const { responses } = await client.call('AlterConfigs', version, { resources, validateOnly: false });
    return responses.map((one) => errorName(one.errorCode));
  }

  test.each([0, 1, 2])('v%i: what is not named goes back to its default', async (version) => {
    await alter(TOPIC, 't', [set('flush.ms', '1'), set('segment.ms', '5')]);
    const configs = [{ name: 'flush.messages', value: '3' }];
    expect(await replace(version, { resourceType: TOPIC, resourceName: 't', configs })).toEqual(['NONE']);
    expect(await textOf(TOPIC, 't', 'flush.messages')).toBe('3');
    expect(await textOf(TOPIC, 't', 'flush.ms')).toBe('9223372036854775807');
    expect(await textOf(TOPIC, 't', 'segment.ms')).toBe('604800000');
  });

  test('each resource by itself, each once', async () => {
    const configs = [{ name: 'flush.ms', value: '2' }];
    expect(
      await replace(
        2,
        { resourceType: TOPIC, resourceName: 't', configs },
        { resourceType: TOPIC, resourceName: 'none', configs },
        { resourceType: TOPIC, resourceName: 'u', configs },
        { resourceType: TOPIC, resourceName: 'u', configs },
        { resourceType: LOGGER, resourceName: '1', configs },
      ),
    ).toEqual(['NONE', 'UNKNOWN_TOPIC_OR_PARTITION', 'INVALID_REQUEST', 'INVALID_REQUEST', 'INVALID_REQUEST']);
  });
});

describe('ListConfigResources', () => {
  const list = async (version: number, resourceTypes: number[] = []) => {
    const answer = await client.call('ListConfigResources', version, version === 0 ? {} : { resourceTypes });
    return [
      errorName(answer.errorCode),
      ...answer.configResources.map((one) => `${one.resourceType} ${one.resourceName}`),
    ];
  };
  test('everything, some kinds, or kinds that nobody knows', async () => {
    expect(await list(0)).toEqual(['NONE']);
    expect((await list(1)).slice(0, 3)).toEqual(['NONE', '8 1', '4 1']);
    expect((await list(1, [TOPIC])).sort()).toEqual(['2 t', '2 u', 'NONE']);
    expect(await list(1, [METRICS, GROUP])).toEqual(['NONE']);
    expect(await list(1, [TOPIC, 3])).toEqual(['UNSUPPORTED_VERSION']);
  });
});
