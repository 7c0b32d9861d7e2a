import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseConnectString } from './connect-string.ts';
import { Frames, framed } from './frames.ts';
import { JuteError, JuteReader, JuteWriter } from './jute.ts';
import { OP, readMulti, readStat } from './messages.ts';

const value = fc.oneof(
  fc.record({ kind: fc.constant('int' as const), value: fc.integer() }),
  fc.record({ kind: fc.constant('long' as const), value: fc.maxSafeInteger() }),
  fc.record({ kind: fc.constant('id' as const), value: fc.stringMatching(/^[0-9a-f]{16}$/) }),
  fc.record({ kind: fc.constant('bool' as const), value: fc.boolean() }),
  fc.record({ kind: fc.constant('bytes' as const), value: fc.option(fc.uint8Array({ size: 'max', maxLength: 600 })) }),
  fc.record({ kind: fc.constant('string' as const), value: fc.string({ unit: 'grapheme' }) }),
);

describe('what is written is read back', () => {
  test('any sequence of values', () => {
    fc.assert(
      fc.property(fc.array(value, { size: 'large', maxLength: 80 }), (values) => {
        const writer = new JuteWriter();
        for (const { kind, value } of values) (writer[kind] as (value: unknown) => unknown)(value);
        const reader = new JuteReader(writer.finish());
        for (const { kind, value } of values) {
          const read = reader[kind]();
          expect(read instanceof Buffer ? new Uint8Array(read) : read).toEqual(value);
        }
        expect(reader.remaining).toBe(0);
      }),
    );
  });

  test('frames, however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 200 })),
        fc.array(fc.integer({ min: 1, max: 90 })),
        (bodies, cuts) => {
          const stream = Buffer.concat(bodies.flatMap((body) => framed(Buffer.from(body))));
          const frames = new Frames(1_000);
          const got: Buffer[] = [];
          let at = 0;
          for (const cut of [...cuts, stream.length]) {
            if (at >= stream.length) break;
            got.push(...frames.push(stream.subarray(at, at + cut)).map((frame) => Buffer.from(frame)));
            at += cut;
          }
          expect(got.map((frame) => [...frame])).toEqual(bodies.map((body) => [...body]));
        },
      ),
    );
  });
});

describe('what is no ZooKeeper is refused, and costs no memory', () => {
  test('bytes at random never do more than throw a JuteError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        for (const read of [readStat, readMulti, (reader: JuteReader) => reader.vector(4, () => reader.string())]) {
          try {
            read(new JuteReader(Buffer.from(bytes)));
          } catch (error) {
            expect(error).toBeInstanceOf(JuteError);
          }
        }
      }),
    );
  });

  test('a length beyond what is there', () => {
    for (const length of [5, 0x7fff_ffff, -2]) {
      const bytes = new JuteWriter().int(length).int(0).finish();
      expect(() => new JuteReader(bytes).bytes(), String(length)).toThrow(JuteError);
      expect(() => new JuteReader(bytes).vector(4, () => 0), String(length)).toThrow(JuteError);
    }
    expect(() => new Frames(100).push(Buffer.from('HTTP/1.1 400'))).toThrow('is this ZooKeeper?');
  });

  test('a number beyond 2^53, which would be another one', () => {
    expect(() => new JuteReader(Buffer.from('7fffffffffffffff', 'hex')).long()).toThrow('beyond 2^53');
  });

  test('a multi that answers what nobody asked', () => {
    const bytes = new JuteWriter().int(OP.ping).bool(false).int(0).finish();
    expect(() => readMulti(new JuteReader(bytes))).toThrow('operation 11');
  });
});

describe('zookeeper.connect', () => {
  test.each([
    ['h1', [{ host: 'h1', port: 2181 }], ''],
    [
      'h1:1,h2:2',
      [
        { host: 'h1', port: 1 },
        { host: 'h2', port: 2 },
      ],
      '',
    ],
    [
      ' h1:1 , h2 /a/b/',
      [
        { host: 'h1', port: 1 },
        { host: 'h2', port: 2181 },
      ],
      '/a/b',
    ],
    [
      '[::1]:5,h/',
      [
        { host: '::1', port: 5 },
        { host: 'h', port: 2181 },
      ],
      '',
    ],
  ])('%s', (text, servers, chroot) => {
    expect(parseConnectString(text)).toEqual({ servers, chroot });
  });

  test.each(['', '/only', 'h:0', 'h:70000', 'h:x', 'a b:1:2', 'h:1/..', 'h:1//x'])('refuses %j', (text) => {
    expect(() => parseConnectString(text)).toThrow();
  });
});
