// ZooKeeper's requests and answers (zookeeper.jute), those that we use, each an encoder and a decoder. Pure.
// Paths are whole here: the client has put the chroot before them.
import { JuteError, JuteReader, JuteWriter } from './jute.ts';

/** org.apache.zookeeper.ZooDefs.OpCode */
export const OP = {
  create: 1,
  delete: 2,
  exists: 3,
  getData: 4,
  setData: 5,
  getAcl: 6,
  sync: 9,
  ping: 11,
  getChildren2: 12,
  check: 13,
  multi: 14,
  auth: 100,
  setWatches2: 105,
  addWatch: 106,
  closeSession: -11,
  error: -1,
} as const;

/** Numbers of answers that answer no request of ours. */
export const XID = { notification: -1, ping: -2, auth: -4, setWatches: -8 } as const;

/** What ZooKeeper keeps about a znode. Zxids order all writes of the store. */
export interface Stat {
  readonly czxid: number;
  readonly mzxid: number;
  readonly ctime: number;
  readonly mtime: number;
  /** Of the data; grows with each write, starts at 0. */
  readonly version: number;
  readonly cversion: number;
  readonly aversion: number;
  /** Session id as 16 hex digits; all zeros for a znode that stays. */
  readonly ephemeralOwner: string;
  readonly dataLength: number;
  readonly numChildren: number;
  readonly pzxid: number;
}

export interface Acl {
  /** Sum of READ 1, WRITE 2, CREATE 4, DELETE 8, ADMIN 16. */
  readonly permissions: number;
  readonly scheme: string;
  readonly id: string;
}

export const PERMISSION_ALL = 31;
export const PERMISSION_READ = 1;
export const OPEN_ACL: readonly Acl[] = [{ permissions: PERMISSION_ALL, scheme: 'world', id: 'anyone' }];
/** All for whoever created it (needs an authenticated session), reading for everybody: what Kafka's secure znodes have. */
export const CREATOR_ALL_WORLD_READ: readonly Acl[] = [
  { permissions: PERMISSION_ALL, scheme: 'auth', id: '' },
  { permissions: PERMISSION_READ, scheme: 'world', id: 'anyone' },
];

/** One write inside a multi. `version` -1 is any. */
export type Operation =
  | {
      readonly kind: 'create';
      readonly path: string;
      readonly data: Uint8Array;
      readonly ephemeral?: boolean;
      readonly acl?: readonly Acl[];
    }
  | { readonly kind: 'delete'; readonly path: string; readonly version: number }
  | { readonly kind: 'setData'; readonly path: string; readonly data: Uint8Array; readonly version: number }
  | { readonly kind: 'check'; readonly path: string; readonly version: number };

export type OperationResult =
  | { readonly kind: 'create'; readonly path: string }
  | { readonly kind: 'delete' }
  | { readonly kind: 'setData'; readonly stat: Stat }
  | { readonly kind: 'check' }
  /** 0: rolled back because another was refused; -2: not tried because one before was. */
  | { readonly kind: 'error'; readonly error: number };

export const WATCH_MODES = { persistent: 0, persistentRecursive: 1 } as const;
export type WatchMode = keyof typeof WATCH_MODES;

export const WATCH_EVENTS = { 1: 'created', 2: 'deleted', 3: 'dataChanged', 4: 'childrenChanged' } as const;

export interface ConnectAnswer {
  /** 0 when the session is over. */
  readonly timeoutMs: number;
  readonly sessionId: string;
  readonly password: Buffer;
}

export interface ReplyHeader {
  readonly xid: number;
  readonly zxid: number;
  readonly error: number;
}

export function encodeConnect(session: {
  lastZxid: number;
  timeoutMs: number;
  sessionId: string;
  password: Uint8Array;
}): Buffer {
  const { lastZxid, timeoutMs, sessionId, password } = session;
  return new JuteWriter().int(0).long(lastZxid).int(timeoutMs).id(sessionId).bytes(password).bool(false).finish();
}

export function decodeConnectAnswer(frame: Buffer): ConnectAnswer {
  const reader = new JuteReader(frame);
  reader.int();
  const timeoutMs = reader.int();
  return { timeoutMs, sessionId: reader.id(), password: reader.bytes() ?? Buffer.alloc(16) };
}

