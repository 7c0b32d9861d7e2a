// A ZooKeeper of a few znodes that are only read, for tests of tools that find brokers there. Real ones are tried by the
// suites in packages/metadata/test/ensemble.
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

const OP = { exists: 3, getData: 4, sync: 9, ping: 11, getChildren2: 12, closeSession: -11 } as const;
const NO_NODE = -101;
const UNIMPLEMENTED = -6;

export class FakeZooKeeper {
  readonly #server: Server;
  readonly #nodes: ReadonlyMap<string, string>;
  readonly #sockets = new Set<Socket>();

  private constructor(nodes: ReadonlyMap<string, string>) {
    this.#nodes = nodes;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  /** Whole paths with their data; their parents exist too. */
  static async start(nodes: Readonly<Record<string, string>>): Promise<FakeZooKeeper> {
    const all = new Map<string, string>([['/', '']]);
    for (const [path, data] of Object.entries(nodes)) {
      for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) all.set(path.slice(0, at), '');
      all.set(path, data);
    }
    const fake = new FakeZooKeeper(all);
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => {});
    let rest: Buffer = Buffer.alloc(0);
    let greeted = false;
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
        const frame = rest.subarray(4, 4 + rest.readInt32BE(0));
        rest = rest.subarray(4 + frame.length);
        const answer = greeted ? this.#answer(frame) : greeting();
        greeted = true;
        socket.write(Buffer.concat([int(answer.length), answer]));
      }
    });
  }

  #answer(request: Buffer): Buffer {
    const xid = request.readInt32BE(0);
    const header = (error: number) => Buffer.concat([int(xid), long(1), int(error)]);
    const op = request.readInt32BE(4);
    if (op === OP.ping || op === OP.closeSession) return header(0);
    if (op !== OP.exists && op !== OP.getData && op !== OP.getChildren2 && op !== OP.sync) return header(UNIMPLEMENTED);
    const path = request.toString('utf8', 12, 12 + request.readInt32BE(8));
    if (op === OP.sync) return Buffer.concat([header(0), text(path)]);
    const data = this.#nodes.get(path);
    if (data === undefined) return header(NO_NODE);
    const prefix = path === '/' ? '/' : `${path}/`;
    const children = [...this.#nodes.keys()].filter(
      (other) => other !== path && other.startsWith(prefix) && !other.slice(prefix.length).includes('/'),
    );
    const stat = Buffer.concat([
      ...[long(1), long(1), long(0), long(0), int(0), int(0), int(0), long(0)],
      ...[int(data.length), int(children.length), long(1)],
    ]);
    if (op === OP.exists) return Buffer.concat([header(0), stat]);
    if (op === OP.getData) return Buffer.concat([header(0), text(data), stat]);
    const names = children.map((child) => text(child.slice(prefix.length)));
    return Buffer.concat([header(0), int(names.length), ...names, stat]);
  }
}

function greeting(): Buffer {
  return Buffer.concat([int(0), int(10_000), long(7), int(16), Buffer.alloc(16, 7), Buffer.from([0])]);
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function long(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([int(bytes.length), bytes]);
}
