// The first minute: a broker started without a file, and the line that it prints, typed as it stands.
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { repository } from '../peer/paths.ts';
import { eventually } from '../suite/eventually.ts';
import { type Place, Running, type } from './shell.ts';

let place: Place;
let broker: Running;

beforeAll(async () => {
  const directory = mkdtempSync(join(tmpdir(), 'moldau-first-'));
  symlinkSync(join(repository, 'bin'), join(directory, 'bin'));
  place = { directory, environment: { MOLDAU_RUN_DIR: join(directory, 'run') } };
  broker = new Running(place, 'exec bin/moldau start --port 0');
  await eventually('the welcome', () => broker.stdout.includes('greetings'));
});
afterAll(() => {
  broker?.kill();
  rmSync(place.directory, { recursive: true, force: true });
});

test('the line to try works as it is printed, and says hello', async () => {
  const line = /^ {2}(echo hello .*)$/m.exec(broker.stdout)?.[1];
  expect(line).toBeDefined();
  const typed = await type(place, line!);
  expect([typed.status, typed.stdout]).toEqual([0, 'hello\n']);
});

test('its log directory can be taken over by kafka-server-start, with what is in it', async () => {
  const ended = await broker.interrupt();
  expect(ended.status).toBe(0);
  cpSync(join(repository, 'config/server.properties'), join(place.directory, 'server.properties'));
  const second = new Running(
    place,
    'exec bin/kafka-server-start.sh server.properties --override listeners=PLAINTEXT://localhost:0 --override log.dirs=data',
  );
  try {
    await eventually('the second broker', () => /broker\.started/.test(second.stdout));
    const [, address] = /listeners=PLAINTEXT:\/\/(localhost:\d+)/.exec(second.stdout)!;
    const typed = await type(
      place,
      `bin/kafka-console-consumer.sh --bootstrap-server ${address} --topic greetings --from-beginning --max-messages 1`,
    );
    expect(typed.stdout).toBe('hello\n');
    expect(readdirSync(join(place.directory, 'data'))).toContain('greetings-0');
  } finally {
    await second.interrupt();
  }
});
