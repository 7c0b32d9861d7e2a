// Every command in the documentation is typed: each line of each `sh` block, in order, in the directory that a reader of
// the page would be in, against a broker that was started as the page says. All have to end with status 0.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { repository } from '../peer/paths.ts';
import { type Classroom, moldauClassroom } from './classroom.ts';

const PAGES = ['README.md', 'docs/coming-from-kafka.md', 'docs/tools.md', 'docs/security.md', 'packages/cli/README.md'];

/** What sets a machine up, and what goes on until it is stopped, is not for here. */
const NOT_HERE = /^(npm|npx|git|cd) /;

let room: Classroom;
beforeAll(async () => {
  // For the pages on access rules; to a super user everything else is as without.
  room = await moldauClassroom({
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS',
  });
});
afterAll(() => room?.close());

for (const page of PAGES) {
  describe(page, () => {
    const lines = commands(readFileSync(join(repository, page), 'utf8'));
    for (const line of lines) {
      test(line, async () => {
        const typed = await room.type(line);
        expect(typed.status, `${typed.stdout}\n${typed.stderr}`).toBe(0);
      });
    }
  });
}

function commands(page: string): string[] {
  return [...page.matchAll(/^ *```sh\n([\s\S]*?)^ *```$/gm)]
    .flatMap(([, block]) => block!.replaceAll(/\\\n\s*/g, '').split('\n'))
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#') && !NOT_HERE.test(line));
}
