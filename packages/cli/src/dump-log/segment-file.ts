// The batches of a .log file, read in large pieces; the file may be damaged, so nothing in it is trusted.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { BATCH_OVERHEAD, batchSizeOf, HEADER_SIZE_UP_TO_MAGIC, magicOf } from '@moldau/protocol/records/batch-header';

const PIECE_BYTES = 1024 * 1024;

export interface FileBatch {
  /** Holds the whole batch from `at` on. */
  readonly buffer: Buffer;
  readonly at: number;
  /** Where the batch starts in the file. */
  readonly position: number;
}

/** An open .log file. Throws the system's error when it cannot be opened. */
export class SegmentFile {
  readonly path: string;
  /** How much of it is read: its size, or less when a limit was given. */
  readonly sizeBytes: number;
  readonly #descriptor: number;

  constructor(path: string, bytesMax = Number.POSITIVE_INFINITY) {
    this.path = path;
    this.#descriptor = openSync(path, 'r');
    this.sizeBytes = Math.min(fstatSync(this.#descriptor).size, bytesMax);
  }

  /**
   * The whole batches from `position` on. Ends before one that is cut off. Throws on a size or a format that no batch has,
   * naming the file.
   */
  *batches(position = 0): Generator<FileBatch, void, undefined> {
    let piece: Buffer = Buffer.alloc(0);
    let pieceAt = position;
    for (;;) {
      if (this.sizeBytes - position < HEADER_SIZE_UP_TO_MAGIC) return;
      if (position + HEADER_SIZE_UP_TO_MAGIC > pieceAt + piece.length) {
        [piece, pieceAt] = [this.#read(position, PIECE_BYTES), position];
      }
      const size = batchSizeOf(piece, position - pieceAt);
      if (size < BATCH_OVERHEAD) {
        throw new Error(
          `Found record size ${size} smaller than minimum record overhead (${BATCH_OVERHEAD}) in file ${this.path}.`,
        );
      }
      if (position + size > this.sizeBytes) return;
      const magic = magicOf(piece, position - pieceAt);
      if (magic !== 2) {
        throw new Error(
          `Found a batch of format ${magic} at position ${position} of ${this.path}; only format 2 is read.`,
        );
      }
      if (position + size > pieceAt + piece.length) {
        [piece, pieceAt] = [this.#read(position, Math.max(size, PIECE_BYTES)), position];
      }
      yield { buffer: piece, at: position - pieceAt, position };
      position += size;
    }
  }

  #read(position: number, bytes: number): Buffer {
    const piece = Buffer.allocUnsafe(Math.min(bytes, this.sizeBytes - position));
    let read = 0;
    while (read < piece.length) {
      const count = readSync(this.#descriptor, piece, read, piece.length - read, position + read);
      if (count === 0) break;
      read += count;
    }
    return piece.subarray(0, read);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
