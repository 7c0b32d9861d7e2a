// Cuts the stream of a ZooKeeper connection into frames: int32 size, then that many bytes. Pure.
import { JuteError } from './jute.ts';

export class Frames {
  readonly #bytesMax: number;
  #rest: Buffer[] = [];
  #restBytes = 0;
  /** Bytes that must be there before it is worth looking. */
  #needed = 4;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The frames that are whole now, without their size. Throws JuteError at an impossible size, before taking memory. */
  push(chunk: Buffer): Buffer[] {
    this.#rest.push(chunk);
    this.#restBytes += chunk.length;
    if (this.#restBytes < this.#needed) return [];
    const all = this.#rest.length === 1 ? chunk : Buffer.concat(this.#rest);
    const frames: Buffer[] = [];
    let position = 0;
    this.#needed = 4;
    while (all.length - position >= 4) {
      const size = all.readInt32BE(position);
      if (size < 0 || size > this.#bytesMax) throw new JuteError(`a frame of ${size} bytes; is this ZooKeeper?`);
      if (all.length - position - 4 < size) {
        this.#needed = 4 + size;
        break;
      }
      frames.push(all.subarray(position + 4, position + 4 + size));
      position += 4 + size;
    }
    this.#rest = position === all.length ? [] : [Buffer.from(all.subarray(position))];
    this.#restBytes = all.length - position;
    return frames;
  }
}

export function framed(body: Buffer): [Buffer, Buffer] {
  const size = Buffer.allocUnsafe(4);
  size.writeInt32BE(body.length);
  return [size, body];
}
