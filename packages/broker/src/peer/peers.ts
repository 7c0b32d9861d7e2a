// Connections from this broker to the others: one per other broker and purpose, opened when first asked for, opened again
// when broken, closed with this broker. In the flow: the fetchers copy through them, the road to the controller runs over
// one. Always: a connection goes to the address that the picture of the cluster names now; one opening at a time per
// broker and purpose; at most (brokers x purposes) sockets.

import { BrokerConnection } from '@moldau/client/connection';
import type { Ports } from '@moldau/kernel';
import type { ClusterImage } from '@moldau/metadata';
import type { BrokerConfig } from '../config/broker-config.ts';

export interface PeersParts {
  readonly nodeId: number;
  readonly ports: Ports;
  readonly config: BrokerConfig;
  readonly image: () => ClusterImage;
}

/** A broker that cannot be reached, because of the network or because the picture has no address of it. */
export class PeerUnreachable extends Error {
  constructor(brokerId: number, detail: string, options?: ErrorOptions) {
    super(`broker ${brokerId} cannot be reached: ${detail}`, options);
    this.name = 'PeerUnreachable';
  }
}

/** Largest answer taken from another broker: far beyond what replica.fetch.response.max.bytes asks for. */
const frameBytesMax = 0x10000000;
/** A broker on the same network answers a connect at once, or is away. */
const setupTimeoutMs = 5_000;

interface Line {
  readonly address: string;
  readonly connection: Promise<BrokerConnection>;
  open: BrokerConnection | undefined;
}

export class Peers {
  readonly #p: PeersParts;
  readonly #lines = new Map<string, Line>();
  #closed = false;

  constructor(parts: PeersParts) {
    this.#p = parts;
  }

  /** An open connection; `purpose` names it in the client id (`broker-1-fetcher-0`). Throws PeerUnreachable. */
  async connect(brokerId: number, purpose: string): Promise<BrokerConnection> {
    if (this.#closed) throw new PeerUnreachable(brokerId, 'this broker stops');
    const { host, port } = this.#endpointOf(brokerId);
    const key = `${brokerId}/${purpose}`;
    const address = `${host}:${port}`;
    const known = this.#lines.get(key);
    if (known && known.address === address && known.open?.isOpen !== false) return known.connection;
    known?.open?.close();
    const { ports, config, nodeId } = this.#p;
    const opening = BrokerConnection.open({ host, port }, ports, {
      clientId: `broker-${nodeId}-${purpose}`,
      requestTimeoutMs: config.replicaSocketTimeoutMs,
      connectionsMaxIdleMs: -1,
      socketConnectionSetupTimeoutMs: Math.min(setupTimeoutMs, config.replicaSocketTimeoutMs),
      frameBytesMax,
    });
    const line: Line = {
      address,
      open: undefined,
      connection: opening.then(
        (connection) => {
          line.open = connection;
          if (this.#closed || this.#lines.get(key) !== line) {
            connection.close();
            throw new PeerUnreachable(brokerId, 'this broker stops, or the other one moved');
          }
          return connection;
        },
        (error: unknown) => {
          if (this.#lines.get(key) === line) this.#lines.delete(key);
          throw new PeerUnreachable(brokerId, error instanceof Error ? error.message : String(error), { cause: error });
        },
      ),
    };
    this.#lines.set(key, line);
    return line.connection;
  }

  /** Ends the connection of this purpose, if there is one. */
  disconnect(brokerId: number, purpose: string): void {
    const key = `${brokerId}/${purpose}`;
    const line = this.#lines.get(key);
    this.#lines.delete(key);
    line?.open?.close();
  }

  close(): void {
    this.#closed = true;
    for (const line of this.#lines.values()) line.open?.close();
    this.#lines.clear();
  }

  #endpointOf(brokerId: number): { host: string; port: number } {
    const broker = this.#p.image().broker(brokerId);
    if (!broker) throw new PeerUnreachable(brokerId, 'no broker of that id is registered');
    const listener = interBrokerListener(this.#p.config);
    const endpoint = broker.endpoints.find((candidate) => candidate.listener === listener) ?? broker.endpoints[0];
    if (!endpoint) throw new PeerUnreachable(brokerId, `it has no listener ${listener}`);
    return endpoint;
  }
}

/** The listener that brokers use among each other: inter.broker.listener.name, or the first. */
export function interBrokerListener(config: BrokerConfig): string | undefined {
  return config.interBrokerListenerName ?? config.listeners[0]?.name;
}
