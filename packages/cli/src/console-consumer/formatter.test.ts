import { expect, test } from 'vitest';
import { deserializerFor } from './deserializers.ts';
import { defaultFormatter, type Formatter, loggingFormatter, noOpFormatter, type ShownRecord } from './formatter.ts';

const record: ShownRecord = {
  topic: 't',
  partition: 2,
  offset: 5,
  timestamp: 1795233521120,
  timestampType: 'CreateTime',
  key: Buffer.from('k'),
  value: Buffer.from('v'),
  headers: [
    { key: 'a', value: Buffer.from('1') },
    { key: 'b', value: null },
  ],
};
const show = (formatter: Formatter, shown: ShownRecord = record): string => {
  let text = '';
  formatter(shown, (piece) => {
    text += typeof piece === 'string' ? piece : Buffer.from(piece).toString();
  });
  return text;
};
const by = (properties: Record<string, string>) => defaultFormatter(new Map(Object.entries(properties)));
const ALL = Object.fromEntries(
  ['timestamp', 'partition', 'offset', 'delivery', 'epoch', 'headers', 'key'].map((name) => [`print.${name}`, 'true']),
);

test.each<[Record<string, string>, string]>([
  [{}, 'v\n'],
  [{ 'print.key': 'true' }, 'k\tv\n'],
  [{ 'print.key': 'true', 'key.separator': ' -> ' }, 'k -> v\n'],
  [{ 'print.key': 'true', 'print.value': 'false' }, 'k\n'],
  [{ 'print.value': 'false', 'print.offset': 'TRUE' }, 'Offset:5\n'],
  [ALL, 'CreateTime:1795233521120\tPartition:2\tOffset:5\tDelivery:NOT_PRESENT\tEpoch:NOT_PRESENT\ta:1,b:null\tk\tv\n'],
  [{ 'print.headers': 'true', 'headers.separator': ';', 'null.literal': 'NIL' }, 'a:1;b:NIL\tv\n'],
  [{ 'line.separator': '|' }, 'v|'],
])('%j shows %j', (properties, expected) => {
  expect(show(by(properties))).toBe(expected);
});

test('what is missing shows as such', () => {
  const bare: ShownRecord = { ...record, timestampType: 'NoTimestampType', key: null, value: null, headers: [] };
  expect(show(by({ 'print.timestamp': 'true', 'print.headers': 'true', 'print.key': 'true' }), bare)).toBe(
    'NO_TIMESTAMP\tNO_HEADERS\tnull\tnull\n',
  );
});

test('the logging formatter says it twice, the no-op one not at all', () => {
  const log: string[] = [];
  expect(show(loggingFormatter(new Map(), (line) => log.push(line)))).toBe('v\n');
  expect(log).toEqual(['CreateTime:1795233521120, key:k, value:v']);
  expect(show(noOpFormatter)).toBe('');
});

const LONG = Buffer.from([0, 0, 0, 0, 0, 0, 1, 0]);
test.each<[string, Buffer, string]>([
  ['org.apache.kafka.common.serialization.LongDeserializer', LONG, '256'],
  ['long', Buffer.alloc(8, 255), '-1'],
  ['IntegerDeserializer', Buffer.from([0, 0, 1, 0]), '256'],
  ['short', Buffer.from([255, 254]), '-2'],
  ['double', Buffer.from([0x40, 0x59, 0, 0, 0, 0, 0, 0]), '100.0'],
  ['float', Buffer.from([0x3d, 0xcc, 0xcc, 0xcd]), '0.1'],
  ['boolean', Buffer.from([1]), 'true'],
  ['uuid', Buffer.from('a-b'), 'a-b'],
  ['string', Buffer.from('ž'), 'ž'],
  ['bytes', Buffer.from([0x61, 0, 0x5c, 0xff]), 'a\\x00\\x5C\\xFF'],
])('%s reads its bytes', (name, bytes, expected) => {
  expect(deserializerFor(name)(bytes)).toBe(expected);
});

test('bytes of another length, and names of no deserializer, are refused', () => {
  expect(() => deserializerFor('long')(Buffer.from('v'))).toThrow('Size of data received by LongDeserializer is not 8');
  expect(() => deserializerFor('boolean')(Buffer.from([2]))).toThrow('Unexpected byte');
  expect(() => deserializerFor('com.example.Avro')).toThrow(
    'com.example.Avro: no such deserializer; there are string,',
  );
  expect(() => deserializerFor('constructor')).toThrow('no such deserializer');
});
