// What a power cut takes and what it must leave; a simulated disk that loses too much finds losses that no broker made.
import { expect, test } from 'vitest';
import { Prng } from '../world/prng.ts';
import { Inode } from './inode.ts';
import { SimDisk } from './sim-disk.ts';

const nothingKept = { keptShare: 0, tornShare: 0 };
const draws = () => new Prng('disk');
const text = (inode: Inode | undefined) => inode?.content.toString();
const write = (inode: Inode, value: string, position = 0) => inode.write([Buffer.from(value)], position);

test('what was not synced is gone, what was is there', () => {
  const inode = new Inode();
  write(inode, 'synced');
  inode.applySync(inode.planSync());
  write(inode, ' and more', 6);
  expect(text(inode)).toBe('synced and more');
  inode.powerCut(draws(), nothingKept);
  expect(text(inode)).toBe('synced');
});

test('a sync covers what was written before it began, and not what came meanwhile', () => {
  const inode = new Inode();
  write(inode, 'before');
  const plan = inode.planSync();
  write(inode, 'meanwhile', 6);
  inode.applySync(plan);
  inode.powerCut(draws(), nothingKept);
  expect(text(inode)).toBe('before');
});

test('a sync that answers after a later one takes nothing back', () => {
  const inode = new Inode();
  write(inode, 'one');
  const first = inode.planSync();
  write(inode, 'two', 3);
  inode.applySync(inode.planSync());
  inode.applySync(first);
  inode.powerCut(draws(), nothingKept);
  expect(text(inode)).toBe('onetwo');
});

test('syncs of a directory may overtake each other too', () => {
  const disk = new SimDisk();
  const { root } = disk;
  root.change((names) => names.set('a', new Inode()));
  const first = root.planSync();
  root.change((names) => names.set('b', new Inode()));
  const second = root.planSync();
  root.change((names) => names.set('c', new Inode()));
  second();
  first();
  disk.powerCut(draws(), nothingKept);
  expect([...root.entries.keys()]).toEqual(['a', 'b']);
});

test('a rename is there whole or not at all', () => {
  for (let seed = 0; seed < 50; seed++) {
    const disk = new SimDisk();
    const [before, after] = [new Inode(), new Inode()];
    write(before, 'old');
    write(after, 'new');
    for (const inode of [before, after]) inode.applySync(inode.planSync());
    disk.root.change((names) => names.set('file', before));
    disk.root.change((names) => names.set('file.tmp', after));
    disk.root.planSync()();
    disk.root.change((names) => {
      names.delete('file.tmp');
      names.set('file', after);
    });
    disk.powerCut(new Prng(`rename ${seed}`), { keptShare: 0.5, tornShare: 0 });
    expect(['old', 'new']).toContain(text(disk.node('/file') as Inode));
  }
});

test('a failed sync forgets what was dirty', () => {
  const inode = new Inode();
  write(inode, 'kept');
  inode.applySync(inode.planSync());
  write(inode, 'lost');
  inode.forgetDirty();
  expect(text(inode)).toBe('kept');
});

test('growing keeps what was there', () => {
  const inode = new Inode();
  let expected = '';
  for (let i = 0; i < 300; i++) {
    const piece = `${i},`;
    write(inode, piece, expected.length);
    expected += piece;
  }
  expect(text(inode)).toBe(expected);
});
