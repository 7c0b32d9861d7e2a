// Produce requests that must not get into the log: damaged, malformed, oversized or misplaced batches, wrong sequence
// numbers. Each has its Kafka error, nothing is written, and the next good batch gets the next offset.
import { APIS, encodeRequest, errorName, type WireError } from '@moldau/protocol';
import { attributesOf, reseal, setAttributes } from '@moldau/protocol/records/batch-header';
import { type BatchInput, writeBatch } from '@moldau/protocol/records/batch-writer';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../suite/eventually.ts';
import { ask, expectNextConnectionServed, freshTopic, onConnection } from './under-test.ts';

let topic: string;
beforeAll(async () => {
  topic = await freshTopic();
});
afterEach(expectNextConnectionServed);

const record = (value = 'value', timestamp = Date.now()) => ({ key: null, value: Buffer.from(value), timestamp });

function good(input: Partial<BatchInput> = {}): Buffer {
  return writeBatch({ records: [record()], ...input });
}

/** A batch with something wrong in it and a CRC that is right all the same. */
function resealed(spoil: (batch: Buffer) => void, input: Partial<BatchInput> = {}): Buffer {
  const batch = good(input);
  spoil(batch);
  reseal(batch);
  return batch;
}

function spoiled(spoil: (batch: Buffer) => void): Buffer {
  const batch = good();
  spoil(batch);
  return batch;
}

interface Produced {
  readonly error: WireError;
  readonly baseOffset: number;
}

interface Where {
  readonly version?: number;
  readonly acks?: number;
  readonly name?: string;
  readonly topicId?: string;
  readonly index?: number;
}

async function produce(records: Buffer | null, where: Where = {}): Promise<Produced> {
  const { version = 9, acks = -1, name = topic, topicId, index = 0 } = where;
  const partitionData = [{ index, records }];
  const { responses } = await ask(APIS.Produce, version, {
    acks,
    timeoutMs: 10_000,
    topicData: [topicId === undefined ? { name, partitionData } : { topicId, partitionData }],
  });
  const answer = responses[0]!.partitionResponses[0]!;
  return { error: errorName(answer.errorCode), baseOffset: answer.baseOffset };
}

async function endOffset(): Promise<number> {
  const topics = [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -1 }] }];
  return (await ask(APIS.ListOffsets, 5, { replicaId: -1, isolationLevel: 0, topics })).topics[0]!.partitions[0]!
    .offset;
}

const magic = (value: number) => spoiled((batch) => batch.writeInt8(value, 16));
const codec = (id: number) => resealed((batch) => setAttributes(batch, 0, (attributesOf(batch) & ~7) | id));
/** 'offset, size, crc, magic 1, attributes, timestamp, key, value' of the format before record batches. */
const oldMessage = Buffer.from('0000000000000000000000170000000001000000000000000000ffffffff0000000161', 'hex');

