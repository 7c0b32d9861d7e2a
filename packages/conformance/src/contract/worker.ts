// A client in another language as an adapter: a child process that takes one JSON command a line on standard input and
// answers, and tells of records and assignments, the same way on standard output. Bytes travel as base64, null as null.
//
//   → {"id":1,"op":"createTopic","name":"t","partitions":1,"configs":{}}          ← {"id":1}
//   → {"id":2,"op":"openSender","sender":"s1","codec":"none","acks":-1,"idempotent":false,"javaPartitioner":false,
//      "transactionalId":null}                                                                                  ← {"id":2}
//   → {"id":3,"op":"send","sender":"s1","topic":"t","records":[{"key":…,"value":…,"headers":[[k,v]…],"partition":0}]}
//        ← {"id":3}  or  {"id":3,"code":10,"error":"…"}    (code: the broker's, 0 when it was not the broker)
//   → {"id":4,"op":"closeSender","sender":"s1"}                                   ← {"id":4}
//   → {"id":5,"op":"join","member":"m1","group":"g","topic":"t","reset":"earliest","sessionTimeoutMs":6000,
//      "assignor":"range","isolation":"read_uncommitted","instanceId":null,"protocol":"classic"}                 ← {"id":5}
//        then  {"member":"m1","held":[0,1],"assignments":1}
//        and   {"member":"m1","records":[{"partition":0,"offset":0,"timestamp":0,"key":…,"value":…,"headers":[[k,v]]}]}
//        and   {"member":"m1","failure":"…"}
//   → {"id":6,"op":"leave","member":"m1"}                                         ← {"id":6}
// Where the adapter says that the client can, `transactionalId` is a text (and the sender has joined its coordinator before
// the answer), and `protocol` is "consumer":
//   → {"id":7,"op":"begin","sender":"s1"}    and "commit", "abort"                ← {"id":7}
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import {
  type ClientAdapter,
  type ConnectedClient,
  type JoinOptions,
  type Member,
  type ReceivedRecord,
  RefusedByBroker,
  type Sender,
  type SenderOptions,
  type SentRecord,
} from './client.ts';

type Encoded = string | null;

interface WireRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Encoded;
  readonly value: Encoded;
  readonly headers: readonly (readonly [key: string, value: Encoded])[];
}

interface Line {
  readonly id?: number;
  readonly error?: string;
  readonly code?: number;
  readonly member?: string;
  readonly held?: number[];
  readonly assignments?: number;
  readonly records?: WireRecord[];
  readonly failure?: string;
}

const encoded = (bytes: Buffer | null): Encoded => bytes?.toString('base64') ?? null;
const decoded = (text: Encoded): Buffer | null => (text === null ? null : Buffer.from(text, 'base64'));

class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve: () => void; reject: (error: Error) => void }>();
  readonly #members = new Map<string, WorkerMember>();
  #ids = 0;
  #stderr = '';
  readonly ended: Promise<void>;

  constructor(file: string, args: readonly string[]) {
    this.#child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stdin?.on('error', () => {}); // its end rejects what waits
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-4_000);
    });
    if (this.#child.stdout) createInterface({ input: this.#child.stdout }).on('line', (line) => this.#receive(line));
    this.ended = new Promise((resolve) => {
      const gone = (reason: string): void => {
        const error = new Error(`${file} ${args.at(-1)} ended (${reason})\n${this.#stderr}`);
        for (const { reject } of this.#waiting.values()) reject(error);
        this.#waiting.clear();
        for (const member of this.#members.values()) member.fail(error);
        resolve();
      };
      this.#child.once('error', (error) => gone(error.message));
      this.#child.once('close', (status, signal) => gone(String(signal ?? status)));
    });
  }

  #receive(text: string): void {
    if (!text.startsWith('{')) return; // a library's chatter
    const line = JSON.parse(text) as Line;
    if (line.member !== undefined) this.#members.get(line.member)?.receive(line);
    if (line.id === undefined) return;
    const waiting = this.#waiting.get(line.id);
    this.#waiting.delete(line.id);
    if (line.error === undefined) waiting?.resolve();
    else waiting?.reject(line.code ? new RefusedByBroker(line.code, line.error) : new Error(line.error));
  }

  order(command: Readonly<Record<string, unknown>>): Promise<void> {
    const id = ++this.#ids;
    return new Promise((resolve, reject) => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        reject(new Error(`the worker has ended\n${this.#stderr}`));
        return;
      }
      this.#waiting.set(id, { resolve, reject });
      this.#child.stdin?.write(`${JSON.stringify({ id, ...command })}\n`);
    });
  }

  async join(o: JoinOptions): Promise<WorkerMember> {
    const name = `m${++this.#ids}`;
    const member = new WorkerMember(this, name, o.topic);
    this.#members.set(name, member);
    await this.order({
      op: 'join',
      member: name,
      group: o.group,
      topic: o.topic,
      reset: o.reset ?? 'earliest',
      sessionTimeoutMs: o.sessionTimeoutMs ?? 6_000,
      assignor: o.assignor ?? 'range',
      isolation: o.isolation ?? 'read_uncommitted',
      instanceId: o.instanceId ?? null,
      protocol: o.protocol ?? 'classic',
    });
    return member;
  }

  async close(): Promise<void> {
    this.#child.stdin?.end();
    const impatience = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    await this.ended;
    clearTimeout(impatience);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }
}

