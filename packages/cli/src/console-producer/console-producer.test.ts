import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type LineRecord, lineReader } from './line-reader.ts';
import { LineCutter } from './lines.ts';

const read = (properties: Record<string, string>, line: string): unknown => {
  const record: LineRecord = lineReader(new Map(Object.entries(properties)))(line, 7);
  return [
    record.headers.map(({ key, value }) => [key, value?.toString() ?? null]),
    record.key?.toString() ?? null,
    record.value?.toString() ?? null,
  ];
};
const KEY = { 'parse.key': 'true' };
const BOTH = { ...KEY, 'parse.headers': 'true' };

test.each<[Record<string, string>, string, unknown]>([
  [{}, 'a\tb', [[], null, 'a\tb']],
  [KEY, 'k\tv\tw', [[], 'k', 'v\tw']],
  [{ ...KEY, 'key.separator': '::' }, 'k::v', [[], 'k', 'v']],
  [
    { 'parse.headers': ' TRUE ' },
    'a:1,b:2\tv',
    [
      [
        ['a', '1'],
        ['b', '2'],
      ],
      null,
      'v',
    ],
  ],
  [BOTH, 'a:1\tk\tv', [[['a', '1']], 'k', 'v']],
  [BOTH, 'a:\tk\t', [[['a', '']], 'k', '']],
  [
    { ...BOTH, 'headers.delimiter': '|', 'headers.separator': ';', 'headers.key.separator': '=' },
    'a=1;b=2|k\tv',
    [
      [
        ['a', '1'],
        ['b', '2'],
      ],
      'k',
      'v',
    ],
  ],
  [{ ...BOTH, 'null.marker': 'NIL' }, 'a:NIL\tNIL\tNIL', [[['a', null]], null, null]],
  [{ ...BOTH, 'null.marker': 'NIL' }, 'NIL\tk\tv', [[], 'k', 'v']],
  [{ ...BOTH, 'ignore.error': 'true' }, 'v', [[], null, 'v']],
  [{ 'parse.headers': 'true', 'ignore.error': 'true' }, 'a\tv', [[['a', null]], null, 'v']],
])('%j reads %j', (properties, line, expected) => {
  expect(read(properties, line)).toEqual(expected);
});

test.each<[Record<string, string>, string, string]>([
  [KEY, 'v', "No key separator found on line number 7: 'v'"],
  [BOTH, 'v', "No headers delimiter found on line number 7: 'v'"],
  [{ 'parse.headers': 'true' }, 'a\tv', "No header key separator found in pair 'a' on line number 7"],
  [
    { 'parse.headers': 'true', 'null.marker': 'NIL' },
    'NIL:1\tv',
    "Header keys should not be equal to the null marker 'NIL'",
  ],
  [{ 'headers.delimiter': ',' }, '', 'headers.delimiter and headers.separator may not be equal'],
  [{ 'null.marker': '\t' }, '', 'null.marker and key.separator may not be equal'],
])('%j refuses %j: %s', (properties, line, message) => {
  expect(() => read(properties, line)).toThrow(message);
});

test('lines are the same however the input is cut', () => {
  const line = fc.string({ unit: fc.constantFrom('a', 'ž', '😀', ' ', '\t') });
  fc.assert(
    fc.property(
      fc.array(line),
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.array(fc.nat(), { minLength: 1 }),
      (lines, mark, cuts) => {
        const bytes = Buffer.from(lines.map((text) => text + mark).join(''));
        const cutter = new LineCutter();
        const got: string[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = 1 + (cuts[i % cuts.length]! % 5);
          got.push(...cutter.feed(bytes.subarray(at, at + size)));
          at += size;
        }
        expect([...got, ...cutter.end()]).toEqual(lines);
      },
    ),
  );
});

test('the last line needs no line break, and a byte order mark stays', () => {
  const cutter = new LineCutter();
  expect(cutter.feed(Buffer.from('\ufeffa\nb'))).toEqual(['\ufeffa']);
  expect(cutter.end()).toEqual(['b']);
  expect(cutter.end()).toEqual([]);
});
