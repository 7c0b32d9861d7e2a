import { expect, test } from 'vitest';
import { ProduceRequest } from '../messages/produce.ts';
import { ByteWriter, REFERENCE_BYTES } from './byte-writer.ts';
import { encode } from './codec.ts';

test('small byte strings are copied, large ones referenced, in order', () => {
  const writer = new ByteWriter();
  const small = Buffer.from('small');
  const large = Buffer.alloc(REFERENCE_BYTES, 1);
  writer.append(small);
  writer.append(large);
  writer.append(small);
  expect(writer.length).toBe(small.length * 2 + large.length);
  small.fill(0);
  const pieces = writer.finish();
  expect(pieces).toHaveLength(3);
  expect(pieces[1]).toBe(large);
  expect([pieces[0]!.toString(), pieces[2]!.toString()]).toEqual(['small', 'small']);
});

test('a large byte string that is no Buffer becomes a view of the same memory', () => {
  const memory = new Uint8Array(REFERENCE_BYTES * 2);
  const writer = new ByteWriter();
  writer.append(memory.subarray(REFERENCE_BYTES));
  const [piece] = writer.finish();
  memory[REFERENCE_BYTES] = 9;
  expect(piece?.[0]).toBe(9);
  expect(piece).toHaveLength(REFERENCE_BYTES);
});

test('whatever the sizes, all bytes come out once and in order', () => {
  for (const step of [1, 100, 255, 1000, 4095]) {
    const writer = step === 1 ? new ByteWriter(16) : new ByteWriter();
    const expected: Buffer[] = [];
    for (let i = 0; i < 200_000 / step; i++) {
      const bytes = Buffer.alloc(step, i);
      expected.push(bytes);
      writer.append(bytes);
    }
    expect(writer.length).toBe(expected.length * step);
    expect(Buffer.concat(writer.finish()).equals(Buffer.concat(expected))).toBe(true);
  }
});

test('records given in chunks are written as one, the large chunks by reference', () => {
  const chunks = [Buffer.from('head'), Buffer.alloc(REFERENCE_BYTES, 2), Buffer.from('tail')];
  const write = (records: Buffer | Buffer[]) => {
    const writer = new ByteWriter();
    const topicData = [{ name: 'a', partitionData: [{ index: 0, records }] }];
    encode(ProduceRequest, 9, { acks: 1, timeoutMs: 1, topicData }, writer);
    return writer.finish();
  };
  expect(write(chunks)).toContain(chunks[1]);
  expect(Buffer.concat(write(chunks)).equals(Buffer.concat(write(Buffer.concat(chunks))))).toBe(true);
});
