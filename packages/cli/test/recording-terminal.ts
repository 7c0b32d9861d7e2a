// A terminal that keeps what is written to it and is fed what it is to be read.
import type { Terminal } from '../src/terminal.ts';

export interface Recording extends Terminal {
  readonly stdout: string;
  readonly stderr: string;
  /** Ctrl-C. */
  interrupt(): void;
}

export function recordingTerminal(
  input: string | Buffer = '',
  options: { readonly inputIsTerminal?: boolean } = {},
): Recording {
  const chunks: Buffer[] = [];
  let stderr = '';
  const stops: (() => void)[] = [];
  return {
    out: (text) => {
      chunks.push(Buffer.from(text as string));
    },
    err: (text) => {
      stderr += text;
    },
    input: (async function* () {
      yield Buffer.from(input as string);
    })(),
    inputIsTerminal: options.inputIsTerminal ?? false,
    outputIsTerminal: false,
    outputIsOpen: true,
    onInterrupt: (stop) => {
      stops.push(stop);
    },
    now: () => Date.now(),
    get stdout() {
      return Buffer.concat(chunks).toString();
    },
    get stderr() {
      return stderr;
    },
    interrupt: () => {
      for (const stop of stops) stop();
    },
  };
}
