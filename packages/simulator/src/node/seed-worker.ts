// A process of its own for one core: takes seeds one after the other, answers what each found and what it cost.
import { type RunOptions, runSeed } from '../run.ts';
import type { SeedAnswer } from './seed-pool.ts';

// Warnings of clients (a member was removed, a poll came late) are everyday here and counted as client errors anyway.
process.removeAllListeners('warning');
process.on('warning', () => {});

process.on('message', (options: RunOptions) => {
  const before = process.cpuUsage();
  const answer = (found: Omit<SeedAnswer, 'cpuMs'>) => {
    const { user, system } = process.cpuUsage(before);
    process.send?.({ ...found, cpuMs: (user + system) / 1000 });
  };
  runSeed(options).then(
    ({ faults, strikes: _, looks, clientErrors, ...rest }) =>
      answer({ ...rest, faults: [...faults], looks: [...looks], clientErrors: [...clientErrors] }),
    (error: Error) =>
      answer({
        seed: options.seed,
        failure: `the simulator itself failed: ${error.stack}`,
        finding: 'process',
        traceHash: '',
        virtualMs: 0,
        events: 0,
        sent: 0,
        acked: 0,
        polled: 0,
        commits: 0,
        description: '',
        rot: { flipped: 0, noticed: 0, mended: 0 },
        faults: [],
        looks: [],
        clientErrors: [],
      }),
  );
});
process.on('disconnect', () => process.exit(0));