describe('a batch is refused', () => {
  const cases: [string, Buffer, ...WireError[]][] = [
    ['its CRC is wrong', spoiled((batch) => batch.writeUInt8(batch.at(-1)! ^ 1, batch.length - 1)), 'CORRUPT_MESSAGE'],
    ['its CRC field is wrong', spoiled((batch) => batch.writeUInt32BE(7, 17)), 'CORRUPT_MESSAGE'],
    ['magic 0', magic(0), 'INVALID_RECORD'],
    ['magic 1', magic(1), 'INVALID_RECORD'],
    ['a whole message of magic 1', oldMessage, 'INVALID_RECORD'],
    ['magic 3', magic(3), 'CORRUPT_MESSAGE'],
    ['magic -1', magic(-1), 'CORRUPT_MESSAGE'],
    ['two batches in one partition', Buffer.concat([good(), good()]), 'INVALID_RECORD'],
    ['no batch', Buffer.alloc(0), 'INVALID_RECORD'],
    ['five bytes of one', good().subarray(0, 5), 'INVALID_RECORD'],
    ['half a header', good().subarray(0, 30), 'INVALID_RECORD'],
    ['it is cut short', good().subarray(0, 65), 'INVALID_RECORD'],
    ['its size is negative', spoiled((batch) => batch.writeInt32BE(-1, 8)), 'CORRUPT_MESSAGE'],
    ['its size is less than a header', spoiled((batch) => batch.writeInt32BE(10, 8)), 'CORRUPT_MESSAGE'],
    [
      'its size is the greatest int32',
      spoiled((batch) => batch.writeInt32BE(0x7fffffff, 8)),
      'INVALID_RECORD',
      'CORRUPT_MESSAGE',
      'MESSAGE_TOO_LARGE',
      'UNKNOWN_SERVER_ERROR',
    ],
    ['it says five records and holds one', resealed((batch) => void batch.writeInt32BE(5, 57)), 'INVALID_RECORD'],
    [
      'it says five records, also by its last offset',
      resealed((batch) => {
        batch.writeInt32BE(5, 57);
        batch.writeInt32BE(4, 23);
      }),
      'INVALID_RECORD',
    ],
    ['it says no records', resealed((batch) => void batch.writeInt32BE(0, 57)), 'INVALID_RECORD'],
    ['it says -1 records', resealed((batch) => void batch.writeInt32BE(-1, 57)), 'INVALID_RECORD'],
    ['its last offset is past its count', resealed((batch) => void batch.writeInt32BE(3, 23)), 'INVALID_RECORD'],
    ['its base offset is not 0', spoiled((batch) => batch.writeInt32BE(77, 4)), 'INVALID_RECORD'],
    [
      'a record is longer than the batch',
      resealed((batch) => void batch.writeUInt8(batch[61]! + 2, 61)),
      'INVALID_RECORD',
    ],
    [
      'a record is shorter than its fields',
      resealed((batch) => void batch.writeUInt8(batch[61]! - 2, 61)),
      'INVALID_RECORD',
    ],
    ['it is a control batch', resealed((batch) => setAttributes(batch, 0, 0x20)), 'INVALID_RECORD'],
    [
      'it is transactional, without a transactional id',
      resealed((batch) => setAttributes(batch, 0, 0x10)),
      'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
    ],
    ['a timestamp two hours ahead', good({ records: [record('x', Date.now() + 7_200_000)] }), 'INVALID_TIMESTAMP'],
    ['it is larger than max.message.bytes', good({ records: [record('x'.repeat(1_100_000))] }), 'MESSAGE_TOO_LARGE'],
    // Apache Kafka itself has no better word for it than UNKNOWN_SERVER_ERROR.
    [
      'a compression type nobody knows',
      codec(5),
      'UNKNOWN_SERVER_ERROR',
      'INVALID_RECORD',
      'CORRUPT_MESSAGE',
      'UNSUPPORTED_COMPRESSION_TYPE',
    ],
  ];

  test.each(cases)('%s', async (_what, records, ...expected) => {
    const before = await endOffset();
    expect(expected).toContain((await produce(records)).error);
    expect(await endOffset()).toBe(before);
    expect(await produce(good())).toEqual({ error: 'NONE', baseOffset: before });
  });

  test('zstd before Produce 7', async () => {
    expect((await produce(good({ codec: 'zstd' }), { version: 6 })).error).toBe('UNSUPPORTED_COMPRESSION_TYPE');
    expect((await produce(good({ codec: 'zstd' }), { version: 7 })).error).toBe('NONE');
  });

  test('acks that do not exist', async () => {
    for (const acks of [2, -2, 32767]) {
      expect((await produce(good(), { acks })).error).toBe('INVALID_REQUIRED_ACKS');
    }
  });

  test('a place that does not exist', async () => {
    const nowhere: Where[] = [
      { index: 2 },
      { index: -1 },
      { index: 0x7fffffff },
      { name: 'no such topic!' },
      { name: '' },
      { name: '..' },
    ];
    for (const where of nowhere) expect((await produce(good(), where)).error).toBe('UNKNOWN_TOPIC_OR_PARTITION');
    const ids = ['AAAAAAAAAAAAAAAAAAAAAQ', 'AAAAAAAAAAAAAAAAAAAAAA'];
    for (const topicId of ids) expect((await produce(good(), { version: 13, topicId })).error).toBe('UNKNOWN_TOPIC_ID');
  });

  test('with acks 0 nobody can be told, so the connection is closed', () =>
    onConnection(async (connection) => {
      const topicData = [
        { name: topic, partitionData: [{ index: 0, records: spoiled((batch) => batch.writeUInt32BE(7, 17)) }] },
      ];
      const of = { api: APIS.Produce, apiVersion: 9, correlationId: 1, clientId: null };
      connection.send(Buffer.concat(encodeRequest(of, { acks: 0, timeoutMs: 1000, topicData })));
      await connection.closedByBroker();
    }));
});

