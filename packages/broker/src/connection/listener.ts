// One configured listener: binds its port and hands accepted sockets to the connections, under its name.
import type { Listener as BoundListener, Network } from '@moldau/kernel';
import type { AdvertisedEndpoint } from '../context.ts';
import type { Connections } from './connections.ts';

/** One entry of `listeners`, and what `advertised.listeners` says of it. */
export interface ListenerAddress {
  readonly name: string;
  /** Empty: every interface. */
  readonly host: string;
  readonly port: number;
  /** Told to clients. Port 0 means the port really bound. */
  readonly advertised: { readonly host: string; readonly port: number };
  readonly backlog: number;
}

/** All sockets of the process read into this, one at a time: large enough for a whole batch of the default size at once. */
const readBuffer = Buffer.allocUnsafeSlow(1024 * 1024);

export class Listener {
  readonly endpoint: AdvertisedEndpoint;
  readonly bound: { readonly host: string; readonly port: number };
  readonly #listener: BoundListener;

  private constructor(address: ListenerAddress, listener: BoundListener) {
    this.#listener = listener;
    this.bound = listener.endpoint;
    this.endpoint = {
      listener: address.name,
      host: address.advertised.host,
      port: address.advertised.port === 0 ? listener.endpoint.port : address.advertised.port,
    };
  }

  /** Throws with the address in its words when the port is taken or may not be bound. */
  static async open(
    network: Network,
    address: ListenerAddress,
    connections: () => Connections | undefined,
  ): Promise<Listener> {
    const { name, host, port, backlog } = address;
    try {
      const listener = await network.listen({
        host,
        port,
        backlog,
        readBuffer,
        onConnection: (socket) => {
          const ready = connections();
          if (ready) {
            ready.accept(socket, name);
          } else {
            // Bound, so that the port is known and registered, but not serving yet.
            socket.start({ onData: () => {}, onClose: () => {} });
            socket.destroy();
          }
        },
      });
      return new Listener(address, listener);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`cannot listen on ${name}://${host}:${port} (setting 'listeners'): ${why}`, { cause: error });
    }
  }

  /** Accepts nobody any more. */
  close(): Promise<void> {
    return this.#listener.close();
  }
}
