// Produce v9 requests and Fetch v12 responses coded by hand, as fast as we know how with the same safety: the measure for
// the compiled codecs in codec.bench.ts. Nothing else uses it.
import { ProtocolError } from '../src/errors.ts';

/** What `toString('utf8', …)` calls; the compiled decoders call it too. */
type SliceableBuffer = Buffer & { utf8Slice(start: number, end: number): string };

let at = 0;

function need(bytes: number, end: number): void {
  if (at + bytes > end) throw new ProtocolError('the bytes end');
}

function int16(b: Buffer): number {
  const value = ((b[at]! << 24) >> 16) | b[at + 1]!;
  at += 2;
  return value;
}

function int32(b: Buffer): number {
  const value = (b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!;
  at += 4;
  return value;
}

function int64(b: Buffer): number {
  const high = int32(b);
  const low = int32(b) >>> 0;
  const value = high * 4294967296 + low;
  if (!Number.isSafeInteger(value)) throw new ProtocolError('an int64 beyond 2^53');
  return value;
}

function uvarint(b: Buffer, end: number): number {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    need(1, end);
    const byte = b[at++]!;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 128) return value;
  }
  throw new ProtocolError('a varint is too long');
}

function count(b: Buffer, end: number, minBytes: number): number {
  const value = uvarint(b, end) - 1;
  if (value * minBytes > end - at) throw new ProtocolError('too many elements');
  return value;
}

function text(b: Buffer, end: number): string | null {
  const length = count(b, end, 1);
  if (length < 0) return null;
  const value = (b as SliceableBuffer).utf8Slice(at, at + length);
  at += length;
  return value;
}

function bytes(b: Buffer, end: number): Buffer | null {
  const length = count(b, end, 1);
  if (length < 0) return null;
  const value = b.subarray(at, at + length);
  at += length;
  return value;
}

function skipTags(b: Buffer, end: number): void {
  for (let left = uvarint(b, end); left > 0; left--) {
    uvarint(b, end);
    const size = uvarint(b, end);
    need(size, end);
    at += size;
  }
}

function must<T>(value: T | null): T {
  if (value === null) throw new ProtocolError('null where a value is needed');
  return value;
}

export function decodeProduceV9(b: Buffer, position: number, end: number) {
  at = position;
  const transactionalId = text(b, end);
  need(6, end);
  const acks = int16(b);
  const timeoutMs = int32(b);
  const topicData = [];
  for (let topics = count(b, end, 3); topics > 0; topics--) {
    const name = must(text(b, end));
    const partitionData = [];
    for (let partitions = count(b, end, 6); partitions > 0; partitions--) {
      need(4, end);
      const index = int32(b);
      const records = bytes(b, end);
      skipTags(b, end);
      partitionData.push({ index, records });
    }
    skipTags(b, end);
    topicData.push({ name, topicId: 'AAAAAAAAAAAAAAAAAAAAAA', partitionData });
  }
  skipTags(b, end);
  return { transactionalId, acks, timeoutMs, topicData };
}

const NO_EPOCH: { epoch: number; endOffset: number } = Object.freeze({ epoch: -1, endOffset: -1 });
const NO_LEADER: { leaderId: number; leaderEpoch: number } = Object.freeze({ leaderId: -1, leaderEpoch: -1 });
const NO_SNAPSHOT: { endOffset: number; epoch: number } = Object.freeze({ endOffset: -1, epoch: -1 });

export function decodeFetchV12(b: Buffer, position: number, end: number) {
  at = position;
  need(10, end);
  const throttleTimeMs = int32(b);
  const errorCode = int16(b);
  const sessionId = int32(b);
  const responses = [];
  for (let topics = count(b, end, 3); topics > 0; topics--) {
    const topic = must(text(b, end));
    const partitions = [];
    for (let left = count(b, end, 37); left > 0; left--) {
      need(30, end);
      const partitionIndex = int32(b);
      const errorCode = int16(b);
      const highWatermark = int64(b);
      const lastStableOffset = int64(b);
      const logStartOffset = int64(b);
      const aborted = count(b, end, 17);
      let abortedTransactions: { producerId: number; firstOffset: number }[] | null = null;
      if (aborted >= 0) {
        abortedTransactions = [];
        for (let i = 0; i < aborted; i++) {
          need(16, end);
          const producerId = int64(b);
          const firstOffset = int64(b);
          skipTags(b, end);
          abortedTransactions.push({ producerId, firstOffset });
        }
      }
      need(4, end);
      const preferredReadReplica = int32(b);
      const records = bytes(b, end);
      let divergingEpoch = NO_EPOCH;
      let currentLeader = NO_LEADER;
      let snapshotId = NO_SNAPSHOT;
      for (let tags = uvarint(b, end); tags > 0; tags--) {
        const tag = uvarint(b, end);
        const size = uvarint(b, end);
        need(size, end);
        const stop = at + size;
        if (tag === 0) {
          need(12, stop);
          divergingEpoch = { epoch: int32(b), endOffset: int64(b) };
          skipTags(b, stop);
        } else if (tag === 1) {
          need(8, stop);
          currentLeader = { leaderId: int32(b), leaderEpoch: int32(b) };
          skipTags(b, stop);
        } else if (tag === 2) {
          need(12, stop);
          snapshotId = { endOffset: int64(b), epoch: int32(b) };
          skipTags(b, stop);
        }
        at = stop;
      }
      partitions.push({
        partitionIndex,
        errorCode,
        highWatermark,
        lastStableOffset,
        logStartOffset,
        divergingEpoch,
        currentLeader,
        snapshotId,
        abortedTransactions,
        preferredReadReplica,
        records,
      });
    }
    skipTags(b, end);
    responses.push({ topic, topicId: 'AAAAAAAAAAAAAAAAAAAAAA', partitions });
  }
  skipTags(b, end);
  return { throttleTimeMs, errorCode, sessionId, responses, nodeEndpoints: [] };
}

