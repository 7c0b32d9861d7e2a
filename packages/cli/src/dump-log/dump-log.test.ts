// Files made byte by byte, whole and broken. That whole ones print as Kafka prints them was held against Kafka 4.3's own
// tool; the lines here are its.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ByteWriter, encode, encodeRecordKey, encodeRecordValue, encodeVersioned } from '@moldau/protocol';
import { GroupMetadataKey, GroupMetadataValue } from '@moldau/protocol/coordinator-records/group-metadata';
import { OffsetCommitKey, OffsetCommitValue } from '@moldau/protocol/coordinator-records/offset-commit';
import { crc32c } from '@moldau/protocol/crc32c';
import { ProducerSnapshot } from '@moldau/protocol/log-files/producer-snapshot';
import { ConsumerProtocolSubscription } from '@moldau/protocol/messages/consumer-protocol';
import { writeBatch } from '@moldau/protocol/records/batch-writer';
import { afterAll, expect, test } from 'vitest';
import { recordingTerminal } from '../../test/recording-terminal.ts';
import { dumpLog } from './dump-log.ts';

const directory = mkdtempSync(join(tmpdir(), 'moldau-dump-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const NAME = '00000000000000000000';
let folders = 0;

/** Writes files of one partition; answers their paths by suffix. */
function partition(files: Record<string, Buffer>): (suffix: string) => string {
  const folder = mkdtempSync(join(directory, `p${folders++}-`));
  for (const [suffix, bytes] of Object.entries(files)) writeFileSync(join(folder, NAME + suffix), bytes);
  return (suffix) => join(folder, NAME + suffix);
}

async function dump(...args: string[]) {
  const terminal = recordingTerminal();
  const status = await dumpLog.run(['--files', ...args], terminal);
  return { status, stdout: terminal.stdout, stderr: terminal.stderr };
}

const record = (value: string, key: string | null = null, headers: { key: string; value: Buffer | null }[] = []) => ({
  key: key === null ? null : Buffer.from(key),
  value: Buffer.from(value),
  timestamp: 1000,
  headers,
});
const FIRST = writeBatch({
  baseOffset: 0,
  records: [record('a', 'k', [{ key: 'h', value: null }]), record('b')],
  producerId: 9,
  producerEpoch: 1,
  baseSequence: 4,
  leaderEpoch: 3,
});
const SECOND = writeBatch({ baseOffset: 2, records: [record('c')], codec: 'gzip' });
const LOG = Buffer.concat([FIRST, SECOND]);

const offsetIndex = (...entries: [offset: number, position: number][]) =>
  Buffer.concat(
    entries.map(([offset, position]) => {
      const entry = Buffer.alloc(8);
      entry.writeInt32BE(offset, 0);
      entry.writeInt32BE(position, 4);
      return entry;
    }),
  );
const timeIndex = (...entries: [timestamp: number, offset: number][]) =>
  Buffer.concat(
    entries.map(([timestamp, offset]) => {
      const entry = Buffer.alloc(12);
      entry.writeBigInt64BE(BigInt(timestamp), 0);
      entry.writeInt32BE(offset, 8);
      return entry;
    }),
  );

test('batches and records of a segment', async () => {
  const path = partition({ '.log': LOG })('.log');
  const { status, stdout, stderr } = await dump(path, '--print-data-log');
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout.split('\n')).toEqual([
    `Dumping ${path}`,
    'Log starting offset: 0',
    `baseOffset: 0 lastOffset: 1 count: 2 baseSequence: 4 lastSequence: 5 producerId: 9 producerEpoch: 1 partitionLeaderEpoch: 3 isTransactional: false isControl: false deleteHorizonMs: OptionalLong.empty position: 0 CreateTime: 1000 size: ${FIRST.length} magic: 2 compresscodec: none crc: ${FIRST.readUInt32BE(17)} isvalid: true`,
    '| offset: 0 CreateTime: 1000 keySize: 1 valueSize: 1 sequence: 4 headerKeys: [h] key: k payload: a',
    '| offset: 1 CreateTime: 1000 keySize: -1 valueSize: 1 sequence: 5 headerKeys: [] payload: b',
    expect.stringMatching(
      /^baseOffset: 2 lastOffset: 2 count: 1 baseSequence: -1 lastSequence: -1 producerId: -1 .* compresscodec: gzip crc: \d+ isvalid: true$/,
    ),
    '| offset: 2 CreateTime: 1000 keySize: -1 valueSize: 1 sequence: -1 headerKeys: [] payload: c',
    '',
  ]);
  const short = await dump(path, '--print-data-log', '--skip-record-metadata');
  expect(short.stdout).toContain('\n| key: k payload: a\n| payload: b\n');
  expect((await dump(path, '--deep-iteration')).stdout).not.toContain('payload');
  expect((await dump(path)).stdout).not.toContain('| offset');
});

test('damage is shown: a wrong CRC, bytes that are no batch, offsets that are missing', async () => {
  const broken = Buffer.from(LOG);
  broken[70]! ^= 1;
  const later = writeBatch({ baseOffset: 7, records: [record('d')] });
  const path = partition({ '.log': Buffer.concat([broken, later, FIRST.subarray(0, 30)]) })('.log');
  const { stdout } = await dump(path);
  expect(
    stdout
      .split('\n')
      .map((line) => /isvalid: (\w+)/.exec(line)?.[1])
      .filter(Boolean),
  ).toEqual(['false', 'true', 'true']);
  expect(stdout).toMatch(new RegExp(`\nFound 30 invalid bytes at the end of ${NAME}\\.log\n$`));
  const gap = partition({ '.log': Buffer.concat([FIRST, later]) })('.log');
  expect((await dump(gap, '--deep-iteration')).stderr).toBe(
    `Non-consecutive offsets in ${gap}\n  1 is followed by 7\n`,
  );
  const size = partition({ '.log': Buffer.concat([FIRST, Buffer.alloc(40)]) })('.log');
  expect(await dump(size)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('smaller than minimum record overhead'),
  });
});

