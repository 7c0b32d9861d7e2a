// Asks a broker, over a raw socket, whether it serves: one Metadata v1 request for no topics, ready when the answer names
// at least one broker (or as many as are waited for). Written by hand (46 bytes) so that waiting for a peer depends on nothing that is under test.
import { connect } from 'node:net';

function metadataRequest(): Buffer {
  const clientId = 'readiness';
  const frame = Buffer.alloc(4 + 2 + 2 + 4 + 2 + clientId.length + 4);
  frame.writeInt32BE(frame.length - 4, 0);
  frame.writeInt16BE(3, 4); // Metadata
  frame.writeInt16BE(1, 6);
  frame.writeInt32BE(1, 8); // correlation id
  frame.writeInt16BE(clientId.length, 12);
  frame.write(clientId, 14, 'latin1');
  frame.writeInt32BE(0, 14 + clientId.length); // no topics
  return frame;
}

/** One attempt. Resolves to false on refusal, silence of a second, or an answer with fewer brokers; never rejects. */
export function serves(host: string, port: number, brokers = 1): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    let received: Buffer = Buffer.alloc(0);
    const settle = (ready: boolean): void => {
      socket.destroy();
      resolve(ready);
    };
    socket.setTimeout(1000, () => settle(false));
    socket.on('error', () => settle(false));
    socket.on('close', () => settle(false));
    socket.on('connect', () => socket.write(metadataRequest()));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= 12) settle(received.readInt32BE(8) >= brokers);
    });
  });
}

/**
 * Resolves when the broker serves. `alive` is asked between attempts: when it says no, waiting is pointless and this
 * rejects at once, as it does after `timeoutMs`.
 */
export async function whenServing(
  host: string,
  port: number,
  o: { timeoutMs: number; alive: () => boolean; pollMs?: number; brokers?: number },
): Promise<void> {
  const deadline = performance.now() + o.timeoutMs;
  while (!(await serves(host, port, o.brokers))) {
    if (!o.alive()) throw new Error(`the process behind ${host}:${port} ended before it served`);
    if (performance.now() > deadline) throw new Error(`${host}:${port} does not serve after ${o.timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, o.pollMs ?? 20));
  }
}
