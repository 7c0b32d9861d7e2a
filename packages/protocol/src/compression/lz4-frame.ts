// LZ4 frames, as Kafka's records hold them. We write what its Java reader demands: independent blocks of at most 64 KiB
// and a correct header checksum. We read any frame of version 1, linked blocks and several frames included; block and
// content checksums are passed over, because the batch's CRC has covered those bytes already.
import { ProtocolError } from '../errors.ts';
import { loadNative } from '../native.ts';
import { lz4BlockBound, lz4DecodeBlock, lz4EncodeBlock } from './lz4-block.ts';
import { tooLarge } from './output-bound.ts';
import { xxh32 } from './xxh32.ts';

/** Works on blocks with their unpacked length as uint32 little-endian before them. */
interface NativeLz4 {
  compressSync(input: Uint8Array): Buffer;
  uncompressSync(input: Uint8Array): Buffer;
}

const MAGIC = 0x184d2204;
const FLAG_VERSION_1 = 0x40;
const FLAG_INDEPENDENT = 0x20;
const FLAG_BLOCK_CHECKSUM = 0x10;
const FLAG_CONTENT_SIZE = 0x08;
const FLAG_CONTENT_CHECKSUM = 0x04;
const FLAG_DICTIONARY = 0x01;
const BLOCK_64_KIB_ID = 4;
const BLOCK_BYTES = 64 * 1024;
const STORED_BIT = 0x80000000;
/** A byte of a block never unpacks to more than 255. */
const RATIO_MAX = 255;
/** Below these sizes our own code is done before a call into the add-on is. */
const NATIVE_ENCODE_BYTES_MIN = 512;
const NATIVE_DECODE_BYTES_MIN = 1024;

export function lz4Compress(input: Buffer): Buffer {
  const native = input.length >= NATIVE_ENCODE_BYTES_MIN ? loadNative<NativeLz4>('lz4-napi') : undefined;
  const blocks = Math.ceil(input.length / BLOCK_BYTES);
  const target = Buffer.allocUnsafe(7 + lz4BlockBound(input.length) + blocks * 20 + 4);
  target.writeUInt32LE(MAGIC, 0);
  target[4] = FLAG_VERSION_1 | FLAG_INDEPENDENT;
  target[5] = BLOCK_64_KIB_ID << 4;
  target[6] = (xxh32(target, 4, 6) >>> 8) & 0xff;
  let position = 7;
  for (let start = 0; start < input.length; start += BLOCK_BYTES) {
    const end = Math.min(start + BLOCK_BYTES, input.length);
    let size: number;
    if (native) {
      const packed = native.compressSync(input.subarray(start, end));
      size = packed.length - 4;
      target.set(packed.subarray(4), position + 4);
    } else {
      size = lz4EncodeBlock(input, start, end, target, position + 4) - position - 4;
    }
    if (size < end - start) {
      target.writeUInt32LE(size, position);
    } else {
      size = end - start;
      target.writeUInt32LE((size | STORED_BIT) >>> 0, position);
      target.set(input.subarray(start, end), position + 4);
    }
    position += 4 + size;
  }
  target.writeUInt32LE(0, position);
  return target.subarray(0, position + 4);
}

/** Output that grows as blocks come, so that no claim of a header takes memory. */
class Output {
  readonly #bytesMax: number;
  bytes: Buffer;
  position = 0;

  constructor(bytesMax: number, firstGuess: number) {
    this.#bytesMax = bytesMax;
    this.bytes = Buffer.allocUnsafeSlow(Math.min(firstGuess, bytesMax));
  }

