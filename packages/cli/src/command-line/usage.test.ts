import { expect, test } from 'vitest';
import { defineOptions } from './option.ts';
import { argumentHelp, usageLine, usageTable, wrap } from './usage.ts';

const TABLE = defineOptions({
  topic: { description: 'The topic to write to.', argument: 'required', shown: 'topic' },
  'compression-codec': { description: 'How to compress.', argument: 'optional', shown: 'compression-codec' },
  'max-block-ms': {
    description: 'How long to wait at most when nothing can be sent.',
    argument: 'required',
    kind: 'long',
    default: 60000,
  },
  sync: { description: 'One at a time.' },
  secret: { description: 'Not shown.', hidden: true },
});

test('two columns, sorted, wrapped, within 80 characters', () => {
  expect(usageTable(TABLE)).toBe(
    [
      'Option                                   Description',
      '------                                   -----------',
      '--compression-codec [String:             How to compress.',
      '  compression-codec]',
      '--max-block-ms <Long>                    How long to wait at most when nothing',
      '                                           can be sent. (default: 60000)',
      '--sync                                   One at a time.',
      '--topic <String: topic>                  The topic to write to.',
      '',
    ].join('\n'),
  );
  expect(
    usageTable(TABLE)
      .split('\n')
      .every((line) => line.length <= 80),
  ).toBe(true);
});

test('argparse usage and help', () => {
  expect(usageLine('verifiable-producer', TABLE)).toBe(
    'usage: verifiable-producer [-h] [--topic topic]\n' +
      '                           [--compression-codec compression-codec]\n' +
      '                           [--max-block-ms MAX-BLOCK-MS] [--sync]\n',
  );
  expect(argumentHelp('verifiable-producer', 'Produces numbers.', TABLE)).toContain(
    '  --max-block-ms MAX-BLOCK-MS\n                         How long to wait at most when nothing can be sent.\n',
  );
});

test.each([
  ['a bb ccc', 4, ['a bb', '  ccc'.slice(0, 4), '  c']],
  ['abcdefgh', 5, ['abcde', '  fgh']],
  ['one\n two', 10, ['one', ' two']],
])('%j wraps at %d', (text, width, lines) => {
  expect(wrap(text, width)).toEqual(lines);
});
