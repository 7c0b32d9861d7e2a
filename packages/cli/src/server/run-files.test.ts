import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { announceBroker, runningBrokers } from './run-files.ts';

let directory: string;
const before = process.env.MOLDAU_RUN_DIR;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'run-files-'));
  process.env.MOLDAU_RUN_DIR = directory;
});
afterEach(() => {
  if (before === undefined) delete process.env.MOLDAU_RUN_DIR;
  else process.env.MOLDAU_RUN_DIR = before;
  rmSync(directory, { recursive: true, force: true });
});

test('a broker is found whatever the folder of its program is called, until it forgets itself', () => {
  // This process is a test runner: no word of its command line says that it is a broker.
  const forget = announceBroker({ pid: process.pid, nodeId: 7, source: 'here' });
  expect(runningBrokers()).toMatchObject([{ pid: process.pid, nodeId: 7, source: 'here' }]);
  forget();
  expect(runningBrokers()).toEqual([]);
});

test('a process that was given the id of a broker that ended is not taken for it', () => {
  announceBroker({ pid: process.pid, nodeId: 7, source: 'here' });
  const path = join(directory, `${process.pid}.json`);
  const written = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify({ ...written, began: '1' }));
  expect(runningBrokers()).toEqual([]);
  expect(existsSync(path)).toBe(false);
});
