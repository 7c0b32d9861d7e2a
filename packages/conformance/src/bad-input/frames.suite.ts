// Bytes that are no request: wrong sizes, cut frames, unknown APIs and versions, bodies that contradict themselves. The
// broker closes the connection, or answers where the protocol foresees an answer, and serves the next one.
import { APIS, decodeResponse, encodeRequest } from '@moldau/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { ask, expectNextConnectionServed, onConnection } from './under-test.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** Hex of a frame, with its size before it. */
function framed(text: string): Buffer {
  const frame = hex(text);
  const size = Buffer.alloc(4);
  size.writeInt32BE(frame.length);
  return Buffer.concat([size, frame]);
}

afterEach(expectNextConnectionServed);

describe('the connection is closed', () => {
  const closed: [string, Buffer][] = [
    ['a size of 0', hex('00000000')],
    ['a negative size', hex('ffffffff')],
    ['the least int32 as size', hex('80000000')],
    ['a size past socket.request.max.bytes', hex('06400001')],
    ['the greatest size', hex('7fffffff')],
    ['a frame too short for a header', framed('000000')],
    ['a header that ends inside the client id', framed('0003 0001 00000001 0010 6162')],
    ['an API key never given', framed('03e7 0000 00000001 ffff')],
    ['a negative API key', framed('ffff 0000 00000001 ffff')],
    ['an API key retired with Kafka 4.0', framed('0004 0000 00000001 ffff')],
    ['a version to come', framed('0003 0063 00000001 ffff')],
    ['a negative version', framed('0003 ffff 00000001 ffff')],
    ['a version retired with Kafka 4.0: Produce 2', framed('0000 0002 00000001 ffff 0001 00000000 00000000')],
    ['an API for controllers only', framed('0034 0000 00000001 ffff 00 00')],
    ['a body that is not there', framed('0003 0001 00000001 ffff')],
    ['a list of 2^31 - 1 elements', framed('0003 0001 00000001 ffff 7fffffff')],
    ['a compact list of 2^31 - 2 elements', framed('0003 000c 00000001 ffff 00 ffffffff07 00 00 00')],
    ['a string past the end', framed('0003 0001 00000001 ffff 00000001 7fff 61')],
    ['a string of negative length where null is not allowed', framed('0003 0001 00000001 ffff 00000001 fffb')],
    ['a varint without an end', framed('0003 000c 00000001 ffff 00 ffffffffffffffff')],
    ['a tagged field past the end', framed('0003 000c 00000001 ffff 00 01 00 00 01 05 7f')],
    ['tagged fields past counting', framed('0003 000c 00000001 ffff 00 01 00 00 ffffffff07')],
    ['ApiVersions with a body cut short', framed('0012 0003 00000001 ffff 00 05 61')],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: broker\r\n\r\n')],
    ['a TLS greeting on a plain port', hex('16030100f8010000f40303')],
  ];

  test.each(closed)('%s', (_what, bytes) =>
    onConnection(async (connection) => {
      connection.send(bytes);
      await connection.closedByBroker();
    }),
  );

  test('a frame cut by the end of the connection', () =>
    onConnection(async (connection) => {
      connection.send(hex('00000100 0003 0001 00000001'));
      connection.sendEnd();
      await connection.closedByBroker();
    }));

  test('what came before the bad frame is still answered', () =>
    onConnection(async (connection) => {
      const good = encodeRequest({ api: APIS.ApiVersions, apiVersion: 0, correlationId: 5, clientId: null }, {});
      connection.send(Buffer.concat([...good, framed('03e7 0000 00000001 ffff')]));
      const frame = await connection.frame();
      expect(frame?.readInt32BE(0)).toBe(5);
      await connection.closedByBroker();
    }));
});

