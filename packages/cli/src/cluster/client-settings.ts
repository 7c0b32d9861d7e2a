// .properties of Kafka's clients to the options of ours, for a client that is about to connect.
import { ADMIN_SETTINGS } from '@moldau/client/settings/admin-settings';
import { CONSUMER_SETTINGS } from '@moldau/client/settings/consumer-settings';
import { PRODUCER_SETTINGS } from '@moldau/client/settings/producer-settings';
import { type OptionsOf, type SettingTable, settingsFromProperties } from '@moldau/client/settings/setting';
import { CommandLineError } from '../command-line/option.ts';
import type { Properties } from '../settings/properties.ts';
import type { Terminal } from '../terminal.ts';
import { logLine } from '../text/log-line.ts';
import { warnIfUnreachable } from './reachability.ts';

export const adminSettings = (properties: Properties, terminal: Terminal) => read(ADMIN_SETTINGS, properties, terminal);
export const consumerSettings = (properties: Properties, terminal: Terminal) =>
  read(CONSUMER_SETTINGS, properties, terminal);
export const producerSettings = (properties: Properties, terminal: Terminal) =>
  read(PRODUCER_SETTINGS, properties, terminal);

/** What a Java client needs and ours does not: no word about it. */
const JAVA_ONLY = /^(key|value)\.(de)?serializer$|^metric|^client\.dns\.lookup$|^(send|receive)\.buffer\.bytes$/;

function read<S extends SettingTable>(table: S, properties: Properties, terminal: Terminal): OptionsOf<S> {
  refuseSecurity(properties);
  warnIfUnreachable(properties.get('bootstrap.servers'), terminal);
  const { options, unknown } = settingsFromProperties(table, Object.fromEntries(properties));
  for (const name of unknown) {
    if (JAVA_ONLY.test(name) || name.startsWith('security.')) continue;
    terminal.err(
      logLine(terminal.now(), 'WARN', `The configuration '${name}' was supplied but has no effect here.`, 'moldau'),
    );
  }
  return options;
}

/** Going on in plain text where encryption was asked for would be worse than not going on. */
function refuseSecurity(properties: Properties): void {
  const protocol = properties.get('security.protocol') ?? 'PLAINTEXT';
  if (protocol.toUpperCase() !== 'PLAINTEXT') {
    throw new CommandLineError(
      `security.protocol=${protocol}: these tools connect by PLAINTEXT only; give a listener of that kind.`,
      { usage: false },
    );
  }
}
