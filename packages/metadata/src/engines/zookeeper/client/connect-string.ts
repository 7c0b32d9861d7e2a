// `zookeeper.connect`: host:port pairs by comma, behind the last one an optional chroot. Pure.
import type { Endpoint } from '@moldau/kernel';

export interface ConnectString {
  readonly servers: readonly Endpoint[];
  /** '' or a path without a slash at its end. */
  readonly chroot: string;
}

const PORT = 2181;

/** Throws Error that says what is wrong with it. `h1:2181,[::1]:2181,h3/kafka` */
export function parseConnectString(text: string): ConnectString {
  const slash = text.indexOf('/');
  const list = slash < 0 ? text : text.slice(0, slash);
  const chroot = slash < 0 ? '' : text.slice(slash).replace(/\/+$/, '');
  if (/\/\/|\/\.{1,2}(\/|$)/.test(chroot)) throw new Error(`the chroot '${chroot}' is not a path of ZooKeeper`);
  const servers = list
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part): Endpoint => {
      const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(part);
      const port = Number(match?.[3] ?? PORT);
      if (!match || port < 1 || port > 65_535) throw new Error(`'${part}' is not host:port`);
      return { host: match[1] ?? match[2]!, port };
    });
  if (servers.length === 0) throw new Error('it names no server (host:port,host:port/chroot)');
  return { servers, chroot };
}
