// A connection to the cluster for the time that a tool needs it.
import { Admin } from '@moldau/client/admin/admin';
import type { AdminApi } from '@moldau/client/admin/admin-api';
import type { OptionTable } from '../command-line/option.ts';
import type { ParsedOptions } from '../command-line/parsed-options.ts';
import { loadProperties, type Properties } from '../settings/properties.ts';
import type { Terminal } from '../terminal.ts';
import { adminSettings } from './client-settings.ts';

/** Connects by --bootstrap-server and --command-config, runs `use`, and closes whatever happens. */
export async function withAdmin<R, T extends OptionTable>(
  options: ParsedOptions<T>,
  terminal: Terminal,
  use: (admin: AdminApi) => Promise<R>,
  more: Properties = new Map(),
): Promise<R> {
  const file = options.value('command-config');
  const properties: Properties = file === undefined ? new Map() : await loadProperties(file);
  const servers = options.value('bootstrap-server');
  if (servers !== undefined) properties.set('bootstrap.servers', servers);
  for (const [key, value] of more) properties.set(key, value);
  const admin = new Admin(adminSettings(properties, terminal));
  try {
    return await use(admin);
  } finally {
    await admin.close();
  }
}