test('only so many bytes are read when there is a limit, and nothing is said of the rest', async () => {
  const path = partition({ '.log': LOG })('.log');
  const { stdout } = await dump(path, '--max-bytes', String(FIRST.length + 5));
  expect(stdout.split('\n').length).toBe(4);
});

test('an offset index, printed, held against the log, checked', async () => {
  const at = FIRST.length;
  const good = partition({ '.log': LOG, '.index': Buffer.concat([offsetIndex([1, 0], [2, at]), Buffer.alloc(16)]) });
  expect(await dump(good('.index'))).toEqual({
    status: 0,
    stdout: `Dumping ${good('.index')}\noffset: 1 position: 0\noffset: 2 position: ${at}\n`,
    stderr: '',
  });
  const bad = partition({ '.log': LOG, '.index': offsetIndex([1, 0], [3, at]) });
  expect(await dump(bad('.index'), '--verify-index-only')).toEqual({
    status: 0,
    stdout: `Dumping ${bad('.index')}\n`,
    stderr: `Mismatches in :${bad('.index')}\n  Index offset: 3, log offset: 2\n`,
  });
  expect((await dump(good('.index'), '--index-sanity-check')).stdout).toContain(
    `${good('.index')} passed sanity check.`,
  );
  const odd = partition({ '.log': LOG, '.index': Buffer.alloc(12, 1) });
  expect(await dump(odd('.index'), '--index-sanity-check')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('found 12 bytes which is neither positive nor a multiple of 8'),
  });
  const empty = partition({ '.log': Buffer.alloc(0), '.index': Buffer.alloc(64) });
  expect((await dump(empty('.index'))).stdout).toContain(`${empty('.index')} is empty.`);
});

