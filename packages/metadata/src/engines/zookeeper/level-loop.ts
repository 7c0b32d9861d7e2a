// Looks again when told to: one look at a time, none lost, and again after trouble as long as there is a session. What
// makes watches harmless: however many come, and whatever came between, the next look sees what is there (C7).
import type { TimerHandle, Timers } from '@moldau/kernel';
import { isZooKeeperError } from './client/errors.ts';

const TROUBLE_PAUSE_MS = 100;

export class LevelLoop {
  readonly #look: () => Promise<void>;
  readonly #timers: Timers;
  readonly #onFailed: (error: unknown) => void;
  #wanted = false;
  #running: Promise<void> | undefined;
  #pause: { timer: TimerHandle; done: () => void } | undefined;
  #stopped = false;

  /** `onFailed` hears of what trying again cannot cure; the loop rests until it is told to look again. */
  constructor(look: () => Promise<void>, timers: Timers, onFailed: (error: unknown) => void) {
    this.#look = look;
    this.#timers = timers;
    this.#onFailed = onFailed;
  }

  look(): void {
    this.#wanted = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#wanted && !this.#stopped) this.look();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#pause) {
      this.#timers.clear(this.#pause.timer);
      this.#pause.done();
    }
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#wanted && !this.#stopped) {
      this.#wanted = false;
      try {
        await this.#look();
      } catch (error) {
        if (this.#stopped || isZooKeeperError(error, 'CLOSED', 'SESSION_EXPIRED')) return;
        if (!isZooKeeperError(error)) {
          this.#onFailed(error);
          return;
        }
        this.#wanted = true;
        await new Promise<void>((done) => {
          this.#pause = { timer: this.#timers.set(TROUBLE_PAUSE_MS, done), done };
        });
        this.#pause = undefined;
      }
    }
  }
}
