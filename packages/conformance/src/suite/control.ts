// The runner's side of the restart hook: a small HTTP server on a free port through which suites, in whatever process or
// language they run, stop, kill and start the broker that the runner owns.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Peer } from '../peer/broker-process.ts';

export interface Control {
  readonly url: string;
  close(): void;
}

export async function serveControl(peer: Peer): Promise<Control> {
  const orders: Readonly<Record<string, () => Promise<string>>> = {
    start: async () => {
      await peer.start();
      return 'started';
    },
    spawn: async () => {
      await peer.start({ wait: false });
      return 'spawned';
    },
    stop: async () => {
      await peer.stop();
      return 'stopped';
    },
    kill: async () => {
      await peer.kill();
      return 'killed';
    },
    'data-directory': async () => peer.dataDirectory,
  };
  const server = createServer((request, response) => {
    const order = orders[(request.url ?? '').slice(1)];
    if (!order) {
      response.writeHead(404).end(`no such order; one of ${Object.keys(orders).join(', ')}`);
      return;
    }
    order().then(
      (text) => response.end(text),
      (error) => response.writeHead(500).end(error instanceof Error ? error.message : String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}
