import type { Clock, TimerHandle, Timers } from '@moldau/kernel';
import { expect, test } from 'vitest';
import { Deadlines } from './deadlines.ts';

/** Time that moves when told to. */
class Time implements Clock, Timers {
  at = 0;
  armed: { dueAt: number; run: () => void }[] = [];
  now = () => this.at;
  monotonic = () => this.at;
  set(delayMs: number, run: () => void): TimerHandle {
    const timer = { dueAt: this.at + delayMs, run };
    this.armed.push(timer);
    return timer;
  }
  clear(handle: TimerHandle): void {
    this.armed = this.armed.filter((timer) => timer !== handle);
  }
  afterTurn(run: () => void): void {
    run();
  }
  moveTo(at: number): void {
    this.at = at;
    for (;;) {
      const due = this.armed.find(({ dueAt }) => dueAt <= at);
      if (!due) return;
      this.clear(due);
      due.run();
    }
  }
}

test('deadlines run in their order when their time has come, with one timer for all', () => {
  const time = new Time();
  const deadlines = new Deadlines(time, time);
  const ran: string[] = [];
  deadlines.at(30, () => ran.push('c'));
  deadlines.at(10, () => ran.push('a'));
  deadlines.at(20, () => ran.push('b'));
  expect(time.armed).toHaveLength(1);
  time.moveTo(9);
  expect(ran).toEqual([]);
  time.moveTo(20);
  expect(ran).toEqual(['a', 'b']);
  time.moveTo(100);
  expect(ran).toEqual(['a', 'b', 'c']);
  expect(time.armed).toHaveLength(0);
});

test('a cancelled deadline does not run; its timer only arms the next', () => {
  const time = new Time();
  const deadlines = new Deadlines(time, time);
  const ran: string[] = [];
  const first = deadlines.at(10, () => ran.push('first'));
  deadlines.at(50, () => ran.push('second'));
  deadlines.cancel(first);
  time.moveTo(49);
  expect(ran).toEqual([]);
  time.moveTo(50);
  expect(ran).toEqual(['second']);
});

test('a deadline may set another, also one that is due already', () => {
  const time = new Time();
  const deadlines = new Deadlines(time, time);
  const ran: number[] = [];
  const again = (left: number) => () => {
    ran.push(left);
    if (left > 0) deadlines.at(time.at, again(left - 1));
  };
  deadlines.at(5, again(2));
  time.moveTo(5);
  expect(ran).toEqual([2, 1, 0]);
});

test('nothing runs after close', () => {
  const time = new Time();
  const deadlines = new Deadlines(time, time);
  const ran: string[] = [];
  deadlines.at(5, () => ran.push('late'));
  deadlines.close();
  time.moveTo(10);
  expect(ran).toEqual([]);
});
