// KafkaJS comes with gzip only and takes the other codecs from outside. These are they: xerial-framed snappy, LZ4 frame,
// zstd by Node's own zlib.
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { CompressionCodecs, CompressionTypes } from 'kafkajs';
import { compressFrameSync, decompressFrameSync } from 'lz4-napi';
import { compressSync, uncompressSync } from 'snappy';

const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const BLOCK_BYTES = 32 * 1024;

function xerialCompress(input: Buffer): Buffer {
  const head = Buffer.alloc(16);
  XERIAL.copy(head);
  head.writeInt32BE(1, 8);
  head.writeInt32BE(1, 12);
  const parts = [head];
  for (let at = 0; at < input.length; at += BLOCK_BYTES) {
    const block = Buffer.from(compressSync(input.subarray(at, at + BLOCK_BYTES)));
    const size = Buffer.alloc(4);
    size.writeInt32BE(block.length);
    parts.push(size, block);
  }
  return Buffer.concat(parts);
}

function xerialDecompress(input: Buffer): Buffer {
  if (!input.subarray(0, 8).equals(XERIAL)) return Buffer.from(uncompressSync(input));
  const parts: Buffer[] = [];
  for (let at = 16; at < input.length; ) {
    const size = input.readInt32BE(at);
    parts.push(Buffer.from(uncompressSync(input.subarray(at + 4, at + 4 + size))));
    at += 4 + size;
  }
  return Buffer.concat(parts);
}

/** KafkaJS hands its own encoder over, with the bytes in `buffer`. */
interface Encoder {
  readonly buffer: Buffer;
}

/** Makes snappy, LZ4 and zstd known to KafkaJS in this process. */
export function installCodecs(): void {
  CompressionCodecs[CompressionTypes.Snappy] = () => ({
    compress: async ({ buffer }: Encoder) => xerialCompress(buffer),
    decompress: async (bytes: Buffer) => xerialDecompress(bytes),
  });
  CompressionCodecs[CompressionTypes.LZ4] = () => ({
    compress: async ({ buffer }: Encoder) => compressFrameSync(buffer),
    decompress: async (bytes: Buffer) => decompressFrameSync(bytes),
  });
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    compress: async ({ buffer }: Encoder) => zstdCompressSync(buffer),
    decompress: async (bytes: Buffer) => zstdDecompressSync(bytes),
  });
}
