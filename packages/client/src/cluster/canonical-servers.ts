// client.dns.lookup of resolve_canonical_bootstrap_servers_only: each bootstrap server becomes the full names of all its
// addresses, so that one alias stands for a whole cluster and certificates and tickets for the full names fit.
import type { Network } from '@moldau/kernel';
import type { BootstrapServer } from '../settings/common-settings.ts';

/** A name that cannot be resolved stays as it is, for the error when it is connected to. */
export async function canonicalServers(
  servers: readonly BootstrapServer[],
  network: Network,
): Promise<BootstrapServer[]> {
  const lists = await Promise.all(
    servers.map(async ({ host, port }) => {
      const addresses = await network.resolve(host).catch(() => []);
      const names = await Promise.all(addresses.map((address) => network.canonicalName?.(address) ?? address));
      return names.length === 0 ? [{ host, port }] : [...new Set(names)].map((name) => ({ host: name, port }));
    }),
  );
  return lists.flat();
}