class WorkerMember implements Member {
  readonly records: ReceivedRecord[] = [];
  crash?: () => Promise<void>;
  readonly #worker: WorkerProcess;
  readonly #name: string;
  readonly #topic: string;
  #held: readonly number[] = [];
  #assignments = 0;
  #failure: Error | undefined;

  constructor(worker: WorkerProcess, name: string, topic: string) {
    this.#worker = worker;
    this.#name = name;
    this.#topic = topic;
  }

  receive(line: Line): void {
    if (line.held) this.#held = line.held;
    if (line.assignments !== undefined) this.#assignments = line.assignments;
    if (line.failure !== undefined) this.fail(new Error(line.failure));
    for (const record of line.records ?? []) {
      this.records.push({
        ...record,
        topic: this.#topic,
        session: this.#assignments,
        key: decoded(record.key),
        value: decoded(record.value),
        headers: record.headers.map(([key, value]) => ({ key, value: decoded(value) })),
      });
    }
  }

  fail(error: Error): void {
    this.#failure ??= error;
  }

  assignment(): readonly number[] {
    return this.#held;
  }

  assignments(): number {
    return this.#assignments;
  }

  failure(): Error | undefined {
    return this.#failure;
  }

  leave(): Promise<void> {
    return this.#worker.order({ op: 'leave', member: this.#name });
  }
}

class WorkerClient implements ConnectedClient {
  readonly #can: ClientAdapter['can'];
  readonly #spawn: () => WorkerProcess;
  readonly #worker: WorkerProcess;
  #senders = 0;

  constructor(can: ClientAdapter['can'], spawnWorker: () => WorkerProcess) {
    this.#can = can;
    this.#spawn = spawnWorker;
    this.#worker = spawnWorker();
  }

  createTopic(name: string, partitions: number, configs: Readonly<Record<string, string>> = {}): Promise<void> {
    return this.#worker.order({ op: 'createTopic', name, partitions, configs });
  }

  async sender(o: SenderOptions = {}): Promise<Sender> {
    const { transactionalId = null } = o;
    if (transactionalId !== null && !this.#can.transactions) throw new Error('the adapter has no transactions');
    const sender = `s${++this.#senders}`;
    const settings = {
      codec: o.codec ?? 'none',
      acks: o.acks ?? -1,
      idempotent: o.idempotent ?? false,
      javaPartitioner: o.javaPartitioner ?? false,
      transactionalId,
    };
    await this.#worker.order({ op: 'openSender', sender, ...settings });
    const order = (op: string) => () => this.#worker.order({ op, sender });
    return {
      send: (topic, records) => this.#worker.order({ op: 'send', sender, topic, records: records.map(wireRecord) }),
      close: order('closeSender'),
      ...(transactionalId === null
        ? {}
        : { transactions: { begin: order('begin'), commit: order('commit'), abort: order('abort') } }),
    };
  }

  async join(o: JoinOptions): Promise<Member> {
    if (o.protocol === 'consumer' && !this.#can.consumerProtocol) throw new Error('the adapter has no KIP-848');
    if (!o.separately) return this.#worker.join(o);
    const own = this.#spawn();
    const member = await own.join(o);
    const leave = member.leave.bind(member);
    member.crash = () => own.kill();
    member.leave = async () => {
      await leave();
      await own.close();
    };
    return member;
  }

  close(): Promise<void> {
    return this.#worker.close();
  }
}

function wireRecord({ key, value, headers, partition, timestamp }: SentRecord): object {
  return {
    key: encoded(key),
    value: encoded(value),
    headers: (headers ?? []).map((header) => [header.key, encoded(header.value)]),
    partition: partition ?? null,
    timestamp: timestamp ?? null,
  };
}

/** An adapter whose client runs as `command(bootstrap)`. */
export function workerAdapter(
  o: Omit<ClientAdapter, 'connect'> & { command(bootstrap: string): { file: string; args: readonly string[] } },
): ClientAdapter {
  return {
    name: o.name,
    codecs: o.codecs,
    can: o.can,
    connect: async (bootstrap) =>
      new WorkerClient(o.can, () => {
        const { file, args } = o.command(bootstrap);
        return new WorkerProcess(file, args);
      }),
  };
}
