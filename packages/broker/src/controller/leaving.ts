// Carries a controlled shutdown out: asks the controller, waits for pictures and time, as `controlled-shutdown` says.
// Always: it settles, whatever the question does; an answer that comes after its time is nothing any more.
import type { Clock, TimerHandle, Timers } from '@moldau/kernel';
import type { ClusterImage } from '@moldau/metadata';
import {
  ControlledShutdown,
  type ShutdownAnswer,
  type ShutdownOutcome,
  type ShutdownSettings,
} from './controlled-shutdown.ts';

export interface LeavingParts {
  readonly nodeId: number;
  readonly settings: ShutdownSettings;
  readonly clock: Clock;
  readonly timers: Timers;
  image(): ClusterImage;
  /** Calls back with every new picture; answers how to stop that. */
  follow(listener: () => void): () => void;
  /** Asks the controller to be let go: true when nothing is led here that another could take soon. */
  ask(): Promise<boolean>;
}

/** Never rejects. */
export async function leave(parts: LeavingParts): Promise<ShutdownOutcome> {
  const { clock, image } = parts;
  const machine = new ControlledShutdown(parts.nodeId, parts.settings);
  for (;;) {
    const step = machine.next(clock.monotonic(), image());
    switch (step.kind) {
      case 'goOn':
        return step.outcome;
      case 'ask': {
        const answer = await asked(parts, step.limitMs);
        machine.answered(clock.monotonic(), answer);
        break;
      }
      case 'wait':
        await nextNews(parts, step.untilMs - clock.monotonic());
        break;
    }
  }
}

function asked({ ask, timers }: LeavingParts, limitMs: number): Promise<ShutdownAnswer> {
  return new Promise((resolve) => {
    const timer = timers.set(limitMs, () => resolve({ kind: 'failed', detail: `no answer in ${limitMs} ms` }));
    const failed = (error: unknown) =>
      resolve({ kind: 'failed', detail: error instanceof Error ? error.message : String(error) });
    try {
      ask()
        .then((letGo) => resolve({ kind: letGo ? 'letGo' : 'keeps' }), failed)
        .finally(() => timers.clear(timer));
    } catch (error) {
      timers.clear(timer);
      failed(error);
    }
  });
}

function nextNews({ follow, timers }: LeavingParts, limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    let timer: TimerHandle | undefined;
    const unfollow = follow(() => end());
    const end = () => {
      unfollow();
      if (timer) timers.clear(timer);
      resolve();
    };
    timer = timers.set(Math.max(0, limitMs), end);
  });
}
