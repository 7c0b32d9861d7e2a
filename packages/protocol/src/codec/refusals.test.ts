// What decoders refuse to believe and encoders refuse to write, with the field named.
import { describe, expect, test } from 'vitest';
import { array, bool, int16, int32, int64, string, struct } from '../description/field.ts';
import { data, type InputOf, type Message } from '../description/message.ts';
import { ProtocolError } from '../errors.ts';
import { ApiVersionsRequest, ApiVersionsResponse } from '../messages/api-versions.ts';
import { FetchRequest, FetchResponse } from '../messages/fetch.ts';
import { MetadataRequest } from '../messages/metadata.ts';
import { ProduceRequest, ProduceResponse } from '../messages/produce.ts';
import { ByteWriter } from './byte-writer.ts';
import { decode, decodeWhole, encode } from './codec.ts';

function bytesOf<D extends Message>(message: D, version: number, value: InputOf<D>): Buffer {
  const writer = new ByteWriter();
  encode(message, version, value, writer);
  return Buffer.concat(writer.finish());
}

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof ProtocolError) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('decoding', () => {
  test('a count beyond the bytes that are left is refused before a list is made', () => {
    expect(refusal(() => decode(MetadataRequest, 1, hex('7fffffff'), 0))).toBe(
      'topics: 2147483647 elements of at least 2 bytes each with 0 bytes left',
    );
    expect(refusal(() => decode(MetadataRequest, 9, hex('ffffffff0f 00'), 0))).toMatch(/^topics: 4294967294 elements/);
  });

  test('more elements in all lists together than allowed, though the bytes are there', () => {
    const topics = Array.from({ length: 1000 }, () => ({ name: '' }));
    const bytes = bytesOf(MetadataRequest, 9, { topics });
    expect(decode(MetadataRequest, 9, bytes, 0, bytes.length, 1000).topics).toHaveLength(1000);
    expect(refusal(() => decode(MetadataRequest, 9, bytes, 0, bytes.length, 999))).toBe(
      'topics: more elements in all lists together than a message may have',
    );
    // Nested lists count together.
    const partitionData = [0, 1].map((index) => ({ index, records: null }));
    const topicData = [
      { name: 'a', partitionData },
      { name: 'b', partitionData },
    ];
    const produce = bytesOf(ProduceRequest, 3, { acks: 1, timeoutMs: 1, topicData });
    expect(decode(ProduceRequest, 3, produce, 0, produce.length, 6).topicData).toHaveLength(2);
    expect(refusal(() => decode(ProduceRequest, 3, produce, 0, produce.length, 5))).toMatch(/more elements/);
  });

  test('a length beyond the bytes that are left is refused', () => {
    expect(refusal(() => decode(ProduceRequest, 3, hex('7fff 61'), 0))).toBe(
      'transactionalId: a length of 32767 with 1 bytes left',
    );
    const body = hex('ffff 0001 00000000 00000001 0001 61 00000001 00000000 7fffffff');
    expect(refusal(() => decode(ProduceRequest, 3, body, 0))).toBe(
      'topicData[].partitionData[].records: a length of 2147483647 with 0 bytes left',
    );
  });

  test('the error names the first field that the bytes do not reach', () => {
    expect(refusal(() => decode(ProduceRequest, 3, hex('ffff 0001 0000'), 0))).toBe(
      'timeoutMs: the bytes end: 6 more needed, 4 left',
    );
  });

  test('null where none is allowed', () => {
    expect(refusal(() => decode(ProduceRequest, 3, hex('ffff 0001 00000000 ffffffff'), 0))).toBe(
      'topicData: null where a value is needed',
    );
    // null became allowed in v1
    expect(refusal(() => decode(MetadataRequest, 0, hex('ffffffff'), 0))).toMatch(/null where a value is needed/);
  });

  test('varints: at most five bytes and 32 bits', () => {
    expect(refusal(() => decode(MetadataRequest, 9, hex('8080808080 00'), 0))).toMatch(/longer than 32 bits/);
    expect(refusal(() => decode(MetadataRequest, 9, hex('ffffffff1f 00'), 0))).toMatch(/longer than 32 bits/);
    expect(refusal(() => decode(MetadataRequest, 9, hex('ff'), 0))).toMatch(/end inside a varint/);
    // Longer than needed, but right: Kafka's reader takes it as well.
    expect(decode(MetadataRequest, 9, hex('8180000000 00 00 00 00'), 0)).toMatchObject({ topics: [] });
  });

  test('unknown tagged fields are passed over, known ones taken', () => {
    const body = hex('02 61 02 62 02 05 01 ff 8001 02 abcd');
    expect(decodeWhole(ApiVersionsRequest, 3, body, 0)).toMatchObject({
      clientSoftwareName: 'a',
      clientSoftwareVersion: 'b',
    });
    const epochBehindUnknown = hex('0000 01 00000000 02 01 08 0000000000000007 09 00');
    expect(decodeWhole(ApiVersionsResponse, 3, epochBehindUnknown, 0)).toMatchObject({ finalizedFeaturesEpoch: 7 });
  });

  test('tagged fields twice, out of order or of another size than their value', () => {
    expect(refusal(() => decode(ApiVersionsRequest, 3, hex('02 61 02 62 02 05 00 05 00'), 0))).toMatch(
      /tagged field 5 after 5/,
    );
    expect(refusal(() => decode(ApiVersionsResponse, 3, hex('0000 01 00000000 02 05 00 01 00'), 0))).toMatch(
      /tagged field 1 after 5/,
    );
    expect(refusal(() => decode(ApiVersionsResponse, 3, hex('0000 01 00000000 01 01 09 000000000000000700'), 0))).toBe(
      'finalizedFeaturesEpoch: a tagged field of 9 bytes, of which its value takes 8',
    );
    expect(refusal(() => decode(ApiVersionsResponse, 3, hex('0000 01 00000000 01 01 04 0000000000000007'), 0))).toMatch(
      /^finalizedFeaturesEpoch: the bytes end/,
    );
  });

  test('int64: refused beyond 2^53, but the greatest is the greatest number', () => {
    const offset = (digits: string) =>
      hex(`ffffffff 00000000 00000000 00000000 00 00000001 0001 61 00000001 00000000 ${digits} 00000000`);
    const fetchOffset = (digits: string) =>
      decode(FetchRequest, 4, offset(digits), 0).topics[0]!.partitions[0]!.fetchOffset;
    expect(fetchOffset('001fffffffffffff')).toBe(Number.MAX_SAFE_INTEGER);
    expect(fetchOffset('7fffffffffffffff')).toBe(Number.MAX_SAFE_INTEGER);
    expect(fetchOffset('ffe0000000000001')).toBe(Number.MIN_SAFE_INTEGER);
    expect(fetchOffset('fffffffffffffffe')).toBe(-2);
    for (const digits of ['0020000000000000', '7ffffffffffffffe', 'ffe0000000000000', '8000000000000000']) {
      expect(refusal(() => fetchOffset(digits))).toMatch(
        /^topics\[\]\.partitions\[\]\.fetchOffset: an int64 beyond 2\^53/,
      );
    }
  });

  test('bytes behind the message are left alone by decode and refused by decodeWhole', () => {
    expect(decode(MetadataRequest, 0, hex('00000000 ff'), 0).topics).toEqual([]);
    expect(refusal(() => decodeWhole(MetadataRequest, 0, hex('00000000 ff'), 0))).toBe(
      '1 bytes behind the end of Metadata v0',
    );
  });

  test('a version that the message lacks', () => {
    expect(refusal(() => decode(MetadataRequest, 14, hex('00'), 0))).toBe('Metadata has no version 14, only 0-13');
    expect(refusal(() => decode(MetadataRequest, -1, hex('00'), 0))).toMatch(/has no version -1/);
  });

  test('names from the wire stay values, whatever they are called', () => {
    const name = '__proto__';
    const bytes = bytesOf(MetadataRequest, 1, { topics: [{ name }, { name: 'constructor' }] });
    const decoded = decode(MetadataRequest, 1, bytes, 0);
    expect(decoded.topics?.map((topic) => topic.name)).toEqual([name, 'constructor']);
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
    expect(({} as { name?: string }).name).toBeUndefined();
  });

  test('bytes and records are views of the frame, not copies', () => {
    const bytes = bytesOf(ProduceRequest, 3, {
      acks: 1,
      timeoutMs: 1,
      topicData: [{ name: 'a', partitionData: [{ index: 0, records: Buffer.from('abc') }] }],
    });
    const { records } = decode(ProduceRequest, 3, bytes, 0).topicData[0]!.partitionData[0]!;
    bytes[bytes.length - 1] = 0x7a;
    expect(records?.toString()).toBe('abz');
  });
});

