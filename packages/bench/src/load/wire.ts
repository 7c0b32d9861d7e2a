// The few Kafka requests of the light load, encoded by hand: Produce 11, Fetch 12, CreateTopics 4, DeleteTopics 3.
// On purpose it shares nothing with @moldau/protocol: a load that used the codec it measures would pay for that codec
// and could not see its mistakes. Layouts from Kafka's message definitions (clients/src/main/resources/common/message).

/** Bytes appended in order; big-endian, flexible-version primitives where the name says compact. */
class Bytes {
  readonly #parts: Buffer[] = [];

  i8(value: number): this {
    this.#parts.push(Buffer.of(value & 0xff));
    return this;
  }

  i16(value: number): this {
    const part = Buffer.allocUnsafe(2);
    part.writeInt16BE(value);
    this.#parts.push(part);
    return this;
  }

  i32(value: number): this {
    const part = Buffer.allocUnsafe(4);
    part.writeInt32BE(value);
    this.#parts.push(part);
    return this;
  }

  i64(value: number): this {
    const part = Buffer.allocUnsafe(8);
    part.writeBigInt64BE(BigInt(value));
    this.#parts.push(part);
    return this;
  }

  uvarint(value: number): this {
    const part: number[] = [];
    let rest = value;
    while (rest >= 0x80) {
      part.push((rest & 0x7f) | 0x80);
      rest = Math.floor(rest / 128);
    }
    part.push(rest);
    this.#parts.push(Buffer.from(part));
    return this;
  }

  string(value: string): this {
    return this.i16(Buffer.byteLength(value)).raw(Buffer.from(value));
  }

  compactString(value: string): this {
    return this.uvarint(Buffer.byteLength(value) + 1).raw(Buffer.from(value));
  }

  raw(value: Buffer): this {
    this.#parts.push(value);
    return this;
  }

