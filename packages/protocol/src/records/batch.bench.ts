// What a batch costs on the broker's and the clients' hot paths. Run: node packages/protocol/src/records/batch.bench.ts
import { bench, group, run } from 'mitata';
import { crc32c } from '../crc32c.ts';
import { BatchBuilder } from './batch-builder.ts';
import { checkBatch, checkRecords } from './batch-check.ts';
import { writeBatch } from './batch-writer.ts';
import { RecordCursor } from './record-cursor.ts';

const limits = { batchBytesMax: 1 << 21, origin: 'client' as const };
const unpack = { decompressedBytesMax: 1 << 24 };

for (const [valueBytes, count] of [
  [100, 150],
  [1024, 15],
  [1024, 1000],
] as const) {
  const value = Buffer.alloc(valueBytes, 'x');
  const key = Buffer.from('key-00001');
  const records = Array.from({ length: count }, (_, i) => ({ key: null, value, timestamp: 1_700_000_000_000 + i }));
  const batch = writeBatch({ records });
  group(`${count} records of ${valueBytes} B, batch of ${batch.length} B`, () => {
    bench('crc32c', () => crc32c(batch, 21));
    bench('checkBatch', () => checkBatch(batch, 0, batch.length, limits));
    bench('checkRecords', () => checkRecords(batch, 0, unpack));
    bench('BatchBuilder: append all, close', () => {
      const builder = new BatchBuilder(batch.length + 1024);
      for (let i = 0; i < count; i++) builder.tryAppend(1_700_000_000_000 + i, key, value);
      return builder.close();
    });
    bench('RecordCursor: every key and value', () => {
      const cursor = new RecordCursor(batch, 0, unpack);
      let bytes = 0;
      while (cursor.next()) bytes += (cursor.key()?.length ?? 0) + cursor.value()!.length;
      return bytes;
    });
  });
}

await run();
