// Chunks of bytes to lines, without waiting for a line that is not complete.

/**
 * Cuts input at line breaks (`\n`, `\r\n`, `\r`, as Java's reader does). Feed chunks as they come; `end` gives what is left
 * without a break. A character whose bytes fall into two chunks stays whole.
 */
export class LineCutter {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #left = '';

  /** The complete lines that `chunk` brings. */
  feed(chunk: Uint8Array): string[] {
    return this.#cut(this.#decoder.decode(chunk, { stream: true }));
  }

  /** The last line, if the input did not end with a break. */
  end(): string[] {
    const lines = this.#cut(this.#decoder.decode());
    const last = this.#left.replace(/\r$/, '');
    const unfinished = this.#left !== '';
    this.#left = '';
    return unfinished ? [...lines, last] : lines;
  }

  #cut(text: string): string[] {
    const all = this.#left + text;
    if (!all.includes('\r')) {
      const lines = all.split('\n');
      this.#left = lines.pop()!;
      return lines;
    }
    // A carriage return at the very end may be half of \r\n: keep it for the next chunk.
    const keep = all.endsWith('\r') ? '\r' : '';
    const lines = (keep ? all.slice(0, -1) : all).split(/\r\n|\n|\r/);
    this.#left = lines.pop()! + keep;
    return lines;
  }
}
