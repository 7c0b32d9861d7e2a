// What a follower does with each kind of answer.
import { LeaderEpochs } from '@moldau/storage/checkpoint/leader-epochs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeAnswer } from './partition-follower.ts';

function epochsOf(records: readonly { readonly epoch: number }[]): LeaderEpochs {
  const epochs = new LeaderEpochs();
  records.forEach(({ epoch }, offset) => {
    if (epochs.latest?.epoch !== epoch) epochs.assign(epoch, offset);
  });
  return epochs;
}

/** A log given by the epochs of its records. */
function logOf(records: readonly number[], highWatermark = 0) {
  const epochs = epochsOf(records.map((epoch) => ({ epoch })));
  return {
    endOffset: records.length,
    highWatermark,
    epochEndOffset: (epoch: number) => epochs.endOffset(epoch, records.length),
  };
}

const SAME = { epoch: -1, endOffset: -1 };
const fine = { error: undefined, divergingEpoch: SAME, logStartOffset: 0 };

describe('truncation', () => {
  test.each([
    ['the leader ends the epoch earlier', [1, 1, 1], { epoch: 1, endOffset: 2 }, 2],
    ['we have less of that epoch than the leader', [1, 1, 3, 3], { epoch: 1, endOffset: 5 }, 2],
    [
      'the leader names an epoch we never saw: at the end of ours below it',
      [1, 2, 4, 4],
      { epoch: 3, endOffset: 9 },
      2,
    ],
    ['all of ours is newer than what the leader names', [4, 4], { epoch: 2, endOffset: 1 }, 0],
  ])('%s', (_, records, divergingEpoch, offset) => {
    expect(judgeAnswer(logOf(records), { ...fine, divergingEpoch }, false)).toEqual({ kind: 'truncate', offset });
  });

  test('never below the high watermark, unless an unclean election said so (invariant 13)', () => {
    const answer = { ...fine, divergingEpoch: { epoch: 1, endOffset: 1 } };
    expect(judgeAnswer(logOf([1, 1, 1], 2), answer, false)).toEqual({ kind: 'refuse', offset: 1 });
    expect(judgeAnswer(logOf([1, 1, 1], 2), answer, true)).toEqual({ kind: 'truncate', offset: 1 });
  });

  // Found by the simulator (seed 580): retention had taken all of epoch 0 at the leader, whose first epoch then began at its
  // log start. The follower cut there and kept records of epoch 0 that another history had replaced.
  test('where the leader has nothing of that time any more the follower begins anew at its log start', () => {
    const log = logOf([1, 1, 1, 1, 1]);
    const divergingEpoch = { epoch: 1, endOffset: 3 };
    const answer = { ...fine, divergingEpoch, logStartOffset: 3 };
    expect(judgeAnswer(log, answer, false)).toEqual({ kind: 'startOver', offset: 3 });
    expect(judgeAnswer(log, { ...answer, logStartOffset: 2 }, false)).toEqual({ kind: 'truncate', offset: 3 });
    expect(judgeAnswer(logOf([1, 1, 1, 1, 1], 4), answer, false)).toEqual({ kind: 'refuse', offset: 3 });
  });

  test('rounds of asking end at the longest common log, however two replicas took turns (KIP-279)', () => {
    const turn = fc.record({
      leader: fc.integer({ min: 0, max: 1 }),
      appended: fc.nat(3),
      copied: fc.option(fc.nat(4)),
    });
    fc.assert(
      fc.property(fc.array(turn, { maxLength: 10 }), (turns) => {
        const logs: Written[][] = [[], []];
        let serial = 0;
        turns.forEach(({ leader, appended, copied }, index) => {
          const epoch = index + 1;
          const source = logs[leader]!;
          const started = source.length;
          for (let i = 0; i < appended; i++) source.push({ epoch, serial: ++serial });
          if (copied === null) return;
          const target = logs[1 - leader]!;
          const common = commonEnd(source, target);
          converge(target, source, { epoch, startOffset: started });
          expect(target.length).toBe(common);
          target.push(...source.slice(common, common + copied));
        });
      }),
    );
  });
});

interface Written {
  readonly epoch: number;
  readonly serial: number;
}

function commonEnd(a: readonly Written[], b: readonly Written[]): number {
  let end = 0;
  while (end < a.length && end < b.length && a[end]!.serial === b[end]!.serial) end++;
  return end;
}

/** Asks and cuts until the logs no longer part. */
function converge(target: Written[], source: readonly Written[], term: { epoch: number; startOffset: number }): void {
  for (let round = 0; target.length > 0; round++) {
    expect(round).toBeLessThan(12);
    const last = target[target.length - 1]!.epoch;
    // The leader has noted its own epoch with its log end, written or not (KAFKA-7415).
    const leader = epochsOf(source);
    leader.assign(term.epoch, term.startOffset);
    const end = leader.endOffset(last, source.length);
    if (end.epoch >= last && end.endOffset >= target.length) return;
    const step = judgeAnswer(logOf(target.map(({ epoch }) => epoch)), { ...fine, divergingEpoch: end }, false);
    expect(step.kind).toBe('truncate');
    target.length = (step as { offset: number }).offset;
  }
}

describe('other answers', () => {
  test('what the leader has removed is not waited for', () => {
    const answer = { ...fine, error: 'OFFSET_OUT_OF_RANGE' as const, logStartOffset: 50 };
    expect(judgeAnswer(logOf([1, 1]), answer, false)).toEqual({ kind: 'startOver', offset: 50 });
  });

  test('an out of range that names nothing to go on with is asked again', () => {
    const answer = { ...fine, error: 'OFFSET_OUT_OF_RANGE' as const, logStartOffset: -1 };
    expect(judgeAnswer(logOf([1, 1]), answer, false)).toEqual({ kind: 'retry', error: 'OFFSET_OUT_OF_RANGE' });
  });

  test('records are taken where nothing parts', () => {
    expect(judgeAnswer(logOf([1]), fine, false)).toEqual({ kind: 'take' });
  });
});
