// Codecs over 100 KB of JSON lines and over 500 bytes. Run: node packages/protocol/src/compression/codec.bench.ts
import { bench, group, run } from 'mitata';
import { withoutNatives } from '../native.ts';
import { CODECS, compress, decompress } from './codec.ts';

let lines = '';
for (let i = 0; lines.length < 100_000; i++) {
  lines += `${JSON.stringify({ id: i, user: `user-${(i * 7919) % 997}`, at: 1_700_000_000 + i, ok: i % 3 === 0 })}\n`;
}
for (const input of [Buffer.from(lines), Buffer.from(lines.slice(0, 500))]) {
  for (const codec of CODECS.filter((name) => name !== 'none')) {
    const packed = compress(codec, input);
    group(`${codec}, ${input.length} B to ${packed.length} B`, () => {
      bench('compress', () => compress(codec, input));
      bench('decompress', () => decompress(codec, packed, 1 << 20));
      if (codec === 'gzip') return;
      bench('compress, no add-on', () => withoutNatives(() => compress(codec, input)));
      bench('decompress, no add-on', () => withoutNatives(() => decompress(codec, packed, 1 << 20)));
    });
  }
}

await run();