describe('ApiVersions', () => {
  test.each(['0063', '7fff', 'ffff'])(
    'version 0x%s is answered in the layout of v0, and the client goes on',
    (version) =>
      onConnection(async (connection) => {
        connection.send(framed(`0012 ${version} 00000001 ffff 00 0401 0203`));
        const frame = await connection.frame();
        const { correlationId, body } = decodeResponse(APIS.ApiVersions, 0, frame!);
        expect([correlationId, body.errorCode]).toEqual([1, 35]);
        expect(body.apiKeys.map(({ apiKey, minVersion }) => [apiKey, minVersion])).toEqual([[18, 0]]);
        const retried = await connection.ask(APIS.ApiVersions, Math.min(3, body.apiKeys[0]!.maxVersion), {
          clientSoftwareName: 'bad-input',
          clientSoftwareVersion: '1.0',
        });
        expect(retried.errorCode).toBe(0);
      }),
  );

  test.each([
    ['', ''],
    ['-x', '1'],
    ['x', '1-'],
    ['x y', '1'],
    ['x', 'ü'],
  ])('client software %j %j is INVALID_REQUEST', async (clientSoftwareName, clientSoftwareVersion) => {
    const { errorCode, apiKeys } = await ask(APIS.ApiVersions, 3, { clientSoftwareName, clientSoftwareVersion });
    expect([errorCode, apiKeys]).toEqual([42, []]);
  });

  test('Produce is advertised from 0 on, though 0-2 are refused (KAFKA-18659)', async () => {
    const { apiKeys } = await ask(APIS.ApiVersions, 0, {});
    expect(apiKeys.find(({ apiKey }) => apiKey === APIS.Produce.key)?.minVersion).toBe(0);
  });
});

describe('what Apache Kafka lets pass', () => {
  test('bytes behind the body', () =>
    onConnection(async (connection) => {
      connection.send(framed('0003 0001 00000007 ffff 00000000 abcd'));
      expect((await connection.frame())?.readInt32BE(0)).toBe(7);
    }));

  test('a negative length of the client id stands for null', () =>
    onConnection(async (connection) => {
      connection.send(framed('0003 0001 00000007 fffb 00000000'));
      expect((await connection.frame())?.readInt32BE(0)).toBe(7);
    }));

  test('tagged fields nobody knows, in header and body', () =>
    onConnection(async (connection) => {
      connection.send(framed('0003 000c 00000007 ffff 01 0701ff 01 00 00 02 0500 8001 02abcd'));
      expect((await connection.frame())?.readInt32BE(0)).toBe(7);
    }));
});

test('a frame that comes a byte at a time holds up nobody else', () =>
  onConnection(async (slow) => {
    const request = encodeRequest(
      { api: APIS.Metadata, apiVersion: 4, correlationId: 9, clientId: 'slow' },
      { topics: [] },
    );
    for (const byte of Buffer.concat(request)) {
      slow.send(Buffer.from([byte]));
      await expectNextConnectionServed();
    }
    expect((await slow.frame())?.readInt32BE(0)).toBe(9);
  }));

test('SASL on a listener without it is ILLEGAL_SASL_STATE where the broker knows SASL, else an unknown API', async () => {
  const { apiKeys } = await ask(APIS.ApiVersions, 0, {});
  if (apiKeys.some(({ apiKey }) => apiKey === APIS.SaslHandshake.key)) {
    expect(await ask(APIS.SaslHandshake, 1, { mechanism: 'PLAIN' })).toEqual({ errorCode: 34, mechanisms: [] });
    expect((await ask(APIS.SaslAuthenticate, 2, { authBytes: Buffer.alloc(1) })).errorCode).toBe(34);
  } else {
    await expect(ask(APIS.SaslHandshake, 1, { mechanism: 'PLAIN' })).rejects.toThrow('closed the connection');
  }
});

test('answers come in the order of the requests, whatever each costs', () =>
  onConnection(async (connection) => {
    const frames: Buffer[] = [];
    for (let correlationId = 1; correlationId <= 40; correlationId++) {
      const of = { apiVersion: 1, correlationId, clientId: null };
      frames.push(
        ...(correlationId % 2
          ? encodeRequest({ ...of, api: APIS.Metadata }, { topics: null })
          : encodeRequest({ ...of, api: APIS.ApiVersions }, {})),
      );
    }
    connection.send(Buffer.concat(frames));
    for (let correlationId = 1; correlationId <= 40; correlationId++) {
      expect((await connection.frame())?.readInt32BE(0)).toBe(correlationId);
    }
  }));
