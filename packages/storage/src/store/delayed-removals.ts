// Files and directories that are renamed away and removed some time later (file.delete.delay.ms): readers finish with
// them, and a person who deleted the wrong topic has that long. One timer for all.
import { type Clock, DeadlineHeap, type Disk, type TimerHandle, type Timers } from '@moldau/kernel';

export class DelayedRemovals {
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #due = new DeadlineHeap<readonly string[]>();
  #timer: TimerHandle | undefined;
  #timerAt = 0;
  #stopped = false;

  constructor(disk: Disk, clock: Clock, timers: Timers) {
    this.#disk = disk;
    this.#clock = clock;
    this.#timers = timers;
  }

  add(paths: readonly string[], delayMs: number): void {
    if (paths.length === 0 || this.#stopped) return;
    this.#due.add(this.#clock.monotonic() + delayMs, paths);
    this.#arm();
  }

  /** What is left is removed after the next start: its names say so. */
  stop(): void {
    this.#stopped = true;
    if (this.#timer) this.#timers.clear(this.#timer);
    this.#timer = undefined;
  }

  #arm(): void {
    const next = this.#due.nextDueAt;
    if (next === undefined || this.#stopped || (this.#timer && this.#timerAt <= next)) return;
    if (this.#timer) this.#timers.clear(this.#timer);
    this.#timerAt = next;
    this.#timer = this.#timers.set(Math.max(0, next - this.#clock.monotonic()), () => {
      this.#timer = undefined;
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    const now = this.#clock.monotonic();
    for (let paths = this.#due.takeDue(now); paths; paths = this.#due.takeDue(now)) {
      for (const path of paths) {
        if (this.#stopped) return;
        // A failed removal costs space, nothing else; the next start tries again.
        await this.#disk.removeTree(path).catch(() => {});
      }
    }
    this.#arm();
  }
}
