// Bit rot: one bit of a record batch that lies in a closed segment becomes another. The broker must be down: what it has
// read before, it need not read again.
import { closeSync, existsSync, openSync, readdirSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Before a batch's length and what follows it. */
const LENGTH_AT = 8;
const PREFIX_BYTES = 12;
/** From magic on every bit counts; the epoch before it lies outside of Kafka's checksum. */
const MAGIC_AT = 16;

export interface Flip {
  readonly file: string;
  readonly position: number;
  /** First offset of the batch that is damaged. */
  readonly baseOffset: number;
  /** What the byte is now. */
  readonly byte: number;
}

/** How many segments of a partition are closed. */
export function closedSegments(partitionFolder: string): string[] {
  const segments = readdirSync(partitionFolder)
    .filter((name) => /^\d{20}\.log$/.test(name))
    .sort();
  return segments.slice(0, -1).filter((name) => statSync(join(partitionFolder, name)).size > 0);
}

/** Flips a bit that `draw` (0 <= draw < 1) chooses. Undefined when no segment is closed. */
export function flipBit(partitionFolder: string, draw: number): Flip | undefined {
  const segments = closedSegments(partitionFolder);
  const name = segments[Math.floor(draw * segments.length)];
  if (name === undefined) return undefined;
  const file = join(partitionFolder, name);
  const bytes = readFileSync(file);
  const batches: number[] = [];
  for (let at = 0; at + PREFIX_BYTES < bytes.length; at += PREFIX_BYTES + bytes.readInt32BE(at + LENGTH_AT)) {
    batches.push(at);
  }
  const batch = batches[Math.floor(((draw * 7_919) % 1) * batches.length)]!;
  const end = batch + PREFIX_BYTES + bytes.readInt32BE(batch + LENGTH_AT);
  const position = batch + MAGIC_AT + Math.floor(((draw * 104_729) % 1) * (end - batch - MAGIC_AT));
  const bit = Math.floor(((draw * 1_299_709) % 1) * 8);
  const handle = openSync(file, 'r+');
  const byte = bytes[position]! ^ (1 << bit);
  writeSync(handle, Buffer.of(byte), 0, 1, position);
  closeSync(handle);
  return { file: name, position, baseOffset: Number(bytes.readBigInt64BE(batch)), byte };
}

/** Was it noticed and replaced in its place? The bytes as they were are set aside then. */
export function isMended(partitionFolder: string, { file }: Flip): boolean {
  const aside = join(partitionFolder, 'quarantine');
  return existsSync(aside) && readdirSync(aside).some((name) => name.startsWith(`${file}.damaged-`));
}

/** Does the damage still lie there? */
export function isFlipped(partitionFolder: string, { file, position, byte }: Flip): boolean {
  try {
    return readFileSync(join(partitionFolder, file))[position] === byte;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return false;
  }
}
