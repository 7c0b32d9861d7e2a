// The faults themselves: what the harness does to a machine has to happen, or a run that finds nothing says nothing.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { canMountImages, DiskImage, type FileSystem } from './disk-image.ts';
import { canHaveNetworks, MachineNetwork } from './network.ts';
import { WallClock } from './wall-clock.ts';

const folder = mkdtempSync(join(tmpdir(), 'machine-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('this machine can be broken: root, namespaces, loop devices', () => {
  expect([canHaveNetworks(), canMountImages(folder)]).toEqual([true, true]);
});

describe('network', () => {
  const hears = (from: { prefix: readonly string[] }, to: string): boolean => {
    // A listener that answers nothing is enough: ping needs a package of its own.
    const [file, ...args] = [...from.prefix, process.execPath, '-e', CONNECT, to];
    return spawnSync(file!, args, { timeout: 5_000 }).status === 0;
  };
  const CONNECT = `const s=require('net').connect(7777,process.argv[1]);s.setTimeout(700,()=>process.exit(1));s.on('connect',()=>process.exit(0));s.on('error',()=>process.exit(1))`;
  const LISTEN = `require('net').createServer().listen(7777,'0.0.0.0',()=>console.log('up'))`;

  test('machines hear each other until they are cut apart, in both directions or one, and again when healed', async () => {
    const network = new MachineNetwork(2);
    const [a, b] = network.machines;
    const listeners = [a!, b!].map(({ prefix }) => {
      const [file, ...args] = [...prefix, process.execPath, '-e', LISTEN];
      return spawn(file!, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    });
    try {
      await Promise.all(listeners.map((child) => once(child.stdout!, 'data')));
      expect([hears(a!, b!.address), hears(b!, a!.address), hears({ prefix: [] }, a!.address)]).toEqual([
        true,
        true,
        true,
      ]);
      network.cut(a!, [b!.address]);
      expect([hears(a!, b!.address), hears(b!, a!.address), hears({ prefix: [] }, a!.address)]).toEqual([
        false,
        false,
        true,
      ]);
      network.heal();
      expect(hears(a!, b!.address)).toBe(true);
      network.deafen(a!, [network.outside]);
      expect([hears({ prefix: [] }, a!.address), hears(b!, a!.address)]).toEqual([false, true]);
    } finally {
      for (const child of listeners) child.kill('SIGKILL');
      await Promise.all(listeners.map((child) => child.exitCode ?? child.signalCode ?? once(child, 'exit')));
      network.close();
    }
  });
});

describe.each<FileSystem>(['ext4', 'xfs'])('a disk with %s', (kind) => {
  const mebibytes = kind === 'xfs' ? 320 : 32;

  test('that loses power forgets what was not synced, and keeps what was', () => {
    const disk = new DiskImage(folder, `power-${kind}`, kind, mebibytes);
    try {
      const directory = openSync(disk.path, 'r');
      const synced = openSync(join(disk.path, 'synced'), 'w');
      writeSync(synced, 'kept');
      fsyncSync(synced);
      fsyncSync(directory);
      writeSync(synced, ' lost');
      closeSync(synced);
      closeSync(directory);
      writeFileSync(join(disk.path, 'unsynced'), 'lost');
      disk.cutPower();
      expect(() => writeFileSync(join(disk.path, 'after'), 'x')).toThrow('EIO');
      disk.powerUp();
      expect(readFileSync(join(disk.path, 'synced'), 'utf8')).toBe('kept');
      expect(existsSync(join(disk.path, 'unsynced'))).toBe(false);
    } finally {
      disk.close();
    }
  });

  test('that is full says so, and has room again', () => {
    const disk = new DiskImage(folder, `full-${kind}`, kind, mebibytes);
    try {
      disk.fill();
      expect(() => writeFileSync(join(disk.path, 'x'), Buffer.alloc(1024 * 1024))).toThrow('ENOSPC');
      disk.drain();
      writeFileSync(join(disk.path, 'x'), Buffer.alloc(1024 * 1024));
    } finally {
      disk.close();
    }
  });
});

test('a wall clock jumps by an hour while the monotonic one goes on', async () => {
  const clock = new WallClock(folder, 'jumper');
  const TELL = `setInterval(()=>console.log(JSON.stringify([Date.now(),performance.now()])),50)`;
  const child = spawn(process.execPath, ['-e', TELL], {
    env: { ...process.env, ...clock.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const offsets: number[] = [];
  let longestStep = 0;
  let last = 0;
  try {
    for await (const chunk of child.stdout!) {
      for (const line of String(chunk).trim().split('\n')) {
        const [wall, monotonic] = JSON.parse(line) as [number, number];
        offsets.push(Math.round((wall - Date.now()) / 1000 / 60));
        if (last > 0) longestStep = Math.max(longestStep, monotonic - last);
        last = monotonic;
      }
      if (offsets.length === 4) clock.jump(3600);
      if (offsets.at(-1) === 60) clock.jump(-3600);
      if (offsets.at(-1) === -60) break;
    }
  } finally {
    child.kill('SIGKILL');
  }
  expect([...new Set(offsets)]).toEqual([0, 60, -60]);
  expect(longestStep).toBeLessThan(60_000);
});