/** Two passes: the size first, then one buffer of that size; small records are copied, as in the compiled encoder. */
class Out {
  b: Buffer;
  p = 0;
  constructor(size: number) {
    this.b = Buffer.allocUnsafe(size);
  }
  int16(value: number): void {
    const { b, p } = this;
    b[p] = value >> 8;
    b[p + 1] = value;
    this.p = p + 2;
  }
  int32(value: number): void {
    const { b, p } = this;
    b[p] = value >> 24;
    b[p + 1] = value >> 16;
    b[p + 2] = value >> 8;
    b[p + 3] = value;
    this.p = p + 4;
  }
  int64(value: number): void {
    if (!Number.isSafeInteger(value)) throw new ProtocolError('an int64 beyond 2^53');
    this.int32(Math.floor(value / 4294967296));
    this.int32(value | 0);
  }
  uvarint(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.b[this.p++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.b[this.p++] = rest;
  }
  text(value: string | null): void {
    this.uvarint(value === null ? 0 : Buffer.byteLength(value) + 1);
    if (value === null) return;
    if (value.length > 40) this.p += this.b.write(value, this.p, 'utf8');
    else for (let i = 0; i < value.length; i++) this.b[this.p++] = value.charCodeAt(i);
  }
  bytes(value: Buffer | null): void {
    this.uvarint(value === null ? 0 : value.length + 1);
    if (value === null) return;
    this.b.set(value, this.p);
    this.p += value.length;
  }
}

interface ProduceValue {
  readonly transactionalId: string | null;
  readonly acks: number;
  readonly timeoutMs: number;
  readonly topicData: readonly {
    readonly name: string;
    readonly partitionData: readonly { readonly index: number; readonly records: Buffer | null }[];
  }[];
}

export function encodeProduceV9(value: ProduceValue): Buffer {
  let size = 20 + (value.transactionalId?.length ?? 0) * 3;
  for (const topic of value.topicData) {
    size += topic.name.length * 3 + 11;
    for (const partition of topic.partitionData) size += 10 + (partition.records?.length ?? 0);
  }
  const out = new Out(size);
  out.text(value.transactionalId);
  out.int16(value.acks);
  out.int32(value.timeoutMs);
  out.uvarint(value.topicData.length + 1);
  for (const topic of value.topicData) {
    out.text(topic.name);
    out.uvarint(topic.partitionData.length + 1);
    for (const partition of topic.partitionData) {
      out.int32(partition.index);
      out.bytes(partition.records);
      out.uvarint(0);
    }
    out.uvarint(0);
  }
  out.uvarint(0);
  return out.b.subarray(0, out.p);
}

interface FetchValue {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly sessionId: number;
  readonly responses: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partitionIndex: number;
      readonly errorCode: number;
      readonly highWatermark: number;
      readonly lastStableOffset: number;
      readonly logStartOffset: number;
      readonly divergingEpoch?: { readonly epoch: number; readonly endOffset: number };
      readonly currentLeader?: { readonly leaderId: number; readonly leaderEpoch: number };
      readonly abortedTransactions: readonly { readonly producerId: number; readonly firstOffset: number }[] | null;
      readonly preferredReadReplica: number;
      readonly records: Buffer | null;
    }[];
  }[];
}

export function encodeFetchV12(value: FetchValue): Buffer {
  let size = 20;
  for (const topic of value.responses) {
    size += topic.topic.length * 3 + 11;
    for (const partition of topic.partitions) {
      size += 90 + (partition.records?.length ?? 0) + (partition.abortedTransactions?.length ?? 0) * 17;
    }
  }
  const out = new Out(size);
  out.int32(value.throttleTimeMs);
  out.int16(value.errorCode);
  out.int32(value.sessionId);
  out.uvarint(value.responses.length + 1);
  for (const topic of value.responses) {
    out.text(topic.topic);
    out.uvarint(topic.partitions.length + 1);
    for (const partition of topic.partitions) {
      out.int32(partition.partitionIndex);
      out.int16(partition.errorCode);
      out.int64(partition.highWatermark);
      out.int64(partition.lastStableOffset);
      out.int64(partition.logStartOffset);
      const { abortedTransactions, divergingEpoch, currentLeader } = partition;
      if (abortedTransactions === null) out.uvarint(0);
      else {
        out.uvarint(abortedTransactions.length + 1);
        for (const aborted of abortedTransactions) {
          out.int64(aborted.producerId);
          out.int64(aborted.firstOffset);
          out.uvarint(0);
        }
      }
      out.int32(partition.preferredReadReplica);
      out.bytes(partition.records);
      out.uvarint((divergingEpoch ? 1 : 0) + (currentLeader ? 1 : 0));
      if (divergingEpoch) {
        out.uvarint(0);
        out.uvarint(13);
        out.int32(divergingEpoch.epoch);
        out.int64(divergingEpoch.endOffset);
        out.uvarint(0);
      }
      if (currentLeader) {
        out.uvarint(1);
        out.uvarint(9);
        out.int32(currentLeader.leaderId);
        out.int32(currentLeader.leaderEpoch);
        out.uvarint(0);
      }
    }
    out.uvarint(0);
  }
  out.uvarint(0);
  return out.b.subarray(0, out.p);
}
