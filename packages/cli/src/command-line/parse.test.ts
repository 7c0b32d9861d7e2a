import { describe, expect, test } from 'vitest';
import { checkBootstrapServer, refuseTogether, requireOneOf, requireOptions } from './checks.ts';
import { rewriteOldSpellings } from './old-spellings.ts';
import { CommandLineError, defineOptions } from './option.ts';
import { parseArguments, parseOptions } from './parse.ts';

const TABLE = defineOptions({
  topic: { description: 'A topic.', argument: 'required' },
  partitions: { description: 'How many.', argument: 'required', kind: 'integer' },
  codec: { description: 'A codec.', argument: 'optional' },
  timeout: { description: 'Milliseconds.', argument: 'optional', kind: 'long', default: 10_000 },
  describe: { description: 'Describe.' },
  list: { description: 'List.' },
  members: { description: 'Members.', onlyWith: ['describe'] },
  help: { description: 'Help.' },
});

const message = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(CommandLineError);
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
};

describe('joptsimple manner', () => {
  test.each([
    [['--topic', 'a'], 'a'],
    [['--topic=a'], 'a'],
    [['-topic', 'a'], 'a'],
    [['--topic=a=b'], 'a=b'],
    [['--topic', '--list'], '--list'],
    [['--topic='], ''],
  ])('%j gives the topic %j', (args, topic) => {
    expect(parseOptions(TABLE, args).value('topic')).toBe(topic);
  });

  test('an optional argument is the next word unless it looks like an option', () => {
    expect(parseOptions(TABLE, ['--codec', 'lz4']).values('codec')).toEqual(['lz4']);
    const bare = parseOptions(TABLE, ['--codec', '--topic', 'a']);
    expect([bare.has('codec'), bare.value('codec'), bare.value('topic')]).toEqual([true, undefined, 'a']);
    expect(parseOptions(TABLE, ['--timeout', 'soon']).number('timeout')).toBe(10_000);
  });

  test('words that belong to nothing are kept aside, and -- ends the options', () => {
    const options = parseOptions(TABLE, ['one', '--list', 'two', '--', '--describe']);
    expect(options.rest).toEqual(['one', 'two', '--describe']);
    expect(options.has('describe')).toBe(false);
  });

  test.each([
    [['--nope'], 'nope is not a recognized option'],
    [['--top', 'a'], 'top is not a recognized option'],
    [['--topic'], 'Option topic requires an argument'],
    [['--list=yes'], 'Option list does not take an argument'],
    [['--members'], 'Option(s) [members] are unavailable given other options on the command line'],
  ])('%j is refused: %s', (args, expected) => {
    expect(message(() => parseOptions(TABLE, args))).toBe(expected);
  });

  test('a value is checked when it is asked for', () => {
    const options = parseOptions(TABLE, ['--partitions', 'abc', '--topic', 'a', '--topic', 'b']);
    expect(message(() => options.number('partitions'))).toBe("Cannot parse argument 'abc' of option partitions");
    expect(message(() => options.value('topic'))).toBe(
      'Found multiple arguments for option topic, but you asked for only one',
    );
    expect(options.values('topic')).toEqual(['a', 'b']);
    expect(message(() => parseOptions(TABLE, ['--partitions', '2147483648']).number('partitions'))).toBe(
      "Cannot parse argument '2147483648' of option partitions",
    );
  });
});

describe('argparse manner', () => {
  const table = defineOptions({
    topic: { description: 'A topic.', argument: 'required', required: true },
    props: { description: 'Settings.', argument: 'several' },
    acks: { description: 'Acks.', argument: 'required', kind: 'integer', choices: [0, 1, -1], default: -1 },
    verbose: { description: 'More.' },
    help: { description: 'Help.' },
  });

  test('several values run up to the next option, and negative numbers are values', () => {
    const options = parseArguments(table, ['--props', 'a=1', 'b=2', '--acks', '-1', '--topic', 't', '--verbose']);
    expect(options.values('props')).toEqual(['a=1', 'b=2']);
    expect(options.number('acks')).toBe(-1);
    expect(options.has('verbose')).toBe(true);
  });

  test.each([
    [['--acks', '1'], 'argument --topic is required'],
    [['--topic', 't', '--acks', '7'], "argument --acks: invalid choice: '7' (choose from {0,1,-1})"],
    [['--topic', 't', '--acks', 'x'], "argument --acks: could not convert 'x' to Integer (expected a whole number)"],
    [['--topic'], 'argument --topic: expected one argument'],
    [['--props', '--topic', 't'], 'argument --props: expected at least one argument'],
    [['--nope'], "unrecognized arguments: '--nope'"],
    [['stray', '--topic', 't'], "unrecognized arguments: 'stray'"],
  ])('%j is refused: %s', (args, expected) => {
    expect(message(() => parseArguments(table, args))).toBe(expected);
  });
});

test('the checks between options have the words of Kafka', () => {
  const options = parseOptions(TABLE, ['--list', '--describe']);
  expect(message(() => requireOptions(options, 'topic'))).toBe('Missing required argument "[topic]"');
  expect(message(() => refuseTogether(options, 'list', ['describe']))).toBe(
    'Option "[list]" can\'t be used with option "[describe]"',
  );
  expect(message(() => requireOneOf(options, 'topic', 'partitions'))).toBe(
    'Exactly one of the following arguments is required: [topic], [partitions]',
  );
});

test.each(['localhost:9092', 'a:1,b:2', '[::1]:9092', 'PLAINTEXT://a:9092', '10.0.0.1:9092'])(
  '%s is an address',
  (text) => {
    expect(() => checkBootstrapServer(text)).not.toThrow();
  },
);

test.each(['localhost', 'localhost:', 'a:1,b', '', ' '])('%j is not', (text) => {
  expect(() => checkBootstrapServer(text)).toThrow(CommandLineError);
});

test('old spellings are rewritten, and --zookeeper is told what to type', () => {
  expect(rewriteOldSpellings(['--broker-list', 'a:1', '--new-consumer', '--whitelist=x.*'])).toEqual([
    '--bootstrap-server',
    'a:1',
    '--include=x.*',
  ]);
  expect(message(() => rewriteOldSpellings(['--zookeeper', 'localhost:2181']))).toContain(
    '--bootstrap-server localhost:9092',
  );
});
