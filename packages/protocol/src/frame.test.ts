// Headers around bodies, and the traps of the first request on a connection.
import { describe, expect, test } from 'vitest';
import { APIS, type ApiName, apiByKey } from './apis.ts';
import { ProtocolError } from './errors.ts';
import { decodeRequest, decodeRequestHeader, decodeResponse, encodeRequest, encodeResponse } from './frame.ts';

const withoutSize = (pieces: Buffer[]) => {
  const frame = Buffer.concat(pieces);
  expect(frame.readInt32BE(0)).toBe(frame.length - 4);
  return frame.subarray(4);
};
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('requests', () => {
  test('header v1 before a plain body', () => {
    const of = { api: APIS.Metadata, apiVersion: 1, correlationId: 7, clientId: 'me' };
    const frame = withoutSize(encodeRequest(of, { topics: [] }));
    expect(frame.toString('hex')).toBe('0003 0001 00000007 0002 6d65 00000000'.replaceAll(' ', ''));
    const header = decodeRequestHeader(frame);
    expect(header).toEqual({
      apiKey: 3,
      apiVersion: 1,
      correlationId: 7,
      clientId: 'me',
      known: true,
      bodyPosition: 12,
    });
    expect(decodeRequest(APIS.Metadata, header, frame)).toMatchObject({ topics: [] });
  });

  test('header v2 before a flexible body: the client id keeps its length of two bytes', () => {
    const of = { api: APIS.Metadata, apiVersion: 12, correlationId: 7, clientId: null };
    const frame = withoutSize(encodeRequest(of, { topics: null }));
    expect(frame.toString('hex')).toBe('0003 000c 00000007 ffff 00 00 01 00 00'.replaceAll(' ', ''));
    expect(decodeRequestHeader(frame)).toMatchObject({ clientId: null, known: true, bodyPosition: 11 });
  });

  test('tagged fields in a header are passed over', () => {
    const header = decodeRequestHeader(hex('0003 000c 00000007 0001 61 01 05 02 ffff 00 01 00 00'));
    expect(header).toMatchObject({ clientId: 'a', bodyPosition: 16 });
  });

  test('of an unknown API or version everything to the client id can be read', () => {
    for (const start of ['03e8 0000', '0012 0063', '0003 ffff', '0000 0002', '0006 0000']) {
      const header = decodeRequestHeader(hex(`${start} 00000009 0002 6d65 abcd`));
      expect(header).toMatchObject({ correlationId: 9, clientId: 'me', known: false, bodyPosition: 12 });
    }
  });

  test('a header that ends early is refused', () => {
    const whole = hex('0003 000c 00000007 0001 61 00');
    for (let end = 0; end < whole.length; end++) {
      expect(() => decodeRequestHeader(whole.subarray(0, end))).toThrow(ProtocolError);
    }
  });

  test('bytes behind the body are left alone, as Apache Kafka leaves them', () => {
    const frame = hex('0003 0001 00000007 ffff 00000000 00');
    expect(decodeRequest(APIS.Metadata, decodeRequestHeader(frame), frame).topics).toEqual([]);
  });

  test('a request of many empty elements is refused before it fills memory', () => {
    const count = 1_100_000;
    // Header, count + 1 as varint, then one byte for each empty name and one for its tagged fields.
    const body = Buffer.alloc(count * 2 + 4);
    const frame = Buffer.concat([hex('0003 0009 00000001 ffff 00'), hex('e19143'), body]);
    expect(() => decodeRequest(APIS.Metadata, decodeRequestHeader(frame), frame)).toThrow('more elements in all lists');
  });
});

describe('responses', () => {
  test('header v1 before a flexible body', () => {
    const of = { api: APIS.Heartbeat, apiVersion: 4, correlationId: 7 };
    const frame = withoutSize(encodeResponse(of, { errorCode: 27 }));
    expect(frame.toString('hex')).toBe('00000007 00 00000000 001b 00'.replaceAll(' ', ''));
    expect(decodeResponse(APIS.Heartbeat, 4, frame)).toEqual({
      correlationId: 7,
      body: { throttleTimeMs: 0, errorCode: 27 },
    });
  });

  test('ApiVersions always has header v0', () => {
    for (const apiVersion of [0, 3, 5]) {
      const of = { api: APIS.ApiVersions, apiVersion, correlationId: 7 };
      const frame = withoutSize(encodeResponse(of, { errorCode: 0, apiKeys: [] }));
      expect(frame.subarray(0, 6).toString('hex')).toBe('000000070000');
      expect(decodeResponse(APIS.ApiVersions, apiVersion, frame).correlationId).toBe(7);
    }
  });
});

test('bytes behind the body of a response are refused', () => {
  const frame = hex('00000007 0000 00');
  expect(() => decodeResponse(APIS.Heartbeat, 0, frame)).toThrow('1 bytes behind the end');
});

describe('the table of APIs', () => {
  test('request and response have the same name, key and versions', () => {
    for (const name of Object.keys(APIS) as ApiName[]) {
      const { key, request, response } = APIS[name];
      expect([request.name, request.id, request.versions]).toEqual([name, key, response.versions]);
      expect(response.name).toBe(name);
      expect(request.flexible).toBe(response.flexible);
      expect(apiByKey(key)).toBe(APIS[name]);
    }
  });

  test('retired and unknown keys have none', () => {
    for (const key of [4, 5, 6, 7, -1, 95, 32767]) expect(apiByKey(key)).toBeUndefined();
  });

  test('the newest version of InitProducerId is not stable yet', () => {
    expect([APIS.InitProducerId.versions.max, APIS.InitProducerId.stableMax]).toEqual([6, 5]);
  });
});
