// gzip by node:zlib. Output is bounded while it streams: zlib stops at the first chunk past the bound.
import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { ProtocolError } from '../errors.ts';
import { tooLarge } from './output-bound.ts';

const CHUNK_BYTES_MIN = 1024;
const CHUNK_BYTES_MAX = 1 << 20;

export function gzip(input: Buffer, level: number = constants.Z_DEFAULT_COMPRESSION): Buffer {
  return gzipSync(input, { level });
}

export function gunzip(input: Buffer, bytesMax: number): Buffer {
  // The trailer says the size modulo 2^32 (of the last member): a hint for the chunk, never trusted for more.
  const hint = input.length >= 18 ? input.readUInt32LE(input.length - 4) : 0;
  const chunkSize = Math.min(Math.max(hint, CHUNK_BYTES_MIN), CHUNK_BYTES_MAX);
  let output: Buffer;
  try {
    // zlib knows no bound of 0.
    output = gunzipSync(input, { chunkSize, maxOutputLength: Math.max(bytesMax, 1) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(bytesMax);
    throw new ProtocolError(`malformed gzip data: ${(error as Error).message}`);
  }
  if (output.length > bytesMax) throw tooLarge(bytesMax);
  return output;
}
