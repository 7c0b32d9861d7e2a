// The edge: KafkaJS's socketFactory, an application's own way to open sockets (through a proxy, with keep-alive of its own), as
// the network that clients stand on.
import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { Network } from '@moldau/kernel';
import { networkOver } from '@moldau/kernel/node/network';

export interface ISocketFactoryArgs {
  /** As the configuration or the brokers name it; not looked up. */
  readonly host: string;
  readonly port: number;
  /** As it was configured, `true` included: then the socket is to be encrypted. */
  readonly ssl: ConnectionOptions;
  /** To be called when the connection stands. */
  readonly onConnect: () => void;
}

export type ISocketFactory = (args: ISocketFactoryArgs) => Socket;

export function networkOfFactory(factory: ISocketFactory, ssl: boolean | object | undefined): Network {
  return networkOver(({ host, port, onConnect }) => factory({ host, port, ssl: ssl as ConnectionOptions, onConnect }));
}