test('bytes behind a batch that are no batch never get into the log', async () => {
  const before = await endOffset();
  // Apache Kafka drops them and takes the batch, Moldau refuses both.
  const { error } = await produce(Buffer.concat([good(), Buffer.from('abcdef', 'hex')]));
  expect(['NONE', 'INVALID_RECORD']).toContain(error);
  const end = await endOffset();
  expect(end).toBe(error === 'NONE' ? before + 1 : before);
  expect(await produce(good())).toEqual({ error: 'NONE', baseOffset: end });
});

// Apache Kafka opens every compressed batch. Moldau opens one only where its inside decides (docs/decisions), as on a
// compacted topic; anywhere else such a batch is its producer's affair, and must do no other harm.
describe('bytes that do not decompress', () => {
  test.each([
    ['gzip', 1],
    ['snappy', 2],
    ['lz4', 3],
    ['zstd', 4],
  ])('%s', async (_name, id) => {
    const before = await endOffset();
    const { error } = await produce(codec(id));
    expect(['NONE', 'UNKNOWN_SERVER_ERROR', 'INVALID_RECORD', 'CORRUPT_MESSAGE']).toContain(error);
    expect(await produce(good())).toEqual({ error: 'NONE', baseOffset: error === 'NONE' ? before + 1 : before });
  });
});

describe('an idempotent producer', () => {
  async function freshProducer(): Promise<number> {
    return eventually('a producer id', async () => {
      const got = await ask(APIS.InitProducerId, 4, { transactionalId: null, transactionTimeoutMs: 60_000 });
      return got.errorCode === 0 && got.producerId >= 0 ? got.producerId + 1 : undefined;
    }).then((id) => id - 1);
  }

  test('gaps, repeats and old epochs', async () => {
    const producerId = await freshProducer();
    const send = (baseSequence: number, producerEpoch: number) =>
      produce(good({ producerId, producerEpoch, baseSequence }));
    const first = await send(0, 1);
    expect(first.error).toBe('NONE');
    expect((await send(1, 1)).error).toBe('NONE');
    // A repeat is answered as the first time, and not written again.
    expect(await send(0, 1)).toEqual(first);
    expect((await send(5, 1)).error).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER');
    expect((await send(2, 0)).error).toBe('INVALID_PRODUCER_EPOCH');
    expect((await send(4, 2)).error).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER');
    expect((await send(0, 2)).error).toBe('NONE');
    expect((await send(2, 1)).error).toBe('INVALID_PRODUCER_EPOCH');
  });

  test('a negative sequence number', async () => {
    const producerId = await freshProducer();
    const records = resealed((batch) => void batch.writeInt32BE(-1, 53), {
      producerId,
      producerEpoch: 0,
      baseSequence: 0,
    });
    expect((await produce(records)).error).toBe('INVALID_RECORD');
  });

  test('asking for an id with what contradicts itself is INVALID_REQUEST', async () => {
    const base = { transactionalId: null, transactionTimeoutMs: 1000 };
    const wrong = [
      { ...base, transactionalId: '' },
      { ...base, producerId: 5, producerEpoch: -1 },
      { ...base, producerId: -1, producerEpoch: 5 },
    ];
    for (const request of wrong) {
      expect(errorName((await ask(APIS.InitProducerId, 4, request)).errorCode)).toBe('INVALID_REQUEST');
    }
  });
});
