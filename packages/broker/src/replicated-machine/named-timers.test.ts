import { describe, expect, it } from 'vitest';
import { Deadlines } from '../partition/deadlines.ts';
import { NamedTimers } from './named-timers.ts';
import { VirtualTime } from './test/virtual-time.ts';

function setUp() {
  const time = new VirtualTime();
  const stalls: number[] = [];
  const all = new NamedTimers(time.clock, new Deadlines(time.clock, time.timers), (ms) => stalls.push(ms));
  const timers = all.scope();
  const fired: string[] = [];
  const expired = (name: string) => fired.push(`${name}@${time.clock.monotonic()}`);
  return { time, all, timers, fired, expired, stalls };
}

describe('named timers', () => {
  it('fire once, at their time', () => {
    const { time, all, timers, fired, expired } = setUp();
    timers.set('a', 3_000, expired);
    timers.set('b', 1_500, expired);
    time.advance(10_000);
    expect(fired).toEqual(['b@1500', 'a@3000']);
    expect(all.size).toBe(0);
  });

  it('move later and earlier when set again', () => {
    const { time, timers, fired, expired } = setUp();
    timers.set('later', 1_000, expired);
    timers.set('later', 5_000, expired);
    timers.set('earlier', 5_000, expired);
    timers.set('earlier', 2_000, expired);
    time.advance(10_000);
    expect(fired).toEqual(['earlier@2000', 'later@5000']);
  });

  it('do not fire when cancelled, and can be set anew', () => {
    const { time, timers, fired, expired } = setUp();
    timers.set('a', 1_000, expired);
    timers.cancel('a');
    timers.cancel('never set');
    time.advance(2_000);
    expect(fired).toEqual([]);
    timers.set('a', 3_000, expired);
    time.advance(2_000);
    expect(fired).toEqual(['a@3000']);
  });

  it('do not count time that the loop slept through', () => {
    const { time, timers, fired, expired, stalls } = setUp();
    timers.set('member', 10_000, expired);
    time.advance(4_000);
    time.stall(60_000); // the machine was paused: nothing ran
    time.advance(3_000);
    expect(stalls.length).toBe(1);
    expect(fired).toEqual([]);
    time.advance(10_000);
    expect(fired.length).toBe(1);
    expect(Number(fired[0]!.split('@')[1])).toBeGreaterThan(68_000);
  });

  it('see a stall although the late turn begins with their own deadline', () => {
    const { time, timers, fired, expired } = setUp();
    timers.set('member', 600, expired);
    time.stall(30_000);
    time.advance(0);
    expect(fired).toEqual([]);
    time.advance(1_000);
    expect(fired.length).toBe(1);
  });

  it('give a deadline set right after a stall its own time only', () => {
    const { time, all, timers, fired, expired } = setUp();
    timers.set('old', 5_000, expired);
    time.stall(60_000);
    all.noticeStall(time.clock.monotonic());
    timers.set('new', 62_000, expired);
    time.advance(3_000);
    expect(fired).toEqual(['new@62000']);
  });

  it('of different owners do not meet', () => {
    const { time, all, timers, fired, expired } = setUp();
    const others = all.scope();
    timers.set('a', 1_000, expired);
    others.set('a', 2_000, expired);
    expect(all.size).toBe(2);
    timers.close();
    timers.set('b', 1_000, expired);
    time.advance(5_000);
    expect(fired).toEqual(['a@2000']);
    expect(all.size).toBe(0);
  });

  it('are silent after close', () => {
    const { time, all, timers, fired, expired } = setUp();
    timers.set('a', 1_000, expired);
    all.close();
    timers.set('b', 1_000, expired);
    time.advance(5_000);
    expect(fired).toEqual([]);
  });
});