test('a time index, printed, held against the log, checked', async () => {
  const index = offsetIndex([1, 0]);
  const good = partition({ '.log': LOG, '.index': index, '.timeindex': timeIndex([1000, 1]) });
  expect(await dump(good('.timeindex'))).toEqual({
    status: 0,
    stdout: `Dumping ${good('.timeindex')}\ntimestamp: 1000 offset: 1\n`,
    stderr: '',
  });
  const bad = partition({ '.log': LOG, '.index': index, '.timeindex': timeIndex([999, 1], [5, 0], [1001, 9]) });
  expect((await dump(bad('.timeindex'), '--verify-index-only')).stderr).toBe(
    `Found timestamp mismatch in :${bad('.timeindex')}\n  Index timestamp: 999, log timestamp: 1000\n`,
  );
  const unordered = partition({ '.log': LOG, '.index': index, '.timeindex': timeIndex([1000, 1], [5, 2]) });
  const { stderr } = await dump(unordered('.timeindex'));
  expect(stderr).toContain(
    `Found out of order timestamp in :${unordered('.timeindex')}\n  Index timestamp: 5, Previously indexed timestamp: 1000\n`,
  );
  expect(await dump(unordered('.timeindex'), '--index-sanity-check')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('the last timestamp is 5 which is less than the first timestamp 1000'),
  });
});

test('a producer snapshot, whole and damaged', async () => {
  const writer = new ByteWriter();
  encode(
    ProducerSnapshot,
    1,
    {
      crc: 0,
      producerEntries: [
        {
          producerId: 9,
          epoch: 1,
          lastSequence: 5,
          lastOffset: 1,
          offsetDelta: 1,
          timestamp: 1000,
          coordinatorEpoch: -1,
          currentTxnFirstOffset: -1,
        },
        {
          producerId: 10,
          epoch: 0,
          lastSequence: 1,
          lastOffset: 7,
          offsetDelta: 3,
          timestamp: 2,
          coordinatorEpoch: 4,
          currentTxnFirstOffset: 6,
        },
      ],
    },
    writer,
  );
  const bytes = Buffer.concat([Buffer.from([0, 1]), ...writer.finish()]);
  bytes.writeUInt32BE(crc32c(bytes, 6), 2);
  const path = partition({ '.snapshot': bytes })('.snapshot');
  expect((await dump(path)).stdout.split('\n').slice(1)).toEqual([
    'producerId: 9 producerEpoch: 1 coordinatorEpoch: -1 currentTxnFirstOffset: OptionalLong.empty lastTimestamp: 1000 firstSequence: 4 lastSequence: 5 lastOffset: 1 offsetDelta: 1 timestamp: 1000',
    // Sequences go from 2^31-1 to 0.
    'producerId: 10 producerEpoch: 0 coordinatorEpoch: 4 currentTxnFirstOffset: OptionalLong[6] lastTimestamp: 2 firstSequence: 2147483646 lastSequence: 1 lastOffset: 7 offsetDelta: 3 timestamp: 2',
    '',
  ]);
  bytes[20]! ^= 1;
  const damaged = partition({ '.snapshot': bytes })('.snapshot');
  expect(await dump(damaged)).toMatchObject({ status: 0, stderr: expect.stringContaining('Snapshot is corrupt') });
});

test('aborted transactions', async () => {
  const entry = Buffer.alloc(34);
  for (const [i, value] of [9n, 1n, 5n, 3n].entries()) entry.writeBigInt64BE(value, 2 + i * 8);
  const path = partition({ '.txnindex': entry })('.txnindex');
  expect((await dump(path)).stdout).toBe(
    `Dumping ${path}\nversion: 0 producerId: 9 firstOffset: 1 lastOffset: 5 lastStableOffset: 3\n`,
  );
});

