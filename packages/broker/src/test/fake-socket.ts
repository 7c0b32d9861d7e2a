// A socket for tests of connections: the test plays the client and the operating system.
import type { Connection, ConnectionEvents } from '@moldau/kernel';

export class FakeSocket implements Connection {
  readonly remote = { host: '10.0.0.1', port: 40_000 };
  readonly local = { host: '10.0.0.2', port: 9092 };
  /** Bytes that the client has not read yet; `write` answers false while there are any. */
  queuedBytes = 0;
  /** When true, what is written stays queued until `drain`. */
  slow = false;
  paused = false;
  ended = false;
  destroyed = false;
  readonly writes: string[] = [];
  #events: ConnectionEvents | undefined;

  start(events: ConnectionEvents): void {
    this.#events = events;
  }

  write(chunks: readonly Uint8Array[]): boolean {
    this.writes.push(chunks.map((chunk) => Buffer.from(chunk).toString()).join('|'));
    if (this.slow) for (const chunk of chunks) this.queuedBytes += chunk.length;
    return !this.slow;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  end(): void {
    this.ended = true;
  }

  destroy(): void {
    this.destroyed = true;
    this.#events?.onClose();
  }

  /** The client sends each text as one frame, all in one chunk. */
  receive(...frames: string[]): void {
    this.receiveBytes(Buffer.concat(frames.map(frameOf)));
  }

  receiveBytes(bytes: Buffer): void {
    this.#events?.onData(bytes);
  }

  /** The client has read everything. */
  drain(): void {
    this.queuedBytes = 0;
    this.slow = false;
    this.#events?.onDrain?.();
  }

  /** The client closed its side. */
  clientEnds(): void {
    this.#events?.onEnd?.();
  }
}

export function frameOf(text: string): Buffer {
  const body = Buffer.from(text);
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
}
