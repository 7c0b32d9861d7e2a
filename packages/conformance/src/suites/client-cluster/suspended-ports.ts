// Ports of this process that can be suspended: connections stand, and nothing goes out or comes in until they are resumed,
// as of a machine that sleeps. What a client meets when others have gone on without it.
import type { Connection, ConnectionEvents, Ports } from '@moldau/kernel';
import { nodePorts } from '@moldau/kernel/node/ports';

export interface SuspendablePorts {
  readonly ports: Ports;
  suspend(): void;
  /** Everything held back goes on its way, in order. */
  resume(): void;
}

export function suspendablePorts(): SuspendablePorts {
  /** What waits; undefined: nothing has to. */
  let held: (() => void)[] | undefined;
  const later = (what: () => void): void => {
    if (held) held.push(what);
    else what();
  };
  const suspendable = (connection: Connection): Connection =>
    new Proxy(connection, {
      get(target, name) {
        if (name === 'start') {
          return (events: ConnectionEvents) =>
            target.start({
              onDrain: () => events.onDrain?.(),
              onEnd: () => later(() => events.onEnd?.()),
              onClose: (error) => later(() => events.onClose(error)),
              onData(chunk) {
                if (!held) events.onData(chunk);
                else {
                  // Lent chunks are read into again.
                  const kept = Buffer.from(chunk);
                  held.push(() => events.onData(kept));
                }
              },
            });
        }
        if (name === 'write') {
          return (chunks: readonly Uint8Array[]): boolean => {
            if (!held) return target.write(chunks);
            const kept = chunks.map((chunk) => Buffer.from(chunk));
            held.push(() => target.write(kept));
            return true;
          };
        }
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  const network = Object.create(nodePorts.network) as typeof nodePorts.network;
  network.connect = async (options) => {
    await new Promise<void>((resolve) => later(resolve));
    return suspendable(await nodePorts.network.connect(options));
  };
  return {
    ports: { ...nodePorts, network },
    suspend: () => {
      held ??= [];
    },
    resume: () => {
      const due = held ?? [];
      held = undefined;
      for (const what of due) what();
    },
  };
}
