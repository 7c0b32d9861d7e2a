// What a tool may touch of the process it runs in: two outputs, one input, the interrupt signal. Tests give a recording
// one, so that a tool is checked as data in, text and exit status out.

export interface Terminal {
  /** Standard output. Text as it stands; the caller adds line breaks. */
  out(text: string | Uint8Array): void;
  /** Standard error. */
  err(text: string): void;
  /** Standard input, in chunks as they come. */
  readonly input: AsyncIterable<Uint8Array>;
  readonly inputIsTerminal: boolean;
  readonly outputIsTerminal: boolean;
  /** False once nobody reads standard output any more (a closed pipe). */
  readonly outputIsOpen: boolean;
  /** Calls `stop` on Ctrl-C, SIGTERM or SIGHUP instead of ending at once; a second signal ends at once. */
  onInterrupt(stop: () => void): void;
  /** Milliseconds since the epoch. */
  now(): number;
}
