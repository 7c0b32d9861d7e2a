// The course, typed: against Moldau with bin/*.sh, or (--target apache) against Apache Kafka with its own tools. Both have
// to print what the transcript shows. The broker is the course's own; with Java there, a last test sets the two beside
// each other.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../suite/eventually.ts';
import { targetKind } from '../suite/target.ts';
import { difference } from './beside.ts';
import { BOOK_LINES, book } from './book.ts';
import { apacheClassroom, type Classroom, moldauClassroom, partitionFiles } from './classroom.ts';
import { GROUPS, LEAVING, RECORDS, type Step, TOPICS } from './transcript.ts';

const BROKER = '--bootstrap-server localhost:9092';
let room: Classroom;

beforeAll(async () => {
  room = targetKind === 'apache' ? await apacheClassroom() : await moldauClassroom();
  writeFileSync(join(room.directory, 'book.txt'), book());
});
afterAll(() => room?.close());

function lesson(steps: readonly Step[]): void {
  for (const step of steps) {
    test(`${step.about}: ${step.line}`, async () => {
      const typed = await room.type(step.line);
      expect(difference(step, typed), `the course shows\n${step.shows}`).toBeUndefined();
    });
  }
}

const lines = (text: string) => text.split('\n').slice(0, -1);
const total = (texts: readonly string[]) => texts.reduce((sum, text) => sum + lines(text).length, 0);
const printed = (stderr: string) => Number(/Processed a total of (\d+) messages/.exec(stderr)?.[1]);

describe('topics', () => lesson(TOPICS));

describe('records', () => {
  lesson(RECORDS);

  test('from the end: only what is written from now on', async () => {
    const consumer = room.start(
      `bin/kafka-console-consumer.sh --topic made-by-writing --group tail --max-messages 3 ${BROKER}`,
    );
    let written = 0;
    let done = false;
    const ended = consumer.ended.then((typed) => {
      done = true;
      return typed;
    });
    // It is in place when it prints; until then what is written may lie before its start.
    while (!done) {
      await room.type(`echo 'tail ${written++}' | bin/kafka-console-producer.sh --topic made-by-writing ${BROKER}`);
    }
    const { stdout, stderr } = await ended;
    expect(stderr).toContain('Processed a total of 3 messages');
    const got = lines(stdout);
    const first = Number(got[0]?.split(' ')[1]);
    expect(got).toEqual([0, 1, 2].map((i) => `tail ${first + i}`));
  });
});

