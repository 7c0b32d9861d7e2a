// The codecs of record batches, by Kafka's names and ids. All are synchronous: a batch is small, and a trip to the
// thread pool costs more than most of them.
import { gunzip, gzip } from './gzip.ts';
import { lz4Compress, lz4Decompress } from './lz4-frame.ts';
import { tooLarge } from './output-bound.ts';
import { snappyCompress, snappyDecompress } from './snappy.ts';
import { zstdCompress, zstdDecompress } from './zstd.ts';

/** In the order of their ids: bits 0-2 of a batch's attributes. */
export const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
export type Codec = (typeof CODECS)[number];

export function codecId(codec: Codec): number {
  return CODECS.indexOf(codec);
}

/** The codec of an id; undefined for 5-7 and beyond, which nobody has assigned. */
export function codecOfId(id: number): Codec | undefined {
  return CODECS[id];
}

/**
 * Compresses a block of records. `level`: gzip 1-9 (default 6), zstd 1-22 (default 3); snappy and lz4 have none and
 * ignore it. The answer may be `input` itself for 'none'.
 */
export function compress(codec: Codec, input: Buffer, level?: number): Buffer {
  switch (codec) {
    case 'none':
      return input;
    case 'gzip':
      return gzip(input, level);
    case 'snappy':
      return snappyCompress(input);
    case 'lz4':
      return lz4Compress(input);
    case 'zstd':
      return zstdCompress(input, level);
  }
}

/**
 * Decompresses a block of records. Throws ProtocolError when it is malformed or would become larger than `bytesMax`;
 * the bound is held before memory is taken, so that a bomb costs its own size and not what it unpacks to.
 */
export function decompress(codec: Codec, input: Buffer, bytesMax: number): Buffer {
  switch (codec) {
    case 'none':
      if (input.length > bytesMax) throw tooLarge(bytesMax);
      return input;
    case 'gzip':
      return gunzip(input, bytesMax);
    case 'snappy':
      return snappyDecompress(input, bytesMax);
    case 'lz4':
      return lz4Decompress(input, bytesMax);
    case 'zstd':
      return zstdDecompress(input, bytesMax);
  }
}
