// What is being measured right now: one line that overwrites itself on a terminal, plain lines elsewhere.

export class Progress {
  readonly #live = process.stderr.isTTY === true;
  readonly #startedAt = performance.now();

  #elapsed(): string {
    const seconds = Math.round((performance.now() - this.#startedAt) / 1000);
    return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
  }

  /** Something that will soon be replaced. */
  now(text: string): void {
    if (this.#live) process.stderr.write(`\r\u001b[K\u001b[2m${this.#elapsed()}\u001b[0m ${text}`);
  }

  /** Something to keep. */
  done(text: string): void {
    const start = this.#live ? '\r\u001b[K' : '';
    process.stderr.write(`${start}${this.#elapsed()} ${text}\n`);
  }
}