describe('encoding', () => {
  const message = data({
    name: 'Sample',
    versions: '0-1',
    flexible: 'none',
    fields: {
      small: int16(),
      whole: int32({ default: 5 }),
      far: int64({ default: 0 }),
      flag: bool({ default: false }),
      text: string({ nullable: '1+', default: '' }),
      list: array(int32(), { ignorable: true }),
      inner: struct({ late: int32({ versions: '1+', default: -1 }) }, { versions: '0+' }),
    },
  });
  const write = (value: object, version = 0) => bytesOf(message, version, value as InputOf<typeof message>);

  test('values outside the range of their type', () => {
    const bad: [object, string][] = [
      [{}, 'small: undefined is not an int16'],
      [{ small: 32768 }, 'small: 32768 is not an int16'],
      [{ small: 1.5 }, 'small: 1.5 is not an int16'],
      [{ small: Number.NaN }, 'small: NaN is not an int16'],
      [{ small: 1, whole: 2 ** 31 }, 'whole: 2147483648 is not an int32'],
      [{ small: 1, whole: '5' }, "whole: '5' is not an int32"],
      [{ small: 1, far: 2 ** 53 }, 'far: 9007199254740992 is not an int64 within 2^53'],
      [{ small: 1, flag: 1 }, 'flag: 1 is not true or false'],
      [{ small: 1, text: null }, 'text: null is not a string'],
      [{ small: 1, text: 'x'.repeat(32768) }, 'text: a string of 32768 bytes, more than 32767'],
      [{ small: 1, text: 'ÿ'.repeat(16384) }, 'text: a string of 32768 bytes, more than 32767'],
      [{ small: 1, list: 7 }, 'list: 7 is not a list'],
      [{ small: 1, list: [1, null] }, 'list[]: null is not an int32'],
      [{ small: 1, inner: 'no' }, "inner: 'no' is not a struct"],
    ];
    for (const [value, said] of bad) expect(refusal(() => write(value))).toBe(said);
  });

  test('a field that the version lacks: its default passes, another value does not', () => {
    expect(write({ small: 1, inner: { late: -1 } })).toEqual(write({ small: 1 }));
    expect(refusal(() => write({ small: 1, inner: { late: 3 } }))).toBe(
      'inner.late: a value is given, but Sample v0 has no such field',
    );
    expect(() => write({ small: 1, inner: { late: 3 } }, 1)).not.toThrow();
  });

  test('ignorable values are dropped where the version lacks their field', () => {
    const partition = { index: 0, errorCode: 0, baseOffset: 1, logStartOffset: 9, errorMessage: 'lost' };
    const bytes = bytesOf(ProduceResponse, 3, { responses: [{ name: 'a', partitionResponses: [partition] }] });
    expect(decode(ProduceResponse, 3, bytes, 0).responses[0]!.partitionResponses[0]).toMatchObject({
      logStartOffset: -1,
      errorMessage: null,
    });
  });

  test('tagged fields are written when they differ from their default only', () => {
    const partition = { partitionIndex: 0, errorCode: 0, highWatermark: 1, abortedTransactions: null, records: null };
    const size = (more: object) =>
      bytesOf(FetchResponse, 12, { responses: [{ topic: 'a', partitions: [{ ...partition, ...more }] }] }).length;
    expect(size({ currentLeader: { leaderId: -1, leaderEpoch: -1 } })).toBe(size({}));
    expect(size({ currentLeader: { leaderId: 1 } })).toBe(size({}) + 11);
  });

  test('ids of topics are 22 characters', () => {
    const topic = (topicId: string) =>
      bytesOf(ProduceRequest, 13, { acks: 1, timeoutMs: 1, topicData: [{ topicId, partitionData: [] }] });
    expect(refusal(() => topic('short'))).toBe("topicData[].topicId: 'short' is not an id of 22 characters");
    expect(refusal(() => topic('!'.repeat(22)))).toMatch(/is not an id/);
  });
});
