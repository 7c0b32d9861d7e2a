// Snappy in the framing of snappy-java ("xerial"), which is what Kafka's records hold:
//
//   82 'S' 'N' 'A' 'P' 'P' 'Y' 00 | version i32 = 1 | oldest compatible version i32 = 1 | { length i32 | block }*
//
// librdkafka may send a bare block without that frame; both are read, the frame is what we write. A block starts with
// its unpacked length, which is checked against the bound and against what so few bytes can unpack to.
import { ProtocolError } from '../errors.ts';
import { loadNative } from '../native.ts';
import { readUnsignedVarint } from '../varint.ts';
import { tooLarge } from './output-bound.ts';
import { snappyDecodeBlock, snappyEncodeBlock } from './snappy-block.ts';

interface NativeSnappy {
  compressSync(input: Uint8Array, options: { copyOutputData: boolean }): Buffer;
  uncompressSync(input: Uint8Array, options: { copyOutputData: boolean; asBuffer: boolean }): Buffer;
}

const HEADER = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
const MAGIC_BYTES = 8;
const BLOCK_BYTES = 64 * 1024;
/** No element of snappy makes more of a byte than a 64-byte copy out of 3. */
const RATIO_MAX = 22;
/** Below this size our own code is done before a call into the add-on is. */
const NATIVE_BYTES_MIN = 512;
/** Without the copy the add-on hands out memory that the collector does not see: gigabytes in a busy loop. */
const COPIED = { copyOutputData: true, asBuffer: true };

function packBlock(input: Buffer, start: number): Buffer {
  const end = Math.min(start + BLOCK_BYTES, input.length);
  const native = end - start >= NATIVE_BYTES_MIN ? loadNative<NativeSnappy>('snappy') : undefined;
  return native ? native.compressSync(input.subarray(start, end), COPIED) : snappyEncodeBlock(input, start, end);
}

export function snappyCompress(input: Buffer): Buffer {
  const parts: Uint8Array[] = [HEADER];
  let total = HEADER.length;
  for (let start = 0; start < input.length; start += BLOCK_BYTES) {
    const block = packBlock(input, start);
    const length = Buffer.allocUnsafe(4);
    length.writeInt32BE(block.length);
    parts.push(length, block);
    total += 4 + block.length;
  }
  return Buffer.concat(parts, total);
}

/** The unpacked length that a block claims, found possible. */
function claimedBytes(block: Buffer): number {
  const claimed = readUnsignedVarint({ buffer: block, position: 0, end: block.length });
  if (claimed > block.length * RATIO_MAX) {
    throw new ProtocolError(`malformed snappy data: ${block.length} bytes claim to unpack to ${claimed}`);
  }
  return claimed;
}

function unpackBlock(block: Buffer): Buffer {
  const native = block.length >= NATIVE_BYTES_MIN ? loadNative<NativeSnappy>('snappy') : undefined;
  if (!native) return snappyDecodeBlock(block);
  try {
    return native.uncompressSync(block, COPIED);
  } catch (error) {
    throw new ProtocolError(`malformed snappy data: ${(error as Error).message}`);
  }
}

export function snappyDecompress(input: Buffer, bytesMax: number): Buffer {
  if (input.length < MAGIC_BYTES || input.compare(HEADER, 0, MAGIC_BYTES, 0, MAGIC_BYTES) !== 0) {
    if (claimedBytes(input) > bytesMax) throw tooLarge(bytesMax);
    return unpackBlock(input);
  }
  const parts: Buffer[] = [];
  let total = 0;
  let position = 0;
  while (position < input.length) {
    if (input[position] === HEADER[0]) {
      // A frame starts (a length never has its top bit set); writers may put several one after another.
      if (input.length - position < HEADER.length) throw new ProtocolError('truncated snappy frame header');
      if (input.compare(HEADER, 0, MAGIC_BYTES, position, position + MAGIC_BYTES) !== 0) {
        throw new ProtocolError('malformed snappy data: bad frame header');
      }
      position += HEADER.length;
      continue;
    }
    if (input.length - position < 4) throw new ProtocolError('truncated snappy frame');
    const length = input.readInt32BE(position);
    position += 4;
    if (length <= 0 || length > input.length - position) {
      throw new ProtocolError(
        `malformed snappy data: a block of ${length} bytes where ${input.length - position} are left`,
      );
    }
    const block = input.subarray(position, position + length);
    position += length;
    total += claimedBytes(block);
    if (total > bytesMax) throw tooLarge(bytesMax);
    parts.push(unpackBlock(block));
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}
