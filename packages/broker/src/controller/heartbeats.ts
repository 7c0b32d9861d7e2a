// When this broker tells the controller how far it has applied the metadata: at the end of every turn with news, and every
// `broker.heartbeat.interval.ms`. One word under way at a time; what comes up meanwhile goes with the next.
import type { TimerHandle, Timers } from '@moldau/kernel';

export interface HeartbeatsParts {
  readonly intervalMs: number;
  readonly timers: Timers;
  /** Sends one. A failure is nothing: the next one says as much. */
  send(): Promise<void>;
}

export class Heartbeats {
  readonly #p: HeartbeatsParts;
  #timer: TimerHandle | undefined;
  #started = false;
  #scheduled = false;
  #underWay = false;

  constructor(parts: HeartbeatsParts) {
    this.#p = parts;
  }

  start(): void {
    this.#started = true;
    this.news();
  }

  stop(): void {
    this.#started = false;
    if (this.#timer) this.#p.timers.clear(this.#timer);
  }

  news(): void {
    if (!this.#started || this.#scheduled) return;
    this.#scheduled = true;
    if (!this.#underWay) this.#p.timers.afterTurn(() => this.#beat());
  }

  #beat(): void {
    this.#scheduled = false;
    if (!this.#started) return;
    this.#underWay = true;
    this.#p
      .send()
      .catch(() => {})
      .finally(() => {
        this.#underWay = false;
        if (!this.#started) return;
        if (this.#scheduled) {
          this.#beat();
          return;
        }
        if (this.#timer) this.#p.timers.clear(this.#timer);
        this.#timer = this.#p.timers.set(this.#p.intervalMs, () => this.news());
      });
  }
}
