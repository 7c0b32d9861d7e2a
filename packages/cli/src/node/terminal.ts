// The terminal of a real process.
import pc from 'picocolors';
import type { Terminal } from '../terminal.ts';

/** Standard streams and signals of this process. */
export function processTerminal(): Terminal {
  let open = true;
  let interrupts = 0;
  const listeners: (() => void)[] = [];
  // A reader that goes away (`| head`) is the end of the output, not an error of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    open = false;
  });
  const interrupt = (status: number) => {
    interrupts++;
    if (listeners.length === 0 || interrupts > 1) process.exit(status);
    for (const stop of listeners) stop();
  };
  return {
    out: (text) => {
      if (open) process.stdout.write(text);
    },
    err: (text) => {
      process.stderr.write(process.stderr.isTTY && pc.isColorSupported ? colored(text) : text);
    },
    get input() {
      return process.stdin as AsyncIterable<Uint8Array>;
    },
    inputIsTerminal: process.stdin.isTTY === true,
    outputIsTerminal: process.stdout.isTTY === true,
    get outputIsOpen() {
      return open;
    },
    onInterrupt: (stop) => {
      if (listeners.length === 0) {
        process.on('SIGINT', () => interrupt(130));
        process.on('SIGTERM', () => interrupt(143));
        process.on('SIGHUP', () => interrupt(129));
      }
      listeners.push(stop);
    },
    now: () => Date.now(),
  };
}

/** For a person's eye: errors red, warnings yellow. Nothing of it reaches a pipe or a file. */
function colored(text: string): string {
  return text
    .replace(/^.*(?: ERROR |\berror: |^Error).*$/gm, pc.red)
    .replace(/^.*(?: WARN |^WARN|^Warning).*$/gm, pc.yellow);
}
