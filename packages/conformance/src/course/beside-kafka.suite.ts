// The two brokers, each with its own tools, beside each other: the whole transcript typed on both, line for line the same
// print but for ids, ports, times and what the transcript itself leaves open.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { javaAvailable } from '../peer/apache-jars.ts';
import { normalized } from './beside.ts';
import { book } from './book.ts';
import { apacheClassroom, type Classroom, moldauClassroom } from './classroom.ts';
import { GROUPS, LEAVING, RECORDS, TOPICS } from './transcript.ts';

let rooms: Classroom[] = [];

beforeAll(async () => {
  if (!javaAvailable()) throw new Error('this suite runs Apache Kafka: it needs Java 17 and Maven');
  rooms = await Promise.all([moldauClassroom(), apacheClassroom()]);
  for (const room of rooms) writeFileSync(join(room.directory, 'book.txt'), book());
});
afterAll(() => Promise.all(rooms.map((room) => room.close())));

/** What the transcript leaves open is open here too. */
const OPEN: ReadonlySet<string> = new Set(['more replicas than brokers cannot be']);

for (const step of [...TOPICS, ...RECORDS, ...GROUPS, ...LEAVING]) {
  test(`${step.about}: ${step.line}`, async () => {
    const [ours, theirs] = await Promise.all(rooms.map((room) => room.type(step.line)));
    expect(ours?.status).toBe(theirs?.status);
    if (!OPEN.has(step.about)) expect(normalized(ours!)).toBe(normalized(theirs!));
  });
}