  /** The whole with its int32 size in front. */
  frame(): Buffer {
    const body = Buffer.concat(this.#parts);
    const size = Buffer.allocUnsafe(4);
    size.writeInt32BE(body.length);
    return Buffer.concat([size, body]);
  }
}

/** Where the correlation id stands in every frame this file makes. */
export const CORRELATION_AT = 8;

function request(apiKey: number, version: number, flexible: boolean): Bytes {
  const bytes = new Bytes().i16(apiKey).i16(version).i32(0).string('moldau-bench');
  return flexible ? bytes.uvarint(0) : bytes;
}

/** Produce 11: one topic, one batch for each of `partitions`. `acks` -1, 0 or 1. */
export function produceRequest(topic: string, partitions: readonly number[], batch: Buffer, acks: number): Buffer {
  const bytes = request(0, 11, true).uvarint(0).i16(acks).i32(30_000).uvarint(2).compactString(topic);
  bytes.uvarint(partitions.length + 1);
  for (const partition of partitions) {
    bytes
      .i32(partition)
      .uvarint(batch.length + 1)
      .raw(batch)
      .uvarint(0);
  }
  return bytes.uvarint(0).uvarint(0).frame();
}

/** First partition of a Produce 11 answer, whose frame (without size) starts at 0. */
export function produceAnswer(frame: Buffer, topic: string): { errorCode: number; baseOffset: number } {
  const at = 4 + 1 + 1 + 1 + topic.length + 1 + 4; // correlation, header tags, array, name, array, index
  return { errorCode: frame.readInt16BE(at), baseOffset: Number(frame.readBigInt64BE(at + 2)) };
}

export interface FetchPosition {
  readonly partition: number;
  offset: number;
  /** High watermark of the latest answer; -1 before the first. */
  highWatermark: number;
}

/** Fetch 12 without a session: `positions` of one topic, with a consumer's default limits unless told. */
export function fetchRequest(
  topic: string,
  positions: readonly FetchPosition[],
  o: { maxWaitMs: number; minBytes: number; partitionMaxBytes: number },
): Buffer {
  const bytes = request(1, 12, true).i32(-1).i32(o.maxWaitMs).i32(o.minBytes).i32(52_428_800).i8(0).i32(0).i32(-1);
  bytes
    .uvarint(2)
    .compactString(topic)
    .uvarint(positions.length + 1);
  for (const { partition, offset } of positions) {
    bytes.i32(partition).i32(-1).i64(offset).i32(-1).i64(-1).i32(o.partitionMaxBytes).uvarint(0);
  }
  return bytes.uvarint(0).uvarint(1).compactString('').uvarint(0).frame();
}

/** What one Fetch answer brought, summed over its partitions. */
export interface Fetched {
  bytes: number;
  records: number;
}

/**
 * Walks a Fetch 12 answer batch by batch without opening any: moves `positions` on and sums bytes and records. `onBatch`
 * sees the first and last offset of each. Throws on an error code, and on a batch that does not start where it should.
 */
export function walkFetchAnswer(
  frame: Buffer,
  positions: readonly FetchPosition[],
  onBatch?: (partition: number, baseOffset: number, lastOffset: number) => void,
): Fetched {
  const fetched: Fetched = { bytes: 0, records: 0 };
  let at = 4 + 1 + 4; // correlation, header tags, throttle time
  const topError = frame.readInt16BE(at);
  if (topError !== 0) throw new Error(`Fetch answered with error ${topError}`);
  at += 2 + 4; // error, session id
  const uvarint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = frame[at++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  const tags = (): void => {
    for (let count = uvarint(); count > 0; count--) {
      uvarint();
      const size = uvarint();
      at += size;
    }
  };
  for (let topics = uvarint() - 1; topics > 0; topics--) {
    const nameBytes = uvarint() - 1;
    at += nameBytes;
    for (let partitions = uvarint() - 1; partitions > 0; partitions--) {
      const index = frame.readInt32BE(at);
      const errorCode = frame.readInt16BE(at + 4);
      if (errorCode !== 0) throw new Error(`Fetch of partition ${index} answered with error ${errorCode}`);
      const position = positions.find((one) => one.partition === index);
      if (!position) throw new Error(`Fetch answered for partition ${index}, which was not asked for`);
      position.highWatermark = Number(frame.readBigInt64BE(at + 6));
      at += 6 + 8 + 8 + 8;
      for (let aborted = uvarint() - 1; aborted > 0; aborted--) {
        at += 16;
        tags();
      }
      at += 4; // preferred read replica
      const size = uvarint() - 1;
      const end = at + Math.max(size, 0);
      while (at + 61 <= end) {
        const batchEnd = at + 12 + frame.readInt32BE(at + 8);
        if (batchEnd > end) break; // the tail of the answer may hold a piece of a batch
        const baseOffset = Number(frame.readBigInt64BE(at));
        const lastOffset = baseOffset + frame.readInt32BE(at + 23);
        if (baseOffset > position.offset || lastOffset < position.offset) {
          throw new Error(`asked for offset ${position.offset}, got a batch of ${baseOffset}..${lastOffset}`);
        }
        fetched.bytes += batchEnd - at;
        fetched.records += lastOffset - position.offset + 1;
        position.offset = lastOffset + 1;
        onBatch?.(index, baseOffset, lastOffset);
        at = batchEnd;
      }
      at = end;
      tags();
    }
    tags();
  }
  return fetched;
}

/** CreateTopics 4. */
export function createTopicsRequest(
  topics: readonly { name: string; partitions: number; config?: Readonly<Record<string, string>> }[],
  timeoutMs = 60_000,
): Buffer {
  const bytes = request(19, 4, false).i32(topics.length);
  for (const { name, partitions, config } of topics) {
    const entries = Object.entries(config ?? {});
    bytes.string(name).i32(partitions).i16(1).i32(0).i32(entries.length);
    for (const [key, value] of entries) bytes.string(key).string(value);
  }
  return bytes.i32(timeoutMs).i8(0).frame();
}

/** DeleteTopics 3. */
export function deleteTopicsRequest(names: readonly string[], timeoutMs = 60_000): Buffer {
  const bytes = request(20, 3, false).i32(names.length);
  for (const name of names) bytes.string(name);
  return bytes.i32(timeoutMs).frame();
}

/** Name and error code of each topic in an answer to either of the two above. */
export function topicErrors(
  frame: Buffer,
  kind: 'create' | 'delete',
): { name: string; errorCode: number; message?: string }[] {
  let at = 4 + 4; // correlation id, throttle time
  const count = frame.readInt32BE(at);
  at += 4;
  const string = (): string | undefined => {
    const size = frame.readInt16BE(at);
    at += 2;
    if (size < 0) return undefined;
    at += size;
    return frame.toString('utf8', at - size, at);
  };
  return Array.from({ length: count }, () => {
    const name = string() ?? '';
    const errorCode = frame.readInt16BE(at);
    at += 2;
    const message = kind === 'create' ? string() : undefined;
    return { name, errorCode, ...(message === undefined ? {} : { message }) };
  });
}