export function decodeReplyHeader(reader: JuteReader): ReplyHeader {
  return { xid: reader.int(), zxid: reader.long(), error: reader.int() };
}

/** The header and what `body` writes. */
export function encodeRequest(xid: number, op: number, body?: (writer: JuteWriter) => void): Buffer {
  const writer = new JuteWriter().int(xid).int(op);
  body?.(writer);
  return writer.finish();
}

export function writePathWatch(writer: JuteWriter, path: string): void {
  writer.string(path).bool(false);
}

function writeAcls(writer: JuteWriter, acl: readonly Acl[]): void {
  writer.vector(acl, (one) => writer.int(one.permissions).string(one.scheme).string(one.id));
}

export function readAcls(reader: JuteReader): Acl[] {
  return reader.vector(12, () => ({ permissions: reader.int(), scheme: reader.string(), id: reader.string() }));
}

export function writeOperation(writer: JuteWriter, operation: Operation): void {
  switch (operation.kind) {
    case 'create':
      writer.string(operation.path).bytes(operation.data);
      writeAcls(writer, operation.acl ?? OPEN_ACL);
      writer.int(operation.ephemeral ? 1 : 0);
      return;
    case 'setData':
      writer.string(operation.path).bytes(operation.data).int(operation.version);
      return;
    case 'delete':
    case 'check':
      writer.string(operation.path).int(operation.version);
  }
}

export function writeMulti(writer: JuteWriter, operations: readonly Operation[]): void {
  for (const operation of operations) {
    writer.int(OP[operation.kind]).bool(false).int(-1);
    writeOperation(writer, operation);
  }
  writer.int(-1).bool(true).int(-1);
}

export function readMulti(reader: JuteReader): OperationResult[] {
  const results: OperationResult[] = [];
  for (;;) {
    const type = reader.int();
    const done = reader.bool();
    reader.int();
    if (done) return results;
    results.push(readResult(reader, type));
  }
}

function readResult(reader: JuteReader, type: number): OperationResult {
  switch (type) {
    case OP.create:
      return { kind: 'create', path: reader.string() };
    case OP.delete:
      return { kind: 'delete' };
    case OP.setData:
      return { kind: 'setData', stat: readStat(reader) };
    case OP.check:
      return { kind: 'check' };
    case OP.error:
      return { kind: 'error', error: reader.int() };
    default:
      throw new JuteError(`a multi answered operation ${type}`);
  }
}

export function readStat(reader: JuteReader): Stat {
  return {
    czxid: reader.long(),
    mzxid: reader.long(),
    ctime: reader.long(),
    mtime: reader.long(),
    version: reader.int(),
    cversion: reader.int(),
    aversion: reader.int(),
    ephemeralOwner: reader.id(),
    dataLength: reader.int(),
    numChildren: reader.int(),
    pzxid: reader.long(),
  };
}

export function writeAuth(writer: JuteWriter, scheme: string, auth: Uint8Array): void {
  writer.int(0).string(scheme).bytes(auth);
}

export function writeAddWatch(writer: JuteWriter, path: string, mode: WatchMode): void {
  writer.string(path).int(WATCH_MODES[mode]);
}

export interface Watched {
  readonly path: string;
  readonly mode: WatchMode;
}

export function writeSetWatches2(writer: JuteWriter, lastZxid: number, watches: readonly Watched[]): void {
  const of = (mode: WatchMode) => watches.filter((one) => one.mode === mode).map((one) => one.path);
  writer.long(lastZxid).int(0).int(0).int(0);
  for (const mode of ['persistent', 'persistentRecursive'] as const)
    writer.vector(of(mode), (path) => writer.string(path));
}

export interface WatchNotice {
  /** Undefined for a change of the connection's state. */
  readonly event: (typeof WATCH_EVENTS)[keyof typeof WATCH_EVENTS] | undefined;
  readonly path: string;
}

export function readNotice(reader: JuteReader): WatchNotice {
  const type = reader.int();
  reader.int();
  return { event: WATCH_EVENTS[type as keyof typeof WATCH_EVENTS], path: reader.string() };
}
