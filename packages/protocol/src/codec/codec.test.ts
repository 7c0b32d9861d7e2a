// Every message in every version: what is encoded comes back, and bytes that are cut or changed do no harm.
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allMessages, versionsOf } from '../../test/all-messages.ts';
import { expectedOf, type Values, valuesOf } from '../../test/generated-values.ts';
import type { InputOf, Message } from '../description/message.ts';
import { ProtocolError } from '../errors.ts';
import { ByteWriter } from './byte-writer.ts';
import { decode, decodeWhole, encode } from './codec.ts';
import { layoutOf } from './layout.ts';

const messages = await allMessages();
const RUNS = 12;

function encoded(message: Message, version: number, values: Values): Buffer {
  const writer = new ByteWriter();
  encode(message, version, values as InputOf<Message>, writer);
  return Buffer.concat(writer.finish());
}

/** Objects and list elements in a decoded value: what its size in memory is counted in. */
function partsOf(value: unknown): number {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return 1;
  return Object.values(value).reduce<number>((sum, member) => sum + partsOf(member), 1);
}

describe.each([...messages])('%s', (_name, message) => {
  test.each(versionsOf(message))('v%i: decodes what was encoded', (version) => {
    const layout = layoutOf(message, version);
    fc.assert(
      fc.property(valuesOf(layout), (values) => {
        const bytes = encoded(message, version, values);
        const decoded = decodeWhole(message, version, bytes, 0);
        if (!isDeepStrictEqual(decoded, expectedOf(layout, values)))
          expect(decoded).toEqual(expectedOf(layout, values));
        // What was decoded is in turn something that can be encoded, to the same bytes.
        expect(encoded(message, version, decoded).equals(bytes)).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });

  test.each(versionsOf(message))('v%i: refuses bytes cut anywhere, survives changed ones', (version) => {
    const layout = layoutOf(message, version);
    const partsPerByte = layout.fields.length + 40;
    fc.assert(
      fc.property(valuesOf(layout), fc.infiniteStream(fc.nat(0xffff)), (values, draws) => {
        const bytes = encoded(message, version, values).subarray(0, 2000);
        const draw = (below: number) => draws.next().value % below;
        for (let end = 0; end < Math.min(bytes.length, 300); end++) {
          // The bytes go on behind `end`, so a decoder that reads on would succeed.
          expect(() => decode(message, version, bytes, 0, end)).toThrow(ProtocolError);
        }
        for (let change = 0; change < 20 && bytes.length > 0; change++) {
          const changed = Buffer.from(bytes);
          for (let i = draw(3); i >= 0; i--)
            changed[draw(changed.length)] = [0, 1, 0x7f, 0x80, 0xff, draw(256)][draw(6)]!;
          try {
            const parts = partsOf(decode(message, version, changed, 0));
            expect(parts).toBeLessThan(partsPerByte * (changed.length + 1));
          } catch (error) {
            if (!(error instanceof ProtocolError)) throw error;
          }
        }
      }),
      { numRuns: 3 },
    );
  });
});
