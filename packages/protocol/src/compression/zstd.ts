// Zstandard. The native add-on is fastest; node:zlib has the codec too and is the one that can stop at a bound while it
// streams. Frames made by Java's stream writer do not say how long their content is, so the bound is held in two steps:
// the block headers are walked first (no decompression), which gives the most that the blocks can become; only where
// that exceeds the bound does the slower, bounded way decide.
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { ProtocolError } from '../errors.ts';
import { loadNative } from '../native.ts';
import { tooLarge } from './output-bound.ts';

interface NativeZstd {
  compress(input: Uint8Array, level?: number): Buffer;
  decompress(input: Uint8Array): Buffer;
}

const NATIVE = '@cloudpss/zstd/napi';
const DEFAULT_LEVEL = 3;
const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
/** RFC 8878: a block never unpacks to more, whatever the window. */
const BLOCK_BYTES_MAX = 128 * 1024;

export function zstdCompress(input: Buffer, level: number = DEFAULT_LEVEL): Buffer {
  const native = loadNative<NativeZstd>(NATIVE);
  if (native) return native.compress(input, level);
  return zstdCompressSync(input, { params: { [constants.ZSTD_c_compressionLevel]: level } });
}

export function zstdDecompress(input: Buffer, bytesMax: number): Buffer {
  const { bytes, exact } = zstdOutputBound(input);
  if (bytes > bytesMax && exact) throw tooLarge(bytesMax);
  const native = bytes <= bytesMax ? loadNative<NativeZstd>(NATIVE) : undefined;
  let output: Buffer;
  try {
    output = native ? native.decompress(input) : zstdDecompressSync(input, { maxOutputLength: Math.max(bytesMax, 1) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(bytesMax);
    throw new ProtocolError(`malformed zstd data: ${(error as Error).message}`);
  }
  if (output.length > bytesMax) throw tooLarge(bytesMax);
  return output;
}

/** The most bytes that all frames can unpack to; `exact` when every frame says its own size. Throws when truncated. */
export function zstdOutputBound(input: Buffer): { bytes: number; exact: boolean } {
  let bytes = 0;
  let exact = true;
  let position = 0;
  const need = (count: number) => {
    if (input.length - position < count) throw new ProtocolError('truncated zstd data');
  };
  while (position < input.length) {
    need(8);
    const magic = input.readUInt32LE(position);
    if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) {
      position += 8 + input.readUInt32LE(position + 4);
      continue;
    }
    if (magic !== FRAME_MAGIC) throw new ProtocolError('malformed zstd data: bad magic number');
    const descriptor = input[position + 4]!;
    const singleSegment = (descriptor & 0x20) !== 0;
    const dictionaryIdBytes = [0, 1, 2, 4][descriptor & 3]!;
    const sizeFlag = descriptor >>> 6;
    const sizeBytes = sizeFlag === 0 ? (singleSegment ? 1 : 0) : 1 << sizeFlag;
    position += 5 + (singleSegment ? 0 : 1) + dictionaryIdBytes;
    need(sizeBytes);
    const declared = sizeBytes === 0 ? undefined : declaredSize(input, position, sizeBytes);
    position += sizeBytes;

    let blocksMax = 0;
    for (let last = false; !last; ) {
      need(3);
      const header = input.readUIntLE(position, 3);
      position += 3;
      last = (header & 1) !== 0;
      const type = (header >>> 1) & 3;
      const size = header >>> 3;
      if (type === 3) throw new ProtocolError('malformed zstd data: reserved block type');
      const stored = type === 1 ? 1 : size;
      need(stored);
      position += stored;
      blocksMax += type === 2 ? BLOCK_BYTES_MAX : size;
    }
    if (descriptor & 4) {
      need(4);
      position += 4;
    }
    if (declared === undefined) {
      exact = false;
      bytes += blocksMax;
    } else {
      if (declared > blocksMax) throw new ProtocolError(`malformed zstd data: a frame claims ${declared} bytes`);
      bytes += declared;
    }
  }
  return { bytes, exact };
}

function declaredSize(input: Buffer, position: number, sizeBytes: number): number {
  switch (sizeBytes) {
    case 1:
      return input[position]!;
    case 2:
      return input.readUInt16LE(position) + 256;
    case 4:
      return input.readUInt32LE(position);
    default:
      return input.readUInt32LE(position) + input.readUInt32LE(position + 4) * 0x100000000;
  }
}
