import { expect, test } from 'vitest';
import { headerLine, intervalLine, totalLine } from './consumer-lines.ts';
import { LatencyStats } from './latency-stats.ts';
import { Throttle } from './throttle.ts';

test('a run of the producer: interval lines and the total', () => {
  let text = '';
  const print = (line: string) => {
    text += line;
  };
  const stats = new LatencyStats({ records: 4, intervalMs: 5000, now: 1000, print });
  stats.record(15, 1024 * 1024, 2000);
  stats.record(20, 1024 * 1024, 6000);
  stats.record(315, 1024 * 1024, 7000);
  expect(text).toBe('2 records sent, 0.4 records/sec (0.40 MB/sec), 17.5 ms avg latency, 20.0 ms max latency.\n');
  expect(stats.totalLine(7000)).toBe(
    '3 records sent, 0.500000 records/sec (0.50 MB/sec), 116.67 ms avg latency, 315.00 ms max latency, 20 ms 50th, 315 ms 95th, 315 ms 99th, 315 ms 99.9th.\n',
  );
});

test('the steady state after a warm-up is announced once and named in its total', () => {
  let text = '';
  const steady = new LatencyStats({
    records: 10,
    intervalMs: 10,
    now: 0,
    steady: true,
    print: (line) => {
      text += line;
    },
  });
  steady.record(1, 1, 10);
  steady.record(1, 1, 20);
  expect(text.split('\n').map((line) => line.split(',')[0])).toEqual([
    'In steady state.',
    '1 records sent',
    '1 records sent',
    '',
  ]);
  expect(steady.totalLine(20)).toMatch(/^2 steady state records sent, 100\.000000 records\/sec /);
  steady.silence();
  steady.record(1, 1, 30);
  expect(text.split('\n').length).toBe(4);
});

test('more records than samples: every n-th latency is kept', () => {
  const stats = new LatencyStats({ records: 1_000_000, intervalMs: 1e9, now: 0, print: () => {} });
  for (let i = 0; i < 1_000_000; i++) stats.record(i % 100, 1, 1);
  expect(stats.totalLine(1000)).toContain(' 50 ms 50th, 94 ms 95th, 98 ms 99th, 98 ms 99.9th.');
});

test('the throttle asks for the time by which it is ahead', () => {
  const throttle = new Throttle(100, 0);
  expect(throttle.delayMs(10, 50)).toBe(50);
  expect(throttle.delayMs(10, 100)).toBe(0);
  expect(throttle.delayMs(10, 200)).toBe(0);
  expect(new Throttle(-1, 0).delayMs(1e9, 0)).toBe(0);
  expect(new Throttle(0, 0).delayMs(1, 0)).toBe(Number.POSITIVE_INFINITY);
});

test('the lines of the consumer', () => {
  const pattern = "'t'";
  expect(headerLine(false)).toBe(
    'start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec\n',
  );
  expect(headerLine(true)).toMatch(/^time, threadId, data/);
  expect(totalLine({ bytes: 100, records: 10 }, 0, 316, 229, pattern)).toBe(
    't, t, 0.0001, 0.0003, 10, 31.6456, 229, 87, 0.0011, 114.9425\n',
  );
  expect(totalLine({ bytes: 0, records: 0 }, 0, 0, 0, pattern)).toBe('t, t, 0.0000, NaN, 0, NaN, 0, 0, NaN, NaN\n');
  expect(intervalLine({ bytes: 10, records: 1 }, { bytes: 0, records: 0 }, 0, 202, 156, pattern)).toBe(
    't, 0, 0.0000, 0.0000, 1, 4.9505, 156, 46, 0.0002, 21.7391\n',
  );
});