  /** Makes room for up to `count` more bytes, bounded; answers the limit that a block may be written to. */
  room(count: number): number {
    const limit = Math.min(this.position + count, this.#bytesMax);
    if (limit > this.bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(Math.max(limit, this.bytes.length * 2), this.#bytesMax));
      grown.set(this.bytes.subarray(0, this.position));
      this.bytes = grown;
    }
    return limit;
  }

  append(chunk: Uint8Array): void {
    if (chunk.length > this.#bytesMax - this.position) throw tooLarge(this.#bytesMax);
    this.room(chunk.length);
    this.bytes.set(chunk, this.position);
    this.position += chunk.length;
  }

  finish(): Buffer {
    const used = this.bytes.subarray(0, this.position);
    // Records keep views of this: do not hold much more memory than they use.
    return this.position * 2 < this.bytes.length ? Buffer.from(used) : used;
  }
}

export function lz4Decompress(input: Buffer, bytesMax: number): Buffer {
  const output = new Output(bytesMax, Math.min(input.length * 4, 4 * BLOCK_BYTES));
  let position = 0;
  do {
    position = readFrame(input, position, output, bytesMax);
    // Java's reader stops at the first end mark; other writers put several frames one after another.
  } while (input.length - position >= 4 && input.readUInt32LE(position) === MAGIC);
  return output.finish();
}

/** Reads one frame and answers the position after it. */
function readFrame(input: Buffer, start: number, output: Output, bytesMax: number): number {
  if (input.length - start < 7) throw truncated();
  if (input.readUInt32LE(start) !== MAGIC) throw new ProtocolError('malformed lz4 data: bad magic number');
  const flags = input[start + 4]!;
  if (flags >>> 6 !== 1 || flags & 0x02) throw new ProtocolError('lz4 frame of an unknown version');
  if (flags & FLAG_DICTIONARY) throw new ProtocolError('lz4 frame that needs a dictionary');
  const sizeId = (input[start + 5]! >>> 4) & 7;
  if (sizeId < BLOCK_64_KIB_ID) throw new ProtocolError('malformed lz4 data: bad block size');
  const blockBytesMax = 1 << (8 + 2 * sizeId);
  let position = start + 6;
  if (flags & FLAG_CONTENT_SIZE) {
    if (input.length - position < 9) throw truncated();
    const claimed = input.readUInt32LE(position) + input.readUInt32LE(position + 4) * 0x100000000;
    if (claimed > bytesMax - output.position) throw tooLarge(bytesMax);
    position += 8;
  }
  if (input[position] !== ((xxh32(input, start + 4, position) >>> 8) & 0xff)) {
    throw new ProtocolError('malformed lz4 data: the header checksum does not match');
  }
  position++;

  const independent = (flags & FLAG_INDEPENDENT) !== 0;
  const frameStart = output.position;
  for (;;) {
    if (input.length - position < 4) throw truncated();
    const word = input.readUInt32LE(position);
    position += 4;
    if (word === 0) break;
    const size = word & 0x7fffffff;
    if (size > input.length - position) throw truncated();
    if (size > blockBytesMax) throw new ProtocolError('malformed lz4 data: a block larger than the frame allows');
    const end = position + size;
    if (word >= STORED_BIT) output.append(input.subarray(position, end));
    else decodeBlock(input, position, end, output, blockBytesMax, bytesMax, independent, frameStart);
    position = end + (flags & FLAG_BLOCK_CHECKSUM ? 4 : 0);
  }
  if (flags & FLAG_CONTENT_CHECKSUM) position += 4;
  return position;
}

function decodeBlock(
  input: Buffer,
  start: number,
  end: number,
  output: Output,
  blockBytesMax: number,
  bytesMax: number,
  independent: boolean,
  frameStart: number,
): void {
  const most = Math.min(blockBytesMax, (end - start) * RATIO_MAX);
  const native = independent && end - start >= NATIVE_DECODE_BYTES_MIN ? loadNative<NativeLz4>('lz4-napi') : undefined;
  if (native) {
    const block = Buffer.allocUnsafe(4 + end - start);
    block.writeUInt32LE(most, 0);
    block.set(input.subarray(start, end), 4);
    let unpacked: Buffer;
    try {
      unpacked = native.uncompressSync(block);
    } catch (error) {
      throw new ProtocolError(`malformed lz4 data: ${(error as Error).message}`);
    }
    output.append(unpacked);
    return;
  }
  const limit = output.room(most);
  try {
    output.position = lz4DecodeBlock(
      input,
      start,
      end,
      output.bytes,
      output.position,
      limit,
      independent ? output.position : frameStart,
    );
  } catch (error) {
    // The decoder met its limit: that limit may be the caller's bound and not the block's own.
    if (limit === bytesMax) throw tooLarge(bytesMax);
    throw error;
  }
}

function truncated(): ProtocolError {
  return new ProtocolError('truncated lz4 data');
}
