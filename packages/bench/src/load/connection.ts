// A socket to a broker that sends ready-made frames and hands back whole answers, with as little work as can be: it reads
// into one buffer for ever and copies an answer only when it comes in pieces.
import { connect, type Socket } from 'node:net';

const READ_BYTES = 1024 * 1024;

export class LoadConnection {
  readonly #socket: Socket;
  readonly #onAnswer: (frame: Buffer) => void;
  /** An answer that has begun but is not complete; size prefix not included. */
  #partial = Buffer.alloc(0);
  #wanted = 0;
  #have = 0;
  readonly #size = Buffer.alloc(4);
  #sizeHave = 0;

  private constructor(socket: Socket, onAnswer: (frame: Buffer) => void) {
    this.#socket = socket;
    this.#onAnswer = onAnswer;
  }

  /** `onAnswer` gets each answer without its size prefix; the buffer is only good until it returns. */
  static open(
    host: string,
    port: number,
    onAnswer: (frame: Buffer) => void,
    onFailure: (error: Error) => void,
  ): Promise<LoadConnection> {
    return new Promise((resolve, reject) => {
      let connection: LoadConnection | undefined;
      const socket = connect({
        host,
        port,
        noDelay: true,
        onread: {
          buffer: Buffer.allocUnsafe(READ_BYTES),
          callback: (bytes, buffer) => {
            try {
              connection?.receive(Buffer.from(buffer.buffer, buffer.byteOffset, bytes));
            } catch (error) {
              socket.destroy(error instanceof Error ? error : new Error(String(error)));
            }
            return true;
          },
        },
      });
      socket.once('error', (error) => (connection ? onFailure(error) : reject(error)));
      socket.once('close', (failed) => {
        if (!failed && connection) onFailure(new Error('the broker closed the connection'));
      });
      socket.once('connect', () => {
        connection = new LoadConnection(socket, onAnswer);
        resolve(connection);
      });
    });
  }

  receive(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#wanted === 0) {
        if (this.#sizeHave === 0 && chunk.length - at >= 4) {
          this.#wanted = chunk.readInt32BE(at);
          at += 4;
        } else {
          this.#size[this.#sizeHave++] = chunk[at++] as number;
          if (this.#sizeHave < 4) continue;
          this.#wanted = this.#size.readInt32BE(0);
          this.#sizeHave = 0;
        }
        this.#have = 0;
      }
      const available = chunk.length - at;
      if (this.#have === 0 && available >= this.#wanted) {
        const frame = chunk.subarray(at, at + this.#wanted);
        at += this.#wanted;
        this.#wanted = 0;
        this.#onAnswer(frame);
        continue;
      }
      if (this.#partial.length < this.#wanted) {
        const grown = Buffer.allocUnsafe(this.#wanted);
        this.#partial.copy(grown, 0, 0, this.#have);
        this.#partial = grown;
      }
      const taken = Math.min(available, this.#wanted - this.#have);
      chunk.copy(this.#partial, this.#have, at, at + taken);
      this.#have += taken;
      at += taken;
      if (this.#have === this.#wanted) {
        const frame = this.#partial.subarray(0, this.#wanted);
        this.#wanted = 0;
        this.#onAnswer(frame);
      }
    }
  }

  send(frame: Buffer): void {
    this.#socket.write(frame);
  }

  /** Several `send`s inside leave as one system call. */
  together(sends: () => void): void {
    this.#socket.cork();
    sends();
    this.#socket.uncork();
  }

  close(): void {
    this.#socket.removeAllListeners('close');
    this.#socket.destroy();
  }
}

/** One request, one answer, on a connection of its own. */
export function ask(host: string, port: number, frame: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let connection: LoadConnection | undefined;
    const answered = (answer: Buffer): void => {
      resolve(Buffer.from(answer));
      connection?.close();
    };
    LoadConnection.open(host, port, answered, reject).then((opened) => {
      connection = opened;
      opened.send(frame);
    }, reject);
  });
}
