// CRC-32C (Castagnoli), the checksum of record batches, producer snapshots and our metadata log. Not the CRC-32 of gzip
// and zlib.crc32. Small inputs are done here with eight tables; from NATIVE_BYTES_MIN up the native routine wins, because
// a call into it costs about 70 ns whatever the size.
import { loadNative } from './native.ts';

const NATIVE_BYTES_MIN = 200;
const POLYNOMIAL_REVERSED = 0x82f63b78;

interface NativeCrc {
  crc32c(input: Uint8Array, initialState?: number): number;
}

let tables: Int32Array | undefined;

function makeTables(): Int32Array {
  const made = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL_REVERSED : crc >>> 1;
    made[byte] = crc;
  }
  for (let byte = 0; byte < 256; byte++) {
    let crc = made[byte]!;
    for (let slice = 1; slice < 8; slice++) {
      crc = (crc >>> 8) ^ made[crc & 0xff]!;
      made[slice * 256 + byte] = crc;
    }
  }
  return made;
}

function crcByTables(buffer: Uint8Array, start: number, end: number, seed: number): number {
  tables ??= makeTables();
  const t = tables;
  let crc = ~seed;
  let i = start;
  for (; i + 8 <= end; i += 8) {
    const low = crc ^ (buffer[i]! | (buffer[i + 1]! << 8) | (buffer[i + 2]! << 16) | (buffer[i + 3]! << 24));
    crc =
      t[1792 + (low & 0xff)]! ^
      t[1536 + ((low >>> 8) & 0xff)]! ^
      t[1280 + ((low >>> 16) & 0xff)]! ^
      t[1024 + (low >>> 24)]! ^
      t[768 + buffer[i + 4]!]! ^
      t[512 + buffer[i + 5]!]! ^
      t[256 + buffer[i + 6]!]! ^
      t[buffer[i + 7]!]!;
  }
  for (; i < end; i++) crc = (crc >>> 8) ^ t[(crc ^ buffer[i]!) & 0xff]!;
  return ~crc >>> 0;
}

/**
 * CRC-32C of `buffer[start, end)` as an unsigned 32-bit number. `seed` is the CRC of what came before, to checksum
 * bytes that arrive in pieces; 0 for the first.
 */
export function crc32c(buffer: Uint8Array, start = 0, end = buffer.length, seed = 0): number {
  if (end - start >= NATIVE_BYTES_MIN) {
    const native = loadNative<NativeCrc>('@node-rs/crc32');
    if (native) {
      const whole = start === 0 && end === buffer.length;
      return native.crc32c(whole ? buffer : buffer.subarray(start, end), seed) >>> 0;
    }
  }
  return crcByTables(buffer, start, end, seed);
}