describe('groups', () => {
  lesson(GROUPS);

  test('unicast: in one group every line goes to exactly one member', async () => {
    await room.type(`bin/kafka-topics.sh --create --topic unicast --partitions 3 ${BROKER}`);
    const members = [1, 2, 3].map(() =>
      room.start(`bin/kafka-console-consumer.sh --topic unicast --group readers --from-beginning ${BROKER}`),
    );
    const rows = () => room.type(`bin/kafka-consumer-groups.sh --describe --group readers --members ${BROKER}`);
    await eventually(
      'three members with a partition each',
      async () => lines((await rows()).stdout).filter((line) => / 1 *$/.test(line)).length === 3,
      60_000,
    );
    const members3 = lines((await rows()).stdout);
    expect(members3[1]).toMatch(/^GROUP +CONSUMER-ID +HOST +CLIENT-ID +#PARTITIONS +$/);
    for (const line of members3.slice(2)) {
      expect(line).toMatch(/^readers +console-consumer-[0-9a-f-]{36} +\/127\.0\.0\.1 +console-consumer +1 +$/);
    }
    await room.type(`bin/kafka-console-producer.sh --topic unicast ${BROKER} < book.txt`);
    await eventually('every line printed', () => total(members.map(({ stdout }) => stdout)) >= BOOK_LINES, 60_000);
    const ended = await Promise.all(members.map((member) => member.interrupt()));
    const all = ended.flatMap(({ stdout }) => lines(stdout));
    expect(all.length).toBe(BOOK_LINES);
    expect(all.sort()).toEqual(lines(book()).sort());
    for (const { stdout, stderr } of ended) expect(printed(stderr)).toBe(lines(stdout).length);
  });

  test('its members have read everything: CURRENT-OFFSET, LOG-END-OFFSET and LAG', async () => {
    const { stdout, stderr } = await room.type(`bin/kafka-consumer-groups.sh --describe --group readers ${BROKER}`);
    expect(stderr).toContain("Consumer group 'readers' has no active members.");
    const [blank, header, ...rows] = lines(stdout);
    expect(blank).toBe('');
    expect(header?.split(/ +/)).toEqual(
      'GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG CONSUMER-ID HOST CLIENT-ID'.split(' '),
    );
    const cells = rows.map((row) => row.split(/ +/));
    expect(cells.map(([group, topic, partition]) => [group, topic, partition])).toEqual(
      ['0', '1', '2'].map((partition) => ['readers', 'unicast', partition]),
    );
    for (const [, , , current, end, lag] of cells) expect([current, lag]).toEqual([end, '0']);
    expect(cells.reduce((sum, row) => sum + Number(row[4]), 0)).toBe(BOOK_LINES);
  });

  test('while a member reads it is named beside its partitions', async () => {
    const member = room.start(`bin/kafka-console-consumer.sh --topic unicast --group readers ${BROKER}`);
    const describeIt = () => room.type(`bin/kafka-consumer-groups.sh --describe --group readers ${BROKER}`);
    const { stdout } = await eventually('a member', async () => {
      const typed = await describeIt();
      return /\/127\.0\.0\.1/.test(typed.stdout) && typed;
    });
    for (const line of lines(stdout).slice(2)) {
      expect(line).toMatch(
        /^readers {9}unicast {9}[012] {10}\d+ +\d+ +0 {15}console-consumer-[0-9a-f-]{36} \/127\.0\.0\.1 {6}console-consumer$/,
      );
    }
    const refused = await room.type(
      `bin/kafka-consumer-groups.sh --reset-offsets --group readers --topic unicast --to-earliest --execute ${BROKER}`,
    );
    expect(refused.stdout).toContain(
      "Error: Assignments can only be reset if the group 'readers' is inactive, but the current state is Stable.",
    );
    await member.interrupt();
  });

  test('multicast: each of two groups gets every line', async () => {
    const groups = ['first', 'second'].map((group) =>
      room.start(
        `bin/kafka-console-consumer.sh --topic unicast --group ${group} --from-beginning --max-messages ${BOOK_LINES} ${BROKER}`,
      ),
    );
    const whole = lines(book()).sort();
    for (const { stdout, stderr } of await Promise.all(groups.map(({ ended }) => ended))) {
      expect(lines(stdout).sort()).toEqual(whole);
      expect(printed(stderr)).toBe(BOOK_LINES);
    }
    const { stdout } = await room.type(
      `bin/kafka-consumer-groups.sh --describe --group first --group second ${BROKER}`,
    );
    const cells = lines(stdout)
      .map((line) => line.split(/ +/))
      .filter(([group]) => group === 'first' || group === 'second');
    expect(cells.length).toBe(6);
    for (const row of cells) expect(row[5]).toBe('0');
  });
});

describe('on the disk', () => {
  test('a partition is a folder with a segment and its indexes', () => {
    expect(partitionFiles(room, 'book-0')).toEqual(
      expect.arrayContaining(['.index', '.log', '.timeindex'].map((suffix) => `00000000000000000000${suffix}`)),
    );
  });

  test('the segment holds the book', async () => {
    const path = join(room.dataDirectory, 'book-0/00000000000000000000.log');
    const { stdout } = await room.type(`bin/kafka-dump-log.sh --files ${path} --print-data-log`);
    const payloads = lines(stdout).flatMap((line) => /^\| offset: \d+ .* payload: (.*)$/.exec(line)?.[1] ?? []);
    expect(payloads.slice(0, BOOK_LINES)).toEqual(lines(book()));
    expect(lines(stdout).slice(0, 2)).toEqual([`Dumping ${path}`, 'Log starting offset: 0']);
    expect(lines(stdout)[2]).toMatch(
      /^baseOffset: 0 lastOffset: \d+ count: \d+ baseSequence: 0 lastSequence: \d+ producerId: \d+ producerEpoch: 0 partitionLeaderEpoch: \d+ isTransactional: false isControl: false deleteHorizonMs: OptionalLong.empty position: 0 CreateTime: \d+ size: \d+ magic: 2 compresscodec: none crc: \d+ isvalid: true$/,
    );
    const copy = readFileSync(join(room.directory, 'copy.txt'), 'utf8');
    expect(copy).toBe(book());
  });
});

describe('leaving', () => lesson(LEAVING));
