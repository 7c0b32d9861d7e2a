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
import { flipBit, isFlipped } from './bit-flip.ts';
import { DiskFaults } from './disk-faults.ts';
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

describe('a failing disk of one process', () => {
  /** Writes and syncs one file of `under` after each line that it is sent, and tells what came of it. */
  const PROGRAM = `const fs=require('fs');const f=fs.openSync(process.argv[1],'w');
    require('readline').createInterface({input:process.stdin}).on('line',async()=>{const t=performance.now();let said='done';
    try{await fs.promises.writeFile(process.argv[2],'x');fs.writeSync(f,'x');await new Promise((ok,no)=>fs.fdatasync(f,(e)=>e?no(e):ok()))}
    catch(e){said=e.code+' '+e.syscall}console.log(said,Math.round(performance.now()-t))})`;

  test('is slow, fails the n-th call once, is whole again; files elsewhere are not touched', async () => {
    const directory = mkdtempSync(join(folder, 'disk-'));
    const faults = new DiskFaults(folder, 'failing', directory);
    const child = spawn(process.execPath, ['-e', PROGRAM, join(directory, 'file'), join(folder, 'elsewhere')], {
      env: { ...process.env, ...faults.env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const tryOnce = async (): Promise<[said: string, ms: number]> => {
      child.stdin.write('go\n');
      const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
      const [, said, ms] = /^(.*) (\d+)$/.exec(String(chunk).trim())!;
      return [said!, Number(ms)];
    };
    try {
      expect((await tryOnce())[0]).toBe('done');
      expect(faults.seen).toBe(0);
      faults.slow(300);
      const [said, ms] = await tryOnce();
      // One write and one sync of the file, none of the other.
      expect([said, faults.seen, ms >= 600]).toEqual(['done', 2, true]);
      faults.failCall(2, 'sync');
      expect([(await tryOnce())[0], (await tryOnce())[0], (await tryOnce())[0]]).toEqual([
        'done',
        'EIO fdatasync',
        'done',
      ]);
      faults.failCall(1, 'write');
      expect([(await tryOnce())[0], (await tryOnce())[0]]).toEqual(['EIO write', 'done']);
      expect(faults.failed).toBe(2);
      faults.mend();
      expect((await tryOnce())[0]).toBe('done');
    } finally {
      child.kill('SIGKILL');
    }
  });

  test('flips one bit of a batch in a closed segment, past what has no checksum', () => {
    const partition = mkdtempSync(join(folder, 'partition-'));
    // Two batches of 40 bytes: offsets 7 and 9.
    const batches = Buffer.alloc(80, 0xaa);
    for (const [at, offset] of [
      [0, 7n],
      [40, 9n],
    ] as const) {
      batches.writeBigInt64BE(offset, at);
      batches.writeInt32BE(28, at + 8);
    }
    const active = '00000000000000000010.log';
    const closed = '00000000000000000007.log';
    writeFileSync(join(partition, active), batches);
    expect(flipBit(partition, 0.5)).toBeUndefined();
    writeFileSync(join(partition, closed), batches);
    for (let i = 0; i < 50; i++) {
      writeFileSync(join(partition, closed), batches);
      const flip = flipBit(partition, i / 50)!;
      const now = readFileSync(join(partition, closed));
      const changed = [...now.keys()].filter((at) => now[at] !== batches[at]);
      const batch = flip.position < 40 ? 0 : 40;
      expect([flip.file, changed, flip.position - batch >= 16, flip.baseOffset]).toEqual([
        closed,
        [flip.position],
        true,
        batch === 0 ? 7 : 9,
      ]);
      expect((now[flip.position]! ^ batches[flip.position]!).toString(2)).toMatch(/^10*$/);
      expect(isFlipped(partition, flip)).toBe(true);
    }
    writeFileSync(join(partition, closed), batches);
    expect(readFileSync(join(partition, active))).toEqual(batches);
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