test('the end of a transaction', async () => {
  const marker = writeBatch({
    baseOffset: 0,
    records: [{ key: Buffer.from([0, 0, 0, 1]), value: Buffer.from([0, 0, 0, 0, 0, 7]), timestamp: 1, headers: [] }],
    producerId: 9,
    producerEpoch: 0,
    transactional: true,
    control: true,
  });
  const path = partition({ '.log': marker })('.log');
  const { stdout } = await dump(path, '--deep-iteration');
  expect(stdout).toContain('isTransactional: true isControl: true');
  expect(stdout).toContain('headerKeys: [] endTxnMarker: COMMIT coordinatorEpoch: 7\n');
});

test('the records of __consumer_offsets', async () => {
  const subscription = encodeVersioned(ConsumerProtocolSubscription, 1, {
    topics: ['t'],
    userData: null,
    ownedPartitions: [],
  });
  const member = {
    memberId: 'm',
    groupInstanceId: null,
    clientId: 'c',
    clientHost: '/1',
    rebalanceTimeout: 1,
    sessionTimeout: 2,
    subscription,
    assignment: Buffer.from('?'),
  };
  const records = [
    {
      key: encodeRecordKey(OffsetCommitKey, { group: 'g', topic: 't', partition: 2 }),
      value: encodeRecordValue(OffsetCommitValue, 3, { offset: 5, leaderEpoch: 0, metadata: 'x', commitTimestamp: 7 }),
    },
    { key: encodeRecordKey(OffsetCommitKey, { group: 'g', topic: 't', partition: 2 }), value: null },
    {
      key: encodeRecordKey(GroupMetadataKey, { group: 'g' }),
      value: encodeRecordValue(GroupMetadataValue, 3, {
        protocolType: 'consumer',
        generation: 1,
        protocol: 'range',
        leader: 'm',
        currentStateTimestamp: 3,
        members: [member],
      }),
    },
    { key: Buffer.from([0, 99]), value: Buffer.from([0]) },
  ].map((one) => ({ ...one, timestamp: 1, headers: [] }));
  const path = partition({ '.log': writeBatch({ baseOffset: 0, records }) })('.log');
  const { stdout } = await dump(path, '--offsets-decoder', '--skip-record-metadata');
  expect(stdout.split('\n').slice(3)).toEqual([
    '| key: {"type":"1","data":{"group":"g","topic":"t","partition":2}} payload: {"version":"3","data":{"offset":5,"leaderEpoch":0,"metadata":"x","commitTimestamp":7}}',
    '| key: {"type":"1","data":{"group":"g","topic":"t","partition":2}} payload: <DELETE>',
    '| key: {"type":"2","data":{"group":"g"}} payload: {"version":"3","data":{"protocolType":"consumer","generation":1,"protocol":"range","leader":"m","currentStateTimestamp":3,"members":[{"memberId":"m","groupInstanceId":null,"clientId":"c","clientHost":"/1","rebalanceTimeout":1,"sessionTimeout":2,"subscription":{"topics":["t"],"userData":null,"ownedPartitions":[]},"assignment":"Pw=="}]}}',
    '| key: Unknown record type 99 at offset 3, skipping.',
    '',
  ]);
});

test('what is no file of a partition, and options that there are no readers for', async () => {
  const path = partition({ '.txt': Buffer.from('x'), '.log': LOG });
  expect((await dump(path('.txt'))).stderr).toBe(`Ignoring unknown file ${path('.txt')}\n`);
  expect(await dump(path('.log'), '--cluster-metadata-decoder')).toMatchObject({ status: 1 });
  expect(await dump(path('.log'), '--value-decoder-class', 'com.example.X')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('com.example.X: no such decoder'),
  });
  expect(await dump(join(directory, 'notes.log'))).toMatchObject({
    status: 1,
    stderr: 'notes.log is not named after an offset, as segments are.\n',
  });
  expect((await dump(join(directory, '00000000000000000001.log'))).stderr).toContain('no such file');
});
