import { expect, test } from 'vitest';
import { parseOptions } from '../command-line/parse.ts';
import { parseAddedConfigs, parseDeletedConfigs } from './config-arguments.ts';
import { alteredText, describeEntries, describeHeader, missingEntity, quotaText, scramText } from './describe-text.ts';
import { readEntities } from './entity.ts';
import { CONFIGS_OPTIONS } from './options.ts';

const entities = (action: 'alter' | 'describe', ...args: string[]) =>
  readEntities(parseOptions(CONFIGS_OPTIONS, args), action);

test.each<[string[], string[], string[]]>([
  [['--topic', 't'], ['topics'], ['t']],
  [['--entity-type', 'topics', '--entity-name', 't'], ['topics'], ['t']],
  [['--entity-type', 'brokers', '--entity-default'], ['brokers'], ['']],
  [['--broker-defaults'], ['brokers'], ['']],
  [['--broker', '1'], ['brokers'], ['1']],
  [['--entity-type', 'brokers'], ['brokers'], []],
  [['--client-metrics', 'm'], ['client-metrics'], ['m']],
  [
    ['--entity-type', 'users', '--entity-type', 'clients', '--entity-default', '--entity-name', 'c'],
    ['users', 'clients'],
    ['', 'c'],
  ],
])('%j means %j %j', (args, types, names) => {
  expect(entities('describe', ...args)).toEqual({ types, names });
});

test.each<['alter' | 'describe', string[], string]>([
  ['describe', [], 'At least one entity type must be specified'],
  ['describe', ['--entity-type', 'x'], 'Invalid entity type x, the entity type must be one of topics, clients'],
  ['describe', ['--topic', 'a', '--group', 'b'], "Only 'users' and 'clients' entity types may be specified together"],
  ['describe', ['--entity-type', 'topics', '--topic', 't'], 'Duplicate entity type(s) specified: topics'],
  ['describe', ['--entity-name', 'a', '--topic', 't'], '--entity-{type,name,default} should not be used'],
  ['describe', ['--broker', 'one'], 'The entity name for brokers must be a valid integer broker id, but it is: one'],
  [
    'describe',
    ['--entity-type', 'topics', '--entity-default'],
    '--entity-default must not be specified with --describe of topics',
  ],
  [
    'describe',
    ['--entity-type', 'broker-loggers'],
    'An entity name must be specified with --describe of broker-loggers',
  ],
  ['alter', ['--entity-type', 'topics'], 'An entity name must be specified with --alter of topics'],
  ['alter', ['--entity-type', 'brokers'], 'An entity-name or default entity must be specified with --alter of users'],
  ['alter', ['--topic', 't'], 'At least one of --add-config, --add-config-file, or --delete-config'],
  ['alter', ['--topic', 't', '--add-config', 'a=b', '--add-config-file', 'f'], 'Only one of --add-config or'],
])('%s with %j is refused: %s', (action, args, message) => {
  expect(() => entities(action, ...args)).toThrow(message);
});

test.each<[string, [string, string][]]>([
  ['a=1', [['a', '1']]],
  [
    'a=1,b=[2,3],c=4',
    [
      ['a', '1'],
      ['b', '2,3'],
      ['c', '4'],
    ],
  ],
  ['cleanup.policy=[delete,compact]', [['cleanup.policy', 'delete,compact']]],
  ['a=', [['a', '']]],
  [
    ' a = 1 , b=2',
    [
      ['a', '1'],
      ['b', '2'],
    ],
  ],
])('--add-config %s', (text, expected) => {
  expect([...parseAddedConfigs(text)]).toEqual(expected);
});

test('--add-config of another shape is refused', () => {
  for (const wrong of ['a', 'a=1,b', 'a=1=2']) expect(() => parseAddedConfigs(wrong)).toThrow('key=val');
  expect(() => parseAddedConfigs('a b=1')).toThrow('Invalid character found for config key: a b');
  expect(parseDeletedConfigs(['a, b', 'c'])).toEqual(['a', 'b', 'c']);
});

test('what is printed', () => {
  expect(describeHeader('topics', 't', false)).toBe('Dynamic configs for topic t are:\n');
  expect(describeHeader('brokers', '1', true)).toBe('All configs for broker 1 are:\n');
  expect(describeHeader('brokers', '', true)).toBe('Default configs for brokers in the cluster are:\n');
  expect(
    describeEntries([
      {
        name: 'retention.ms',
        value: '1',
        sensitive: false,
        synonyms: [
          { source: 'DYNAMIC_TOPIC_CONFIG', name: 'retention.ms', value: '1' },
          { source: 'DEFAULT_CONFIG', name: 'log.retention.ms', value: null },
        ],
      },
      { name: 'a', value: null, sensitive: true, synonyms: [] },
    ]),
  ).toBe(
    '  a=null sensitive=true synonyms={}\n' +
      '  retention.ms=1 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=1, DEFAULT_CONFIG:log.retention.ms=null}\n',
  );
  expect(missingEntity('client-metrics', 'm')).toBe(
    "The client-metric 'm' doesn't exist and doesn't have dynamic config.\n",
  );
  expect(alteredText('topics', 't')).toBe('Completed updating config for topic t.\n');
  expect(alteredText('brokers', '')).toBe('Completed updating default config for brokers in the cluster.\n');
  expect(
    quotaText({
      entity: new Map([
        ['client-id', null],
        ['user', 'u'],
      ]),
      values: new Map([['producer_byte_rate', 1024]]),
    }),
  ).toBe("Quota configs for user-principal 'u', the default client-id are producer_byte_rate=1024.0\n");
  expect(scramText('u', [{ name: 'SCRAM-SHA-256', iterations: 4096 }])).toBe(
    "SCRAM credential configs for user-principal 'u' are SCRAM-SHA-256=iterations=4096\n",
  );
});
