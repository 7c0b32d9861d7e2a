// Clients go on trying for a minute when nobody answers, because a broker may be just starting. A person should not have
// to wait so long to hear that nobody does.
import { connect } from 'node:net';
import { parseServers } from '@moldau/client/settings/common-settings';
import type { Terminal } from '../terminal.ts';
import { logLine } from '../text/log-line.ts';

/** A tool that works is done before this. */
const LOOK_AFTER_MS = 1000;
const CONNECT_MS_MAX = 3000;

/** After a second, if none of the servers can be connected to, says so once on standard error. Keeps nothing alive. */
export function warnIfUnreachable(servers: string | undefined, terminal: Terminal): void {
  if (servers === undefined) return;
  const timer = setTimeout(() => {
    void look(servers, terminal);
  }, LOOK_AFTER_MS);
  timer.unref();
}

async function look(servers: string, terminal: Terminal): Promise<void> {
  const reasons = await Promise.all(parseServers(servers).map(({ host, port }) => whyUnreachable(host, port)));
  if (reasons.some((reason) => reason === undefined)) return;
  const text = `Nobody answers at ${reasons.join(', nor at ')}. Is a broker running there? Still trying.`;
  terminal.err(logLine(terminal.now(), 'WARN', text, 'moldau'));
}

/** Undefined when a connection can be made. */
function whyUnreachable(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_MS_MAX });
    const end = (reason: string | undefined) => {
      socket.destroy();
      resolve(reason);
    };
    socket.once('connect', () => end(undefined));
    socket.once('timeout', () => end(`${host}:${port} (no answer)`));
    socket.once('error', (error: NodeJS.ErrnoException) => end(`${host}:${port} (${error.code ?? error.message})`));
    socket.unref();
  });
}
