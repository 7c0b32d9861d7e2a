import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DiskError, replaceFile } from '../disk.ts';
import { nodeDisk } from './disk.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'moldau-disk-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('chunks are written back to back at a position and read back, both ways', async () => {
  const file = nodeDisk.openSync(`${directory}/f`, 'create');
  file.writeSync([Buffer.from('ab'), Buffer.from('cde')], 0);
  await file.write([Buffer.from('fg'), Buffer.from('h')], 5);
  await file.write([Buffer.from('X')], 0);
  await file.datasync();
  expect(file.sizeSync()).toBe(8);
  const target = Buffer.alloc(10);
  expect(await file.read(target, 0)).toBe(8);
  expect(target.toString('latin1', 0, 8)).toBe('Xbcdefgh');
  expect(file.readSync(target, 6)).toBe(2);
  await file.truncate(3);
  expect(file.readSync(target, 0)).toBe(3);
  await file.close();
});

test('more chunks than one gathered write may hold', async () => {
  const chunks = Array.from({ length: 5_000 }, (_, i) => Buffer.from(`${i},`));
  const file = await nodeDisk.open(`${directory}/f`, 'createNew');
  await file.write(chunks, 0);
  file.writeSync(chunks, Buffer.concat(chunks).length);
  await file.close();
  expect(readFileSync(`${directory}/f`)).toEqual(Buffer.concat([...chunks, ...chunks]));
});

test('open modes', async () => {
  expect(() => nodeDisk.openSync(`${directory}/missing`, 'read')).toThrow(DiskError);
  await expect(nodeDisk.open(`${directory}/missing`, 'write')).rejects.toMatchObject({ code: 'ENOENT' });
  writeFileSync(`${directory}/f`, 'kept');
  const file = nodeDisk.openSync(`${directory}/f`, 'create');
  expect(file.sizeSync()).toBe(4);
  file.closeSync();
  expect(() => nodeDisk.openSync(`${directory}/f`, 'createNew')).toThrow(/EEXIST/);
});

test('a small file is replaced whole and leaves no temporary behind', async () => {
  await replaceFile(nodeDisk, directory, 'checkpoint', Buffer.from('one'));
  await replaceFile(nodeDisk, directory, 'checkpoint', Buffer.from('two'));
  expect(nodeDisk.readTextSync(`${directory}/checkpoint`)).toBe('two');
  expect(readdirSync(directory)).toEqual(['checkpoint']);
});

test('removing what is missing is fine, and a full device is ENOSPC', async () => {
  nodeDisk.removeSync(`${directory}/missing`);
  await nodeDisk.remove(`${directory}/missing`);
  await nodeDisk.removeTree(`${directory}/missing`);
  if (process.platform === 'linux') {
    const full = nodeDisk.openSync('/dev/full', 'write');
    expect(() => full.writeSync([Buffer.from('x')], 0)).toThrow(/ENOSPC/);
    await expect(full.write([Buffer.from('x')], 0)).rejects.toMatchObject({ code: 'ENOSPC' });
    full.closeSync();
  }
});

test('volume and descriptor limit are plausible', () => {
  const { totalBytes, usableBytes } = nodeDisk.volumeSync(directory);
  expect(totalBytes).toBeGreaterThan(usableBytes);
  expect(nodeDisk.openFilesLimit()).toBeGreaterThanOrEqual(256);
});

test('a locked directory is refused with its holder, inside one process too, and free after release', async () => {
  const lock = await nodeDisk.lock(directory, '.lock');
  await expect(nodeDisk.lock(directory, '.lock')).rejects.toMatchObject({
    code: 'LOCKED',
    message: `${directory} is in use by process ${process.pid}, which holds ${directory}/.lock.`,
  });
  expect(statSync(`${directory}/.lock`).size).toBe(0);
  await lock.release();
  await (await nodeDisk.lock(directory, '.lock')).release();
  expect(readdirSync(directory)).toEqual(['.lock']);
});

test('the lock of a process that was killed is free at once; while it lived it was refused', async () => {
  const child = spawn(
    process.execPath,
    [
      '-e',
      `import(${JSON.stringify(join(import.meta.dirname, 'disk.ts'))}).then(async ({ nodeDisk }) => {
        await nodeDisk.lock(${JSON.stringify(directory)}, '.lock');
        console.log('held');
        setInterval(() => {}, 1000);
      })`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const gone = new Promise((resolve) => child.once('exit', resolve));
  try {
    await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
    await expect(nodeDisk.lock(directory, '.lock')).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringContaining(`process ${child.pid}`),
    });
  } finally {
    child.kill('SIGKILL');
    await gone;
  }
  await (await nodeDisk.lock(directory, '.lock')).release();
});
